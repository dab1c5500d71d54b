//go:build linux

package oplog

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

const asChild = "OPLOG_TEST_CHILD"

// TestMain lets this binary be the process with several threads that the test looks at.
func TestMain(m *testing.M) {
	if os.Getenv(asChild) != "" {
		go func() { runtime.LockOSThread(); select {} }()
		go func() { runtime.LockOSThread(); fmt.Println("ready"); select {} }()
		io.Copy(io.Discard, os.Stdin)
		return
	}
	os.Exit(m.Run())
}

func startChild(t *testing.T) (pid int) {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), asChild+"=1")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdin.Close(); cmd.Wait() })
	stdout.Read(make([]byte, 16))
	return cmd.Process.Pid
}

// TestProcessOfThread asks for a child process by each of its threads.
func TestProcessOfThread(t *testing.T) {
	pid := startChild(t)
	comm, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		t.Fatal(err)
	}
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
	if err != nil || len(tasks) < 2 {
		t.Fatalf("threads %v, %v", tasks, err)
	}
	r := New(Options{})
	defer r.Close()
	for _, task := range tasks {
		tid, _ := strconv.Atoi(filepath.Base(task))
		p := r.Begin(Event{Op: Read, PID: int32(tid)})
		e := r.InFlight()[0]
		p.End(Outcome{}, nil)
		if e.PID != int32(pid) || e.Proc != strings.TrimSpace(string(comm)) || e.Proc == "" {
			t.Errorf("thread %d: process %d %q, want %d %q", tid, e.PID, e.Proc, pid, comm)
		}
	}
}

func TestProcessUnknown(t *testing.T) {
	const none = 1<<31 - 1
	if pid, name := processOf(none); pid != none || name != "" {
		t.Errorf("got %d %q", pid, name)
	}
	r := New(Options{})
	defer r.Close()
	defer r.Begin(Event{Op: Read}).End(Outcome{}, nil)
	if e := r.InFlight()[0]; e.PID != 0 || e.Proc != "" {
		t.Errorf("the kernel's own operation is by %d %q", e.PID, e.Proc)
	}
}

func TestTgid(t *testing.T) {
	for _, c := range []struct {
		status string
		pid    int32
		ok     bool
	}{
		{"Name:\tcp\nUmask:\t0022\nTgid:\t4242\nNgid:\t0\n", 4242, true},
		{"Name:\tTgid:\nTgid:\t7\n", 7, true},
		{"Name:\tcp\nTgid:\t42", 0, false},
		{"Name:\tcp\nTgid:\tx\n", 0, false},
		{"", 0, false},
	} {
		if pid, ok := tgid([]byte(c.status)); ok != c.ok || ok && pid != c.pid {
			t.Errorf("%q: %d %v", c.status, pid, ok)
		}
	}
}

func TestProcCacheForgets(t *testing.T) {
	var c procCache
	self := int32(os.Getpid())
	c.lookup(self, 0)
	place := &c.entries[uint32(self)%uint32(len(c.entries))]
	kept := place.Load()
	c.lookup(self, procLifetime-1)
	if place.Load() != kept {
		t.Error("asked again within its lifetime")
	}
	c.lookup(self, procLifetime)
	if place.Load() == kept {
		t.Error("not asked again after its lifetime")
	}
	c.lookup(self+int32(len(c.entries)), 0) // a thread that shares the place
	if pid, _ := c.lookup(self, 0); pid != self {
		t.Errorf("got process %d", pid)
	}
}

func BenchmarkProcHit(b *testing.B) {
	var c procCache
	for b.Loop() {
		c.lookup(benchPID, 1)
	}
}

func BenchmarkProcMiss(b *testing.B) {
	for b.Loop() {
		processOf(benchPID)
	}
}

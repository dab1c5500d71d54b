package fusefs

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"vitrine/fusefs/oplog"
)

// serveEnv makes the test binary serve a mount instead of running tests: a process that touches its own mount can
// deadlock, so each test mounts in a child.
const serveEnv = "VITRINE_TEST_SERVE"

// nodesEnv sets the nodeLimit of a child that serves.
const nodesEnv = "VITRINE_TEST_NODES"

// vigilEnv sets the vigilTime of a child that serves.
const vigilEnv = "VITRINE_TEST_VIGIL"

// writeEnv makes the test binary open the files that it lists, one a line, and write to each once it reads a line.
const writeEnv = "VITRINE_TEST_WRITE"

func TestMain(m *testing.M) {
	if config := os.Getenv(serveEnv); config != "" {
		serveTest(config)
	}
	if files := os.Getenv(writeEnv); files != "" {
		writeTest(strings.Split(files, "\n"))
	}
	os.Exit(m.Run())
}

// MarshalText has a child send texts in English.
func (t Text) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

func (t *Text) UnmarshalText(b []byte) error {
	*t = textf("%s", string(b))
	return nil
}

// answer is what the serving child says to each command.
type answer struct {
	Err     *Problem
	Status  Status
	Handles []oplog.OpenHandle
	Events  []oplog.Event

	InFlight []oplog.Event
	FDs      int
	Threads  int
	Nodes    int
}

func serveTest(config string) {
	var c Config
	if err := json.Unmarshal([]byte(config), &c); err != nil {
		panic(err)
	}
	fastAnywhere = os.Getenv(fastEnv) != ""
	if limit, err := strconv.Atoi(os.Getenv(nodesEnv)); err == nil {
		nodeLimit = limit
	}
	if time, err := time.ParseDuration(os.Getenv(vigilEnv)); err == nil {
		vigilTime = time
	}
	if errno := os.Getenv(failEnv); errno != "" {
		breakDisk(errno)
	}
	record := oplog.New(oplog.Options{})
	drive := NewDrive(record, nil)
	out := json.NewEncoder(os.Stdout)
	flushed := false
	say := func(err error) {
		a := answer{Status: drive.Status(), Handles: drive.OpenHandles(), FDs: countFiles("/proc/self/fd"), Threads: countFiles("/proc/self/task")}
		errors.As(err, &a.Err)
		a.InFlight = record.InFlight()
		drive.mu.Lock()
		if drive.mount != nil {
			a.Nodes = drive.mount.fs.nodes.count()
		}
		drive.mu.Unlock()
		if flushed {
			a.Events, _ = record.History().All()
		}
		out.Encode(a)
	}
	say(drive.Mount(context.Background(), c))
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		switch in.Text() {
		case "eject":
			say(drive.Eject(context.Background(), false))
		case "force":
			say(drive.Eject(context.Background(), true))
		case "eject together":
			say(together(func() error { return drive.Eject(context.Background(), false) }))
		case "mount and eject":
			go drive.Mount(context.Background(), c)
			for drive.Status().State == Unmounted {
				time.Sleep(time.Millisecond / 10)
			}
			say(drive.Eject(context.Background(), false))
		case "mount":
			say(drive.Mount(context.Background(), c))
		case "flush":
			record.Flush()
			flushed = true
			say(nil)
			flushed = false
		default:
			say(nil)
		}
	}
	drive.Eject(context.Background(), true)
	os.Exit(0)
}

func countFiles(folder string) int {
	names, _ := os.ReadDir(folder)
	return len(names)
}

func writeTest(names []string) {
	var files []*os.File
	for _, name := range names {
		file, err := os.Create(name)
		if err != nil {
			panic(err)
		}
		files = append(files, file)
	}
	fmt.Println("open")
	bufio.NewReader(os.Stdin).ReadString('\n')
	var writers sync.WaitGroup
	for _, file := range files {
		writers.Go(func() {
			if _, err := file.WriteString("waits"); err != nil {
				panic(err)
			}
			if err := file.Close(); err != nil {
				panic(err)
			}
		})
	}
	writers.Wait()
	os.Exit(0)
}

// child is a process that serves a mount.
type child struct {
	t       testing.TB
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *json.Decoder
	backing string
	path    string // mount point
	first   answer
}

// serveChild starts a child that mounts; the answer to that is in first.
func serveChild(t testing.TB, c Config) *child {
	t.Helper()
	return startChild(t, c, exec.Command(os.Args[0]))
}

// serveAs starts a child as another user, who owns the folders of the mount; the test binary is copied to where that
// user finds it.
func serveAs(t testing.TB, uid int, folder string, c Config) *child {
	t.Helper()
	binary := filepath.Join(folder, "serve")
	if out, err := exec.Command("cp", os.Args[0], binary).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{c.Backing, c.MountPoint} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if os.Geteuid() == 0 {
			if err := os.Chown(dir, uid, uid); err != nil {
				t.Fatal(err)
			}
		}
	}
	cmd := exec.Command(binary)
	cmd.SysProcAttr = asUser(uid)
	return startChild(t, c, cmd)
}

// asUser makes a command run as another user where we are root, and as ourselves elsewhere.
func asUser(uid int) *syscall.SysProcAttr {
	if os.Geteuid() != 0 {
		return nil
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
}

func startChild(t testing.TB, c Config, cmd *exec.Cmd) *child {
	t.Helper()
	config, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(os.Environ(), serveEnv+"="+string(config), "GORACE=atexit_sleep_ms=0 halt_on_error=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &child{t: t, cmd: cmd, in: in, out: json.NewDecoder(out), backing: c.Backing, path: c.MountPoint}
	t.Cleanup(p.stop)
	p.first = p.read()
	return p
}

// mountChild mounts two fresh folders and fails the test where that fails.
func mountChild(t testing.TB) *child {
	t.Helper()
	p := serveChild(t, Config{Backing: freshFolder(t, "backing"), MountPoint: freshFolder(t, "mount")})
	if p.first.Err != nil {
		t.Fatal(p.first.Err)
	}
	return p
}

func freshFolder(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func (p *child) read() (a answer) {
	p.t.Helper()
	if err := p.out.Decode(&a); err != nil {
		p.t.Fatalf("the serving process died: %v", err)
	}
	return a
}

func (p *child) ask(command string) answer {
	p.t.Helper()
	if _, err := fmt.Fprintln(p.in, command); err != nil {
		p.t.Fatal(err)
	}
	return p.read()
}

// stop ends the child and makes sure that no mount is left for the folder's removal to walk into.
func (p *child) stop() {
	p.in.Close()
	ended := make(chan error, 1)
	go func() { ended <- p.cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil && p.cmd.ProcessState.ExitCode() != -1 {
			p.t.Errorf("the serving process: %v", err)
		}
	case <-time.After(30 * time.Second):
		p.t.Error("the serving process did not end")
		p.cmd.Process.Kill()
	}
	if info, _ := mountAt(p.path); info != nil && strings.HasPrefix(info.FSType, "fuse.vitrine") {
		unmount(p.path, 2 /* MNT_DETACH */)
	}
}

// in names a file in the mount.
func (p *child) file(name string) string { return filepath.Join(p.path, name) }

// behind names the same file in the backing folder.
func (p *child) behind(name string) string { return filepath.Join(p.backing, name) }

// together calls f twice at once. The answers must be of one kind.
func together(f func() error) error {
	answers := make(chan error, 2)
	for range cap(answers) {
		go func() { answers <- f() }()
	}
	var one, other *Problem
	errors.As(<-answers, &one)
	errors.As(<-answers, &other)
	switch {
	case one == nil && other == nil:
		return nil
	case one != nil && other != nil && one.Kind == other.Kind:
		return one
	}
	return &Problem{What: textf("one was told %v, the other %v", one, other)}
}

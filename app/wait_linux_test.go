package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"vitrine/app/internal/desktop"
	"vitrine/fusefs/activity"
)

// TestStuckOperationNamesTheStorage stops the program behind a backing folder, another drive: what is in flight on the drive
// over it says that it waits for that program, and in which system call.
func TestStuckOperationNamesTheStorage(t *testing.T) {
	s := desktop.New(t)
	below, _, backing := startMount(t, s)
	mountPoint := filepath.Join(s.Home, "over")
	check(t, os.Mkdir(mountPoint, 0o755))
	over := s.Start(vitrine, "mount", backing, mountPoint)
	over.WaitOutput("mounted ", soon)
	below.Halt()
	asker := exec.Command("stat", filepath.Join(mountPoint, "nobody-asked-for-it-before"))
	check(t, asker.Start())
	frame := regexp.MustCompile(`stat\(\d+\) +lookup .*/nobody-asked-for-it-before  waits for the FUSE program \(fuse\.?\w*: (\w+, )?\w+\)`)
	waitCommand(t, s, frame, "top", "--once")
	below.Signal(syscall.SIGCONT)
	asker.Wait() // the file is not there
	for _, p := range []*desktop.Process{over, below} {
		p.Signal(os.Interrupt)
		if exit := p.WaitExit(soon); exit != 0 {
			t.Errorf("exit status %d:\n%s", exit, p.Output())
		}
	}
}

// TestWaitForALockNamesItsHolder has a program wait for a lock that another holds: on the backing file itself, and through
// the drive.
func TestWaitForALockNamesItsHolder(t *testing.T) {
	s := desktop.New(t)
	p, backing, mountPoint := startMount(t, s)
	write(t, filepath.Join(backing, "f"), "")
	for folder, says := range map[string]string{
		backing:    `waits for a lock of (sleep|flock) \(\d+\) on the file`,
		mountPoint: `waits for a lock on the file, which (sleep|flock) \(\d+\) has open too`,
	} {
		holder := s.Start("flock", filepath.Join(folder, "f"), "-c", "echo held; sleep 60")
		holder.WaitOutput("held", soon)
		waiter := s.Start("flock", filepath.Join(mountPoint, "f"), "true")
		waitCommand(t, s, regexp.MustCompile(`flock\(\d+\) +flock +.* /f  `+says), "top", "--once")
		waiter.Signal(syscall.SIGKILL)
		waiter.WaitExit(soon)
		check(t, syscall.Kill(-holder.Pid(), syscall.SIGKILL))
		holder.WaitExit(soon)
	}
	p.Signal(os.Interrupt)
	if exit := p.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d:\n%s", exit, p.Output())
	}
}

func TestLockTable(t *testing.T) {
	table := `1: FLOCK  ADVISORY  WRITE 1 fe:00:77 0 EOF
2: POSIX  ADVISORY  READ  99999999 fe:00:77 0 9
2: -> POSIX  ADVISORY  WRITE 3 fe:00:77 0 EOF
3: OFDLCK ADVISORY  WRITE -1 fe:00:77 0 EOF
4: FLOCK  ADVISORY  WRITE 1 fe:00:78 0 EOF
`
	var names []string
	for _, who := range locksOf(strings.NewReader(table), "fe:00:77") {
		names = append(names, who.String())
	}
	first, _ := os.ReadFile("/proc/1/comm")
	want := []string{activity.Who{PID: 1, Proc: strings.TrimSpace(string(first))}.String(), "process 99999999"}
	if strings.Join(names, ", ") != strings.Join(want, ", ") {
		t.Errorf("%q, want %q", names, want)
	}
}

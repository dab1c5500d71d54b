package desktop

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/procfs"
)

const (
	patience = 3 * time.Second // between a polite signal and SIGKILL
	logTail  = 4 << 10         // bytes of a program's output shown when its test failed
)

// Process is a program that runs in a session, with its children in a process group of its own.
type Process struct {
	t    testing.TB
	name string
	cmd  *exec.Cmd
	log  string
	done chan struct{}
	err  error // of Wait; set before done is closed
}

// Start runs a program in the session. When the test ends the program and its children are ended; when the test failed,
// the end of its output is logged. A data race that the program's race detector reported fails the test.
func (s *Session) Start(name string, args ...string) *Process {
	s.t.Helper()
	return s.StartCmd(exec.Command(name, args...))
}

// StartCmd is Start for a command that is prepared already: its Dir and ExtraFiles are kept, and its Env is added to
// the session's.
func (s *Session) StartCmd(cmd *exec.Cmd) *Process {
	s.t.Helper()
	name := filepath.Base(cmd.Path)
	log, err := os.CreateTemp(s.logDir(), name+"-*.log")
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	cmd.Env = append(s.Env(), cmd.Env...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := startFromLastingThread(cmd); err != nil {
		s.t.Fatalf("cannot start %s (packaging/test installs what the tests need): %v", name, err)
	}
	p := &Process{t: s.t, name: name, cmd: cmd, log: log.Name(), done: make(chan struct{})}
	go p.reap()
	s.t.Cleanup(p.end)
	return p
}

func (p *Process) reap() {
	p.err = p.cmd.Wait()
	close(p.done)
}

// Pid returns the process id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Signal sends a signal to the program alone, not to its children.
func (p *Process) Signal(sig os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		p.t.Fatalf("cannot signal %s: %v", p.name, err)
	}
}

// Halt stops the program until SIGCONT, and returns when each of its threads stands still.
func (p *Process) Halt() {
	p.t.Helper()
	p.Signal(syscall.SIGSTOP)
	Until(p.t, patience, p.name+" to stand still", func() error {
		threads, err := procfs.AllThreads(p.Pid())
		if err != nil {
			return err
		}
		for _, thread := range threads {
			if stat, err := thread.Stat(); err == nil && stat.State != "T" {
				return fmt.Errorf("thread %d is in state %s", stat.PID, stat.State)
			}
		}
		return nil
	})
}

// Running says whether the program has not ended yet.
func (p *Process) Running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// WaitExit waits for the program to end by itself and returns its exit status, -1 where a signal ended it.
func (p *Process) WaitExit(limit time.Duration) int {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(limit):
		p.Signal(syscall.SIGQUIT) // a program in Go says what each goroutine does
		select {
		case <-p.done:
		case <-time.After(patience):
		}
		p.t.Fatalf("%s (pid %d) has not ended within %v", p.name, p.Pid(), limit)
	}
	var exit *exec.ExitError
	if p.err != nil && !errors.As(p.err, &exit) {
		p.t.Fatalf("%s: %v", p.name, p.err)
	}
	return p.cmd.ProcessState.ExitCode()
}

// Output returns all that the program has written so far to its standard output and standard error.
func (p *Process) Output() string {
	p.t.Helper()
	text, err := os.ReadFile(p.log)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

// WaitOutput waits until the program has written text.
func (p *Process) WaitOutput(text string, limit time.Duration) {
	p.t.Helper()
	Until(p.t, limit, fmt.Sprintf("%s to write %q", p.name, text), func() error {
		switch out := p.Output(); {
		case strings.Contains(out, text):
			return nil
		case !p.Running():
			return fmt.Errorf("it has ended (%v) and wrote %q", p.err, tail(out))
		default:
			return fmt.Errorf("it wrote %q", tail(out))
		}
	})
}

// end ends the process group politely, then by force.
func (p *Process) end() {
	p.t.Helper()
	_ = syscall.Kill(-p.Pid(), syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(patience):
	}
	_ = syscall.Kill(-p.Pid(), syscall.SIGKILL)
	select {
	case <-p.done:
	case <-time.After(patience):
		p.t.Errorf("%s (pid %d) does not end, not even by SIGKILL", p.name, p.Pid())
	}
	for _, report := range races(p.Output()) {
		p.t.Errorf("%s has a data race:\n%s", p.name, report)
	}
	if p.t.Failed() {
		p.t.Logf("%s (%v) wrote:\n%s", p.name, p.err, tail(p.Output()))
	}
}

func tail(text string) string {
	if len(text) > logTail {
		return "… " + text[len(text)-logTail:]
	}
	return text
}

var (
	starterOnce sync.Once
	starter     = make(chan func())
)

// startFromLastingThread starts cmd from a thread that lives as long as the test binary. The kernel sends Pdeathsig when
// the starting thread ends, and other threads of Go may end at any time.
func startFromLastingThread(cmd *exec.Cmd) error {
	starterOnce.Do(func() {
		go func() {
			runtime.LockOSThread()
			for start := range starter {
				start()
			}
		}()
	})
	result := make(chan error)
	starter <- func() { result <- cmd.Start() }
	return <-result
}

// endMarked kills every process that has mark in its environment, and returns their names.
func endMarked(mark string) []string {
	procs, err := procfs.AllProcs()
	if err != nil {
		return nil
	}
	var names []string
	for _, proc := range procs {
		env, err := proc.Environ()
		if err != nil || proc.PID == os.Getpid() || !slices.Contains(env, mark) {
			continue
		}
		if syscall.Kill(proc.PID, syscall.SIGKILL) == nil {
			name, _ := proc.Comm()
			names = append(names, fmt.Sprintf("%s (pid %d)", name, proc.PID))
		}
	}
	return names
}

// run runs a short command in the session to its end, and returns its output.
func (s *Session) run(name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Env = s.Env()
	cmd.WaitDelay = patience
	stderr := &strings.Builder{}
	cmd.Stderr = stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return string(out), nil
}

func (s *Session) mustRun(name string, args ...string) string {
	s.t.Helper()
	out, err := s.run(name, args...)
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

// startAnnounced starts a program that writes one line, its address, to file descriptor 3 once it is ready.
func (s *Session) startAnnounced(name string, args ...string) string {
	s.t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		s.t.Fatal(err)
	}
	defer r.Close()
	cmd := exec.Command(name, args...)
	cmd.ExtraFiles = []*os.File{w}
	p := s.StartCmd(cmd)
	_ = w.Close()
	_ = r.SetReadDeadline(time.Now().Add(10 * patience))
	line, err := readLine(r)
	if err != nil {
		s.t.Fatalf("%s does not come up: %v\n%s", name, err, tail(p.Output()))
	}
	return line
}

func readLine(r io.Reader) (string, error) {
	var line []byte
	for buf := make([]byte, 1); ; {
		if _, err := r.Read(buf); err != nil {
			return "", err
		}
		if buf[0] == '\n' {
			return string(line), nil
		}
		line = append(line, buf[0])
	}
}

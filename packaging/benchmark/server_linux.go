package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"
)

// server is a program that mounts a folder in the foreground.
type server struct {
	name    string
	note    string                 // what is to be known when its figures are read
	program string                 // in the folder of the peers or on PATH; Vitrine's own is given
	args    func(p place) []string // of the program; none for the plain folder
	inPlace bool                   // mounts over the backing folder itself
	window  bool                   // shows a window, on a screen that it is given
	asked   bool                   // takes part only if it is asked for
}

// place is the folders of one server in one round.
type place struct{ backing, mount, scratch string }

var servers = []server{
	{name: native},
	{
		name: "vitrine", program: vitrine,
		args: func(p place) []string { return []string{"mount", p.backing, p.mount} },
	},
	{
		name: "vitrine --log", program: vitrine, note: "every operation is also written to a file",
		args: func(p place) []string {
			return []string{"mount", p.backing, p.mount, "--log", filepath.Join(p.scratch, "log")}
		},
	},
	{
		name: "vitrine --fast", program: vitrine, note: "the kernel gathers writes: like passthrough_hp's, they arrive in large pieces",
		args:    func(p place) []string { return []string{"mount", "--fast", "--in-place", p.backing} },
		inPlace: true,
	},
	{
		name: unobserved, program: "vitrine-unobserved", asked: true, note: "built with the record compiled out (-tags unobserved)",
		args: func(p place) []string { return []string{"mount", p.backing, p.mount} },
	},
	{
		name: withWindow, program: vitrine, window: true, asked: true, note: "its window is visible, on a screen in memory; it is halted while others are measured",
		args: func(place) []string { return []string{"--window"} },
	},
	{
		name: "passthrough.c", program: "passthrough", note: "libfuse's example, on the folder by libfuse's module subdir; the kernel caches no names and no attributes of it",
		args: func(p place) []string { return []string{"-f", "-o", "modules=subdir,subdir=" + p.backing, p.mount} },
	},
	{
		name: "passthrough_hp", program: "passthrough_hp", note: "libfuse's example for speed; the kernel caches names and attributes for a day, so that it does not see changes from outside",
		args: func(p place) []string { return []string{"--foreground", p.backing, p.mount} },
	},
	{
		name: "passthrough_hp --nocache", program: "passthrough_hp", note: "the kernel asks it for every name and attribute",
		args: func(p place) []string { return []string{"--foreground", "--nocache", p.backing, p.mount} },
	},
	{
		name: "go-fuse", program: "go-fuse-loopback", note: "its loopback example, built without the kernel's passthrough, which only root gets and which hides reads and writes from the server",
		args: func(p place) []string { return []string{"-q", p.mount, p.backing} },
	},
	{
		name: "bindfs", program: "bindfs",
		args: func(p place) []string { return []string{"-f", "--no-allow-other", p.backing, p.mount} },
	},
	{
		name: "loggedfs", program: "loggedfs", note: "every operation is written to a file",
		args:    func(p place) []string { return []string{"-f", "-l", filepath.Join(p.scratch, "log"), p.mount} },
		inPlace: true,
	},
	{
		name: "rclone", program: "rclone", note: "rclone mount of a local folder, --vfs-cache-mode writes, written back at once, and names kept for 1 s as by the others",
		args: func(p place) []string {
			return []string{"mount", p.backing, p.mount, "--config", "", "--cache-dir", filepath.Join(p.scratch, "cache"),
				"--vfs-cache-mode", "writes", "--vfs-write-back", "0s", "--dir-cache-time", "1s"}
		},
	},
}

const (
	mountLimit = 20 * time.Second // for a mount to come or to go
	quietFor   = 40 * time.Millisecond
	pause      = 10 * time.Millisecond // between two looks
)

// mounted is a server at work.
type mounted struct {
	server
	place
	outside string // the backing folder, beside the mount
	work    string // the backing folder as the server shows it
	behind  *os.File
	screen  *screen // with a window only
	cmd     *exec.Cmd
	ended   chan struct{} // closed when the process is gone
	said    *bytes.Buffer // safe to read when ended is closed
}

// start mounts the server in a folder and returns when the mount is there.
func (s server) start(program, folder string) (*mounted, error) {
	m := &mounted{server: s, place: place{filepath.Join(folder, "backing"), filepath.Join(folder, "mount"), filepath.Join(folder, "scratch")}}
	if s.inPlace {
		m.backing = m.mount
	}
	for _, dir := range []string{m.backing, m.mount, m.scratch} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	m.outside, m.work = m.backing, m.mount
	if s.args == nil {
		m.work = m.backing
		return m, nil
	}
	if s.inPlace {
		// The only way past a mount to what it hides, for a user too.
		behind, err := os.Open(m.backing)
		if err != nil {
			return nil, err
		}
		m.behind, m.outside = behind, fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), behind.Fd())
	}
	if err := m.launch(program); err != nil {
		return nil, errors.Join(err, m.stop())
	}
	return m, nil
}

func (m *mounted) launch(program string) error {
	m.cmd, m.said, m.ended = exec.Command(program, m.args(m.place)...), new(bytes.Buffer), make(chan struct{})
	m.cmd.Stdout, m.cmd.Stderr, m.cmd.WaitDelay = m.said, m.said, mountLimit
	if m.window {
		var err error
		if m.screen, err = openScreen(m.place); err != nil {
			m.cmd = nil
			return err
		}
		m.cmd.Env = m.screen.env
	}
	// Ctrl-C is for the benchmark, which ends the servers in its own time.
	m.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := m.cmd.Start(); err != nil {
		m.cmd = nil
		return err
	}
	go func() {
		m.cmd.Wait()
		close(m.ended)
	}()
	if err := m.until(m.isMounted, "did not mount"); err != nil || !m.window {
		return err
	}
	return m.until(m.screen.shows, "showed no window")
}

// halt keeps a server with a window from working at it while another is measured; goOn ends that.
func (m *mounted) halt() { m.signalWindow(syscall.SIGSTOP) }
func (m *mounted) goOn() { m.signalWindow(syscall.SIGCONT) }

func (m *mounted) signalWindow(s syscall.Signal) {
	if m.window && m.cmd != nil {
		m.cmd.Process.Signal(s)
	}
}

func (m *mounted) isMounted() bool {
	found, err := mountinfo.GetMounts(mountinfo.SingleEntryFilter(m.mount))
	return err == nil && len(found) > 0
}

// until waits for a state of the mount, and no longer than the server lives.
func (m *mounted) until(reached func() bool, otherwise string) error {
	limit := time.After(mountLimit)
	for !reached() {
		select {
		case <-m.ended:
			return fmt.Errorf("%s: %v: %s", otherwise, m.cmd.ProcessState, lastLine(m.said.String()))
		case <-limit:
			return fmt.Errorf("%s within %v", otherwise, mountLimit)
		case <-time.After(pause):
		}
	}
	return nil
}

// stop unmounts and ends the server, by force if it does not by itself. It leaves no mount and no process.
func (m *mounted) stop() error {
	if m.behind != nil {
		m.behind.Close()
	}
	if m.screen != nil {
		defer m.screen.close()
	}
	if m.cmd == nil {
		return nil
	}
	m.goOn()
	m.cmd.Process.Signal(syscall.SIGTERM)
	var err error
	select {
	case <-m.ended:
	case <-time.After(mountLimit):
		m.cmd.Process.Kill()
		err = fmt.Errorf("%s did not end within %v of SIGTERM and was killed", m.name, mountLimit)
	}
	if m.isMounted() {
		err = errors.Join(err, detach(m.mount))
	}
	<-m.ended
	if err != nil {
		err = fmt.Errorf("%w: %s", err, lastLine(m.said.String()))
	}
	return err
}

// detach takes away a mount whose server is gone or stuck.
func detach(mount string) error {
	if os.Geteuid() == 0 {
		if err := unix.Unmount(mount, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW); err != nil {
			return fmt.Errorf("%s is still mounted: %w", mount, err)
		}
		return nil
	}
	if said, err := exec.Command("fusermount3", "-u", "-z", mount).CombinedOutput(); err != nil {
		return fmt.Errorf("%s is still mounted: %w: %s", mount, err, lastLine(string(said)))
	}
	return nil
}

// try mounts the server and ends it, to see whether it can be measured.
func (s server) try(program, folder string) error {
	m, err := s.start(program, folder)
	if err != nil {
		return err
	}
	return m.stop()
}

// newFolder makes a folder of this process alone.
func newFolder(in string) (string, error) { return os.MkdirTemp(in, folderName(os.Getpid())) }

func folderName(pid int) string { return fmt.Sprintf("vitrine-bench-%d-*", pid) }

// remove removes a folder of ours with all that is in it, unless something is mounted there: that would be emptied too.
func remove(dir string) error {
	found, err := mountinfo.GetMounts(mountinfo.PrefixFilter(dir))
	if err != nil {
		return err
	}
	if len(found) > 0 {
		return fmt.Errorf("%s is still mounted, so %s was not removed; unmount it: fusermount3 -u -z %s", found[0].Mountpoint, dir, found[0].Mountpoint)
	}
	return os.RemoveAll(dir)
}

// alive returns why the server cannot work, if so.
func (m *mounted) alive() error {
	if m.cmd == nil {
		return nil
	}
	select {
	case <-m.ended:
		return fmt.Errorf("the server ended: %v: %s", m.cmd.ProcessState, lastLine(m.said.String()))
	default:
		return nil
	}
}

// cpu returns the user and system time of the server, in seconds: what the scheduler counts, which the ticks of
// /proc/PID/stat only sample. The clock of another process is that of clock_getcpuclockid(3).
func (m *mounted) cpu() float64 {
	if m.cmd == nil {
		return 0
	}
	const scheduler = 2 // CPUCLOCK_SCHED of the kernel's include/linux/posix-timers_types.h
	var used unix.Timespec
	if err := unix.ClockGettime(int32(^m.cmd.Process.Pid)<<3|scheduler, &used); err != nil {
		return 0 // it has ended, which alive will say
	}
	return time.Duration(used.Nano()).Seconds()
}

// settle waits until the server has done what it does after the work: closing, writing back. What it does while idle
// is not waited for.
func (m *mounted) settle() {
	limit := time.Now().Add(mountLimit)
	if m.window { // which is never done
		limit = time.Now().Add(mountLimit / 20)
	}
	for before := m.cpu(); m.cmd != nil && time.Now().Before(limit); {
		time.Sleep(quietFor)
		now := m.cpu()
		if now-before <= quietFor.Seconds()/8 {
			return
		}
		before = now
	}
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

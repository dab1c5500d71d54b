package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"vitrine/app/control"
	"vitrine/app/internal/desktop"
	"vitrine/fusefs/oplog"
)

// command runs the program to its end.
func command(s *desktop.Session, args ...string) (exit int, output string) {
	p := s.Start(vitrine, args...)
	return p.WaitExit(soon), p.Output()
}

func wantCommand(t *testing.T, s *desktop.Session, wantExit int, says string, args ...string) string {
	t.Helper()
	exit, output := command(s, args...)
	if exit != wantExit || !strings.Contains(output, says) {
		t.Errorf("vitrine %s: exit status %d, want %d, and %q in:\n%s", strings.Join(args, " "), exit, wantExit, says, output)
	}
	return output
}

// waitCommand runs a command again and again until it says what is wanted.
func waitCommand(t *testing.T, s *desktop.Session, wanted *regexp.Regexp, args ...string) {
	t.Helper()
	desktop.Until(t, soon, "vitrine "+strings.Join(args, " ")+" to say "+wanted.String(), func() error {
		if _, output := command(s, args...); !wanted.MatchString(output) {
			return fmt.Errorf("it says:\n%s", output)
		}
		return nil
	})
}

func TestCommandsWhereNothingRuns(t *testing.T) {
	s := desktop.New(t)
	for _, name := range []string{"status", "status --json", "open", "eject", "eject --force /x", "tail", "top", "top --once"} {
		wantCommand(t, s, 1, "no Vitrine is running", strings.Fields(name)...)
	}
	if _, err := os.Stat(filepath.Join(s.RuntimeDir, "vitrine")); err == nil {
		t.Error("asking made a folder")
	}
}

func TestStatusOfAMount(t *testing.T) {
	s := desktop.New(t)
	p, backing, mountPoint := startMount(t, s, "--read-only")
	wantCommand(t, s, 0, "mounted  "+backing+" on "+mountPoint+", read-only", "status")
	document := wantCommand(t, s, 0, `"running"`, "status", "--json")
	var status struct {
		Version int
		Running []control.Status
	}
	if err := json.Unmarshal([]byte(document), &status); err != nil {
		t.Fatalf("%v:\n%s", err, document)
	}
	if status.Version != 1 || len(status.Running) != 1 {
		t.Fatalf("%+v", status)
	}
	one := status.Running[0]
	if one.PID != p.Pid() || one.Vitrine != version || one.State != "mounted" || one.Backing != backing ||
		one.MountPoint != mountPoint || !one.ReadOnly || one.Window || one.Since.IsZero() {
		t.Errorf("%+v", one)
	}
}

// TestEjectFromTheTerminal is refused while a file is open, says who holds it, and then works; the process ends.
func TestEjectFromTheTerminal(t *testing.T) {
	s := desktop.New(t)
	p, backing, mountPoint := startMount(t, s)
	file, err := os.Create(filepath.Join(mountPoint, "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	holder := "app.test (" + strconv.Itoa(os.Getpid()) + ") holds " + mountPoint + "/f"
	wantCommand(t, s, 1, holder, "eject")
	if !isMounted(t, mountPoint) || !p.Running() {
		t.Fatal("the refused eject ended the mount")
	}
	if _, err := file.WriteString("kept"); err != nil {
		t.Error(err)
	}
	file.Close()
	wantCommand(t, s, 1, "no drive is mounted on "+s.Home, "eject", s.Home)
	wantCommand(t, s, 0, "ejected "+mountPoint, "eject", mountPoint)
	if exit := p.WaitExit(soon); exit != 0 || isMounted(t, mountPoint) {
		t.Errorf("exit status %d:\n%s", exit, p.Output())
	}
	wantFile(t, filepath.Join(backing, "f"), "kept")
	wantCommand(t, s, 1, "no Vitrine is running", "status")
}

func TestEjectByForceFromTheTerminal(t *testing.T) {
	s := desktop.New(t)
	p, backing, mountPoint := startMount(t, s)
	file, err := os.Create(filepath.Join(mountPoint, "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString("acknowledged"); err != nil {
		t.Fatal(err)
	}
	wantCommand(t, s, 0, "ejected "+mountPoint, "eject", "--force")
	if exit := p.WaitExit(soon); exit != 0 || isMounted(t, mountPoint) {
		t.Errorf("exit status %d:\n%s", exit, p.Output())
	}
	wantFile(t, filepath.Join(backing, "f"), "acknowledged")
}

// TestTwoMounts has each process answer for itself.
func TestTwoMounts(t *testing.T) {
	s := desktop.New(t)
	first, _, mountPoint := startMount(t, s)
	backing, other := filepath.Join(s.Home, "b2"), filepath.Join(s.Home, "m2")
	write(t, filepath.Join(backing, "f"), "x")
	second := s.Start(vitrine, "mount", "--create", backing, other)
	second.WaitOutput("mounted ", soon)
	wantCommand(t, s, 0, backing+" on "+other, "status")
	wantCommand(t, s, 1, "name one of:\n  "+other+"\n  "+mountPoint+"\n", "eject")
	wantCommand(t, s, 0, "ejected "+other, "eject", other)
	if exit := second.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d", exit)
	}
	wantCommand(t, s, 0, mountPoint, "status")
	wantCommand(t, s, 0, "ejected "+mountPoint, "eject") // it is the only one now
	if exit := first.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d", exit)
	}
}

// TestTail follows two writes, as text and as JSON, and ends with the mount.
func TestTail(t *testing.T) {
	s := desktop.New(t)
	p, _, mountPoint := startMount(t, s)
	text, lines := s.Start(vitrine, "tail"), s.Start(vitrine, "tail", "--json")
	desktop.Until(t, soon, "both to follow", func() error {
		write(t, filepath.Join(mountPoint, "a\nb"), "hello")
		if !strings.Contains(text.Output(), "release") || !strings.Contains(lines.Output(), `"release"`) {
			return fmt.Errorf("they wrote %q and %q", text.Output(), lines.Output())
		}
		return nil
	})
	p.Signal(os.Interrupt)
	p.WaitExit(soon)
	for _, tail := range []*desktop.Process{text, lines} {
		if exit := tail.WaitExit(soon); exit != 0 {
			t.Errorf("exit status %d:\n%s", exit, tail.Output())
		}
	}
	if want := `"/a\nb"  5 bytes at 0  #`; !strings.Contains(text.Output(), want) || !strings.Contains(text.Output(), "app.test("+strconv.Itoa(os.Getpid())+")") {
		t.Errorf("%q is missing in:\n%s", want, text.Output())
	}
	wrote := false
	for line := range strings.Lines(lines.Output()) {
		e, err := oplog.ParseLine([]byte(line))
		if err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		wrote = wrote || e.Op == oplog.Write && e.Path == "/a\nb" && e.Result == 5
	}
	if !wrote {
		t.Errorf("no write in:\n%s", lines.Output())
	}
}

func TestTop(t *testing.T) {
	s := desktop.New(t)
	p, _, mountPoint := startMount(t, s)
	file, err := os.Create(filepath.Join(mountPoint, "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.Write(make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	live := s.Start(vitrine, "top")
	live.WaitOutput("/f", soon)
	frame := wantCommand(t, s, 0, "1 open", "top", "--once")
	for _, want := range []string{"app.test(" + strconv.Itoa(os.Getpid()) + ")", "1.0 MB", "/f\n", "write", "P99"} {
		if !strings.Contains(frame, want) {
			t.Errorf("%q is missing in:\n%s", want, frame)
		}
	}
	file.Close()
	p.Signal(os.Interrupt)
	p.WaitExit(soon)
	if exit := live.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d:\n%s", exit, live.Output())
	}
}

// TestTopOnATerminal has a terminal of its own, and leaves it as it was once the last drive is gone.
func TestTopOnATerminal(t *testing.T) {
	s := desktop.New(t)
	p, _, _ := startMount(t, s)
	top := s.Start("script", "-qec", vitrine+" top", "/dev/null")
	top.WaitOutput(screenOn+frameHome+"mounted  ", soon)
	top.WaitOutput(frameEnd+frameHome, soon) // drawn again, in place
	p.Signal(os.Interrupt)
	p.WaitExit(soon)
	if exit := top.WaitExit(soon); exit != 0 || !strings.HasSuffix(top.Output(), screenOff) {
		t.Errorf("exit status %d:\n%q", exit, top.Output())
	}
}

// TestOneInstance starts a second one while the first runs without a display, and one more after that was killed.
func TestOneInstance(t *testing.T) {
	s := desktop.New(t)
	first := s.Start(vitrine)
	first.WaitOutput("mounted ", soon)
	wantCommand(t, s, 1, fmt.Sprintf("runs without a window (process %d)", first.Pid()))
	wantCommand(t, s, 1, "runs without a window", "open")
	first.Signal(os.Kill)
	first.WaitExit(soon)
	wantCommand(t, s, 1, "no Vitrine is running", "status")
	next := s.Start(vitrine)
	next.WaitOutput("mounted ", soon)
	wantCommand(t, s, 0, fmt.Sprintf("process %d", next.Pid()), "status")
	next.Signal(syscall.SIGTERM)
	if exit := next.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d:\n%s", exit, next.Output())
	}
}

// TestFolderOfAnotherUser meets a folder for sockets that is not ours: the mount goes on and says why nobody can reach
// it, the tray does not start.
func TestFolderOfAnotherUser(t *testing.T) {
	s := desktop.New(t)
	if os.Geteuid() != 0 {
		t.Skip("only root can give a folder away; the package control tests the refusal as a user")
	}
	folder := filepath.Join(s.RuntimeDir, "vitrine")
	check(t, os.Mkdir(folder, 0o700))
	check(t, os.Chown(folder, 4242, -1))
	wantCommand(t, s, 1, "belongs to user 4242 and you are user 0")
	p, _, mountPoint := startMount(t, s)
	p.WaitOutput("cannot reach this process: "+s.RuntimeDir+"/vitrine belongs to user 4242", soon)
	p.Signal(os.Interrupt)
	if exit := p.WaitExit(soon); exit != 0 || isMounted(t, mountPoint) {
		t.Errorf("exit status %d:\n%s", exit, p.Output())
	}
}

// TestTailFilters lets through what is asked for only, and points at what it does not understand.
func TestTailFilters(t *testing.T) {
	s := desktop.New(t)
	p, _, mountPoint := startMount(t, s)
	writes, others := s.Start(vitrine, "tail", "write", "path:*.bin"), s.Start(vitrine, "tail", "--", "-op:write")
	desktop.Until(t, soon, "both to follow", func() error {
		write(t, filepath.Join(mountPoint, "a.bin"), "hello")
		write(t, filepath.Join(mountPoint, "b"), "hello")
		if !strings.Contains(writes.Output(), "/a.bin") || !strings.Contains(others.Output(), "release") {
			return fmt.Errorf("they wrote %q and %q", writes.Output(), others.Output())
		}
		return nil
	})
	for line := range strings.Lines(writes.Output()) {
		if !strings.Contains(line, " write ") || !strings.Contains(line, "/a.bin") {
			t.Errorf("let through: %s", line)
		}
	}
	if strings.Contains(others.Output(), " write ") {
		t.Errorf("let through:\n%s", others.Output())
	}
	output := wantCommand(t, s, 2, `did you mean`, "tail", "read", "wriet")
	if !strings.Contains(output, "\n  read wriet\n       ^^^^^\n") {
		t.Errorf("it does not point at the word:\n%s", output)
	}
	writes.Signal(os.Interrupt)
	if exit := writes.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d", exit)
	}
	p.Signal(os.Interrupt)
	p.WaitExit(soon)
}

// TestView opens a log that a mount wrote, beside nothing that runs.
func TestView(t *testing.T) {
	s := desktop.New(t)
	log := filepath.Join(s.Home, "ops.ndjson")
	p, _, mountPoint := startMount(t, s, "--log", log)
	write(t, filepath.Join(mountPoint, "f"), "hello")
	p.Signal(os.Interrupt)
	p.WaitExit(soon)
	wantCommand(t, s, 1, "there is no display", "view", log)
	wantCommand(t, s, 1, "no such file", "view", s.Home+"/none")
	wantCommand(t, s, 2, "accepts 1 arg", "view")
	s.StartXvfb(1280, 800)
	s.StartWindowManager()
	view := s.Start(vitrine, "view", log)
	window := s.WaitWindow("Vitrine", soon)
	window.Raise()
	wantCommand(t, s, 1, "no Vitrine is running", "status")
	keep(t, s, "view.png")
	window.Close()
	if exit := view.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d:\n%s", exit, view.Output())
	}
}

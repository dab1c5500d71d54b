package main

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"vitrine/app/internal/desktop"
	"vitrine/fusefs/oplog"
)

const soon = 30 * time.Second

func TestCommandLine(t *testing.T) {
	s := desktop.New(t)
	for _, c := range []struct {
		args string
		exit int
		says string
	}{
		{"version", 0, "vitrine " + version},
		{"--version", 0, "vitrine " + version},
		{"--help", 0, "Usage:"},
		{"mount --help", 0, "mounted BACKING on MOUNTPOINT"},
		{"mount", 2, "mount takes two folders, BACKING and MOUNTPOINT; 0 given"},
		{"mount a", 2, "1 given"},
		{"mount a b c", 2, "3 given"},
		{"mount --in-place", 2, "--in-place takes one folder; 0 given"},
		{"mount --in-place a b", 2, "--in-place takes one folder; 2 given"},
		{"mount --colour a b", 2, "unknown flag: --colour"},
		{"--colour", 2, "unknown flag: --colour"},
		{"status --colour", 2, "unknown flag: --colour"},
		{"paint", 2, `unknown command "paint"`},
		{"version now", 2, `unknown command "now"`},
	} {
		p := s.Start(vitrine, strings.Fields(c.args)...)
		if exit := p.WaitExit(soon); exit != c.exit || !strings.Contains(p.Output(), c.says) {
			t.Errorf("vitrine %s: exit status %d, want %d, and %q in:\n%s", c.args, exit, c.exit, c.says, p.Output())
		}
	}
}

// TestLocaleWithoutLanguage starts the program with the locales of containers and services, and with some that do not
// exist: it says nothing of them.
func TestLocaleWithoutLanguage(t *testing.T) {
	s := desktop.New(t)
	for _, locale := range []string{
		"C.UTF-8", "C", "POSIX", "", "xx_YY.UTF-8", "english", "de", "de@euro", "de_XX", "pt_BR.UTF-8", "pt_XX", "tlh_KX", "../../etc", "x", "_", "de:xx",
		strings.Repeat("x", 5000),
	} {
		cmd := exec.Command(vitrine, "version")
		cmd.Env = []string{"LANG=" + locale, "LC_ALL=" + locale, "LANGUAGE=" + locale}
		p := s.StartCmd(cmd)
		if p.WaitExit(soon); strings.Count(p.Output(), "\n") != 1 {
			t.Errorf("LANG=%s:\n%s", locale, p.Output())
		}
	}
}

// TestMountRefuses meets each thing that stands against a mount, by its message and exit status.
func TestMountRefuses(t *testing.T) {
	s := desktop.New(t)
	backing, mountPoint := folders(t, s.Home)
	file, full := filepath.Join(s.Home, "file"), filepath.Join(s.Home, "full")
	write(t, file, "")
	write(t, filepath.Join(full, "x"), "")
	if err := os.Mkdir(filepath.Join(backing, "inside"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ backing, mountPoint, says, cure string }{
		{s.Home + "/none", mountPoint, "The backing folder " + s.Home + "/none does not exist.", "mkdir -p " + s.Home + "/none"},
		{file, mountPoint, "is not a folder", "Choose a folder"},
		{backing, s.Home + "/none", "The mount point " + s.Home + "/none does not exist.", "--create"},
		{backing, file, "The mount point " + file + " is not a folder.", "Choose an empty folder"},
		{backing, full, "is not empty; a mount would hide what is in it", "choose an empty folder"},
		{backing, backing + "/inside", "lies in, the backing folder", "outside"},
		{backing, s.Home, "which would hide it", "does not contain"},
	} {
		p := s.Start(vitrine, "mount", c.backing, c.mountPoint)
		if exit := p.WaitExit(soon); exit != 1 || !strings.Contains(p.Output(), c.says) || !strings.Contains(p.Output(), c.cure) {
			t.Errorf("mount %s %s: exit status %d; want %q and %q in:\n%s", c.backing, c.mountPoint, exit, c.says, c.cure, p.Output())
		}
	}
}

// TestMountRefusesWithoutFUSE hides the device from the program: it says how to get it here.
func TestMountRefusesWithoutFUSE(t *testing.T) {
	s := desktop.New(t)
	backing, mountPoint := folders(t, s.Home)
	for hide, says := range map[string]string{
		"mount -t tmpfs none /dev": "The kernel offers no FUSE here: /dev/fuse",
	} {
		script := hide + ` && exec "$0" mount "$1" "$2"`
		p := s.Start("unshare", "--map-root-user", "--mount", "sh", "-c", script, vitrine, backing, mountPoint)
		if exit := p.WaitExit(soon); exit != 1 || !strings.Contains(p.Output(), says) || !strings.Contains(p.Output(), "\n  ") {
			t.Errorf("exit status %d; want %q and a command in:\n%s", exit, says, p.Output())
		}
	}
}

// TestMountRefusesAMount meets a mount that is alive.
func TestMountRefusesAMount(t *testing.T) {
	s := desktop.New(t)
	first, backing, mountPoint := startMount(t, s)
	p := s.Start(vitrine, "mount", backing, mountPoint)
	if exit := p.WaitExit(soon); exit != 1 || !strings.Contains(p.Output(), "Another Vitrine has "+backing+" mounted on "+mountPoint) {
		t.Errorf("exit status %d:\n%s", exit, p.Output())
	}
	first.Signal(os.Interrupt)
	if exit := first.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d", exit)
	}
}

// startMount mounts in the foreground and returns once it says so.
func startMount(t *testing.T, s *desktop.Session, args ...string) (p *desktop.Process, backing, mountPoint string) {
	t.Helper()
	backing, mountPoint = folders(t, s.Home)
	p = s.Start(vitrine, append([]string{"mount", backing, mountPoint}, args...)...)
	p.WaitOutput("mounted "+backing+" on "+mountPoint+"\n", soon)
	if !isMounted(t, mountPoint) {
		t.Fatal("it says mounted, and nothing is")
	}
	return p, backing, mountPoint
}

func TestSignalsEject(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(signal.String(), func(t *testing.T) {
			s := desktop.New(t)
			p, backing, mountPoint := startMount(t, s)
			write(t, filepath.Join(mountPoint, "f"), "kept")
			p.Signal(signal)
			if exit := p.WaitExit(soon); exit != 0 {
				t.Errorf("exit status %d:\n%s", exit, p.Output())
			}
			if isMounted(t, mountPoint) {
				t.Error("still mounted")
			}
			wantFile(t, filepath.Join(backing, "f"), "kept")
		})
	}
}

func TestSignalWhileBusyWaits(t *testing.T) {
	s := desktop.New(t)
	p, backing, mountPoint := startMount(t, s)
	file, err := os.Create(filepath.Join(mountPoint, "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	p.Signal(os.Interrupt)
	p.WaitOutput("app.test ("+strconv.Itoa(os.Getpid())+") holds "+mountPoint+"/f", soon)
	if _, err := file.WriteString("written meanwhile"); err != nil {
		t.Errorf("the refused eject disturbed the file: %v", err)
	}
	file.Close()
	if exit := p.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d:\n%s", exit, p.Output())
	}
	wantFile(t, filepath.Join(backing, "f"), "written meanwhile")
}

func TestSecondSignalForces(t *testing.T) {
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
	p.Signal(os.Interrupt)
	p.WaitOutput("holds "+mountPoint+"/f", soon)
	p.Signal(os.Interrupt)
	if exit := p.WaitExit(soon); exit != 1 || !strings.Contains(p.Output(), "ejected by force") {
		t.Errorf("exit status %d:\n%s", exit, p.Output())
	}
	if isMounted(t, mountPoint) {
		t.Error("still mounted")
	}
	wantFile(t, filepath.Join(backing, "f"), "acknowledged")
}

func TestUnmountFromOutsideEnds(t *testing.T) {
	s := desktop.New(t)
	p, _, mountPoint := startMount(t, s)
	command := []string{"fusermount3", "-u", mountPoint}
	if os.Geteuid() == 0 {
		command = []string{"umount", mountPoint}
	}
	if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if exit := p.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d:\n%s", exit, p.Output())
	}
}

func TestReadOnlyAndCreate(t *testing.T) {
	s := desktop.New(t)
	backing, mountPoint := filepath.Join(s.Home, "backing"), filepath.Join(s.Home, "a", "mount")
	write(t, filepath.Join(backing, "f"), "x")
	p := s.Start(vitrine, "mount", "--read-only", "--create", backing, mountPoint)
	p.WaitOutput("mounted ", soon)
	wantFile(t, filepath.Join(mountPoint, "f"), "x")
	if err := os.WriteFile(filepath.Join(mountPoint, "g"), nil, 0o600); !errors.Is(err, syscall.EROFS) {
		t.Errorf("create: %v", err)
	}
	p.Signal(os.Interrupt)
	if exit := p.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d:\n%s", exit, p.Output())
	}
}

// TestInPlace mounts over a folder that has files: they stay where they are, and the eject brings the folder back. A
// mount that was killed is cleared by the next.
func TestInPlace(t *testing.T) {
	s := desktop.New(t)
	folder := filepath.Join(s.Home, "work")
	write(t, filepath.Join(folder, "before"), "was there")
	start := func() *desktop.Process {
		p := s.Start(vitrine, "mount", "--in-place", folder)
		p.WaitOutput("mounted "+folder+" on "+folder+"\n", soon)
		if !isMounted(t, folder) {
			t.Fatal("it says mounted, and nothing is")
		}
		return p
	}
	bystander := exec.Command("sleep", "60") // stands in the folder under the mount, which is no reason not to eject
	bystander.Dir = folder
	if err := bystander.Start(); err != nil {
		t.Fatal(err)
	}
	defer bystander.Wait()
	defer bystander.Process.Kill()
	killed := start()
	wantFile(t, filepath.Join(folder, "before"), "was there")
	write(t, filepath.Join(folder, "killed"), "acknowledged")
	killed.Signal(os.Kill)
	killed.WaitExit(soon)
	p := start()
	wantFile(t, filepath.Join(folder, "killed"), "acknowledged")
	write(t, filepath.Join(folder, "during"), "written in place")
	p.Signal(os.Interrupt)
	if exit := p.WaitExit(soon); exit != 0 || isMounted(t, folder) {
		t.Errorf("exit status %d:\n%s", exit, p.Output())
	}
	wantFile(t, filepath.Join(folder, "before"), "was there")
	wantFile(t, filepath.Join(folder, "during"), "written in place")
}

// TestLog compares the log with what was done.
func TestLog(t *testing.T) {
	s := desktop.New(t)
	log := filepath.Join(s.Home, "ops.ndjson")
	p, _, mountPoint := startMount(t, s, "--log", log)
	write(t, filepath.Join(mountPoint, "f"), "hello")
	p.Signal(os.Interrupt)
	p.WaitExit(soon)
	if info, err := os.Stat(log); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	file, err := os.Open(log)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	seen := make(map[oplog.Op]oplog.Event)
	for lines := bufio.NewScanner(file); lines.Scan(); {
		e, err := oplog.ParseLine(lines.Bytes())
		if err != nil {
			t.Fatalf("%v: %s", err, lines.Text())
		}
		if e.Path == "/f" {
			seen[e.Op] = e
		}
	}
	w := seen[oplog.Write]
	if w.Size != 5 || w.Result != 5 || w.PID != int32(os.Getpid()) || w.Proc != "app.test" || w.Handle == 0 || w.Duration <= 0 {
		t.Errorf("the write: %+v", w)
	}
	if c := seen[oplog.Create]; c.Handle != w.Handle || seen[oplog.Release].Handle != w.Handle {
		t.Errorf("create %+v, release %+v", c, seen[oplog.Release])
	}
	if age := time.Since(time.Unix(0, w.Wall)); age < 0 || age > time.Minute {
		t.Errorf("written %v ago", age)
	}
}

func TestLogInsideIsRefused(t *testing.T) {
	s := desktop.New(t)
	backing, mountPoint := folders(t, s.Home)
	for _, log := range []string{backing + "/log", mountPoint + "/log"} {
		p := s.Start(vitrine, "mount", "--log", log, backing, mountPoint)
		if exit := p.WaitExit(soon); exit != 2 || !strings.Contains(p.Output(), "every line of the log would cause another") {
			t.Errorf("--log %s: exit status %d:\n%s", log, exit, p.Output())
		}
	}
}

// TestNoDisplay starts the program where there is none: it mounts the default folders and ejects at Ctrl-C.
func TestNoDisplay(t *testing.T) {
	s := desktop.New(t)
	p := s.Start(vitrine)
	mountPoint := filepath.Join(s.Home, "Vitrine")
	p.WaitOutput("no display", soon)
	p.WaitOutput(" on "+mountPoint+"\n", soon)
	write(t, filepath.Join(mountPoint, "f"), "kept")
	p.WaitOutput("ops/s", soon)
	p.Signal(os.Interrupt)
	if exit := p.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d:\n%s", exit, p.Output())
	}
	wantFile(t, filepath.Join(s.Home, ".local/share/vitrine/files/f"), "kept")
}

func TestBadConfiguration(t *testing.T) {
	s := desktop.New(t)
	path := s.WriteFile(".config/vitrine/config.toml", "mount_point = \"~/Drive\"\n\nkeep_events = \"many\"\n")
	p := s.Start(vitrine)
	if exit := p.WaitExit(soon); exit != 1 || !strings.Contains(p.Output(), path) ||
		!strings.Contains(p.Output(), "line 3") || !strings.Contains(p.Output(), "keep_events") {
		t.Errorf("exit status %d:\n%s", exit, p.Output())
	}
}

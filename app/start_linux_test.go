package main

import (
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"vitrine/app/internal/desktop"
)

// TestMountOnStartWaitsForTheFolder starts before the backing folder is there, as a login may before the network.
func TestMountOnStartWaitsForTheFolder(t *testing.T) {
	s := desktop.New(t)
	backing := filepath.Join(s.Home, "nas", "files")
	s.WriteFile(".config/vitrine/config.toml", "mount_on_start = true\nbacking = \"~/nas/files\"\n")
	p := s.Start(vitrine)
	p.WaitOutput("Waiting for "+backing+", which is not there yet", soon)
	wantCommand(t, s, 0, "mounting  "+backing+", for "+s.Home+"/Vitrine", "status")
	wantCommand(t, s, 0, "  Waiting for "+backing, "status")
	check(t, os.MkdirAll(backing, 0o700))
	p.WaitOutput("mounted "+backing+" on ", soon)
	p.Signal(os.Interrupt)
	if exit := p.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d:\n%s", exit, p.Output())
	}
}

func TestWaitingIsEndedBySignalAndEject(t *testing.T) {
	s := desktop.New(t)
	s.WriteFile(".config/vitrine/config.toml", "mount_on_start = true\nbacking = \"~/none\"\n")
	for _, end := range []func(p *desktop.Process){
		func(p *desktop.Process) { p.Signal(syscall.SIGTERM) },
		func(*desktop.Process) { wantCommand(t, s, 0, "ejected", "eject") },
	} {
		p := s.Start(vitrine)
		p.WaitOutput("Waiting for ", soon)
		end(p)
		if exit := p.WaitExit(soon); exit != 0 {
			t.Errorf("exit status %d:\n%s", exit, p.Output())
		}
	}
}

// TestMountOnStartInTheTray is the same with tray and window.
func TestMountOnStartInTheTray(t *testing.T) {
	s, p, item := startDesktop(t, "mount_on_start = true", `backing = "~/nas"`)
	first(t, item, "Mounting…")
	check(t, os.Mkdir(filepath.Join(s.Home, "nas"), 0o700))
	waitMounted(t, filepath.Join(s.Home, "Vitrine"), false) // the mount point is not there, and nobody made it
	check(t, os.MkdirAll(filepath.Join(s.Home, "Vitrine"), 0o700))
	waitMounted(t, filepath.Join(s.Home, "Vitrine"), true)
	first(t, item, "Eject")
	check(t, item.Click("Quit"))
	if exit := p.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d", exit)
	}
}

// TestFirstStart has no settings yet: the window comes up although there is a tray, and one key makes a drive. The next
// start asks nothing.
func TestFirstStart(t *testing.T) {
	s := desktop.New(t)
	s.StartBus()
	s.StartXvfb(1280, 800)
	s.StartWindowManager()
	host := s.StartHost()
	p := s.Start(vitrine)
	item := host.WaitItem(soon)
	w := s.WaitWindow("Vitrine", soon)
	if w.Pid() != p.Pid() {
		t.Errorf("%q belongs to process %d, not %d", w.Title, w.Pid(), p.Pid())
	}
	w.Raise()
	keep(t, s, "welcome.png")
	mountPoint := filepath.Join(s.Home, "Vitrine")
	time.Sleep(500 * time.Millisecond) // for the window to take keys
	s.Key("space")
	waitMounted(t, mountPoint, true)
	if text, err := os.ReadFile(filepath.Join(s.Home, ".config/vitrine/config.toml")); err != nil || !strings.Contains(string(text), "in_place = false") {
		t.Errorf("%v:\n%s", err, text)
	}
	first(t, item, "Eject")
	p.Signal(syscall.SIGTERM)
	if exit := p.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d:\n%s", exit, p.Output())
	}
	p = s.Start(vitrine)
	item = host.WaitItem(soon)
	first(t, item, "Mount")
	for _, w := range s.Windows() {
		if w.Pid() == p.Pid() { // the file manager may show the folder by now, of the same name
			t.Errorf("%q came up", w.Title)
		}
	}
	p.Signal(syscall.SIGTERM)
	if exit := p.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d:\n%s", exit, p.Output())
	}
}

// TestAtLogin starts before the desktop's panel is up: there is an icon in the end, and no window in its stead.
func TestAtLogin(t *testing.T) {
	s := desktop.New(t)
	s.StartBus()
	s.StartXvfb(1280, 800)
	s.WriteFile(".config/vitrine/config.toml", quiet)
	p := s.Start(vitrine, "--at-login")
	time.Sleep(500 * time.Millisecond) // the panel takes its time
	item := s.StartHost().WaitItem(soon)
	first(t, item, "Mount")
	if strings.Contains(p.Output(), "no tray icon") {
		t.Errorf("it gave up:\n%s", p.Output())
	}
	p.Signal(syscall.SIGTERM)
	if exit := p.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d", exit)
	}
}

// TestServiceManagerIsTold stands in for systemd: ready when the drive is usable, stopping when it is ejected.
func TestServiceManagerIsTold(t *testing.T) {
	s := desktop.New(t)
	address := filepath.Join(s.RuntimeDir, "notify")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: address, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer manager.Close()
	backing, mountPoint := folders(t, s.Home)
	cmd := exec.Command(vitrine, "mount", backing, mountPoint)
	cmd.Env = []string{"NOTIFY_SOCKET=" + address}
	p := s.StartCmd(cmd)
	told := func(want string) {
		t.Helper()
		check(t, manager.SetReadDeadline(time.Now().Add(soon)))
		text := make([]byte, 4096)
		n, err := manager.Read(text)
		if err != nil || string(text[:n]) != want {
			t.Fatalf("told %q, %v; want %q", text[:n], err, want)
		}
	}
	told("READY=1")
	if !isMounted(t, mountPoint) {
		t.Error("ready, and nothing is mounted")
	}
	p.Signal(syscall.SIGTERM)
	told("STOPPING=1")
	if exit := p.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d:\n%s", exit, p.Output())
	}
}

func TestMetrics(t *testing.T) {
	s := desktop.New(t)
	p, _, mountPoint := startMount(t, s, "--metrics", "127.0.0.1:0")
	write(t, filepath.Join(mountPoint, "f"), "hello")
	found := regexp.MustCompile(`http://127\.0\.0\.1:\d+/metrics`).FindString(p.Output())
	answer, err := http.Get(found)
	if err != nil {
		t.Fatalf("%v:\n%s", err, p.Output())
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\nvitrine_mounted 1\n", "\nvitrine_written_bytes_total 5\n", `vitrine_operation_duration_seconds_count{op="write"} 1`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
	p.Signal(os.Interrupt)
	if exit := p.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d:\n%s", exit, p.Output())
	}
}

func TestMetricsRefuses(t *testing.T) {
	s := desktop.New(t)
	backing, mountPoint := folders(t, s.Home)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, c := range []struct {
		args string
		exit int
		says string
	}{
		{"--metrics 0.0.0.0:0", 2, "With --metrics-anywhere other machines may read them"},
		{"--metrics example.org:80", 2, "an address of this machine alone"},
		{"--metrics 9464", 2, "a host and a port"},
		{"--metrics-anywhere", 2, "needs --metrics"},
		{"--metrics " + taken.Addr().String(), 1, "Choose another port"},
	} {
		wantCommand(t, s, c.exit, c.says, append(strings.Fields("mount "+c.args), backing, mountPoint)...)
		if isMounted(t, mountPoint) {
			t.Fatalf("%s: mounted", c.args)
		}
	}
}

// TestACrashIsShownAtTheNextStart ends the program as the runtime does when it finds itself broken.
func TestACrashIsShownAtTheNextStart(t *testing.T) {
	s := desktop.New(t)
	p, backing, mountPoint := startMount(t, s)
	write(t, filepath.Join(mountPoint, "f"), "kept")
	p.Signal(syscall.SIGABRT)
	if exit := p.WaitExit(soon); exit == 0 {
		t.Fatal("it did not crash")
	}
	next := s.Start(vitrine, "mount", backing, mountPoint)
	next.WaitOutput("mounted ", soon)
	next.WaitOutput("Vitrine crashed on ", soon)
	next.WaitOutput("SIGABRT", soon)
	reports, err := filepath.Glob(filepath.Join(s.Home, ".local/state/vitrine/crash/crash-*.txt"))
	if err != nil || len(reports) != 1 || !strings.Contains(next.Output(), reports[0]) {
		t.Fatalf("%v, %v:\n%s", reports, err, next.Output())
	}
	if info, err := os.Stat(reports[0]); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	wantFile(t, filepath.Join(mountPoint, "f"), "kept")
	next.Signal(os.Interrupt)
	if exit := next.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d", exit)
	}
	again := s.Start(vitrine, "mount", backing, mountPoint)
	again.WaitOutput("mounted ", soon)
	if strings.Contains(again.Output(), "crashed") {
		t.Error("it tells of the crash a second time")
	}
	again.Signal(os.Interrupt)
	again.WaitExit(soon)
	if left, _ := filepath.Glob(filepath.Join(s.Home, ".local/state/vitrine/crash/*.running")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestACrashIsShownInTheWindow starts it again where there is a desktop: the window opens with the report's place.
func TestACrashIsShownInTheWindow(t *testing.T) {
	s := desktop.New(t)
	p, _, _ := startMount(t, s)
	p.Signal(syscall.SIGABRT)
	p.WaitExit(soon)
	check(t, exec.Command("umount", "-l", filepath.Join(s.Home, "mount")).Run())
	s.StartBus()
	s.StartXvfb(1280, 800)
	s.StartWindowManager()
	host := s.StartHost()
	next := s.Start(vitrine)
	host.WaitItem(soon)
	s.WaitWindow("Vitrine", soon).Raise()
	wantCommand(t, s, 0, "unmounted", "status")
	keep(t, s, "crash.png")
	next.Signal(syscall.SIGTERM)
	next.WaitExit(soon)
}

// TestConfigurationsThatAreNotUnderstood keep their file as it is.
func TestConfigurationsThatAreNotUnderstood(t *testing.T) {
	for text, says := range map[string]string{
		"version = 7\nspace_travel = true\n": "of a newer Vitrine",
		"mount_pont = \"~/Drive\"\n":         "did you mean mount_point?",
		"colour = \"red\"\n":                 "is not a known key; the keys are",
	} {
		s := desktop.New(t)
		path := s.WriteFile(".config/vitrine/config.toml", text)
		output := wantCommand(t, s, 1, says)
		if !strings.Contains(output, path) {
			t.Errorf("the file is not named:\n%s", output)
		}
		wantFile(t, path, text)
	}
}

// TestConfigurationIsNotUnderstoodOnADesktop tells those who see no terminal.
func TestConfigurationIsNotUnderstoodOnADesktop(t *testing.T) {
	s := desktop.New(t)
	s.StartBus()
	s.StartXvfb(1280, 800)
	host := s.StartHost()
	path := s.WriteFile(".config/vitrine/config.toml", "version = 7\n")
	wantCommand(t, s, 1, "of a newer Vitrine")
	if n := host.WaitNotification("Vitrine does not start", soon); !strings.Contains(n.Body, path) || !strings.Contains(n.Body, "of a newer Vitrine") {
		t.Errorf("%q", n)
	}
}

// TestUnknownLocaleInTheWindow starts it in a language that nobody speaks: the window is in English, and it says so.
func TestUnknownLocaleInTheWindow(t *testing.T) {
	s := desktop.New(t)
	s.StartXvfb(1280, 800)
	s.StartWindowManager()
	s.WriteFile(".config/vitrine/config.toml", quiet)
	cmd := exec.Command(vitrine)
	cmd.Env = []string{"LANG=xx_YY.UTF-8", "LC_ALL=xx_YY.UTF-8"}
	p := s.StartCmd(cmd)
	p.WaitOutput("does not know the language of LC_ALL=xx_YY.UTF-8 and speaks English", soon)
	s.WaitWindow("Vitrine", soon)
	p.Signal(syscall.SIGTERM)
	if exit := p.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d:\n%s", exit, p.Output())
	}
}

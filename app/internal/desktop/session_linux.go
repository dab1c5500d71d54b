package desktop

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moby/sys/mountinfo"
)

// Session is where a person's programs run: home folder, runtime folder, and the bus and display that were started.
// Its methods fail the test they belong to, so they are to be called from that test's goroutine.
type Session struct {
	t testing.TB

	Dir        string // holds everything of the session
	Home       string // $HOME
	RuntimeDir string // $XDG_RUNTIME_DIR
	Bus        string // address of the session bus, "" before StartBus
	System     string // address of the system bus, "" before StartSystemBus
	Display    string // X display such as ":7", "" before StartXvfb
}

// New makes a session with folders only. Programs in it find neither a bus nor a display until these are started.
// Everything is removed when the test ends.
func New(t testing.TB) *Session {
	t.Helper()
	dir, err := os.MkdirTemp("", "vitrine-desktop-") // short: the path of a socket has at most 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	s := &Session{t: t, Dir: dir, Home: filepath.Join(dir, "home"), RuntimeDir: filepath.Join(dir, "run")}
	t.Cleanup(s.close)
	for _, folder := range []string{s.Home, s.RuntimeDir, s.logDir()} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// close ends what programs of the session left behind, and removes the folders unless something is mounted in them:
// removing through a mount would delete what it shows.
func (s *Session) close() {
	s.t.Helper()
	for _, name := range endMarked(s.mark()) {
		s.t.Logf("desktop: %s was left running and has been ended", name)
	}
	mounts, err := mountinfo.GetMounts(mountinfo.PrefixFilter(s.Dir))
	switch {
	case err != nil:
		s.t.Errorf("cannot tell whether something is still mounted in %s: %v", s.Dir, err)
	case len(mounts) > 0:
		s.t.Errorf("%s is still mounted; the session's folder is kept. Unmount it: umount %q", mounts[0].Mountpoint, mounts[0].Mountpoint)
	default:
		if err := os.RemoveAll(s.Dir); err != nil {
			s.t.Error(err)
		}
	}
}

func (s *Session) logDir() string { return filepath.Join(s.Dir, "log") }

// mark is an environment variable that every program of this session inherits, and no other has.
func (s *Session) mark() string { return "VITRINE_TEST_SESSION=" + s.Dir }

// Env returns the environment of a program in this session: nothing of the desktop the tests were started from.
func (s *Session) Env() []string {
	var env []string
	for _, kv := range os.Environ() {
		if !ofDesktop(kv) {
			env = append(env, kv)
		}
	}
	none := "unix:path=" + filepath.Join(s.RuntimeDir, "no-bus") // without an address, D-Bus libraries would look for a bus or start one
	env = append(env,
		s.mark(),
		"HOME="+s.Home,
		"XDG_RUNTIME_DIR="+s.RuntimeDir,
		"DBUS_SESSION_BUS_ADDRESS="+cmp.Or(s.Bus, none),
		"DBUS_SYSTEM_BUS_ADDRESS="+cmp.Or(s.System, none),
		"XDG_CURRENT_DESKTOP=XFCE",
		"XDG_SESSION_TYPE=x11",
		"LANG=C.UTF-8",
		"LIBGL_ALWAYS_SOFTWARE=1",
		"NO_AT_BRIDGE=1",
		"GIO_USE_VFS=local",
		"GVFS_REMOTE_VOLUME_MONITOR_IGNORE=1",
		"GSETTINGS_BACKEND=memory",
		"GORACE=exitcode=0 atexit_sleep_ms=100", // Process judges races, not the exit status
	)
	if s.Display != "" {
		env = append(env, "DISPLAY="+s.Display)
	}
	return env
}

func ofDesktop(kv string) bool {
	name, _, _ := strings.Cut(kv, "=")
	for _, prefix := range []string{"XDG_", "DBUS_", "LC_", "FYNE_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	switch name {
	case "HOME", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "LANG", "LANGUAGE", "SESSION_MANAGER":
		return true
	}
	return false
}

// WriteFile writes a file below the home folder, with the folders it needs, and returns its path.
func (s *Session) WriteFile(name, text string) string {
	s.t.Helper()
	path := filepath.Join(s.Home, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

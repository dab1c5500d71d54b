package wine

import (
	"debug/pe"
	"fmt"
	"image/color"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vitrine/app/internal/desktop"
)

// built is the folder with the programs, which packaging/windows/build --tests makes.
var built string

func TestMain(m *testing.M) { os.Exit(withPrograms(m.Run)) }

// withPrograms builds the programs for as long as run takes, unless VITRINE_WINDOWS names a folder that has them.
func withPrograms(run func() int) int {
	if built = os.Getenv("VITRINE_WINDOWS"); built != "" {
		return run()
	}
	dir, err := os.MkdirTemp("", "vitrine-windows-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	built = dir
	if out, err := exec.Command("../../../packaging/windows/build", "--tests", dir).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
		return 1
	}
	return run()
}

const (
	soon = time.Minute
	late = 4 * time.Minute
)

// machine is a Windows of the test's own, as far as Wine is one.
type machine struct {
	*desktop.Session
	t   *testing.T
	env []string
}

// newMachine makes a Windows, which takes Wine some seconds. The libraries that Wine would offer to download are left out.
func newMachine(t *testing.T) *machine {
	t.Helper()
	s := desktop.New(t)
	prefix := filepath.Join(s.Dir, "wine")
	m := &machine{s, t, []string{"WINEPREFIX=" + prefix, "WINEDEBUG=-all", "WINEDLLOVERRIDES=mscoree,mshtml=", "WINEARCH=win64"}}
	m.exit("wineboot", "--init")
	t.Cleanup(func() { m.exit("wineserver", "--kill") })
	library := filepath.Join(prefix, "drive_c", "windows", "system32", "bcryptprimitives.dll")
	if _, err := os.Stat(library); err == nil {
		return m
	}
	compile := exec.Command("x86_64-w64-mingw32-gcc", "-O2", "-shared", "-o", library, "testdata/bcryptprimitives.c", "-ladvapi32")
	if out, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return m
}

func (m *machine) start(program string, args ...string) *desktop.Process {
	m.t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = m.env
	return m.StartCmd(cmd)
}

// exit runs a program to its end.
func (m *machine) exit(program string, args ...string) (status int, output string) {
	m.t.Helper()
	p := m.start(program, args...)
	status = p.WaitExit(late)
	return status, p.Output()
}

// vitrine runs the program under test to its end.
func (m *machine) vitrine(args ...string) (status int, output string) {
	m.t.Helper()
	return m.exit("wine", append([]string{filepath.Join(built, "vitrine.exe")}, args...)...)
}

// TestPrograms runs the tests that packages have for Windows.
func TestPrograms(t *testing.T) {
	m := newMachine(t)
	for program, least := range map[string]int{"fusefs": 15, "control": 8, "login": 2} {
		status, output := m.exit("wine", filepath.Join(built, program+".test.exe"), "-test.v", "-test.timeout", "3m")
		if passed := strings.Count(output, "\n--- PASS: "); status != 0 || passed < least || strings.Contains(output, "--- SKIP") {
			t.Errorf("%s: exit status %d, %d tests passed, and there are at least %d:\n%s", program, status, passed, least, output)
		}
	}
}

func TestCommandLine(t *testing.T) {
	m := newMachine(t)
	for _, c := range []struct {
		args string
		exit int
		says []string
	}{
		{"version", 0, []string{"vitrine ", "windows/amd64"}},
		{"--help", 0, []string{"Usage:"}},
		{"mount a", 2, []string{"1 given"}},
		{"paint", 2, []string{`unknown command "paint"`}},
		{"status", 1, []string{"no Vitrine is running"}},
		{`mount C:\users Q:`, 1, []string{"WinFsp is not installed", "winget install WinFsp.WinFsp", "https://winfsp.dev/rel/"}},
		{"doctor", 1, []string{"bad   WinFsp", "winget install WinFsp.WinFsp", "no Vitrine is running"}},
	} {
		status, output := m.vitrine(strings.Fields(c.args)...)
		if status != c.exit {
			t.Errorf("vitrine %s: exit status %d, want %d:\n%s", c.args, status, c.exit, output)
		}
		for _, text := range c.says {
			if !strings.Contains(output, text) {
				t.Errorf("vitrine %s does not say %q:\n%s", c.args, text, output)
			}
		}
	}
}

// TestWindow starts the program and looks at its window; a second one raises it and ends.
func TestWindow(t *testing.T) {
	m := newMachine(t)
	m.StartXvfb(1280, 800)
	p := m.start("wine", filepath.Join(built, "vitrine.exe"), "--window")
	w := m.WaitWindow("Vitrine", late)
	desktop.Until(t, soon, "the window to be drawn", func() error {
		if n := colours(w); n < 20 {
			return fmt.Errorf("it has %d colours", n)
		}
		return nil
	})
	if status, output := m.vitrine("status"); status != 0 || !strings.Contains(output, "unmounted") || !strings.Contains(output, "with a window") {
		t.Errorf("exit status %d:\n%s", status, output)
	}
	if status, output := m.vitrine(); status != 0 || output != "" {
		t.Errorf("a second one: exit status %d:\n%s", status, output)
	}
	if !p.Running() {
		t.Errorf("the first one has ended:\n%s", p.Output())
	}
}

// colours counts the colours of a window's picture.
func colours(w desktop.Window) int {
	picture := w.Picture()
	found := map[color.NRGBA]bool{}
	for y := picture.Rect.Min.Y; y < picture.Rect.Max.Y; y++ {
		for x := picture.Rect.Min.X; x < picture.Rect.Max.X; x++ {
			found[picture.NRGBAAt(x, y)] = true
		}
	}
	return len(found)
}

// TestProgramIsOneOfWindows reads the program's file: it opens no terminal of its own, and has an icon and a version.
func TestProgramIsOneOfWindows(t *testing.T) {
	f, err := pe.Open(filepath.Join(built, "vitrine.exe"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if head, ok := f.OptionalHeader.(*pe.OptionalHeader64); !ok || head.Subsystem != pe.IMAGE_SUBSYSTEM_WINDOWS_GUI {
		t.Errorf("%+v", f.OptionalHeader)
	}
	resources := f.Section(".rsrc")
	if resources == nil || resources.Size < 10_000 {
		t.Errorf("%+v", resources)
	}
	libraries, err := f.ImportedLibraries()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range libraries {
		if strings.HasPrefix(strings.ToLower(name), "lib") { // one of MinGW's, that nobody has
			t.Errorf("the program needs %s", name)
		}
	}
}

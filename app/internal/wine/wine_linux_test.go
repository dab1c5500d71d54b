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

var (
	built  string   // folder with the programs, which packaging/windows/build --tests makes
	inWine []string // environment of programs that run in a Windows of the tests' own, as far as Wine is one
)

func TestMain(m *testing.M) {
	status, err := prepared(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(status)
}

// prepared builds the programs, unless VITRINE_WINDOWS names a folder that has them, and makes a Windows for as long as
// run takes.
func prepared(run func() int) (status int, err error) {
	dir, err := os.MkdirTemp("", "vitrine-windows-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	if built = os.Getenv("VITRINE_WINDOWS"); built == "" {
		built = dir
		if err := do("../../../packaging/windows/build", "--tests", dir); err != nil {
			return 1, err
		}
	}
	if err := makeWindows(filepath.Join(dir, "wine")); err != nil {
		return 1, err
	}
	return run(), nil
}

// prefix is the folder that holds the Windows.
func prefix() string { return strings.TrimPrefix(inWine[0], "WINEPREFIX=") }

// makeWindows takes Wine some seconds. The libraries that it would offer to download are left out.
func makeWindows(prefix string) error {
	inWine = []string{"WINEPREFIX=" + prefix, "WINEDEBUG=-all", "WINEDLLOVERRIDES=mscoree,mshtml=", "WINEARCH=win64"}
	if err := do("wineboot", "--init"); err != nil {
		return err
	}
	if err := do("wineserver", "--wait"); err != nil {
		return err
	}
	library := filepath.Join(prefix, "drive_c", "windows", "system32", "bcryptprimitives.dll")
	if _, err := os.Stat(library); err == nil {
		return nil
	}
	return do("x86_64-w64-mingw32-gcc", "-O2", "-shared", "-o", library, "testdata/bcryptprimitives.c", "-ladvapi32")
}

// do runs a program that prepares the tests, without a display.
func do(name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Env = append(append(os.Environ(), "DISPLAY="), inWine...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w (packaging/test installs what the tests need)\n%s", name, err, out)
	}
	return nil
}

const (
	soon = time.Minute
	late = 4 * time.Minute
)

// machine is the Windows, with a desktop of the test's own.
type machine struct {
	*desktop.Session
	t *testing.T
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{desktop.New(t), t}
	t.Cleanup(func() { m.exit("wineserver", "--kill") })
	return m
}

func (m *machine) start(program string, args ...string) *desktop.Process {
	m.t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = inWine
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
	m.StartXvfb(640, 480) // without a screen Wine has no windows at all, not even hidden ones
	for _, c := range []struct {
		program, tests string
		least          int
	}{
		{"fusefs", ".", 15}, {"control", ".", 8}, {"login", ".", 2}, {"config", "TestOnWindows", 1}, {"app", "TestSessionEnds", 1},
	} {
		status, output := m.exit("wine", filepath.Join(built, c.program+".test.exe"), "-test.v", "-test.timeout", "3m", "-test.run", c.tests)
		if passed := strings.Count(output, "--- PASS: "); status != 0 || passed < c.least || strings.Contains(output, "--- SKIP") {
			t.Errorf("%s: exit status %d, %d tests passed, and there are at least %d:\n%s", c.program, status, passed, c.least, output)
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

// TestMount mounts where a stand-in for WinFsp is installed: the filesystem is asked what the driver would ask, an eject is
// refused while a file is open, and done after that.
func TestMount(t *testing.T) {
	m := newMachine(t)
	disk := filepath.Join(prefix(), "drive_c")
	backing, hold := filepath.Join(disk, "backing"), filepath.Join(disk, "hold")
	library := filepath.Join(disk, "WinFsp", "bin", "winfsp-x64.dll")
	for _, folder := range []string{backing, filepath.Dir(library)} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(hold, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := do("x86_64-w64-mingw32-gcc", "-O2", "-Wall", "-Werror", "-shared", "-I../../../packaging/windows/include", "-o", library, "testdata/winfsp.c"); err != nil {
		t.Fatal(err)
	}
	key := []string{`HKLM\Software\WinFsp`, "/reg:32", "/f"}
	if status, output := m.exit("wine", append([]string{"reg", "add"}, append(key, "/v", "InstallDir", "/d", `C:\WinFsp\`)...)...); status != 0 {
		t.Fatal(output)
	}
	t.Cleanup(func() { m.exit("wine", append([]string{"reg", "delete"}, key...)...) })

	cmd := exec.Command("wine", filepath.Join(built, "vitrine.exe"), "mount", `C:\backing`, `c:\Mounted`, "--log", `C:\log.ndjson`)
	cmd.Env = append(inWine, `WINFSP_HOLD=C:\hold`)
	p := m.StartCmd(cmd)
	p.WaitOutput(`mounted C:\backing on `, soon)
	p.WaitOutput("winfsp: all well", soon)
	if status, output := m.vitrine("status"); status != 0 || !strings.Contains(output, "1 open") {
		t.Errorf("exit status %d:\n%s", status, output)
	}
	if status, output := m.vitrine("eject"); status != 1 || !strings.Contains(output, "vitrine.exe") || !strings.Contains(output, `Mounted/B.TXT`) {
		t.Errorf("an eject with a file open: exit status %d:\n%s", status, output)
	}
	if err := os.Remove(hold); err != nil {
		t.Fatal(err)
	}
	p.WaitOutput("winfsp: released: 0", soon)
	if status, output := m.vitrine("eject"); status != 0 {
		t.Errorf("exit status %d:\n%s", status, output)
	}
	if status := p.WaitExit(soon); status != 0 {
		t.Errorf("exit status %d:\n%s", status, p.Output())
	}
	for name, text := range map[string]string{"backing/b.txt": "hello", "log.ndjson": `"op":"create","path":"/a.txt"`} {
		if found, err := os.ReadFile(filepath.Join(disk, name)); err != nil || !strings.Contains(string(found), text) {
			t.Errorf("%s: %v, %q", name, err, found)
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
	symbols, err := f.ImportedSymbols()
	if err != nil || len(symbols) == 0 {
		t.Fatal(len(symbols), err)
	}
	for _, symbol := range symbols {
		_, library, _ := strings.Cut(strings.ToLower(symbol), ":")
		if strings.HasPrefix(library, "lib") { // one of MinGW's, that nobody has
			t.Errorf("the program needs %s", symbol)
		}
	}
}

package login

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adrg/xdg"
)

func home(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	t.Setenv("XDG_CONFIG_HOME", "")
	xdg.Reload()
	t.Cleanup(xdg.Reload)
	return filepath.Join(dir, ".config", "autostart", "app.vitrine.Vitrine.desktop")
}

func wantStarts(t *testing.T, want bool) {
	t.Helper()
	if is, err := Starts(); err != nil || is != want {
		t.Errorf("starts: %v, %v; want %v", is, err, want)
	}
}

func set(t *testing.T, on bool) {
	t.Helper()
	if err := Set(on, "/usr/bin/vitrine"); err != nil {
		t.Fatal(err)
	}
}

func TestOnAndOff(t *testing.T) {
	file := home(t)
	wantStarts(t, false)
	set(t, false) // nothing to do
	set(t, true)
	set(t, true)
	wantStarts(t, true)
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), "\nExec=\"/usr/bin/vitrine\" --at-login\n") {
		t.Errorf("%v:\n%s", err, text)
	}
	if left, _ := os.ReadDir(filepath.Dir(file)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	set(t, false)
	wantStarts(t, false)
}

// TestTheDesktopsSwitch believes what the desktop's own settings wrote.
func TestTheDesktopsSwitch(t *testing.T) {
	file := home(t)
	set(t, true)
	on, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		string(on) + "Hidden=true\n",
		strings.Replace(string(on), "enabled=true", "enabled=false", 1),
		"",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		wantStarts(t, false)
	}
	set(t, true)
	wantStarts(t, true)
}

// TestEntryIsValid asks desktop-file-validate, which packaging/test installs.
func TestEntryIsValid(t *testing.T) {
	file := home(t)
	if err := Set(true, "/home/ada/my $programs/\"50%\"/`x`\\vitrine"); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("desktop-file-validate", file).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v: %s", err, out)
	}
}

func TestArgument(t *testing.T) {
	for path, want := range map[string]string{
		"/usr/bin/vitrine": `"/usr/bin/vitrine"`,
		"/a b/50%":         `"/a b/50%%"`,
		`/a"b$c`:           `"/a\\"b\\$c"`,
		`/a\b`:             `"/a\\\\b"`,
	} {
		if got := argument(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

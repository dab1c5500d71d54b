package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/moby/sys/mountinfo"
)

// vitrine is the program under test, built with the race detector.
var vitrine string

func TestMain(m *testing.M) {
	os.Exit(withProgram(m.Run))
}

// withProgram builds the program for as long as run takes.
func withProgram(run func() int) int {
	dir, err := os.MkdirTemp("", "vitrine-app-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	vitrine = filepath.Join(dir, "vitrine")
	if out, err := exec.Command("go", "build", "-race", "-o", vitrine, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
		return 1
	}
	return run()
}

// isMounted reports whether something is mounted at exactly that path.
func isMounted(t testing.TB, path string) bool {
	t.Helper()
	mounts, err := mountinfo.GetMounts(mountinfo.SingleEntryFilter(path))
	if err != nil {
		t.Fatal(err)
	}
	return len(mounts) > 0
}

// folders makes the two folders of a mount in a session's home.
func folders(t *testing.T, home string) (backing, mountPoint string) {
	t.Helper()
	backing, mountPoint = filepath.Join(home, "backing"), filepath.Join(home, "mount")
	for _, dir := range []string{backing, mountPoint} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return backing, mountPoint
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func wantFile(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Fatalf("%s: %q, %v; want %q", path, got, err, want)
	}
}

//go:build unix

package control

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOnlyTheOwnerMayLookIn(t *testing.T) {
	p := place(t)
	listen(t, p, "a", answering(nothing))
	for path, want := range map[string]fs.FileMode{p.dir: fs.ModeDir | 0o700, filepath.Join(p.dir, "a.sock"): fs.ModeSocket | 0o600} {
		if info, err := os.Lstat(path); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v; want %v", path, info.Mode(), err, want)
		}
	}
	if err := os.Chmod(p.dir, 0o777); err != nil {
		t.Fatal(err)
	}
	listen(t, p, "b", answering(nothing))
	if info, err := os.Lstat(p.dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("an open folder stays open: %v, %v", info.Mode(), err)
	}
}

func TestWithoutRuntimeFolderItIsTheStateFolder(t *testing.T) {
	for _, value := range []string{"", "relative"} {
		t.Setenv("XDG_RUNTIME_DIR", value)
		p, err := Find()
		if err != nil || !strings.HasSuffix(p.dir, "vitrine/run") || !filepath.IsAbs(p.dir) {
			t.Errorf("%q: %v, %v", value, p, err)
		}
	}
}

// TestFoldersOfOthersAreRefused needs root, who alone can give a folder away; everybody else is refused the folder that
// root has.
func TestFoldersOfOthersAreRefused(t *testing.T) {
	p := place(t)
	if os.Geteuid() != 0 {
		p = Place{dir: "/etc"}
	} else if err := errors.Join(os.Mkdir(p.dir, 0o700), os.Chown(p.dir, 4242, 0)); err != nil {
		t.Fatal(err)
	}
	_, listening := p.Listen("a", answering(nothing))
	_, asking := p.Peers()
	for _, err := range []error{listening, asking} {
		if err == nil || !strings.Contains(err.Error(), "belongs to user") || !strings.Contains(err.Error(), p.dir) {
			t.Errorf("%v", err)
		}
	}
}

func TestRuntimeFolderOfSomebodyElseIsRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Setenv("XDG_RUNTIME_DIR", "/")
	} else if p := place(t); os.Chown(p.above, 4242, 0) != nil {
		t.Fatal("root cannot give a folder away")
	}
	p, err := Find()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Listen("a", answering(nothing)); err == nil || !strings.Contains(err.Error(), "Unset XDG_RUNTIME_DIR") {
		t.Errorf("%v", err)
	}
}

func TestPathsTooLongForASocket(t *testing.T) {
	p := place(t)
	p.dir = filepath.Join(p.dir, strings.Repeat("x", 90))
	if _, err := p.Listen("a", answering(nothing)); err == nil || !strings.Contains(err.Error(), "set XDG_RUNTIME_DIR to a shorter one") {
		t.Errorf("%v", err)
	}
}

// dead leaves the socket of a process that was killed.
func dead(t *testing.T, p Place, name string) string {
	t.Helper()
	if err := p.prepare(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(p.dir, name+socketEnd)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	return path
}

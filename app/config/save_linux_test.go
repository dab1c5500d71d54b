package config

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestSaveOnFullDiskKeepsTheOldFile(t *testing.T) {
	home(t)
	if os.Getuid() != 0 {
		t.Skip("mounting a small disk needs root; TestSaveInForbiddenFolderKeepsTheOldFile runs instead")
	}
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=32k"); err != nil {
		t.Skipf("mounting a small disk is not allowed here: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	path := filepath.Join(dir, "config.toml")
	if err := Save(path, Default()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "filler"), make([]byte, 64<<10), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk is not full: %v", err)
	}
	keepsOld(t, path, syscall.ENOSPC)
}

const forbidden = "VITRINE_TEST_FORBIDDEN_FOLDER"

// Root may write anywhere, so as root the test runs itself once more as nobody.
func TestSaveInForbiddenFolderKeepsTheOldFile(t *testing.T) {
	if folder := os.Getenv(forbidden); folder != "" {
		keepsOld(t, filepath.Join(folder, "config.toml"), os.ErrPermission)
		return
	}
	home(t)
	dir, err := os.MkdirTemp("", "vitrine-config-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700); _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "config.toml")
	if err := Save(path, Default()); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() != 0 {
		keepsOld(t, path, os.ErrPermission)
		return
	}
	asNobody(t, dir, path)
}

func asNobody(t *testing.T, dir, path string) {
	t.Helper()
	const nobody = 65534
	if err := os.Chown(path, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	self := filepath.Join(os.TempDir(), filepath.Base(dir)+".test")
	if err := os.WriteFile(self, binary, 0o755); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(self)
	cmd := exec.Command(self, "-test.run=^"+t.Name()+"$")
	cmd.Dir = "/"
	cmd.Env = []string{"HOME=/", forbidden + "=" + dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("as nobody: %v\n%s", err, out)
	}
}

package fusefs

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/winfsp/cgofuse/fuse"
	"golang.org/x/sys/windows"

	"vitrine/fusefs/oplog"
)

func TestNativePath(t *testing.T) {
	for rel, want := range map[string]string{
		".": "", "a": "a", "a/b": `a\b`, `a\b`: "a\uf05cb", "a:b": "a\uf03ab", "why?": "why\uf03f", "end.": "end\uf02e", "end ": "end\uf020",
		"...": "..\uf02e", "tab\t": "tab\uf009", "Grüße 🌊": "Grüße 🌊",
	} {
		got, err := nativePath(rel)
		if err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", rel, got, err, want)
		}
		if back := strings.ReplaceAll(posixName(strings.ReplaceAll(got, `\`, "/")), "\uf02e", "."); want != "" && !strings.HasSuffix(rel, " ") && back != rel {
			t.Errorf("%q comes back as %q", rel, back)
		}
	}
	for _, rel := range []string{"", "..", "a/..", "../a", "a//b", "a/./b", "a/", "nul\x00"} {
		if got, err := nativePath(rel); err != syscall.EINVAL {
			t.Errorf("%q: %q, %v", rel, got, err)
		}
	}
}

func TestErrorsOfWindows(t *testing.T) {
	for e, want := range map[error]int{
		nil: 0, windows.ERROR_FILE_NOT_FOUND: fuse.ENOENT, windows.ERROR_SHARING_VIOLATION: fuse.EBUSY, windows.ERROR_DISK_FULL: fuse.ENOSPC,
		&os.PathError{Err: windows.ERROR_ACCESS_DENIED}: fuse.EACCES, syscall.EROFS: fuse.EROFS, syscall.ESTALE: fuse.ENOENT,
		windows.ERROR_DISK_QUOTA_EXCEEDED: fuse.ENOSPC, windows.ERROR_INVALID_ADDRESS: fuse.EIO, errors.New("what"): fuse.EIO,
		ofStatus(windows.STATUS_REPARSE_POINT_ENCOUNTERED): fuse.ENOENT, ofStatus(windows.STATUS_DISK_FULL): fuse.ENOSPC,
		ofStatus(windows.STATUS_NOT_A_DIRECTORY): fuse.ENOTDIR,
	} {
		got := errc(e)
		if translate(&got); got != -want {
			t.Errorf("%v: %d, want %d", e, got, -want)
		}
	}
	for e, p := range posixOf {
		if oplog.ErrnoName(p) == "" {
			t.Errorf("%v becomes an error without a name, %d", e, p)
		}
		if _, known := numberOf[p]; !known {
			t.Errorf("%v becomes %s, which WinFsp is told as EIO", e, oplog.ErrnoName(p))
		}
	}
}

func TestDriveLetters(t *testing.T) {
	for path, want := range map[string]string{"v:": "V:", `V:\`: "V:", "v:/": "V:", "v": "", `v:\a`: "", "7:": "", "": "", `\\host\share`: ""} {
		if got, _ := driveLetter(path); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
	drives, err := windows.GetLogicalDrives()
	if err != nil {
		t.Fatal(err)
	}
	for letter := 'A'; letter <= 'Z'; letter++ {
		err := freeLetter(string(letter) + ":")
		if taken := drives&(1<<(letter-'A')) != 0; taken != (err != nil) {
			t.Errorf("%c: %v", letter, err)
		}
	}
}

func TestMountOptions(t *testing.T) {
	for backing, name := range map[string]string{`C:\Users\me\Files`: "Files", `C:\a,b`: "ab", `C:\`: "", `C:\` + strings.Repeat("ü", 40): strings.Repeat("ü", 32)} {
		if got := mountOptions(backing); !strings.HasSuffix(got, ",volname="+name) {
			t.Errorf("%s: %s", backing, got)
		}
	}
}

// problem returns the kind of what a check of the mount point finds.
func problem(t *testing.T, c Config) Kind {
	t.Helper()
	p := &prepared{Config: c}
	err := p.openBacking()
	if err == nil {
		defer p.root.Close()
	}
	for _, check := range []func() error{p.findMountPoint, p.checkNesting, p.checkMountPoint} {
		if err == nil {
			err = check()
		}
	}
	if err == nil {
		return ""
	}
	var problem *Problem
	if !errors.As(err, &problem) {
		t.Fatal(err)
	}
	if problem.What.Format == "" || problem.Cure.Format == "" {
		t.Errorf("%+v", problem)
	}
	return problem.Kind
}

func TestMountPoints(t *testing.T) {
	dir := folder(t)
	backing, empty, full, file := filepath.Join(dir, "backing"), filepath.Join(dir, "empty"), filepath.Join(dir, "full"), filepath.Join(dir, "file")
	for _, folder := range []string{backing, empty, filepath.Join(full, "of it")} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		Config
		want Kind
	}{
		{Config{Backing: backing, MountPoint: "Q:"}, ""},
		{Config{Backing: backing, MountPoint: "C:"}, MountPointTaken},
		{Config{Backing: backing, MountPoint: filepath.Join(dir, "new")}, ""},
		{Config{Backing: backing, MountPoint: empty}, MountPointTaken},
		{Config{Backing: backing, MountPoint: full}, MountPointNotEmpty},
		{Config{Backing: backing, MountPoint: filepath.Join(dir, "none", "new")}, MountPointMissing},
		{Config{Backing: backing, MountPoint: filepath.Join(dir, "none", "new"), Create: true}, ""},
		{Config{Backing: backing, MountPoint: filepath.Join(backing, "in it")}, Nested},
		{Config{Backing: backing, MountPoint: backing, InPlace: true}, MountPointTaken},
		{Config{Backing: filepath.Join(dir, "absent"), MountPoint: "Q:"}, BackingMissing},
		{Config{Backing: file, MountPoint: "Q:"}, BackingNotFolder},
		{Config{Backing: filepath.Join(file, "below"), MountPoint: "Q:"}, BackingMissing},
		{Config{Backing: backing, MountPoint: file}, MountPointNotFolder},
		{Config{Backing: backing, MountPoint: empty, Create: true}, ""},
	} {
		if got := problem(t, c.Config); got != c.want {
			t.Errorf("%+v: %q, want %q", c.Config, got, c.want)
		}
	}
	if _, err := os.Stat(empty); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the empty folder is still there: %v", err)
	}
}

// TestMountWithoutWinFsp runs where WinFsp is not.
func TestMountWithoutWinFsp(t *testing.T) {
	record := oplog.New(oplog.Options{})
	defer record.Close()
	drive := NewDrive(record, nil)
	err := drive.Mount(t.Context(), Config{Backing: folder(t), MountPoint: "Q:"})
	var problem *Problem
	if !errors.As(err, &problem) || problem.Kind != LibraryMissing || problem.Command != "winget install WinFsp.WinFsp" {
		t.Fatal(err)
	}
	if s := drive.Status(); s.State != Failed {
		t.Error(s.State)
	}
}

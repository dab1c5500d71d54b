package fusefs

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/winfsp/cgofuse/fuse"
	"golang.org/x/sys/unix"
)

// TestNoPathLeadsOut swaps a folder and a file for symbolic links to outside, over and over, while every operation
// that takes a path goes through them. Nothing outside may be read or changed.
func TestNoPathLeadsOut(t *testing.T) {
	fs, _, folder := openFS(t, false)
	outside := t.TempDir()
	secret := filepath.Join(outside, "f")
	check(t, os.WriteFile(secret, []byte("secret"), 0o600))
	check(t, unix.Setxattr(secret, "user.secret", []byte("secret"), 0))
	before := lstat(t, secret)

	check(t, os.Mkdir(filepath.Join(folder, "real"), 0o700))
	check(t, os.WriteFile(filepath.Join(folder, "real", "f"), []byte("inside"), 0o644))
	check(t, os.Symlink(outside, filepath.Join(folder, "link")))
	check(t, os.WriteFile(filepath.Join(folder, "realfile"), []byte("inside"), 0o644))
	check(t, os.Symlink(secret, filepath.Join(folder, "linkfile")))
	root, err := unix.Open(folder, unix.O_PATH, 0)
	check(t, err)
	defer unix.Close(root)

	var stop atomic.Bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		for !stop.Load() {
			unix.Renameat2(root, "real", root, "link", unix.RENAME_EXCHANGE)
			unix.Renameat2(root, "realfile", root, "linkfile", unix.RENAME_EXCHANGE)
		}
	}()
	times := []fuse.Timespec{{Sec: 1}, {Sec: 1}}
	var reached, refused int
	for i := range 3000 {
		for _, path := range []string{"/real/f", "/realfile"} {
			for _, errc := range []int{
				attackByHandle(t, fs, path, os.O_RDONLY),
				attackByHandle(t, fs, path, os.O_RDWR),
				fs.Chmod(path, 0o640+uint32(i%2)),
				fs.Utimens(path, times),
				fs.Truncate(path, int64(i%10), noHandle),
				fs.Setxattr(path, "user.attack", []byte("x"), 0),
				fs.Removexattr(path, "user.secret"),
				fs.Access(path, unix.R_OK),
				attackAttributes(t, fs, path),
			} {
				if errc < 0 {
					refused++
				} else {
					reached++
				}
			}
		}
		fs.Create("/real/made", os.O_RDWR, 0o600)
		fs.Mkdir("/real/made-folder", 0o700)
		fs.Link("/realfile", "/real/made-link")
		fs.Symlink("x", "/real/made-symlink")
		fs.Mknod("/real/made-node", unix.S_IFREG|0o600, 0)
		fs.Rename("/real/made", "/real/renamed")
		fs.Unlink("/real/renamed")
		fs.Rmdir("/real/made-folder")
		fs.Unlink("/real/made-link")
	}
	stop.Store(true)
	<-done
	t.Logf("%d operations went through, %d were refused", reached, refused)
	if reached == 0 || refused == 0 {
		t.Error("the swap was never met: this attacked nothing")
	}
	if got, _ := os.ReadFile(secret); string(got) != "secret" {
		t.Errorf("the file outside was changed to %q", got)
	}
	if names, _ := os.ReadDir(outside); len(names) != 1 {
		t.Errorf("outside there is now %v", names)
	}
	after := lstat(t, secret)
	if after.Mode != before.Mode || after.Mtim != before.Mtim || after.Ctim != before.Ctim || after.Nlink != 1 {
		t.Errorf("the file outside was touched: %+v, then %+v", before, after)
	}
}

func attackByHandle(t *testing.T, fs *FS, path string, flags int) int {
	errc, fh := fs.Open(path, flags)
	if errc != 0 {
		return errc
	}
	defer fs.Release(path, fh)
	buf := make([]byte, 16)
	if n := fs.Read(path, buf, 0, fh); n > 0 && string(buf[:n]) == "secret" {
		t.Error("read the file outside")
	}
	if flags == os.O_RDWR {
		fs.Write(path, []byte("inside"), 0, fh)
	}
	return 0
}

func attackAttributes(t *testing.T, fs *FS, path string) int {
	errc, value := fs.Getxattr(path, "user.secret")
	if string(value) == "secret" {
		t.Error("read an attribute of the file outside")
	}
	var stat fuse.Stat_t
	fs.Getattr(path, &stat, noHandle)
	if stat.Mode&unix.S_IFMT == unix.S_IFREG && stat.Mode&0o777 == 0o600 && path == "/real/f" {
		t.Error("read the status of the file outside")
	}
	return errc
}

// TestDotDot names the parent folder in paths as no kernel would.
func TestDotDot(t *testing.T) {
	fs, _, folder := openFS(t, false)
	check(t, os.WriteFile(filepath.Join(filepath.Dir(folder), "outside"), []byte("x"), 0o600))
	for _, path := range []string{"/../outside", "/a/../../outside", "//etc/passwd", "/../.."} {
		if errc, _ := fs.Open(path, os.O_RDONLY); errc == 0 {
			t.Errorf("open %s succeeded", path)
		}
	}
	for _, path := range []string{"/..", "/a/..", "/../outside"} {
		if errc := fs.Getattr(path, new(fuse.Stat_t), noHandle); errc == 0 {
			t.Errorf("getattr %s succeeded", path)
		}
	}
	if errc := fs.Unlink("/../outside"); errc == 0 {
		t.Error("unlink /../outside succeeded")
	}
}

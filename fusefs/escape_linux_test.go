package fusefs

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"vitrine/fusefs/wire"
)

// TestNoPathLeadsOut swaps a folder and a file for symbolic links to outside, over and over, while every operation
// that takes a path goes through them. Nothing outside may be read or changed.
func TestNoPathLeadsOut(t *testing.T) {
	k, _, folder := openFS(t, false)
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
	var reached, refused int
	for i := range 1200 {
		for _, path := range []string{"/real/f", "/realfile"} {
			for _, errc := range []int{
				attackByHandle(t, k, path, os.O_RDONLY),
				attackByHandle(t, k, path, os.O_RDWR),
				k.setattr(path, wire.SetattrIn{Valid: wire.FattrMode, Mode: 0o640 + uint32(i%2)}),
				k.setattr(path, wire.SetattrIn{Valid: wire.FattrAtime | wire.FattrMtime, Atime: 1, Mtime: 1}),
				k.setattr(path, wire.SetattrIn{Valid: wire.FattrSize, Size: uint64(i % 10)}),
				second(k.on(wire.Setxattr, path, raw(wire.SetxattrCompatIn{Size: 1}), name("user.attack"), []byte("x"))),
				second(k.on(wire.Removexattr, path, name("user.secret"))),
				second(k.on(wire.Access, path, raw(wire.AccessIn{Mask: unix.R_OK}))),
				attackAttributes(t, k, path),
			} {
				if errc < 0 {
					refused++
				} else {
					reached++
				}
			}
		}
		k.create("/real/made", os.O_RDWR, 0o600)
		k.in(wire.Mkdir, "/real/made-folder", raw(wire.MkdirIn{Mode: 0o700}))
		if node, errc := k.walk("/realfile"); errc == 0 {
			k.in(wire.Link, "/real/made-link", raw(wire.LinkIn{OldNode: node}))
		}
		if folder, last, errc := k.split("/real/made-symlink"); errc == 0 {
			k.ask(wire.Symlink, folder, last, name("x"))
		}
		k.in(wire.Mknod, "/real/made-node", raw(wire.MknodIn{Mode: unix.S_IFREG | 0o600}))
		if folder, _, errc := k.split("/real/made"); errc == 0 {
			k.ask(wire.Rename, folder, raw(wire.RenameIn{NewDir: folder}), name("made"), name("renamed"))
		}
		k.in(wire.Unlink, "/real/renamed")
		k.in(wire.Rmdir, "/real/made-folder")
		k.in(wire.Unlink, "/real/made-link")
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

func second(_ []byte, errc int) int { return errc }

func attackByHandle(t *testing.T, k *kernel, path string, flags int) int {
	f, errc := k.open(path, flags)
	if errc != 0 {
		return errc
	}
	defer f.release()
	buf := make([]byte, 16)
	if n := f.read(buf, 0); n > 0 && string(buf[:n]) == "secret" {
		t.Error("read the file outside")
	}
	if flags == os.O_RDWR {
		f.write([]byte("inside"), 0)
	}
	return 0
}

func attackAttributes(t *testing.T, k *kernel, path string) int {
	value, errc := k.on(wire.Getxattr, path, raw(wire.GetxattrIn{Size: 64}), name("user.secret"))
	if string(value) == "secret" {
		t.Error("read an attribute of the file outside")
	}
	reply, found := k.on(wire.Getattr, path, raw(wire.GetattrIn{}))
	if found == 0 {
		attr := replied[wire.AttrOut](reply).Attr
		if attr.Mode&unix.S_IFMT == unix.S_IFREG && attr.Mode&0o777 == 0o600 && path == "/real/f" {
			t.Error("read the status of the file outside")
		}
	}
	return errc
}

// TestNamesThatNoKernelSends asks for names that would lead elsewhere.
func TestNamesThatNoKernelSends(t *testing.T) {
	k, _, folder := openFS(t, false)
	outside := filepath.Join(filepath.Dir(folder), "outside")
	check(t, os.WriteFile(outside, []byte("x"), 0o600))
	defer os.Remove(outside)
	for _, bad := range []string{"..", ".", "", "../outside", "/etc", "a/../../outside", "/"} {
		for op, args := range map[wire.Opcode][]byte{
			wire.Lookup: nil, wire.Unlink: nil, wire.Rmdir: nil,
			wire.Mkdir: raw(wire.MkdirIn{}), wire.Mknod: raw(wire.MknodIn{}), wire.Create: raw(wire.CreateIn{}),
			wire.Link: raw(wire.LinkIn{OldNode: wire.RootID}),
		} {
			if _, errc := k.ask(op, wire.RootID, args, name(bad)); errc != malformed {
				t.Errorf("request %d of %q: %d", op, bad, errc)
			}
		}
		if _, errc := k.ask(wire.Rename, wire.RootID, raw(wire.RenameIn{NewDir: wire.RootID}), name("a"), name(bad)); errc != malformed {
			t.Errorf("rename to %q: %d", bad, errc)
		}
		if _, errc := k.ask(wire.Symlink, wire.RootID, name(bad), name("target")); errc != malformed {
			t.Errorf("symlink %q: %d", bad, errc)
		}
	}
}

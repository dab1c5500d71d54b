package fusefs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vitrine/fusefs/oplog"
	"vitrine/fusefs/wire"
)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func lstat(t *testing.T, path string) (st unix.Stat_t) {
	t.Helper()
	check(t, unix.Lstat(path, &st))
	return st
}

// TestOperations does each operation through the kernel and looks at what the backing folder has of it.
func TestOperations(t *testing.T) {
	p := mountChild(t)
	for name, op := range map[string]func(t *testing.T, dir string){
		"mode is the caller's, whatever our umask": func(t *testing.T, dir string) {
			old := unix.Umask(0o002)
			defer unix.Umask(old)
			check(t, os.WriteFile(p.file(dir+"/f"), nil, 0o666))
			check(t, os.Mkdir(p.file(dir+"/d"), 0o777))
			check(t, unix.Mkfifo(p.file(dir+"/p"), 0o666))
			for name, want := range map[string]uint32{"/f": 0o664, "/d": 0o775, "/p": 0o664} {
				if got := lstat(t, p.behind(dir+name)).Mode & 0o7777; got != want {
					t.Errorf("%s: mode %o, want %o", name, got, want)
				}
			}
		},
		"chmod, also to none": func(t *testing.T, dir string) {
			check(t, os.WriteFile(p.file(dir+"/f"), nil, 0o600))
			check(t, os.Chmod(p.file(dir+"/f"), 0))
			check(t, os.Chmod(p.file(dir+"/f"), 0o4751|os.ModeSetuid))
			if got := lstat(t, p.behind(dir+"/f")).Mode & 0o7777; got != 0o4751 {
				t.Errorf("mode %o", got)
			}
		},
		"times to the nanosecond": func(t *testing.T, dir string) {
			check(t, os.WriteFile(p.file(dir+"/f"), nil, 0o600))
			atime, mtime := time.Unix(1_000_000_000, 123_456_789), time.Unix(1_100_000_000, 987_654_321)
			check(t, os.Chtimes(p.file(dir+"/f"), atime, mtime))
			st := lstat(t, p.behind(dir+"/f"))
			if got := time.Unix(st.Mtim.Unix()); !got.Equal(mtime) {
				t.Errorf("mtime %v", got)
			}
			check(t, unix.UtimesNanoAt(unix.AT_FDCWD, p.file(dir+"/f"),
				[]unix.Timespec{{Nsec: unix.UTIME_OMIT}, {Sec: 7, Nsec: 8}}, 0))
			st = lstat(t, p.behind(dir+"/f"))
			if got := time.Unix(st.Atim.Unix()); !got.Equal(atime) || st.Mtim != (unix.Timespec{Sec: 7, Nsec: 8}) {
				t.Errorf("atime %v, mtime %v", got, st.Mtim)
			}
			file, err := os.Open(p.file(dir + "/f"))
			check(t, err)
			defer file.Close()
			check(t, unix.Futimes(int(file.Fd()), []unix.Timeval{{Sec: 1, Usec: 2}, {Sec: 3, Usec: 4}}))
			if st = lstat(t, p.behind(dir+"/f")); st.Mtim != (unix.Timespec{Sec: 3, Nsec: 4000}) {
				t.Errorf("futimes: %v", st.Mtim)
			}
		},
		"owner": func(t *testing.T, dir string) {
			check(t, os.WriteFile(p.file(dir+"/f"), nil, 0o600))
			check(t, os.Symlink("nowhere", p.file(dir+"/l")))
			if os.Geteuid() != 0 {
				return
			}
			check(t, os.Chown(p.file(dir+"/f"), 12, -1))
			check(t, os.Lchown(p.file(dir+"/l"), -1, 34))
			if st := lstat(t, p.behind(dir+"/f")); st.Uid != 12 || st.Gid != 0 {
				t.Errorf("file: %d:%d", st.Uid, st.Gid)
			}
			if st := lstat(t, p.behind(dir+"/l")); st.Uid != 0 || st.Gid != 34 {
				t.Errorf("link: %d:%d", st.Uid, st.Gid)
			}
		},
		"rename with flags": func(t *testing.T, dir string) {
			check(t, os.WriteFile(p.file(dir+"/a"), []byte("a"), 0o600))
			check(t, os.WriteFile(p.file(dir+"/b"), []byte("b"), 0o600))
			at := func(name string) string { return p.file(dir + name) }
			if err := unix.Renameat2(unix.AT_FDCWD, at("/a"), unix.AT_FDCWD, at("/b"), unix.RENAME_NOREPLACE); err != unix.EEXIST {
				t.Errorf("NOREPLACE: %v", err)
			}
			check(t, unix.Renameat2(unix.AT_FDCWD, at("/a"), unix.AT_FDCWD, at("/b"), unix.RENAME_EXCHANGE))
			if got, _ := os.ReadFile(p.behind(dir + "/a")); string(got) != "b" {
				t.Errorf("EXCHANGE: %q", got)
			}
			check(t, os.Rename(at("/a"), at("/b")))
			if got, _ := os.ReadFile(p.behind(dir + "/b")); string(got) != "b" {
				t.Errorf("over an existing name: %q", got)
			}
		},
		"links": func(t *testing.T, dir string) {
			check(t, os.WriteFile(p.file(dir+"/a"), []byte("a"), 0o600))
			check(t, os.Link(p.file(dir+"/a"), p.file(dir+"/b")))
			a, b := lstat(t, p.file(dir+"/a")), lstat(t, p.file(dir+"/b"))
			if a.Ino != b.Ino || a.Nlink != 2 || a.Ino != lstat(t, p.behind(dir+"/a")).Ino {
				t.Errorf("inodes %d and %d, %d links", a.Ino, b.Ino, a.Nlink)
			}
			target := "../" + strings.Repeat("x", 3000)
			check(t, os.Symlink(target, p.file(dir+"/l")))
			if got, err := os.Readlink(p.file(dir + "/l")); got != target || err != nil {
				t.Errorf("readlink: %q, %v", got, err)
			}
		},
		"extended attributes": func(t *testing.T, dir string) {
			file, value := p.file(dir+"/f"), bytes.Repeat([]byte("v"), 2000)
			check(t, os.WriteFile(file, nil, 0o600))
			check(t, unix.Setxattr(file, "user.a", value, unix.XATTR_CREATE))
			if err := unix.Setxattr(file, "user.a", nil, unix.XATTR_CREATE); err != unix.EEXIST {
				t.Errorf("XATTR_CREATE: %v", err)
			}
			buf := make([]byte, 4096)
			if n, err := unix.Getxattr(p.behind(dir+"/f"), "user.a", buf); err != nil || !bytes.Equal(buf[:n], value) {
				t.Errorf("behind: %v", err)
			}
			if n, err := unix.Getxattr(file, "user.a", buf); err != nil || !bytes.Equal(buf[:n], value) {
				t.Errorf("getxattr: %d, %v", n, err)
			}
			if n, err := unix.Listxattr(file, buf); err != nil || !slices.Contains(strings.Split(string(buf[:n]), "\x00"), "user.a") {
				t.Errorf("listxattr: %q, %v", buf[:n], err)
			}
			check(t, unix.Removexattr(file, "user.a"))
			if _, err := unix.Getxattr(file, "user.a", buf); err != unix.ENODATA {
				t.Errorf("after removexattr: %v", err)
			}
		},
		"append by several at once": func(t *testing.T, dir string) {
			var writers sync.WaitGroup
			for w := range 4 {
				writers.Go(func() {
					file, err := os.OpenFile(p.file(dir+"/log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
					if err != nil {
						t.Error(err)
						return
					}
					defer file.Close()
					for range 200 {
						if _, err := fmt.Fprintf(file, "%d\n", w); err != nil {
							t.Error(err)
						}
					}
				})
			}
			writers.Wait()
			got, err := os.ReadFile(p.behind(dir + "/log"))
			check(t, err)
			for w := range 4 {
				if n := strings.Count(string(got), fmt.Sprint(w)); n != 200 || len(got) != 1600 {
					t.Errorf("writer %d: %d lines of 200; %d bytes", w, n, len(got))
				}
			}
		},
		"truncate by name and by handle": func(t *testing.T, dir string) {
			check(t, os.WriteFile(p.file(dir+"/f"), []byte("0123456789"), 0o600))
			check(t, os.Truncate(p.file(dir+"/f"), 4))
			file, err := os.OpenFile(p.file(dir+"/f"), os.O_RDWR, 0)
			check(t, err)
			defer file.Close()
			check(t, file.Truncate(2))
			if got, _ := os.ReadFile(p.behind(dir + "/f")); string(got) != "01" {
				t.Errorf("%q", got)
			}
		},
		"a file that is unlinked while open": func(t *testing.T, dir string) {
			file, err := os.Create(p.file(dir + "/f"))
			check(t, err)
			defer file.Close()
			check(t, os.Remove(p.file(dir+"/f")))
			_, err = file.WriteString("still here")
			check(t, err)
			got := make([]byte, 10)
			if _, err := file.ReadAt(got, 0); err != nil || string(got) != "still here" {
				t.Errorf("%q, %v", got, err)
			}
			if names, err := os.ReadDir(p.file(dir)); err != nil || len(names) != 0 {
				t.Errorf("the folder lists %v, %v", names, err)
			}
			check(t, file.Close())
			for range 100 { // Release comes after close has returned
				if names, _ := os.ReadDir(p.behind(dir)); len(names) == 0 {
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
			t.Error("the backing folder keeps it")
		},
		"shared mmap": func(t *testing.T, dir string) {
			file, err := os.OpenFile(p.file(dir+"/f"), os.O_CREATE|os.O_RDWR, 0o600)
			check(t, err)
			defer file.Close()
			check(t, file.Truncate(8192))
			data, err := unix.Mmap(int(file.Fd()), 0, 8192, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
			check(t, err)
			copy(data[5000:], "mapped")
			check(t, unix.Msync(data, unix.MS_SYNC))
			check(t, unix.Munmap(data))
			got, _ := os.ReadFile(p.behind(dir + "/f"))
			if len(got) != 8192 || string(got[5000:5006]) != "mapped" {
				t.Errorf("%d bytes, %q", len(got), got[5000:5006])
			}
		},
		"direct I/O": func(t *testing.T, dir string) {
			file, err := os.OpenFile(p.file(dir+"/f"), os.O_CREATE|os.O_RDWR|syscall.O_DIRECT, 0o600)
			check(t, err)
			defer file.Close()
			data := bytes.Repeat([]byte("d"), 8192)
			_, err = file.WriteAt(data, 0)
			check(t, err)
			if got, _ := os.ReadFile(p.behind(dir + "/f")); !bytes.Equal(got, data) {
				t.Errorf("%d bytes", len(got))
			}
		},
		"the longest name": func(t *testing.T, dir string) {
			name := p.file(dir + "/" + strings.Repeat("n", 255))
			check(t, os.WriteFile(name, []byte("x"), 0o600))
			if err := os.WriteFile(name+"n", nil, 0o600); !errors.Is(err, unix.ENAMETOOLONG) {
				t.Errorf("256 bytes: %v", err)
			}
		},
		"errors are the kernel's": func(t *testing.T, dir string) {
			check(t, os.Mkdir(p.file(dir+"/d"), 0o755))
			check(t, os.WriteFile(p.file(dir+"/d/f"), nil, 0o600))
			for what, c := range map[string]struct{ got, want error }{
				"rmdir full":        {unix.Rmdir(p.file(dir + "/d")), unix.ENOTEMPTY},
				"rmdir file":        {unix.Rmdir(p.file(dir + "/d/f")), unix.ENOTDIR},
				"unlink folder":     {unix.Unlink(p.file(dir + "/d")), unix.EISDIR},
				"mkdir there":       {unix.Mkdir(p.file(dir+"/d"), 0o755), unix.EEXIST},
				"rename into self":  {unix.Rename(p.file(dir+"/d"), p.file(dir+"/d/e")), unix.EINVAL},
				"nothing there":     {unix.Access(p.file(dir+"/none"), unix.F_OK), unix.ENOENT},
				"not a folder":      {unix.Access(p.file(dir+"/d/f/g"), unix.F_OK), unix.ENOTDIR},
				"link to a folder":  {unix.Link(p.file(dir+"/d"), p.file(dir+"/e")), unix.EPERM},
				"negative truncate": {unix.Truncate(p.file(dir+"/d/f"), -1), unix.EINVAL},
			} {
				if c.got != c.want {
					t.Errorf("%s: %v, want %v", what, c.got, c.want)
				}
			}
		},
		"statfs is the backing's": func(t *testing.T, dir string) {
			var got, want unix.Statfs_t
			check(t, unix.Statfs(p.file(dir), &got))
			check(t, unix.Statfs(p.behind(dir), &want))
			if got.Blocks != want.Blocks || got.Bsize != want.Bsize || got.Files != want.Files || got.Namelen != want.Namelen {
				t.Errorf("%+v, want %+v", got, want)
			}
		},
		"a large folder, listed from anywhere": func(t *testing.T, dir string) {
			const count = 5000
			for i := range count {
				check(t, os.WriteFile(p.behind(fmt.Sprintf("%s/%d", dir, i)), nil, 0o600))
			}
			folder, err := os.Open(p.file(dir))
			check(t, err)
			defer folder.Close()
			seen := make(map[string]bool)
			for {
				names, err := folder.Readdirnames(100)
				for _, name := range names {
					if seen[name] {
						t.Fatalf("%s comes twice", name)
					}
					seen[name] = true
				}
				if err == io.EOF {
					break
				}
				check(t, err)
			}
			if len(seen) != count {
				t.Errorf("%d names, not %d", len(seen), count)
			}
			_, err = folder.Seek(0, io.SeekStart)
			check(t, err)
			if names, err := folder.Readdirnames(-1); err != nil || len(names) != count {
				t.Errorf("once more from the start: %d names, %v", len(names), err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := strings.NewReplacer(" ", "-", "/", "-").Replace(name)
			check(t, os.Mkdir(p.file(dir), 0o755))
			op(t, dir)
		})
	}
	p.ejects()
}

// TestReadOnly asks for every change as the kernel would not: it refuses them itself where the mount is read-only.
func TestReadOnly(t *testing.T) {
	k, record, folder := openFS(t, true)
	check(t, os.WriteFile(filepath.Join(folder, "f"), []byte("x"), 0o600))
	f, errc := k.open("/f", os.O_RDONLY)
	if errc != 0 {
		t.Fatal(errc)
	}
	root := uint64(wire.RootID)
	ask := func(op wire.Opcode, node uint64, args ...[]byte) int { return second(k.ask(op, node, args...)) }
	setattr := func(valid uint32) int { return ask(wire.Setattr, f.node, raw(wire.SetattrIn{Valid: valid})) }
	for what, errc := range map[string]int{
		"create":      ask(wire.Create, root, raw(wire.CreateIn{Flags: unix.O_RDWR}), name("new")),
		"tmpfile":     ask(wire.Tmpfile, root, raw(wire.CreateIn{Flags: unix.O_RDWR})),
		"open":        ask(wire.Open, f.node, raw(wire.OpenIn{Flags: unix.O_WRONLY})),
		"open, empty": ask(wire.Open, f.node, raw(wire.OpenIn{Flags: unix.O_TRUNC})),
		"write":       f.write([]byte("y"), 0),
		"truncate":    setattr(wire.FattrSize),
		"chmod":       setattr(wire.FattrMode),
		"chown":       setattr(wire.FattrUID),
		"utimens":     setattr(wire.FattrMtime),
		"mknod":       ask(wire.Mknod, root, raw(wire.MknodIn{Mode: unix.S_IFREG}), name("n")),
		"mkdir":       ask(wire.Mkdir, root, raw(wire.MkdirIn{}), name("d")),
		"unlink":      ask(wire.Unlink, root, name("f")),
		"rmdir":       ask(wire.Rmdir, root, name("d")),
		"link":        ask(wire.Link, root, raw(wire.LinkIn{OldNode: f.node}), name("g")),
		"symlink":     ask(wire.Symlink, root, name("g"), name("f")),
		"rename":      ask(wire.Rename, root, raw(wire.RenameIn{NewDir: root}), name("f"), name("g")),
		"setxattr":    ask(wire.Setxattr, f.node, raw(wire.SetxattrCompatIn{}), name("user.a")),
		"removexattr": ask(wire.Removexattr, f.node, name("user.a")),
		"access":      ask(wire.Access, f.node, raw(wire.AccessIn{Mask: unix.W_OK})),
		"fallocate":   ask(wire.Fallocate, f.node, raw(wire.FallocateIn{FH: f.fh, Length: 1})),
		"copy":        ask(wire.CopyFileRange, f.node, raw(wire.CopyFileRangeIn{FHIn: f.fh, FHOut: f.fh, Len: 1})),
		"ioctl":       ask(wire.Ioctl, f.node, raw(wire.IoctlIn{FH: f.fh, Cmd: unix.FS_IOC_SETFLAGS, InSize: 4}), make([]byte, 4)),
	} {
		if errc != -int(unix.EROFS) {
			t.Errorf("%s: %d, want EROFS", what, errc)
		}
	}
	if n := f.read(make([]byte, 10), 0); n != 1 {
		t.Errorf("read: %d", n)
	}
	record.Flush()
	events, _ := record.History().All()
	refused := 0
	for _, e := range events {
		if e.Errno == unix.EROFS {
			refused++
		}
	}
	if refused != 22 {
		t.Errorf("%d refusals are on record", refused)
	}
}

func TestReadOnlyMount(t *testing.T) {
	c := Config{Backing: freshFolder(t, "backing"), MountPoint: freshFolder(t, "mount"), ReadOnly: true}
	check(t, os.WriteFile(filepath.Join(c.Backing, "f"), []byte("x"), 0o600))
	p := serveChild(t, c)
	if p.first.Err != nil {
		t.Fatal(p.first.Err)
	}
	if err := os.WriteFile(p.file("g"), nil, 0o600); !errors.Is(err, unix.EROFS) {
		t.Errorf("create: %v", err)
	}
	if got, err := os.ReadFile(p.file("f")); err != nil || string(got) != "x" {
		t.Errorf("%q, %v", got, err)
	}
	p.ejects()
}

// TestPanicIsOneOperation makes a handler panic: that one operation fails with EIO, and its stack is on record.
func TestPanicIsOneOperation(t *testing.T) {
	k, record, _ := openFS(t, false)
	reply, errc := k.ask(wire.Opendir, wire.RootID, raw(wire.OpenIn{}))
	if errc != 0 {
		t.Fatal(errc)
	}
	fh := replied[wire.OpenOut](reply).FH
	h := k.fs.handles.hold(fh)
	h.dir = &dirStream{mem: []byte{1}, buf: []byte{1}, next: 7} // what no getdents(2) gives
	h.letGo()
	if _, errc := k.ask(wire.Readdir, wire.RootID, raw(wire.ReadIn{FH: fh, Offset: 7, Size: 4096})); errc != -int(unix.EIO) {
		t.Errorf("readdir of nonsense: %d", errc)
	}
	record.Flush()
	events, _ := record.History().All()
	last := events[len(events)-1]
	if last.Flags&oplog.Panicked == 0 || last.Errno != unix.EIO || !strings.Contains(last.Detail, "peek") {
		t.Errorf("%+v", last)
	}
	if _, errc := k.ask(wire.Releasedir, wire.RootID, raw(wire.ReleaseIn{FH: fh})); errc != 0 {
		t.Errorf("the handle is stuck: %d", errc)
	}
}

// TestPartialWrite runs into a limit in the middle of a write: what was written is reported, and the reason is on
// record and the answer to the next attempt.
func TestPartialWrite(t *testing.T) {
	p := mountChild(t)
	check(t, unix.Mount("none", p.backing, "tmpfs", 0, "size=64k"))
	t.Cleanup(func() { unix.Unmount(p.backing, unix.MNT_DETACH) })
	p.ejects()
	if a := p.ask("mount"); a.Err != nil {
		t.Fatal(a.Err)
	}
	file, err := os.Create(p.file("f"))
	check(t, err)
	n, err := file.Write(make([]byte, 100_000))
	if n != 64<<10 || !errors.Is(err, unix.ENOSPC) {
		t.Errorf("%d bytes, %v", n, err)
	}
	check(t, file.Close())
	if st := lstat(t, p.behind("f")); st.Size != 64<<10 {
		t.Errorf("the backing has %d bytes", st.Size)
	}
	p.ejects()
}

package fusefs

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

// modelOp is a kind of step: how to draw one, and how to make it in one of the two worlds.
type modelOp struct {
	weight int
	draw   func(d drawer)
	do     func(w *modelWorld, s modelStep) string
}

// drawer draws the parts of a step.
type drawer struct {
	t *rapid.T
	s *modelStep
}

func drawStep(t *rapid.T, other bool) modelStep {
	s := modelStep{Op: rapid.SampledFrom(weightedOps).Draw(t, "op")}
	if other {
		s.User = rapid.IntRange(0, 3).Draw(t, "user") == 3
	}
	modelOps[s.Op].draw(drawer{t, &s})
	return s
}

// Few names, so that calls meet.
var modelNames = []string{"a", "b", "d", "d/a", "d/b", "e", "e/a", "d/e", "d/e/a", "a/b", "c", "e/b", ".", "d/", "d/..", "e/.", "LONG", "OVER", "RAW", ""}

var modelTargets = []string{"a", "d", "../a", "d/a", "e", "missing", "b", "c", ".", "..", "d/../a", "LONG"}

// Around pages and around the end of small files.
var modelPlaces = []int64{0, 1, 10, 100, 4095, 4096, 4097, 5000, 8192, 12288, 16000, 65536, 131072, 1 << 20, -1}

func (d drawer) pick(name string, from ...int) int { return rapid.SampledFrom(from).Draw(d.t, name) }

func (d drawer) some(name string, of ...int) (all int) {
	for _, one := range of {
		if rapid.IntRange(0, 3).Draw(d.t, name) == 3 {
			all |= one
		}
	}
	return all
}

func (d drawer) place(name string) int64 { return rapid.SampledFrom(modelPlaces).Draw(d.t, name) }
func (d drawer) fd()                     { d.s.FD = rapid.IntRange(0, modelSlots-1).Draw(d.t, "fd") }
func (d drawer) fd2()                    { d.s.FD2 = rapid.IntRange(0, modelSlots-1).Draw(d.t, "fd2") }
func (d drawer) off()                    { d.s.Off = d.place("off") }
func (d drawer) length()                 { d.s.Len = max(0, d.place("len")) }
func (d drawer) mode()                   { d.s.Mode = rapid.SampledFrom(modelModes).Draw(d.t, "mode") }

var modelModes = []uint32{0o644, 0o666, 0o600, 0o755, 0o777, 0o700, 0, 0o400, 0o1777, 0o2775, 0o4755, 0o6711, 0o070, 0o007}

func (d drawer) name() {
	if rapid.IntRange(0, 7).Draw(d.t, "relative") == 7 {
		d.s.At = 1 + rapid.IntRange(0, modelSlots-1).Draw(d.t, "at")
	}
	d.s.Name = rapid.SampledFrom(modelNames).Draw(d.t, "name")
}

func (d drawer) to() { d.s.To = rapid.SampledFrom(modelNames).Draw(d.t, "to") }

func (d drawer) data() {
	d.s.Len = int64(d.pick("len", 1, 10, 100, 4096, 5000, 10000, 0, 140000))
	d.s.Fill = byte(rapid.IntRange(1, 255).Draw(d.t, "fill"))
}

// fill is what a step writes.
func (s modelStep) fill() []byte {
	data := make([]byte, s.Len)
	for i := range data {
		data[i] = s.Fill + byte(i/7)
	}
	return data
}

// sumOf is short for data.
func sumOf(data []byte) string {
	return fmt.Sprintf("%d bytes %08x", len(data), crc32.ChecksumIEEE(data))
}

// uninterrupted repeats a call that a signal interrupted: Go's own interrupt its threads.
func uninterrupted(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}

func uninterruptedCount(call func() (int, error)) (n int, err error) {
	err = uninterrupted(func() error { n, err = call(); return err })
	return n, err
}

// onName is an op on a name that answers no more than success.
func onName(weight int, more func(d drawer), call func(dir int, name string, s modelStep) error) modelOp {
	return modelOp{weight, func(d drawer) {
		d.name()
		more(d)
	}, func(w *modelWorld, s modelStep) string {
		return answered(uninterrupted(func() error { return call(w.at(s), realName(s.Name), s) }))
	}}
}

// onFD likewise, on a descriptor.
func onFD(weight int, more func(d drawer), call func(fd int, s modelStep) error) modelOp {
	return modelOp{weight, func(d drawer) {
		d.fd()
		more(d)
	}, func(w *modelWorld, s modelStep) string {
		return answered(uninterrupted(func() error { return call(w.fds[s.FD], s) }))
	}}
}

// onMap is an op on a mapping, where there is one.
func onMap(weight int, more func(d drawer), call func(data []byte, s modelStep) string) modelOp {
	return modelOp{weight, func(d drawer) {
		d.s.FD = rapid.IntRange(0, modelMaps-1).Draw(d.t, "map")
		more(d)
	}, func(w *modelWorld, s modelStep) string {
		data := w.maps[s.FD]
		if data == nil {
			return "no map"
		}
		return call(data[min(max(s.Off, 0), int64(len(data))):], s)
	}}
}

func nothing(drawer) {}

func stepTimes(s modelStep) []unix.Timespec {
	time := func(n int64) unix.Timespec {
		switch n {
		case 0:
			return unix.Timespec{Nsec: unix.UTIME_NOW}
		case 1:
			return unix.Timespec{Nsec: unix.UTIME_OMIT}
		}
		return unix.Timespec{Sec: n, Nsec: n * 1001}
	}
	return []unix.Timespec{time(s.Off), time(s.Off2)}
}

func (d drawer) times() {
	d.s.Off = int64(d.pick("atime", 0, 1, 2, 1000, 99999))
	d.s.Off2 = int64(d.pick("mtime", 0, 1, 2, 1000, 99999))
}

func (d drawer) owner() {
	d.s.Off = int64(d.pick("uid", -1, 0, modelUser, 1001))
	d.s.Off2 = int64(d.pick("gid", -1, 0, modelUser, 1001))
}

// ownsNothing leaves a chown that changes nothing to root: for others FUSE cannot tell it from what the kernel does before
// a write, and answers 0 where a plain folder may answer EPERM. Nothing changes either way.
func (d drawer) ownsNothing() {
	if d.s.Off == -1 && d.s.Off2 == -1 {
		d.s.User = false
	}
}

func (d drawer) xattr() {
	d.s.To = rapid.SampledFrom([]string{"user.a", "user.b", "user.", "nonsense.c"}).Draw(d.t, "xattr")
}

func (d drawer) xattrValue() {
	d.xattr()
	d.s.Flag = d.pick("how", 0, unix.XATTR_CREATE, unix.XATTR_REPLACE)
	d.s.Len = int64(d.pick("len", 0, 1, 100, 2000))
	d.s.Fill = byte(rapid.IntRange(1, 255).Draw(d.t, "fill"))
}

func (d drawer) open() {
	d.fd()
	d.s.Flag = unix.O_NONBLOCK | d.pick("access", unix.O_RDONLY, unix.O_RDWR, unix.O_RDWR, unix.O_WRONLY) |
		d.some("flag", unix.O_CREAT, unix.O_CREAT, unix.O_CREAT, unix.O_TRUNC, unix.O_APPEND, unix.O_EXCL)
	if rapid.IntRange(0, 7).Draw(d.t, "rare") == 7 {
		d.s.Flag |= d.some("flag", unix.O_DIRECTORY, unix.O_NOFOLLOW, unix.O_PATH, unix.O_DSYNC, unix.O_NOATIME)
	}
	d.mode()
}

func openSlot(w *modelWorld, s modelStep, flags int) string {
	fd, err := uninterruptedCount(func() (int, error) {
		return unix.Openat(w.at(s), realName(s.Name), flags|unix.O_CLOEXEC, s.Mode)
	})
	if err != nil {
		return answered(err)
	}
	if err := w.put(s.FD, fd); err != nil {
		return "closing what was open before: " + answered(err)
	}
	now, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	return answered(err, now)
}

// statLine is what stat(2) says that must be the same for a mount. The owner of st_blksize, st_dev and st_ino is the
// filesystem; sizes of folders and the blocks that files take are as well.
func statLine(st *unix.Stat_t) string {
	size := st.Size
	if st.Mode&unix.S_IFMT == unix.S_IFDIR {
		size = 0
	}
	line := fmt.Sprintf("%06o nlink %d owner %d:%d size %d rdev %d", st.Mode, st.Nlink, st.Uid, st.Gid, size, st.Rdev)
	if st.Mode&unix.S_IFMT == unix.S_IFIFO {
		return line // what goes through a FIFO of a FUSE mount changes no times: FUSE is not asked
	}
	return line + " mtime " + timeLine(st.Mtim)
}

// timeLine tells a time that was set, which must be the same everywhere, from that of a change.
func timeLine(ts unix.Timespec) string {
	if ts.Sec < 1_000_000 {
		return fmt.Sprintf("%d.%09d", ts.Sec, ts.Nsec)
	}
	return "now"
}

func statOf(call func(st *unix.Stat_t) error) string {
	var st unix.Stat_t
	err := uninterrupted(func() error { return call(&st) })
	return answered(err, statLine(&st))
}

// flushMaps writes what is only in mappings. The kernel's FUSE does not before SEEK_DATA, and tells the backing of a
// new mtime only with the data.
func (w *modelWorld) flushMaps() {
	for _, data := range w.maps {
		if data != nil {
			unix.Msync(data, unix.MS_SYNC)
		}
	}
}

func listed(call func(buf []byte) (int, error)) string {
	buf := make([]byte, 8192)
	n, err := uninterruptedCount(func() (int, error) { return call(buf) })
	if err != nil {
		return answered(err)
	}
	var names []string
	for name := range strings.SplitSeq(string(buf[:n]), "\x00") {
		if strings.HasPrefix(name, "user.") { // the system's own depend on the filesystem
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return answered(nil, names)
}

func gotten(call func(buf []byte) (int, error)) string {
	buf := make([]byte, 8192)
	n, err := uninterruptedCount(func() (int, error) { return call(buf) })
	if err != nil {
		return answered(err)
	}
	small, err := uninterruptedCount(func() (int, error) { return call(buf[:1:1]) })
	return answered(nil, sumOf(buf[:n]), "in one byte:", answered(err, small))
}

// The operations. Where the kernel's FUSE answers otherwise than other filesystems whatever a server says, they avoid it:
// fallocate(2) without COLLAPSE_RANGE and INSERT_RANGE, offsets within what every filesystem can hold.
var modelOps map[string]modelOp

var weightedOps []string

func init() {
	modelOps = map[string]modelOp{
		"tree": {1, nothing, func(*modelWorld, modelStep) string { return "" }},

		"open": {12, func(d drawer) { d.name(); d.open() }, func(w *modelWorld, s modelStep) string { return openSlot(w, s, s.Flag) }},
		"opendir": {3, func(d drawer) { d.name(); d.fd() }, func(w *modelWorld, s modelStep) string {
			return openSlot(w, s, unix.O_RDONLY|unix.O_DIRECTORY)
		}},
		"tmpfile": {2, func(d drawer) {
			d.name()
			d.fd()
			d.mode()
			d.s.Flag = d.pick("flags", unix.O_RDWR, unix.O_RDWR|unix.O_EXCL, unix.O_WRONLY, unix.O_RDONLY)
		}, func(w *modelWorld, s modelStep) string { return openSlot(w, s, s.Flag|unix.O_TMPFILE) }},
		"reopen": {2, func(d drawer) {
			d.fd()
			d.fd2()
			d.s.Flag = unix.O_NONBLOCK | d.pick("access", unix.O_RDONLY, unix.O_RDWR, unix.O_WRONLY) | d.some("flag", unix.O_TRUNC, unix.O_APPEND)
		}, func(w *modelWorld, s modelStep) string {
			fd, err := uninterruptedCount(func() (int, error) {
				return unix.Open(fmt.Sprintf("/proc/self/fd/%d", w.fds[s.FD]), s.Flag|unix.O_CLOEXEC, 0)
			})
			if err == nil {
				err = w.put(s.FD2, fd)
			}
			return answered(err)
		}},
		"close": {3, drawer.fd, func(w *modelWorld, s modelStep) string { return answered(w.put(s.FD, notOpen)) }},
		"dup": {2, func(d drawer) { d.fd(); d.fd2() }, func(w *modelWorld, s modelStep) string {
			fd, err := unix.FcntlInt(uintptr(w.fds[s.FD]), unix.F_DUPFD_CLOEXEC, 0)
			if err == nil {
				err = w.put(s.FD2, fd)
			}
			return answered(err)
		}},

		"read": {5, func(d drawer) { d.fd(); d.length() }, func(w *modelWorld, s modelStep) string {
			buf := make([]byte, s.Len)
			n, err := uninterruptedCount(func() (int, error) { return unix.Read(w.fds[s.FD], buf) })
			return answered(err, sumOf(buf[:max(n, 0)]))
		}},
		"pread": {5, func(d drawer) { d.fd(); d.length(); d.off() }, func(w *modelWorld, s modelStep) string {
			buf := make([]byte, s.Len)
			n, err := uninterruptedCount(func() (int, error) { return unix.Pread(w.fds[s.FD], buf, s.Off) })
			return answered(err, sumOf(buf[:max(n, 0)]))
		}},
		"write": {6, func(d drawer) { d.fd(); d.data() }, func(w *modelWorld, s modelStep) string {
			n, err := uninterruptedCount(func() (int, error) { return unix.Write(w.fds[s.FD], s.fill()) })
			return answered(err, n)
		}},
		"pwrite": {6, func(d drawer) { d.fd(); d.data(); d.off() }, func(w *modelWorld, s modelStep) string {
			n, err := uninterruptedCount(func() (int, error) { return unix.Pwrite(w.fds[s.FD], s.fill(), s.Off) })
			return answered(err, n)
		}},
		"lseek": {4, func(d drawer) {
			d.fd()
			d.off()
			d.s.Flag = d.pick("whence", unix.SEEK_SET, unix.SEEK_CUR, unix.SEEK_END)
		}, seekSlot},
		"seekhole": {3, func(d drawer) {
			d.fd()
			d.off()
			d.s.Flag = d.pick("whence", unix.SEEK_DATA, unix.SEEK_HOLE)
		}, func(w *modelWorld, s modelStep) string {
			w.flushMaps()
			return seekSlot(w, s)
		}},
		"ftruncate": onFD(3, drawer.off, func(fd int, s modelStep) error { return unix.Ftruncate(fd, s.Off) }),
		"truncate": {3, func(d drawer) { d.name(); d.off() }, func(w *modelWorld, s modelStep) string {
			return answered(uninterrupted(func() error { return unix.Truncate(w.named(s), s.Off) }))
		}},
		"fallocate": onFD(4, func(d drawer) {
			d.off()
			d.length()
			d.s.Flag = d.pick("mode", 0, unix.FALLOC_FL_KEEP_SIZE, unix.FALLOC_FL_KEEP_SIZE|unix.FALLOC_FL_PUNCH_HOLE,
				unix.FALLOC_FL_ZERO_RANGE, unix.FALLOC_FL_ZERO_RANGE|unix.FALLOC_FL_KEEP_SIZE, unix.FALLOC_FL_PUNCH_HOLE)
		}, func(fd int, s modelStep) error { return unix.Fallocate(fd, uint32(s.Flag), s.Off, s.Len) }),
		"copy": {4, func(d drawer) {
			d.fd()
			d.fd2()
			d.s.Off, d.s.Off2 = d.place("from"), d.place("to")
			d.length()
		}, func(w *modelWorld, s modelStep) string {
			n, err := copyAll(w.fds[s.FD], &s.Off, w.fds[s.FD2], &s.Off2, int(s.Len))
			return answered(err, n)
		}},
		"copyhere": {2, func(d drawer) { d.fd(); d.fd2(); d.length() }, func(w *modelWorld, s modelStep) string {
			n, err := copyAll(w.fds[s.FD], nil, w.fds[s.FD2], nil, int(s.Len))
			return answered(err, n)
		}},
		"fsync":     onFD(1, nothing, func(fd int, _ modelStep) error { return unix.Fsync(fd) }),
		"fdatasync": onFD(1, nothing, func(fd int, _ modelStep) error { return unix.Fdatasync(fd) }),
		"fstat": {3, drawer.fd, func(w *modelWorld, s modelStep) string {
			w.flushMaps()
			return statOf(func(st *unix.Stat_t) error { return unix.Fstat(w.fds[s.FD], st) })
		}},
		"stat": {3, func(d drawer) {
			d.name()
			d.s.Flag = d.pick("flag", 0, unix.AT_SYMLINK_NOFOLLOW, unix.AT_EMPTY_PATH)
		}, func(w *modelWorld, s modelStep) string {
			w.flushMaps()
			return statOf(func(st *unix.Stat_t) error { return unix.Fstatat(w.at(s), realName(s.Name), st, s.Flag) })
		}},

		"mmap": {3, func(d drawer) {
			d.fd()
			d.s.FD2 = rapid.IntRange(0, modelMaps-1).Draw(d.t, "map")
			d.s.Off = int64(d.pick("page", 0, 4096, 8192))
			d.s.Len = int64(d.pick("len", 4096, 1, 10000, 65536))
			d.s.Flag = d.pick("prot", unix.PROT_READ|unix.PROT_WRITE, unix.PROT_READ)
		}, func(w *modelWorld, s modelStep) string {
			data, err := unix.Mmap(w.fds[s.FD], s.Off, int(s.Len), s.Flag, unix.MAP_SHARED)
			if err == nil {
				err = w.unmap(s.FD2)
				w.maps[s.FD2] = data
			}
			return answered(err)
		}},
		"mapread": onMap(4, func(d drawer) { d.off(); d.length() }, func(data []byte, s modelStep) string {
			return answered(nil, sumOf(bytes.Clone(data[:min(int64(len(data)), s.Len)])))
		}),
		"mapwrite": onMap(4, func(d drawer) { d.off(); d.data() }, func(data []byte, s modelStep) string {
			return answered(nil, copy(data, s.fill()))
		}),
		"msync":  onMap(2, nothing, func(data []byte, _ modelStep) string { return answered(unix.Msync(data, unix.MS_SYNC)) }),
		"munmap": {1, func(d drawer) { d.s.FD = rapid.IntRange(0, modelMaps-1).Draw(d.t, "map") }, func(w *modelWorld, s modelStep) string { return answered(w.unmap(s.FD)) }},

		"mkdir":  onName(6, drawer.mode, func(dir int, name string, s modelStep) error { return unix.Mkdirat(dir, name, s.Mode) }),
		"rmdir":  onName(3, nothing, func(dir int, name string, _ modelStep) error { return unix.Unlinkat(dir, name, unix.AT_REMOVEDIR) }),
		"unlink": onName(5, nothing, func(dir int, name string, _ modelStep) error { return unix.Unlinkat(dir, name, 0) }),
		"rename": {8, func(d drawer) {
			d.name()
			d.to()
			d.s.Flag = d.pick("flags", 0, 0, unix.RENAME_NOREPLACE, unix.RENAME_EXCHANGE, unix.RENAME_NOREPLACE|unix.RENAME_EXCHANGE)
		}, func(w *modelWorld, s modelStep) string {
			return answered(uninterrupted(func() error {
				return unix.Renameat2(w.at(s), realName(s.Name), w.root, realName(s.To), uint(s.Flag))
			}))
		}},
		"link": {5, func(d drawer) { d.name(); d.to(); d.s.Flag = d.pick("flags", 0, unix.AT_SYMLINK_FOLLOW) }, func(w *modelWorld, s modelStep) string {
			return answered(uninterrupted(func() error { return unix.Linkat(w.at(s), realName(s.Name), w.root, realName(s.To), s.Flag) }))
		}},
		"linkfd": {3, func(d drawer) { d.fd(); d.to() }, func(w *modelWorld, s modelStep) string {
			from := fmt.Sprintf("/proc/self/fd/%d", w.fds[s.FD])
			return answered(uninterrupted(func() error {
				return unix.Linkat(unix.AT_FDCWD, from, w.root, realName(s.To), unix.AT_SYMLINK_FOLLOW)
			}))
		}},
		"symlink": {4, func(d drawer) { d.name(); d.s.To = rapid.SampledFrom(modelTargets).Draw(d.t, "target") }, func(w *modelWorld, s modelStep) string {
			return answered(uninterrupted(func() error { return unix.Symlinkat(realName(s.To), w.at(s), realName(s.Name)) }))
		}},
		"readlink": {2, drawer.name, func(w *modelWorld, s modelStep) string {
			buf := make([]byte, 4096)
			n, err := uninterruptedCount(func() (int, error) { return unix.Readlinkat(w.at(s), realName(s.Name), buf) })
			return answered(err, string(buf[:max(n, 0)]))
		}},
		"mknod": onName(3, func(d drawer) {
			d.mode()
			d.s.Flag = d.pick("type", unix.S_IFIFO, unix.S_IFSOCK, unix.S_IFREG)
		}, func(dir int, name string, s modelStep) error {
			return unix.Mknodat(dir, name, s.Mode|uint32(s.Flag), 0)
		}),

		"chmod":  onName(3, drawer.mode, func(dir int, name string, s modelStep) error { return unix.Fchmodat(dir, name, s.Mode, 0) }),
		"fchmod": onFD(2, drawer.mode, func(fd int, s modelStep) error { return unix.Fchmod(fd, s.Mode) }),
		"chown": onName(3, func(d drawer) { d.owner(); d.ownsNothing(); d.s.Flag = d.pick("flag", 0, unix.AT_SYMLINK_NOFOLLOW) }, func(dir int, name string, s modelStep) error {
			return unix.Fchownat(dir, name, int(s.Off), int(s.Off2), s.Flag)
		}),
		"fchown": onFD(2, func(d drawer) { d.owner(); d.ownsNothing() }, func(fd int, s modelStep) error { return unix.Fchown(fd, int(s.Off), int(s.Off2)) }),
		"utimens": {4, func(d drawer) { d.name(); d.times(); d.s.Flag = d.pick("flag", 0, unix.AT_SYMLINK_NOFOLLOW) }, func(w *modelWorld, s modelStep) string {
			w.flushMaps()
			err := uninterrupted(func() error { return unix.UtimesNanoAt(w.at(s), realName(s.Name), stepTimes(s), s.Flag) })
			if err != nil || s.Off == 1 {
				return answered(err)
			}
			var st unix.Stat_t
			err = unix.Fstatat(w.at(s), realName(s.Name), &st, s.Flag)
			return answered(err, "atime", timeLine(st.Atim))
		}},
		"futimens": {3, func(d drawer) { d.fd(); d.times() }, func(w *modelWorld, s modelStep) string {
			w.flushMaps()
			return answered(uninterrupted(func() error { return futimens(w.fds[s.FD], stepTimes(s)) }))
		}},
		"access": onName(2, func(d drawer) { d.s.Mode = uint32(rapid.IntRange(0, 7).Draw(d.t, "access")) }, func(dir int, name string, s modelStep) error {
			return unix.Faccessat2(dir, name, s.Mode, unix.AT_EACCESS)
		}),
		"statfs": {1, drawer.name, func(w *modelWorld, s modelStep) string {
			var st unix.Statfs_t
			err := uninterrupted(func() error { return unix.Statfs(w.named(s), &st) })
			return answered(err, st.Bsize, st.Frsize, st.Namelen, st.Blocks)
		}},

		"setxattr": {3, func(d drawer) { d.name(); d.xattrValue() }, func(w *modelWorld, s modelStep) string {
			return answered(uninterrupted(func() error { return unix.Setxattr(w.named(s), s.To, s.fill(), s.Flag) }))
		}},
		"lsetxattr": {1, func(d drawer) { d.name(); d.xattrValue() }, func(w *modelWorld, s modelStep) string {
			return answered(uninterrupted(func() error { return unix.Lsetxattr(w.named(s), s.To, s.fill(), s.Flag) }))
		}},
		"fsetxattr": onFD(2, drawer.xattrValue, func(fd int, s modelStep) error { return unix.Fsetxattr(fd, s.To, s.fill(), s.Flag) }),
		"getxattr": {2, func(d drawer) { d.name(); d.xattr() }, func(w *modelWorld, s modelStep) string {
			return gotten(func(buf []byte) (int, error) { return unix.Getxattr(w.named(s), s.To, buf) })
		}},
		"fgetxattr": {2, func(d drawer) { d.fd(); d.xattr() }, func(w *modelWorld, s modelStep) string {
			return gotten(func(buf []byte) (int, error) { return unix.Fgetxattr(w.fds[s.FD], s.To, buf) })
		}},
		"listxattr": {2, drawer.name, func(w *modelWorld, s modelStep) string {
			return listed(func(buf []byte) (int, error) { return unix.Listxattr(w.named(s), buf) })
		}},
		"flistxattr": {1, drawer.fd, func(w *modelWorld, s modelStep) string {
			return listed(func(buf []byte) (int, error) { return unix.Flistxattr(w.fds[s.FD], buf) })
		}},
		"removexattr": {2, func(d drawer) { d.name(); d.xattr() }, func(w *modelWorld, s modelStep) string {
			return answered(uninterrupted(func() error { return unix.Removexattr(w.named(s), s.To) }))
		}},
		"fremovexattr": onFD(1, drawer.xattr, func(fd int, s modelStep) error { return unix.Fremovexattr(fd, s.To) }),

		"readdir": {3, drawer.fd, func(w *modelWorld, s modelStep) string {
			if _, err := unix.Seek(w.fds[s.FD], 0, unix.SEEK_SET); err != nil {
				return answered(err)
			}
			entries, err := readEntries(w.fds[s.FD])
			return answered(err, entryNames(entries), "from the middle:", fromTheMiddle(w.fds[s.FD], entries))
		}},
		"flock": onFD(3, func(d drawer) { d.s.Flag = d.pick("lock", unix.LOCK_EX, unix.LOCK_SH, unix.LOCK_UN) }, func(fd int, s modelStep) error {
			return unix.Flock(fd, s.Flag|unix.LOCK_NB)
		}),
		"ofdlock": onFD(3, drawer.lock, func(fd int, s modelStep) error {
			return unix.FcntlFlock(uintptr(fd), unix.F_OFD_SETLK, &unix.Flock_t{Type: int16(s.Flag), Start: s.Off, Len: s.Len})
		}),
		"posixlock": onFD(2, drawer.lock, func(fd int, s modelStep) error {
			return unix.FcntlFlock(uintptr(fd), unix.F_SETLK, &unix.Flock_t{Type: int16(s.Flag), Start: s.Off, Len: s.Len})
		}),
	}
	for name, op := range modelOps {
		for range op.weight {
			weightedOps = append(weightedOps, name)
		}
	}
	slices.Sort(weightedOps) // a seed of rapid's means the same in each run
}

func (d drawer) lock() {
	d.s.Flag = d.pick("lock", unix.F_RDLCK, unix.F_WRLCK, unix.F_UNLCK)
	d.s.Off, d.s.Len = int64(d.pick("start", 0, 5, 10)), int64(d.pick("len", 5, 10, 0))
}

// seekSlot leaves folders alone: places in them are the filesystem's own.
func seekSlot(w *modelWorld, s modelStep) string {
	var st unix.Stat_t
	if unix.Fstat(w.fds[s.FD], &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR {
		return "a folder"
	}
	at, err := unix.Seek(w.fds[s.FD], s.Off, s.Flag)
	return answered(err, at)
}

// copyAll copies until the source ends: a call may copy less than it was asked for.
func copyAll(from int, off *int64, to int, off2 *int64, length int) (all int, err error) {
	for {
		n, err := uninterruptedCount(func() (int, error) { return unix.CopyFileRange(from, off, to, off2, length-all, 0) })
		if err != nil || n == 0 {
			return all, err
		}
		if all += n; all == length {
			return all, nil
		}
	}
}

// futimens is utimensat(2) without a name.
func futimens(fd int, ts []unix.Timespec) error {
	return utimensFD(fd, (*[2]unix.Timespec)(ts))
}

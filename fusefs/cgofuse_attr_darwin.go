package fusefs

import (
	"github.com/winfsp/cgofuse/fuse"
	"golang.org/x/sys/unix"

	"vitrine/fusefs/oplog"
)

// Getattr answers stat(2), or fstat(2) where the kernel names a handle.
func (fs *FS) Getattr(path string, stat *fuse.Stat_t, fh uint64) (errc int) {
	c := fs.begin(oplog.Event{Op: oplog.Getattr, Path: path, Handle: fh})
	defer c.end(&errc)
	var st unix.Stat_t
	if fh != noHandle {
		errc = c.onFile(path, fh, 0, func(fd int) error { return unix.Fstat(fd, &st) })
	} else {
		errc = fs.at(path, func(dir int, name string) error {
			return unix.Fstatat(dir, name, &st, unix.AT_SYMLINK_NOFOLLOW)
		})
	}
	if errc == 0 {
		fillStat(stat, &st)
	}
	return errc
}

// ioSize is the st_blksize of every file, in bytes: what cp and Finder make their buffers of, and so what one write
// through the mount carries.
const ioSize = 1 << 20

// Chmod changes permission bits: Chmod3 without a handle.
func (fs *FS) Chmod(path string, mode uint32) int { return fs.Chmod3(path, mode, noHandle) }

// Chmod3 changes permission bits; see chmod(2).
func (fs *FS) Chmod3(path string, mode uint32, fh uint64) (errc int) {
	c := fs.begin(oplog.Event{Op: oplog.Chmod, Path: path, Handle: fh, Mode: mode})
	defer c.end(&errc)
	if errc = fs.refuse(); errc != 0 {
		return errc
	}
	if fh != noHandle {
		return c.onFile(path, fh, 0, func(fd int) error { return unix.Fchmod(fd, mode&0o7777) })
	}
	return fs.onInode(path, func(i inode) error { return i.chmod(mode & 0o7777) })
}

// Chown changes owner and group: Chown3 without a handle.
func (fs *FS) Chown(path string, uid, gid uint32) int { return fs.Chown3(path, uid, gid, noHandle) }

// Chown3 changes owner and group, ^uint32(0) for either to leave it; see chown(2).
func (fs *FS) Chown3(path string, uid, gid uint32, fh uint64) (errc int) {
	c := fs.begin(oplog.Event{Op: oplog.Chown, Path: path, Handle: fh})
	defer c.end(&errc)
	if errc = fs.refuse(); errc != 0 {
		return errc
	}
	u, g := int(int32(uid)), int(int32(gid))
	if fh != noHandle {
		return c.onFile(path, fh, 0, func(fd int) error { return unix.Fchown(fd, u, g) })
	}
	return fs.at(path, func(dir int, name string) error {
		return unix.Fchownat(dir, name, u, g, unix.AT_SYMLINK_NOFOLLOW)
	})
}

// Utimens changes times: Utimens3 without a handle.
func (fs *FS) Utimens(path string, times []fuse.Timespec) int {
	return fs.Utimens3(path, times, noHandle)
}

// Utimens3 changes the times of last access and modification, to the nanosecond; see utimensat(2), also for
// UTIME_NOW and UTIME_OMIT.
func (fs *FS) Utimens3(path string, times []fuse.Timespec, fh uint64) (errc int) {
	c := fs.begin(oplog.Event{Op: oplog.Utimens, Path: path, Handle: fh})
	defer c.end(&errc)
	if errc = fs.refuse(); errc != 0 {
		return errc
	}
	ts := []unix.Timespec{{Sec: times[0].Sec, Nsec: times[0].Nsec}, {Sec: times[1].Sec, Nsec: times[1].Nsec}}
	if fh != noHandle {
		return c.onFile(path, fh, 0, func(fd int) error { return setTimes(fd, ts) })
	}
	return fs.at(path, func(dir int, name string) error {
		return unix.UtimesNanoAt(dir, name, ts, unix.AT_SYMLINK_NOFOLLOW)
	})
}

// Access checks permissions; see access(2).
func (fs *FS) Access(path string, mask uint32) (errc int) {
	c := fs.begin(oplog.Event{Op: oplog.Access, Path: path, Mode: mask})
	defer c.end(&errc)
	if mask&unix.W_OK != 0 {
		if errc = fs.refuse(); errc != 0 {
			return errc
		}
	}
	return fs.at(path, func(dir int, name string) error { return accessAt(dir, name, mask) })
}

// Statfs describes the filesystem of the backing file; see statvfs(3).
func (fs *FS) Statfs(path string, stat *fuse.Statfs_t) (errc int) {
	c := fs.begin(oplog.Event{Op: oplog.Statfs, Path: path})
	defer c.end(&errc)
	var st unix.Statfs_t
	errc = c.onFile(path, noHandle, openOnly, func(fd int) error { return unix.Fstatfs(fd, &st) })
	if errc == 0 {
		fillStatfs(stat, &st)
	}
	return errc
}

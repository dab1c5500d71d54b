package fusefs

import (
	"github.com/winfsp/cgofuse/fuse"
	"golang.org/x/sys/windows"

	"vitrine/fusefs/oplog"
)

// Getattr answers for a path, or for a handle where there is one.
func (fs *FS) Getattr(path string, stat *fuse.Stat_t, fh uint64) (errc int) {
	c := fs.begin(oplog.Event{Op: oplog.Getattr, Path: path, Handle: fh})
	defer c.end(&errc)
	return c.onFile(path, fh, openOnly, func(fd int) error { return fs.fill(stat, fd) })
}

// Chmod knows one permission: a file that nobody may write to is read-only.
func (fs *FS) Chmod(path string, mode uint32) (errc int) {
	c := fs.begin(oplog.Event{Op: oplog.Chmod, Path: path, Mode: mode})
	defer c.end(&errc)
	if errc = fs.refuse(); errc != 0 {
		return errc
	}
	return c.onFile(path, noHandle, openAttrs, func(fd int) error {
		if mode&0o222 == 0 {
			return setAttributes(fd, windows.FILE_ATTRIBUTE_READONLY, 0)
		}
		return setAttributes(fd, 0, windows.FILE_ATTRIBUTE_READONLY)
	})
}

// settable are the attributes that programs may change, as FUSE names them.
var settable = []struct{ flag, attribute uint32 }{
	{fuse.UF_READONLY, windows.FILE_ATTRIBUTE_READONLY}, {fuse.UF_HIDDEN, windows.FILE_ATTRIBUTE_HIDDEN},
	{fuse.UF_SYSTEM, windows.FILE_ATTRIBUTE_SYSTEM}, {fuse.UF_ARCHIVE, windows.FILE_ATTRIBUTE_ARCHIVE},
}

// Chflags sets the attributes of Windows: read-only, hidden, system, archive.
func (fs *FS) Chflags(path string, flags uint32) (errc int) {
	c := fs.begin(oplog.Event{Op: oplog.Chmod, Path: path, Mode: flags})
	defer c.end(&errc)
	if errc = fs.refuse(); errc != 0 {
		return errc
	}
	var set, clear uint32
	for _, s := range settable {
		if flags&s.flag != 0 {
			set |= s.attribute
		} else {
			clear |= s.attribute
		}
	}
	return c.onFile(path, noHandle, openAttrs, func(fd int) error { return setAttributes(fd, set, clear) })
}

// Utimens changes the times of last access and modification, to 100 nanoseconds.
func (fs *FS) Utimens(path string, times []fuse.Timespec) (errc int) {
	return fs.setTimes(path, func(fd int) error {
		access, write := filetime(times[0]), filetime(times[1])
		return windows.SetFileTime(windows.Handle(fd), nil, &access, &write)
	})
}

// Setcrtime changes the time when a file was made.
func (fs *FS) Setcrtime(path string, made fuse.Timespec) (errc int) {
	return fs.setTimes(path, func(fd int) error {
		made := filetime(made)
		return windows.SetFileTime(windows.Handle(fd), &made, nil, nil)
	})
}

func (fs *FS) setTimes(path string, set func(fd int) error) (errc int) {
	c := fs.begin(oplog.Event{Op: oplog.Utimens, Path: path})
	defer c.end(&errc)
	if errc = fs.refuse(); errc != 0 {
		return errc
	}
	return c.onFile(path, noHandle, openAttrs, set)
}

// Statfs describes the disk of the backing folder.
func (fs *FS) Statfs(path string, stat *fuse.Statfs_t) (errc int) {
	c := fs.begin(oplog.Event{Op: oplog.Statfs, Path: path})
	defer c.end(&errc)
	return c.onFile(path, noHandle, openOnly, func(fd int) error { return fillStatfs(stat, fs.root) })
}

// Getpath returns a file's path as its folders spell it, since case does not matter to who opens it.
func (fs *FS) Getpath(path string, fh uint64) (errc int, spelled string) {
	c := fs.begin(oplog.Event{Op: oplog.Lookup, Path: path, Handle: fh})
	defer c.end(&errc)
	errc = c.onFile(path, fh, openOnly, func(fd int) (err error) {
		spelled, err = fs.spelled(fd)
		return err
	})
	return errc, spelled
}

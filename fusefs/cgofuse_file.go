//go:build darwin || windows

package fusefs

import (
	"strings"
	"syscall"

	"github.com/winfsp/cgofuse/fuse"

	"vitrine/fusefs/oplog"
)

// Create creates and opens a file: CreateEx for callers without a FileInfo_t.
func (fs *FS) Create(path string, flags int, mode uint32) (errc int, fh uint64) {
	fi := fuse.FileInfo_t{Flags: flags}
	errc = fs.CreateEx(path, mode, &fi)
	return errc, fi.Fh
}

// CreateEx creates and opens a file; see open(2), O_CREAT.
func (fs *FS) CreateEx(path string, mode uint32, fi *fuse.FileInfo_t) (errc int) {
	c := fs.begin(oplog.Event{Op: oplog.Create, Path: path, Mode: recordedFlags(fi.Flags)})
	defer c.end(&errc)
	if errc = fs.refuse(); errc != 0 {
		return errc
	}
	return c.open(fi, func() (int, error) {
		return createBeneath(fs.root, relative(path), backingFlags(fi.Flags)|fi.Flags&fuse.O_EXCL, mode, c.by)
	})
}

// Open opens a file: OpenEx for callers without a FileInfo_t.
func (fs *FS) Open(path string, flags int) (errc int, fh uint64) {
	fi := fuse.FileInfo_t{Flags: flags}
	errc = fs.OpenEx(path, &fi)
	return errc, fi.Fh
}

// OpenEx opens an existing file; see open(2).
func (fs *FS) OpenEx(path string, fi *fuse.FileInfo_t) (errc int) {
	c := fs.begin(oplog.Event{Op: oplog.Open, Path: path, Mode: recordedFlags(fi.Flags)})
	defer c.end(&errc)
	if fi.Flags&fuse.O_ACCMODE != fuse.O_RDONLY || fi.Flags&fuse.O_TRUNC != 0 {
		if errc = fs.refuse(); errc != 0 {
			return errc
		}
	}
	return c.open(fi, func() (int, error) {
		return openBeneath(fs.root, relative(path), backingFlags(fi.Flags))
	})
}

// relative turns a path as FUSE gives it, "/a/b", into one relative to the root, "a/b".
func relative(path string) string {
	rel := strings.TrimPrefix(path, "/")
	if rel == "" {
		return "."
	}
	return rel
}

// open gives the descriptor that f opens a handle.
func (c *call) open(fi *fuse.FileInfo_t, f func() (fd int, err error)) int {
	var fd int
	err := retry(func() (err error) {
		fd, err = f()
		return err
	})
	if err != nil {
		return errc(err)
	}
	h := &handle{fd: fd, handlePlatform: platformOf(fi.Flags)}
	fi.Fh = c.fs.handles.add(h)
	if c.fs.closing() {
		c.fs.handles.release(fi.Fh)
		return -int(syscall.EBUSY)
	}
	c.tally, c.out.Handle = &h.tally, fi.Fh
	return 0
}

// Read fills buff from byte ofst on, up to the end of the file. A short read would be taken for that end, so it is
// continued; see pread(2).
func (fs *FS) Read(path string, buff []byte, ofst int64, fh uint64) (n int) {
	c := fs.begin(oplog.Event{Op: oplog.Read, Path: path, Handle: fh, Offset: ofst, Size: int64(len(buff))})
	defer c.end(&n)
	h, errc := c.hold(fh)
	if errc != 0 {
		return errc
	}
	return c.move(buff, ofst, func(b []byte, at int64) (int, error) { return pread(h.fd, b, at) })
}

// Write writes all of buff at byte ofst, or as much as the backing takes before an error; see pwrite(2). A caller
// that sees less written than it asked for tries the rest and is told the error then. A handle opened with O_APPEND
// writes at the end of the backing file as it is at that instant, whatever ofst says.
func (fs *FS) Write(path string, buff []byte, ofst int64, fh uint64) (n int) {
	c := fs.begin(oplog.Event{Op: oplog.Write, Path: path, Handle: fh, Offset: ofst, Size: int64(len(buff))})
	defer c.end(&n)
	if errc := fs.refuse(); errc != 0 {
		return errc
	}
	h, errc := c.hold(fh)
	if errc != 0 {
		return errc
	}
	return c.move(buff, ofst, func(b []byte, at int64) (int, error) { return pwrite(h.fd, b, at) })
}

// Truncate sets a file's size in bytes; see ftruncate(2).
func (fs *FS) Truncate(path string, size int64, fh uint64) (errc int) {
	c := fs.begin(oplog.Event{Op: oplog.Truncate, Path: path, Handle: fh, Size: size})
	defer c.end(&errc)
	if errc = fs.refuse(); errc != 0 {
		return errc
	}
	return c.onFile(path, fh, fuse.O_WRONLY, func(fd int) error { return truncate(fd, size) })
}

// onFile calls f with the handle's descriptor, or where the kernel named no handle with the file opened for it.
func (c *call) onFile(path string, fh uint64, flags int, f func(fd int) error) int {
	if fh != noHandle {
		h, errno := c.hold(fh)
		if errno != 0 {
			return errno
		}
		return errc(retry(func() error { return f(h.fd) }))
	}
	fd, err := openBeneath(c.fs.root, relative(path), flags)
	if err != nil {
		return errc(err)
	}
	defer closeFD(fd)
	return errc(retry(func() error { return f(fd) }))
}

// Flush is called for each close(2) of a descriptor by an application.
func (fs *FS) Flush(path string, fh uint64) (errc int) {
	c := fs.begin(oplog.Event{Op: oplog.Flush, Path: path, Handle: fh})
	defer c.end(&errc)
	return c.onFile(path, fh, fuse.O_RDONLY, closeDuplicate)
}

// Fsync writes a file's data, and unless datasync its metadata, to the backing's disk; see fsync(2).
func (fs *FS) Fsync(path string, datasync bool, fh uint64) (errc int) {
	c := fs.begin(oplog.Event{Op: oplog.Fsync, Path: path, Handle: fh})
	defer c.end(&errc)
	return c.onFile(path, fh, fuse.O_RDONLY, func(fd int) error { return syncFile(fd, datasync) })
}

// Release closes a handle once nothing uses it any more. The kernel calls it after the last close(2).
func (fs *FS) Release(path string, fh uint64) (errc int) {
	c := fs.begin(oplog.Event{Op: oplog.Release, Path: path, Handle: fh})
	defer c.end(&errc)
	return c.release(fh)
}

func (c *call) release(fh uint64) int {
	h, waited, err := c.fs.handles.release(fh)
	if h == nil {
		c.out.Flags |= oplog.Refused
		return errc(err)
	}
	c.tally = &h.tally
	c.out.Wait = int64(waited)
	return errc(err)
}

//go:build darwin || windows

package fusefs

import (
	"github.com/winfsp/cgofuse/fuse"

	"vitrine/fusefs/oplog"
)

// Opendir opens a folder for Readdir.
func (fs *FS) Opendir(path string) (errc int, fh uint64) {
	c := fs.begin(oplog.Event{Op: oplog.Opendir, Path: path})
	defer c.end(&errc)
	fi := fuse.FileInfo_t{Flags: openFolder}
	errc = c.open(&fi, func() (int, error) { return openBeneath(fs.root, relative(path), fi.Flags) })
	return errc, fi.Fh
}

// Readdir lists a folder from position ofst on, until fill wants no more. Positions are those of the backing folder
// (telldir(3)), so that a listing may go on, or begin again, wherever it was.
func (fs *FS) Readdir(path string, fill func(name string, stat *fuse.Stat_t, ofst int64) bool, ofst int64, fh uint64) (errc int) {
	c := fs.begin(oplog.Event{Op: oplog.Readdir, Path: path, Handle: fh, Offset: ofst})
	defer c.end(&errc)
	h, errc := c.hold(fh)
	if errc != 0 {
		return errc
	}
	h.cursor.Lock()
	defer h.cursor.Unlock()
	return c.list(h.fd, ofst, func(name string, stat *fuse.Stat_t, next int64) bool {
		if oplog.IsHidden(name) {
			return true
		}
		c.out.Result++
		return fill(name, stat, next)
	})
}

// Releasedir closes a folder's handle.
func (fs *FS) Releasedir(path string, fh uint64) (errc int) {
	c := fs.begin(oplog.Event{Op: oplog.Releasedir, Path: path, Handle: fh})
	defer c.end(&errc)
	return c.release(fh)
}

// Fsyncdir writes a folder's entries to the backing's disk; see fsync(2).
func (fs *FS) Fsyncdir(path string, datasync bool, fh uint64) (errc int) {
	c := fs.begin(oplog.Event{Op: oplog.Fsyncdir, Path: path, Handle: fh})
	defer c.end(&errc)
	return c.onFile(path, fh, openFolder, func(fd int) error { return syncFile(fd, datasync) })
}

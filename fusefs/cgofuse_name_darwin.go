package fusefs

import (
	"golang.org/x/sys/unix"

	"vitrine/fusefs/oplog"
)

// Mknod makes a file, FIFO, socket or device node; see mknod(2).
func (fs *FS) Mknod(path string, mode uint32, dev uint64) (errc int) {
	c := fs.begin(oplog.Event{Op: oplog.Mknod, Path: path, Mode: mode})
	defer c.end(&errc)
	if errc = fs.refuse(); errc != 0 {
		return errc
	}
	return fs.at(path, func(dir int, name string) error { return mknodAt(dir, name, mode, dev, c.by) })
}

// Mkdir makes a folder; see mkdir(2).
func (fs *FS) Mkdir(path string, mode uint32) (errc int) {
	c := fs.begin(oplog.Event{Op: oplog.Mkdir, Path: path, Mode: mode})
	defer c.end(&errc)
	if errc = fs.refuse(); errc != 0 {
		return errc
	}
	return fs.at(path, func(dir int, name string) error { return mkdirAt(dir, name, mode, c.by) })
}

// Unlink removes a name; see unlink(2).
func (fs *FS) Unlink(path string) (errc int) {
	c := fs.begin(oplog.Event{Op: oplog.Unlink, Path: path})
	defer c.end(&errc)
	if errc = fs.refuse(); errc != 0 {
		return errc
	}
	return fs.at(path, func(dir int, name string) error { return unix.Unlinkat(dir, name, 0) })
}

// Rmdir removes an empty folder; see rmdir(2).
func (fs *FS) Rmdir(path string) (errc int) {
	c := fs.begin(oplog.Event{Op: oplog.Rmdir, Path: path})
	defer c.end(&errc)
	if errc = fs.refuse(); errc != 0 {
		return errc
	}
	errc = fs.at(path, func(dir int, name string) error { return unix.Unlinkat(dir, name, unix.AT_REMOVEDIR) })
	if errc == 0 {
		c.renamed() // somebody may have the folder open
	}
	return errc
}

// Link gives a file a second name; see link(2).
func (fs *FS) Link(oldpath, newpath string) (errc int) {
	c := fs.begin(oplog.Event{Op: oplog.Link, Path: oldpath, Path2: newpath})
	defer c.end(&errc)
	if errc = fs.refuse(); errc != 0 {
		return errc
	}
	return fs.at2(oldpath, newpath, func(dir1 int, name1 string, dir2 int, name2 string) error {
		return unix.Linkat(dir1, name1, dir2, name2, 0)
	})
}

// Symlink makes a symbolic link that holds target as it is given; see symlink(2).
func (fs *FS) Symlink(target, newpath string) (errc int) {
	c := fs.begin(oplog.Event{Op: oplog.Symlink, Path: newpath, Path2: target})
	defer c.end(&errc)
	if errc = fs.refuse(); errc != 0 {
		return errc
	}
	return fs.at(newpath, func(dir int, name string) error { return symlinkAt(target, dir, name, c.by) })
}

// Readlink returns what a symbolic link holds; see readlink(2).
func (fs *FS) Readlink(path string) (errc int, target string) {
	c := fs.begin(oplog.Event{Op: oplog.Readlink, Path: path})
	defer c.end(&errc)
	var buf [unix.PathMax]byte
	var n int
	errc = fs.at(path, func(dir int, name string) (err error) {
		n, err = unix.Readlinkat(dir, name, buf[:])
		return err
	})
	if errc != 0 {
		return errc, ""
	}
	return 0, string(buf[:n])
}

// Rename renames: Rename3 without flags.
func (fs *FS) Rename(oldpath, newpath string) int { return fs.Rename3(oldpath, newpath, 0) }

// renameExchange is RENAME_EXCHANGE of renameat2(2), and RENAME_SWAP of macOS.
const renameExchange = 2

// Rename3 moves a name, over an existing one unless flags says otherwise; see renameat2(2).
func (fs *FS) Rename3(oldpath, newpath string, flags uint32) (errc int) {
	c := fs.begin(oplog.Event{Op: oplog.Rename, Path: oldpath, Path2: newpath, Mode: flags})
	defer c.end(&errc)
	if errc = fs.refuse(); errc != 0 {
		return errc
	}
	errc = fs.at2(oldpath, newpath, func(dir1 int, name1 string, dir2 int, name2 string) error {
		return renameAt(dir1, name1, dir2, name2, flags)
	})
	if flags&renameExchange != 0 {
		c.out.Flags |= oplog.Exchanged
	}
	if errc == 0 {
		c.renamed()
	}
	return errc
}

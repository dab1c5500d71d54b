package fusefs

import (
	"strings"
	"syscall"

	"golang.org/x/sys/windows"

	"vitrine/fusefs/oplog"
)

// Mkdir makes a folder.
func (fs *FS) Mkdir(path string, mode uint32) (errc int) {
	c := fs.begin(oplog.Event{Op: oplog.Mkdir, Path: path, Mode: mode})
	defer c.end(&errc)
	if errc = fs.refuse(); errc != 0 {
		return errc
	}
	return c.mkdir(path)
}

func (c *call) mkdir(path string) int { return errc(mkdirBeneath(c.fs.root, relative(path))) }

// Unlink removes a file or a link. Who has it open may go on using it.
func (fs *FS) Unlink(path string) (errc int) {
	c := fs.begin(oplog.Event{Op: oplog.Unlink, Path: path})
	defer c.end(&errc)
	return c.remove(path, false)
}

// Rmdir removes an empty folder.
func (fs *FS) Rmdir(path string) (errc int) {
	c := fs.begin(oplog.Event{Op: oplog.Rmdir, Path: path})
	defer c.end(&errc)
	errc = c.remove(path, true)
	if errc == 0 {
		c.renamed() // somebody may have the folder open
	}
	return errc
}

func (c *call) remove(path string, folder bool) int {
	if errc := c.fs.refuse(); errc != 0 {
		return errc
	}
	if path == "/" {
		return -int(syscall.EBUSY)
	}
	return c.onFile(path, noHandle, openDelete, func(fd int) error {
		var info windows.ByHandleFileInformation
		if err := windows.GetFileInformationByHandle(windows.Handle(fd), &info); err != nil {
			return err
		}
		switch isFolder := isFolder(info.FileAttributes); {
		case folder && !isFolder:
			return syscall.ENOTDIR
		case !folder && isFolder:
			return syscall.EISDIR
		}
		return deleteFile(fd)
	})
}

// Readlink returns what a symbolic link or a junction holds.
func (fs *FS) Readlink(path string) (errc int, target string) {
	c := fs.begin(oplog.Event{Op: oplog.Readlink, Path: path})
	defer c.end(&errc)
	errc = c.onFile(path, noHandle, openOnly, func(fd int) (err error) {
		target, err = linkTarget(fd)
		return err
	})
	return errc, strings.ReplaceAll(target, `\`, "/")
}

// Rename moves a name, over an existing one.
func (fs *FS) Rename(oldpath, newpath string) (errc int) {
	c := fs.begin(oplog.Event{Op: oplog.Rename, Path: oldpath, Path2: newpath})
	defer c.end(&errc)
	if errc = fs.refuse(); errc != 0 {
		return errc
	}
	if errc = c.rename(oldpath, newpath); errc == 0 {
		c.renamed()
	}
	return errc
}

func (c *call) rename(oldpath, newpath string) int {
	dir, name, err := c.fs.parent(newpath)
	if err != nil {
		return errc(err)
	}
	defer closeFD(dir)
	return c.onFile(oldpath, noHandle, openDelete, func(fd int) error { return renameFile(fd, dir, name) })
}

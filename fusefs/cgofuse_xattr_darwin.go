package fusefs

import (
	"bytes"

	"golang.org/x/sys/unix"

	"vitrine/fusefs/oplog"
)

// Setxattr sets an extended attribute; see setxattr(2), also for flags.
func (fs *FS) Setxattr(path, name string, value []byte, flags int) (errc int) {
	c := fs.begin(oplog.Event{Op: oplog.Setxattr, Path: path, Path2: name, Size: int64(len(value))})
	defer c.end(&errc)
	if errc = fs.refuse(); errc != 0 {
		return errc
	}
	return fs.onInode(path, func(i inode) error { return i.setxattr(name, value, flags) })
}

// Getxattr returns the value of an extended attribute; see getxattr(2).
func (fs *FS) Getxattr(path, name string) (errc int, value []byte) {
	c := fs.begin(oplog.Event{Op: oplog.Getxattr, Path: path, Path2: name})
	defer c.end(&errc)
	errc = fs.onInode(path, func(i inode) (err error) {
		value, err = grow(func(buf []byte) (int, error) { return i.getxattr(name, buf) })
		return err
	})
	c.out.Result = int64(len(value))
	return errc, value
}

// Removexattr removes an extended attribute; see removexattr(2).
func (fs *FS) Removexattr(path, name string) (errc int) {
	c := fs.begin(oplog.Event{Op: oplog.Removexattr, Path: path, Path2: name})
	defer c.end(&errc)
	if errc = fs.refuse(); errc != 0 {
		return errc
	}
	return fs.onInode(path, func(i inode) error { return i.removexattr(name) })
}

// Listxattr names the extended attributes of a file, until fill wants no more (ERANGE); see listxattr(2).
func (fs *FS) Listxattr(path string, fill func(name string) bool) (errc int) {
	c := fs.begin(oplog.Event{Op: oplog.Listxattr, Path: path})
	defer c.end(&errc)
	var names []byte
	errc = fs.onInode(path, func(i inode) (err error) {
		names, err = grow(i.listxattr)
		return err
	})
	for len(names) > 0 && errc == 0 {
		name, rest, _ := bytes.Cut(names, []byte{0})
		if !fill(string(name)) {
			return -int(unix.ERANGE)
		}
		names = rest
		c.out.Result++
	}
	return errc
}

// grow calls f with a buffer that is large enough: f fails with ERANGE where it is not, and says how large it must be
// when it is called with none.
func grow(f func(buf []byte) (int, error)) ([]byte, error) {
	for buf := make([]byte, 256); ; {
		n, err := f(buf)
		if err == nil {
			return buf[:n], nil
		}
		if err != unix.ERANGE {
			return nil, err
		}
		if n, err = f(nil); err != nil {
			return nil, err
		}
		buf = make([]byte, n+1)
	}
}

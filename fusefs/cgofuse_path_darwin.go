package fusefs

import (
	"strings"

	"golang.org/x/sys/unix"
)

// place is a name in an open folder: what the *at system calls take.
type place struct {
	dir  int
	name string
	own  bool // dir was opened for this place
}

func (p place) close() {
	if p.own {
		unix.Close(p.dir)
	}
}

// place opens the folder that holds path, beneath the root. The caller closes the place.
func (fs *FS) place(path string) (place, error) {
	rel := relative(path)
	i := strings.LastIndexByte(rel, '/')
	if rel[i+1:] == ".." { // the kernel never asks for it
		return place{}, unix.EINVAL
	}
	if i < 0 {
		return place{dir: fs.root, name: rel}, nil
	}
	dir, err := openBeneath(fs.root, rel[:i], openFolder)
	if err != nil {
		return place{}, err
	}
	return place{dir: dir, name: rel[i+1:], own: true}, nil
}

// at calls f with the folder and name of path.
func (fs *FS) at(path string, f func(dir int, name string) error) int {
	p, err := fs.place(path)
	if err != nil {
		return errc(err)
	}
	defer p.close()
	return errc(retry(func() error { return f(p.dir, p.name) }))
}

// at2 calls f with the folders and names of two paths.
func (fs *FS) at2(old, new string, f func(dir1 int, name1 string, dir2 int, name2 string) error) int {
	p, err := fs.place(old)
	if err != nil {
		return errc(err)
	}
	defer p.close()
	return fs.at(new, func(dir int, name string) error { return f(p.dir, p.name, dir, name) })
}

// onInode calls f with exactly the file at path, whatever stands there by the time of the call.
func (fs *FS) onInode(path string, f func(i inode) error) int {
	fd, err := openBeneath(fs.root, relative(path), openOnly)
	if err != nil {
		return errc(err)
	}
	defer unix.Close(fd)
	i := inodeOf(fd)
	return errc(retry(func() error { return f(i) }))
}

package fusefs

import "golang.org/x/sys/unix"

// openFlags are added to every open in the backing folder: no symbolic link anywhere in a path, however the tree
// changes meanwhile. With paths that have no ".." this keeps every open beneath the root; see open(2).
const openFlags = unix.O_CLOEXEC | unix.O_NOFOLLOW_ANY

// openBeneath opens the existing file rel below root.
func openBeneath(root int, rel string, flags int) (fd int, err error) {
	err = retry(func() error {
		fd, err = unix.Openat(root, rel, flags|openFlags, 0)
		return err
	})
	return fd, swapped(err)
}

// swapped turns the error of a path that now leads through a symbolic link into ESTALE.
func swapped(err error) error {
	if err == unix.ELOOP {
		return unix.ESTALE
	}
	return err
}

// createBeneath creates and opens the file rel below root. The permission bits are cut by this process's umask.
func createBeneath(root int, rel string, flags int, mode uint32, _ caller) (fd int, err error) {
	fd, err = unix.Openat(root, rel, flags|unix.O_CREAT|openFlags, mode&0o7777)
	return fd, swapped(err)
}

// mkdirAt is mkdirat(2). The permission bits are cut by this process's umask.
func mkdirAt(dir int, name string, mode uint32, _ caller) error {
	return unix.Mkdirat(dir, name, mode&0o7777)
}

// mknodAt makes a regular file; macOS has no mknodat(2) for others.
func mknodAt(dir int, name string, mode uint32, _ uint64, by caller) error {
	if mode&unix.S_IFMT != unix.S_IFREG {
		return unix.ENOTSUP
	}
	fd, err := createBeneath(dir, name, unix.O_EXCL|unix.O_WRONLY, mode, by)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}

// symlinkAt is symlinkat(2).
func symlinkAt(target string, dir int, name string, _ caller) error {
	return unix.Symlinkat(target, dir, name)
}

package fusefs

import (
	"errors"

	"golang.org/x/sys/unix"
)

// openFlags are added to every open in the backing folder: the kernel resolves symbolic links before it asks us, so
// one that stands at the end of a path was put there in between.
const openFlags = unix.O_CLOEXEC | unix.O_NOFOLLOW

// resolveBeneath keeps openat2(2) below the root: no "..", no absolute path, no symbolic link anywhere, however the
// tree changes meanwhile.
const resolveBeneath = unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS

// openBeneath opens the existing file rel below root.
func openBeneath(root int, rel string, flags int) (fd int, err error) {
	how := unix.OpenHow{Flags: uint64(flags | openFlags), Resolve: resolveBeneath}
	err = retry(func() error {
		fd, err = unix.Openat2(root, rel, &how)
		return err
	})
	return fd, swapped(err)
}

// swapped turns the error of a path that now leads through a symbolic link into ESTALE, upon which the kernel looks
// the path up anew (retry_estale in fs/namei.c).
func swapped(err error) error {
	if errors.Is(err, unix.ELOOP) || errors.Is(err, unix.EXDEV) {
		return unix.ESTALE
	}
	return err
}

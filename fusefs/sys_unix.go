//go:build unix

package fusefs

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// translate has nothing to do: FUSE takes the system's own error numbers.
func translate(*int) {}

// posix returns the error as POSIX numbers it, which is how this system does.
func posix(e syscall.Errno) syscall.Errno { return e }

func closeFD(fd int) error { return unix.Close(fd) }

// statMount asks the filesystem at path for its statistics.
func statMount(path string) error {
	var st unix.Statfs_t
	return retry(func() error { return unix.Statfs(path, &st) })
}

// nameless reports whether the file was deleted since it was opened.
func nameless(fd int) bool {
	var st unix.Stat_t
	return unix.Fstat(fd, &st) == nil && st.Nlink == 0
}

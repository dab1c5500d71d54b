package fusefs

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"vitrine/fusefs/wire"
)

func syncFilesystem(fd int) error {
	return retry(func() error { return unix.Syncfs(fd) })
}

func syncFile(fd int, datasync bool) error {
	if datasync {
		return unix.Fdatasync(fd)
	}
	return unix.Fsync(fd)
}

// The system calls below take names as they came from the kernel, without a copy.

func fstatat(dir int, name wire.Name, st *unix.Stat_t) error {
	_, _, e := unix.Syscall6(sysFstatat, uintptr(dir), uintptr(unsafe.Pointer(name.Ptr())),
		uintptr(unsafe.Pointer(st)), unix.AT_SYMLINK_NOFOLLOW, 0, 0)
	return failed(e)
}

// statx asks for what is known without asking a server, and mounts nothing.
func statx(dir int, name wire.Name, st *unix.Statx_t) error {
	const flags = unix.AT_SYMLINK_NOFOLLOW | unix.AT_NO_AUTOMOUNT | unix.AT_STATX_DONT_SYNC
	_, _, e := unix.Syscall6(unix.SYS_STATX, uintptr(dir), uintptr(unsafe.Pointer(name.Ptr())), flags,
		unix.STATX_BASIC_STATS|unix.STATX_MNT_ID, uintptr(unsafe.Pointer(st)), 0)
	return failed(e)
}

func openat(dir int, name wire.Name, flags int, mode uint32) (fd int, err error) {
	err = retry(func() error {
		r, _, e := unix.Syscall6(unix.SYS_OPENAT, uintptr(dir), uintptr(unsafe.Pointer(name.Ptr())), uintptr(flags), uintptr(mode), 0, 0)
		fd = int(r)
		return failed(e)
	})
	return fd, err
}

func unlinkat(dir int, name wire.Name, flags int) error {
	_, _, e := unix.Syscall(unix.SYS_UNLINKAT, uintptr(dir), uintptr(unsafe.Pointer(name.Ptr())), uintptr(flags))
	return failed(e)
}

func renameat2(dir1 int, name1 wire.Name, dir2 int, name2 wire.Name, flags uint32) error {
	_, _, e := unix.Syscall6(unix.SYS_RENAMEAT2, uintptr(dir1), uintptr(unsafe.Pointer(name1.Ptr())),
		uintptr(dir2), uintptr(unsafe.Pointer(name2.Ptr())), uintptr(flags), 0)
	return failed(e)
}

// remote reports whether a filesystem may answer with attributes that a server has changed meanwhile; see statfs(2).
func remote(fd int) bool {
	var st unix.Statfs_t
	if err := unix.Fstatfs(fd, &st); err != nil {
		return true
	}
	switch uint32(st.Type) {
	case unix.NFS_SUPER_MAGIC, unix.SMB_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC, unix.FUSE_SUPER_MAGIC,
		unix.V9FS_MAGIC, unix.CEPH_SUPER_MAGIC, unix.AFS_SUPER_MAGIC, unix.AFS_FS_MAGIC, unix.CODA_SUPER_MAGIC:
		return true
	}
	return false
}

// getxattr asks the descriptor itself where it can be asked, which is the quick way: the kernel wants to know of a file's
// capabilities before each write.
func (r reference) getxattr(name wire.Name, buf []byte) (int, error) {
	if r.handle != nil {
		return unix.Fgetxattr(r.fd, name.String(), buf)
	}
	return unix.Getxattr(r.proc(), name.String(), buf)
}

func failed(e unix.Errno) error {
	if e != 0 {
		return e
	}
	return nil
}

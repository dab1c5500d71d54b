package fusefs

import (
	"errors"
	"syscall"

	"github.com/winfsp/cgofuse/fuse"
	"golang.org/x/sys/windows"
)

// Three kinds of error numbers meet here: those of Windows; those of POSIX, which the record and all that is built on it
// know, in package syscall far above the first; and those of the C library, which WinFsp takes.

// posixOf has the POSIX number of those errors of Windows that a filesystem meets. Others are EIO.
var posixOf = map[syscall.Errno]syscall.Errno{
	windows.ERROR_ACCESS_DENIED:           syscall.EACCES,
	windows.ERROR_ALREADY_EXISTS:          syscall.EEXIST,
	windows.ERROR_BAD_NETPATH:             syscall.ENOENT,
	windows.ERROR_BAD_NET_NAME:            syscall.ENOENT,
	windows.ERROR_BAD_PATHNAME:            syscall.EINVAL,
	windows.ERROR_BUFFER_OVERFLOW:         syscall.ENAMETOOLONG,
	windows.ERROR_BUSY:                    syscall.EBUSY,
	windows.ERROR_CALL_NOT_IMPLEMENTED:    syscall.ENOTSUP,
	windows.ERROR_CANT_RESOLVE_FILENAME:   syscall.ELOOP,
	windows.ERROR_DELETE_PENDING:          syscall.ENOENT,
	windows.ERROR_DEVICE_REMOVED:          syscall.ENODEV,
	windows.ERROR_DEV_NOT_EXIST:           syscall.ENODEV,
	windows.ERROR_DIRECTORY:               syscall.ENOTDIR,
	windows.ERROR_DIRECTORY_NOT_SUPPORTED: syscall.EISDIR,
	windows.ERROR_DIR_NOT_EMPTY:           syscall.ENOTEMPTY,
	windows.ERROR_DISK_FULL:               syscall.ENOSPC,
	windows.ERROR_DISK_QUOTA_EXCEEDED:     syscall.EDQUOT,
	windows.ERROR_FILENAME_EXCED_RANGE:    syscall.ENAMETOOLONG,
	windows.ERROR_FILE_EXISTS:             syscall.EEXIST,
	windows.ERROR_FILE_NOT_FOUND:          syscall.ENOENT,
	windows.ERROR_FILE_TOO_LARGE:          syscall.EFBIG,
	windows.ERROR_HANDLE_DISK_FULL:        syscall.ENOSPC,
	windows.ERROR_INVALID_FUNCTION:        syscall.ENOTSUP,
	windows.ERROR_INVALID_HANDLE:          syscall.EBADF,
	windows.ERROR_INVALID_NAME:            syscall.EINVAL,
	windows.ERROR_INVALID_PARAMETER:       syscall.EINVAL,
	windows.ERROR_LOCK_VIOLATION:          syscall.EBUSY,
	windows.ERROR_NETNAME_DELETED:         syscall.ENOTCONN,
	windows.ERROR_NOT_ENOUGH_MEMORY:       syscall.ENOMEM,
	windows.ERROR_NOT_ENOUGH_QUOTA:        syscall.EDQUOT,
	windows.ERROR_NOT_READY:               syscall.ENODEV,
	windows.ERROR_NOT_SAME_DEVICE:         syscall.EXDEV,
	windows.ERROR_NOT_SUPPORTED:           syscall.ENOTSUP,
	windows.ERROR_OUTOFMEMORY:             syscall.ENOMEM,
	windows.ERROR_PATH_NOT_FOUND:          syscall.ENOTDIR,
	windows.ERROR_PRIVILEGE_NOT_HELD:      syscall.EPERM,
	windows.ERROR_SEM_TIMEOUT:             syscall.ETIMEDOUT,
	windows.ERROR_SHARING_VIOLATION:       syscall.EBUSY,
	windows.ERROR_TOO_MANY_OPEN_FILES:     syscall.EMFILE,
	windows.ERROR_UNEXP_NET_ERR:           syscall.ENOTCONN,
	windows.ERROR_USER_MAPPED_FILE:        syscall.EBUSY,
	windows.ERROR_WRITE_PROTECT:           syscall.EROFS,
}

// posix returns the error as POSIX numbers it.
func posix(e syscall.Errno) syscall.Errno {
	if e >= syscall.APPLICATION_ERROR {
		return e
	}
	if p, known := posixOf[e]; known {
		return p
	}
	return syscall.EIO
}

// ofStatus turns what an Nt function answers into an error number, a finer one than its own where it has one.
func ofStatus(err error) error {
	var status windows.NTStatus
	if !errors.As(err, &status) {
		return err
	}
	switch status {
	case windows.STATUS_REPARSE_POINT_ENCOUNTERED: // a path that now leads through a link
		return syscall.ESTALE
	case windows.STATUS_FILE_IS_A_DIRECTORY:
		return syscall.EISDIR
	case windows.STATUS_NOT_A_DIRECTORY:
		return syscall.ENOTDIR
	case windows.STATUS_DELETE_PENDING, windows.STATUS_OBJECT_PATH_NOT_FOUND: // whose number package syscall has as ENOTDIR
		return syscall.ENOENT
	}
	return status.Errno()
}

// numberOf has the C library's number of an error. Others are EIO there.
var numberOf = map[syscall.Errno]int{
	syscall.EACCES: fuse.EACCES, syscall.EAGAIN: fuse.EAGAIN, syscall.EBADF: fuse.EBADF, syscall.EBUSY: fuse.EBUSY,
	syscall.EDQUOT: fuse.ENOSPC, syscall.EEXIST: fuse.EEXIST, syscall.EFBIG: fuse.EFBIG, syscall.EINTR: fuse.EINTR,
	syscall.EINVAL: fuse.EINVAL, syscall.EISDIR: fuse.EISDIR, syscall.ELOOP: fuse.ELOOP, syscall.EMFILE: fuse.EMFILE,
	syscall.ENAMETOOLONG: fuse.ENAMETOOLONG, syscall.ENODEV: fuse.ENODEV, syscall.ENOENT: fuse.ENOENT,
	syscall.ENOMEM: fuse.ENOMEM, syscall.ENOSPC: fuse.ENOSPC, syscall.ENOSYS: fuse.ENOSYS, syscall.ENOTCONN: fuse.ENODEV,
	syscall.ENOTDIR: fuse.ENOTDIR, syscall.ENOTEMPTY: fuse.ENOTEMPTY, syscall.ENOTSUP: fuse.ENOSYS, syscall.EPERM: fuse.EPERM,
	syscall.EROFS: fuse.EROFS, syscall.ESTALE: fuse.ENOENT, syscall.ETIMEDOUT: fuse.ETIMEDOUT, syscall.EXDEV: fuse.EXDEV,
}

// translate turns the negated POSIX number that an operation ends with into what WinFsp takes.
func translate(result *int) {
	if *result >= 0 {
		return
	}
	number, known := numberOf[syscall.Errno(-*result)]
	if !known {
		number = fuse.EIO
	}
	*result = -number
}

package oplog

import "syscall"

// Windows numbers other errors than POSIX. Package syscall has those of POSIX far above, but for ENOENT and ENOTDIR.
var firstErrnos = []syscall.Errno{1, syscall.APPLICATION_ERROR}

// errnoNames holds those that filesystems answer.
var errnoNames = map[syscall.Errno]string{
	syscall.E2BIG: "E2BIG", syscall.EACCES: "EACCES", syscall.EAGAIN: "EAGAIN", syscall.EBADF: "EBADF",
	syscall.EBUSY: "EBUSY", syscall.ECANCELED: "ECANCELED", syscall.ECONNREFUSED: "ECONNREFUSED",
	syscall.ECONNRESET: "ECONNRESET", syscall.EDEADLK: "EDEADLK", syscall.EDOM: "EDOM", syscall.EDQUOT: "EDQUOT",
	syscall.EEXIST: "EEXIST", syscall.EFAULT: "EFAULT", syscall.EFBIG: "EFBIG", syscall.EHOSTDOWN: "EHOSTDOWN",
	syscall.EHOSTUNREACH: "EHOSTUNREACH", syscall.EILSEQ: "EILSEQ", syscall.EINTR: "EINTR", syscall.EINVAL: "EINVAL",
	syscall.EIO: "EIO", syscall.EISDIR: "EISDIR", syscall.ELOOP: "ELOOP", syscall.EMFILE: "EMFILE",
	syscall.EMLINK: "EMLINK", syscall.ENAMETOOLONG: "ENAMETOOLONG", syscall.ENETDOWN: "ENETDOWN",
	syscall.ENETUNREACH: "ENETUNREACH", syscall.ENFILE: "ENFILE", syscall.ENODATA: "ENODATA", syscall.ENODEV: "ENODEV",
	syscall.ENOENT: "ENOENT", syscall.ENOEXEC: "ENOEXEC", syscall.ENOLCK: "ENOLCK", syscall.ENOMEM: "ENOMEM",
	syscall.ENOSPC: "ENOSPC", syscall.ENOSYS: "ENOSYS", syscall.ENOTBLK: "ENOTBLK", syscall.ENOTCONN: "ENOTCONN",
	syscall.ENOTDIR: "ENOTDIR", syscall.ENOTEMPTY: "ENOTEMPTY", syscall.ENOTSUP: "ENOTSUP", syscall.ENOTTY: "ENOTTY",
	syscall.ENXIO: "ENXIO", syscall.EOVERFLOW: "EOVERFLOW", syscall.EPERM: "EPERM", syscall.EPIPE: "EPIPE",
	syscall.EPROTO: "EPROTO", syscall.ERANGE: "ERANGE", syscall.EREMOTEIO: "EREMOTEIO", syscall.EROFS: "EROFS",
	syscall.ESHUTDOWN: "ESHUTDOWN", syscall.ESPIPE: "ESPIPE", syscall.ESRCH: "ESRCH", syscall.ESTALE: "ESTALE",
	syscall.ETIMEDOUT: "ETIMEDOUT", syscall.ETXTBSY: "ETXTBSY", syscall.EUSERS: "EUSERS", syscall.EXDEV: "EXDEV",
}

// ErrnoName returns the name of the error, e.g. "EBADF", "" where it has none.
func ErrnoName(e syscall.Errno) string { return errnoNames[e] }

package activity

import (
	"strings"
	"syscall"

	"vitrine/fusefs/oplog"
)

// IsError reports whether an operation failed in a way that a person should know of.
//
// Programs ask a filesystem many questions to which an error number is the ordinary answer, thousands for one build:
// is there such a file (ENOENT), has it this attribute (ENODATA), may I (EACCES to access), make this folder unless
// it is there (EEXIST). Counting those would make the count of errors mean nothing. What counts is a request that
// the system could not or would not fulfil: the medium failed or is full (EIO, ENOSPC, EDQUOT), permission was
// denied (EACCES, EPERM, EROFS), limits were hit (EMFILE, ENAMETOOLONG for a new name), a handle was bad (EBADF,
// ESTALE). A handle that was refused and a handler that panicked always count. An error number that is not known to
// be an answer counts: better one too many than a failure that nobody sees.
func IsError(e oplog.Event) bool { return isError(&e) }

func isError(e *oplog.Event) bool {
	if e.Flags&(oplog.Refused|oplog.Panicked) != 0 {
		return true
	}
	return e.Errno != 0 && !isAnswer(e)
}

// isAnswer reports whether the error number is an ordinary answer to the operation.
func isAnswer(e *oplog.Event) bool {
	switch e.Errno {
	case syscall.ENOENT, syscall.ENOTDIR, syscall.ELOOP:
		return namesExisting(e.Op)
	case syscall.EEXIST:
		return makesName(e.Op) || e.Op == oplog.Rmdir || e.Op == oplog.Setxattr
	case syscall.ENOTEMPTY:
		return e.Op == oplog.Rmdir || e.Op == oplog.Rename
	case syscall.EACCES, syscall.EPERM, syscall.EROFS:
		return e.Op == oplog.Access || isPrivileged(e)
	case syscall.ENAMETOOLONG:
		return e.Op == oplog.Getattr || e.Op == oplog.Access
	case syscall.EINVAL:
		return e.Op == oplog.Readlink || e.Op == oplog.Rename
	case syscall.EINTR, syscall.ENOSYS:
		return true
	case syscall.ENXIO:
		return e.Op == oplog.Lseek // no data, or no hole, from there on
	case syscall.EAGAIN:
		return e.Op == oplog.Flock || e.Op == oplog.Lock // somebody else holds it
	case syscall.EXDEV:
		return e.Op == oplog.CopyFileRange // programs copy by reading and writing then
	default:
		return isUnsupported(e) || isAttributeAnswer(e)
	}
}

// isUnsupported tells that the backing has no such service, which programs go on without. A symbolic link has no mode
// of its own.
func isUnsupported(e *oplog.Event) bool {
	if e.Errno != syscall.ENOTSUP && e.Errno != syscall.EOPNOTSUPP {
		return false
	}
	return isAttribute(e.Op) || e.Op == oplog.Chmod || e.Op == oplog.Fallocate || e.Op == oplog.CopyFileRange
}

// isAttributeAnswer tells that there is no such attribute, or that its value needs more room.
func isAttributeAnswer(e *oplog.Event) bool {
	return isAttribute(e.Op) && (isNoAttribute(e.Errno) || e.Errno == syscall.ERANGE)
}

func isAttribute(op oplog.Op) bool {
	switch op {
	case oplog.Getxattr, oplog.Listxattr, oplog.Removexattr, oplog.Setxattr:
		return true
	default:
		return false
	}
}

// namesExisting tells operations on something that was there, or not: a name that is gone since is nobody's failure.
// ENOTDIR and ELOOP (of O_NOFOLLOW) are other ways to say that there is no such thing.
func namesExisting(op oplog.Op) bool {
	switch op {
	case oplog.Lookup, oplog.Getattr, oplog.Access, oplog.Open, oplog.Opendir, oplog.Readlink, oplog.Unlink, oplog.Rmdir,
		oplog.Rename, oplog.Getxattr, oplog.Listxattr:
		return true
	default:
		return false
	}
}

// makesName tells operations that may be asked to make a name only if it is not there.
func makesName(op oplog.Op) bool {
	switch op {
	case oplog.Create, oplog.Open, oplog.Mkdir, oplog.Mknod, oplog.Symlink, oplog.Link, oplog.Rename:
		return true
	default:
		return false
	}
}

// isPrivileged tells attempts that cp -a and tar make as any user, and go on without: attributes that belong to the
// system.
func isPrivileged(e *oplog.Event) bool {
	if e.Op != oplog.Setxattr && e.Op != oplog.Removexattr {
		return false
	}
	return strings.HasPrefix(e.Path2, "security.") || strings.HasPrefix(e.Path2, "trusted.") ||
		strings.HasPrefix(e.Path2, "system.")
}

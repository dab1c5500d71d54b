package activity

import (
	"syscall"

	"vitrine/fusefs/oplog"
)

// meanings say what an error number means where the operation makes no difference.
var meanings = map[syscall.Errno]string{
	syscall.EACCES:       "The permissions of the file, or of a folder above it, do not allow this.",
	syscall.EPERM:        "This is not permitted to this user, whatever the permissions of the file are.",
	syscall.EROFS:        "Nothing can be changed here: the drive, or the disk below it, is read-only.",
	syscall.ENOENT:       "There is nothing of this name.",
	syscall.ENOTDIR:      "A part of the path is a file and no folder.",
	syscall.EISDIR:       "This is a folder, and the operation is one for files.",
	syscall.EEXIST:       "There is already something of this name.",
	syscall.ENOTEMPTY:    "The folder is not empty.",
	syscall.ENOSPC:       "The disk that holds the backing folder is full.",
	syscall.EDQUOT:       "The user's share of the disk that holds the backing folder is used up.",
	syscall.EFBIG:        "The file would become larger than its file system, or a limit of the process, allows.",
	syscall.EIO:          "The disk could not read or write, or the operation broke off.",
	syscall.EBUSY:        "Something else is using this.",
	syscall.ETXTBSY:      "The file is a program that is running.",
	syscall.EMFILE:       "Too many files are open in the program that serves the drive.",
	syscall.ENFILE:       "Too many files are open on this computer.",
	syscall.ENAMETOOLONG: "The name is longer than the disk allows.",
	syscall.ELOOP:        "There are too many symbolic links in the path, or one where none may be followed.",
	syscall.EXDEV:        "The two names lie on different file systems.",
	syscall.EINVAL:       "The request makes no sense to the file system below.",
	syscall.ENOSYS:       "There is no such operation here; programs do without.",
	syscall.ENOTSUP:      "The file system below cannot do this; programs do without.",
	syscall.EINTR:        "A signal broke it off; programs try again.",
	syscall.EAGAIN:       "This cannot be done right now.",
	syscall.ERANGE:       "The value is larger than the room for it; programs ask again with more.",
	syscall.ENXIO:        "There is nothing there.",
	syscall.ESTALE:       "The file behind the handle is gone.",
	syscall.ETIMEDOUT:    "The disk did not answer in time.",
	syscall.EBADF:        "The handle does not allow this.",
	syscall.ENOMEM:       "There was not enough memory.",
	syscall.EFAULT:       "The program gave memory that is not its own.",
}

// meaning says in plain words what the outcome of an operation means.
func meaning(e *oplog.Event) Sentence {
	switch {
	case e.Flags&oplog.InFlight != 0:
		return sentence("It has not ended yet.")
	case e.Errno == 0:
		return sentence("It succeeded.")
	case e.Flags&oplog.Refused != 0:
		return sentence("Handle %d was not open: it had been released, or was never given out. Nothing was read or written.", e.Handle)
	}
	if text := meaningFor(e); text != "" {
		return sentence(text)
	}
	number := e.Errno
	if number == syscall.EOPNOTSUPP {
		number = syscall.ENOTSUP // two numbers on some systems
	}
	if text := meanings[number]; text != "" {
		return sentence(text)
	}
	return sentence("The system calls this %q.", e.Errno.Error())
}

// meaningFor is what an error number means to this operation in particular, "" for nothing.
func meaningFor(e *oplog.Event) string {
	switch {
	case isAttribute(e.Op) && isNoAttribute(e.Errno):
		return "The file has no such attribute, which is an ordinary answer."
	case e.Errno == syscall.ENOENT && makesName(e.Op) && e.Op != oplog.Open && e.Op != oplog.Rename && e.Op != oplog.Link:
		return "The folder that it was to be made in is not there."
	case e.Errno == syscall.ENOENT && isAnswer(e):
		return "There is nothing of this name. Programs ask for many names that are not there; this is an ordinary answer."
	case e.Errno == syscall.EBADF && e.Op == oplog.Write:
		return "The handle is not open for writing."
	case e.Errno == syscall.EBADF && e.Op == oplog.Read:
		return "The handle is not open for reading."
	case e.Errno == syscall.EAGAIN && waitsByNature(e.Op):
		return "Somebody else holds a lock that excludes this one."
	case e.Errno == syscall.ENXIO && e.Op == oplog.Lseek:
		return "There is no data, or no hole, from there on; this is an ordinary answer."
	case e.Op == oplog.CopyFileRange && (e.Errno == syscall.EXDEV || isUnsupported(e)):
		return "The backing cannot copy this part by itself; it is read and written instead."
	case e.Errno == syscall.EACCES && e.Op == oplog.Access:
		return "The program asked whether it may, and may not."
	default:
		return ""
	}
}

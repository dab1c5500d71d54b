package oplog

import (
	"sync"
	"syscall"
)

// maxErrnos is more than any system has error numbers with names, from each of firstErrnos on.
const maxErrnos = 512

// errnoNumbers maps each name that this system knows to its number.
var errnoNumbers = sync.OnceValue(func() map[string]syscall.Errno {
	numbers := make(map[string]syscall.Errno)
	for _, first := range firstErrnos {
		for e := first; e < first+maxErrnos; e++ {
			if name := ErrnoName(e); name != "" {
				numbers[name] = e
			}
		}
	}
	return numbers
})

// otherName holds what another system calls an error of this one, for logs that were written there.
var otherName = map[string]string{"ENOATTR": "ENODATA", "EOPNOTSUPP": "ENOTSUP", "EWOULDBLOCK": "EAGAIN"}

// ParseErrno returns the number that this system has for the error name, e.g. "EBADF", and whether there is one.
func ParseErrno(name string) (syscall.Errno, bool) {
	e, ok := errnoNumbers()[name]
	if !ok {
		e, ok = errnoNumbers()[otherName[name]]
	}
	return e, ok
}

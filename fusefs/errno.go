package fusefs

import (
	"errors"
	"syscall"
)

// retry calls f again as long as a signal interrupts it: the Go runtime signals its threads to preempt them.
func retry(f func() error) error {
	for {
		if err := f(); err != syscall.EINTR {
			return err
		}
	}
}

// errc turns an error into what a FUSE operation answers: 0 or the negated errno.
func errc(err error) int {
	if err == nil {
		return 0
	}
	var errno syscall.Errno
	if errors.As(err, &errno) && errno != 0 {
		return -int(posix(errno))
	}
	return -int(syscall.EIO)
}

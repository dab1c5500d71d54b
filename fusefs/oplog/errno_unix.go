//go:build unix

package oplog

import (
	"syscall"

	"golang.org/x/sys/unix"
)

var firstErrnos = []syscall.Errno{1}

// ErrnoName returns the name of the error, e.g. "EBADF", "" where it has none.
func ErrnoName(e syscall.Errno) string { return unix.ErrnoName(e) }

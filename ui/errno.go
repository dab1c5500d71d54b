package ui

import (
	"fmt"
	"syscall"

	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
)

// errno writes an error number by its name, e.g. "ENOSPC".
func errno(e syscall.Errno) string {
	if n := oplog.ErrnoName(e); n != "" {
		return n
	}
	return fmt.Sprintf("errno %d", int(e))
}

// failed says whether an operation failed in a way that a person should know of.
func failed(e *oplog.Event) bool { return activity.IsError(*e) }

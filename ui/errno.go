package ui

import (
	"fmt"
	"syscall"

	"vitrine/fusefs/oplog"
)

// errno writes an error number by its name, e.g. "ENOSPC".
func errno(e syscall.Errno) string {
	if n := oplog.ErrnoName(e); n != "" {
		return n
	}
	return fmt.Sprintf("errno %d", int(e))
}

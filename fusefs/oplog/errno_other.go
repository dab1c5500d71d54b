//go:build !unix

package oplog

import "syscall"

// ErrnoName knows no names here.
func ErrnoName(syscall.Errno) string { return "" }

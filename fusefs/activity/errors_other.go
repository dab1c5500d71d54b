//go:build !darwin

package activity

import "syscall"

// isNoAttribute tells the number for an extended attribute that is not there.
func isNoAttribute(e syscall.Errno) bool { return e == syscall.ENODATA }

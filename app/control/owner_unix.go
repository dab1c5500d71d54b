//go:build unix

package control

import (
	"io/fs"
	"syscall"
)

// owner returns the id of the user whom a file belongs to.
func owner(info fs.FileInfo) int { return int(info.Sys().(*syscall.Stat_t).Uid) }

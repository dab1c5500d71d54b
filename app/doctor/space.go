package doctor

import (
	"fmt"

	"github.com/dustin/go-humanize"
)

const (
	noSpace     = 16 << 20 // bytes; below, programs are about to be refused
	littleSpace = 1 << 30
)

// space judges what is free on a disk: bytes, and of all inodes so many where the disk counts them.
func space(name, folder string, free, inodes, freeInodes uint64) Finding {
	f := ok(name, "%s free on the disk of %s", humanize.IBytes(free), folder)
	switch {
	case free < noSpace || inodes > 0 && freeInodes == 0:
		f.State, f.Cure = Bad, "Programs that write will get the error «no space left on device» (ENOSPC). Free some space."
		if free >= noSpace {
			f.Text = fmt.Sprintf("the disk of %s has space, but no inode for another file", folder)
		}
	case free < littleSpace:
		f.State, f.Cure = Note, "A larger copy may not fit. Free some space before."
	}
	return f
}

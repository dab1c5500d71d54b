package main

import (
	"os"
	"runtime/debug"
	"unsafe"

	"vitrine/fusefs/oplog"
)

// usualMemory is what the program is to need beside the kept operations, in bytes, with thousands of files open.
const usualMemory = 190 << 20

// limitMemory lets garbage be collected sooner when the program comes near to what it should need with so many operations
// kept; otherwise there may be as much garbage as there is use. GOMEMLIMIT comes first. See debug.SetMemoryLimit.
func limitMemory(keep int) {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(usualMemory + int64(keep)*2*int64(unsafe.Sizeof(oplog.Event{})))
	}
}

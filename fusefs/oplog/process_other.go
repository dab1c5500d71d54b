//go:build !linux && !darwin

package oplog

// processOf knows no names here.
func processOf(pid int32) (int32, string) { return pid, "" }

package oplog

import "golang.org/x/sys/unix"

// processOf asks the kernel for the process's name. FUSE on macOS gives process ids, not thread ids.
func processOf(pid int32) (int32, string) {
	info, err := unix.SysctlKinfoProc("kern.proc.pid", int(pid))
	if err != nil {
		return pid, ""
	}
	return pid, unix.ByteSliceToString(info.Proc.P_comm[:])
}

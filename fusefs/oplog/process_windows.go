package oplog

import (
	"path/filepath"

	"golang.org/x/sys/windows"
)

// processOf asks the system for the name of the process's program. WinFsp gives process ids, not thread ids.
func processOf(pid int32) (int32, string) {
	process, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, uint32(pid))
	if err != nil {
		return pid, ""
	}
	defer windows.CloseHandle(process)
	var path [windows.MAX_LONG_PATH]uint16
	size := uint32(len(path))
	if windows.QueryFullProcessImageName(process, 0, &path[0], &size) != nil {
		return pid, ""
	}
	return pid, filepath.Base(windows.UTF16ToString(path[:size]))
}

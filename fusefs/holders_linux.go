package fusefs

import (
	"bufio"
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// holders names the processes that keep a mount busy: by an open file, a mapped one, the working folder, the root or
// the program itself. It reads links and tables in /proc only and never asks the mount. Processes of other users
// show nothing there unless we are root.
func holders(mountPoint string) (found []Holder) {
	processes, _ := filepath.Glob("/proc/[0-9]*")
	for _, process := range processes {
		pid, err := strconv.Atoi(filepath.Base(process))
		if err != nil {
			continue
		}
		for _, path := range heldBy(process, mountPoint) {
			found = append(found, Holder{PID: pid, Name: processName(process), Path: path})
		}
	}
	slices.SortFunc(found, func(a, b Holder) int {
		return cmp.Or(cmp.Compare(a.PID, b.PID), strings.Compare(a.Path, b.Path))
	})
	return slices.Compact(found)
}

func heldBy(process, mountPoint string) (paths []string) {
	keep := func(path string) {
		path = strings.TrimSuffix(path, " (deleted)")
		if path == mountPoint || strings.HasPrefix(path, mountPoint+"/") {
			paths = append(paths, path)
		}
	}
	links := []string{process + "/cwd", process + "/root", process + "/exe"}
	fds, _ := filepath.Glob(process + "/fd/*")
	for _, link := range append(links, fds...) {
		if path, err := os.Readlink(link); err == nil {
			keep(path)
		}
	}
	for _, path := range mappedBy(process) {
		keep(path)
	}
	return paths
}

// mappedBy returns the files that a process has mapped; see proc(5), /proc/[pid]/maps.
func mappedBy(process string) (paths []string) {
	maps, err := os.Open(process + "/maps")
	if err != nil {
		return nil
	}
	defer maps.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		if i := strings.IndexByte(lines.Text(), '/'); i >= 0 {
			paths = append(paths, lines.Text()[i:])
		}
	}
	return paths
}

func processName(process string) string {
	name, _ := os.ReadFile(process + "/comm")
	return strings.TrimSpace(string(name))
}

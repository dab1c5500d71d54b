package fusefs

import (
	"bufio"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// holders names the processes that keep the mount busy: by an open file, a mapped one, the working folder, the root or
// the program itself. It reads links and tables in /proc, and of the mount only what the kernel has cached: the mount
// is not asked. Processes of other users show nothing there unless we are root.
func (a *attachment) holders() (found []Holder) { return a.holdersOf(nil) }

// holdersOf is holders for those links in /proc/PID only that wanted accepts, nil for all and for mapped files.
func (a *attachment) holdersOf(wanted func(link string) bool) (found []Holder) {
	processes, _ := filepath.Glob("/proc/[0-9]*")
	for _, process := range processes {
		pid, err := strconv.Atoi(filepath.Base(process))
		if err != nil {
			continue
		}
		for _, path := range a.heldBy(process, wanted) {
			path = strings.TrimSuffix(path, " (deleted)")
			found = append(found, Holder{PID: pid, Name: processName(process), Path: path})
		}
	}
	slices.SortFunc(found, func(a, b Holder) int {
		return cmp.Or(cmp.Compare(a.PID, b.PID), strings.Compare(a.Path, b.Path))
	})
	return slices.Compact(found)
}

func (a *attachment) heldBy(process string, wanted func(link string) bool) (paths []string) {
	links := []string{process + "/cwd", process + "/root", process + "/exe"}
	fds, _ := filepath.Glob(process + "/fd/*")
	for _, link := range append(links, fds...) {
		path, err := os.Readlink(link)
		if err == nil && a.contains(path) && (wanted == nil && a.leadsHere(link) || wanted != nil && wanted(link)) {
			paths = append(paths, path)
		}
	}
	if wanted != nil {
		return paths
	}
	return append(paths, a.mappedBy(process)...)
}

func (a *attachment) contains(path string) bool {
	return path == a.mountPoint || strings.HasPrefix(path, a.mountPoint+"/")
}

// leadsHere tells a file of this mount from one of the same name that lies under it, which a process may have had open
// before; see statx(2), STATX_MNT_ID and AT_STATX_DONT_SYNC.
func (a *attachment) leadsHere(link string) bool {
	var st unix.Statx_t
	err := unix.Statx(unix.AT_FDCWD, link, unix.AT_STATX_DONT_SYNC|unix.AT_NO_AUTOMOUNT, unix.STATX_MNT_ID, &st)
	return err != nil || st.Mask&unix.STATX_MNT_ID == 0 || st.Mnt_id == uint64(a.mountID)
}

// mappedBy returns the files of this mount that a process has mapped; see proc(5), /proc/[pid]/maps: its fourth column
// is the device, its sixth the path.
func (a *attachment) mappedBy(process string) (paths []string) {
	maps, err := os.Open(process + "/maps")
	if err != nil {
		return nil
	}
	defer maps.Close()
	device := fmt.Sprintf("%02x:%02x", 0, a.minor)
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) > 5 && fields[3] == device {
			paths = append(paths, lines.Text()[strings.IndexByte(lines.Text(), '/'):])
		}
	}
	return paths
}

func processName(process string) string {
	name, _ := os.ReadFile(process + "/comm")
	return strings.TrimSpace(string(name))
}

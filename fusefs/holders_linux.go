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
func (a *attachment) holders() (found []Holder) {
	return a.among(func(process string) []string {
		return append(a.follow(allLinks(process), a.leadsHere), a.mappedBy(process)...)
	})
}

// standing is holders for those that keep no file open: no handle tells of them.
func (a *attachment) standing() []Holder {
	return a.among(func(process string) []string { return a.follow(placeLinks(process), a.leadsHere) })
}

// holdersOf is holders for those links in /proc/PID only that wanted accepts.
func (a *attachment) holdersOf(wanted func(link string) bool) []Holder {
	return a.among(func(process string) []string { return a.follow(allLinks(process), wanted) })
}

// among asks for each process which paths it holds.
func (a *attachment) among(held func(process string) (paths []string)) (found []Holder) {
	processes, _ := filepath.Glob("/proc/[0-9]*")
	for _, process := range processes {
		pid, err := strconv.Atoi(filepath.Base(process))
		if err != nil {
			continue
		}
		for _, path := range held(process) {
			path = strings.TrimSuffix(path, " (deleted)")
			found = append(found, Holder{PID: pid, Name: processName(process), Path: path})
		}
	}
	slices.SortFunc(found, func(a, b Holder) int {
		return cmp.Or(cmp.Compare(a.PID, b.PID), strings.Compare(a.Path, b.Path))
	})
	return slices.Compact(found)
}

// placeLinks are the links of a process to its working folder, its root and its program; see proc_pid(5).
func placeLinks(process string) []string {
	return []string{process + "/cwd", process + "/root", process + "/exe"}
}

func allLinks(process string) []string {
	fds, _ := filepath.Glob(process + "/fd/*")
	return append(placeLinks(process), fds...)
}

// follow returns the paths on the mount that links lead to, of those that wanted accepts.
func (a *attachment) follow(links []string, wanted func(link string) bool) (paths []string) {
	for _, link := range links {
		path, err := os.Readlink(link)
		if err == nil && a.contains(path) && wanted(link) {
			paths = append(paths, path)
		}
	}
	return paths
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

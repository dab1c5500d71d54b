package fusefs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

func utimensFD(fd int, ts *[2]unix.Timespec) error {
	if _, _, errno := unix.Syscall6(unix.SYS_UTIMENSAT, uintptr(fd), 0, uintptr(unsafe.Pointer(ts)), 0, 0, 0); errno != 0 {
		return errno
	}
	return nil
}

// getdent is one name of a folder as getdents64(2) has it.
type getdent struct {
	name string
	ino  uint64
	next int64 // where the one after it begins, for lseek(2)
	kind uint8 // DT_…
}

// readEntries reads a folder from where its descriptor stands, "." and ".." too.
func readEntries(fd int) ([]getdent, error) {
	var all []getdent
	buf := make([]byte, 32<<10)
	for {
		some, err := readSomeEntries(fd, buf)
		if err != nil || len(some) == 0 {
			return all, err
		}
		all = append(all, some...)
	}
}

// readSomeEntries reads as many as one call gives.
func readSomeEntries(fd int, buf []byte) (some []getdent, err error) {
	n, err := uninterruptedCount(func() (int, error) { return unix.Getdents(fd, buf) })
	if err != nil {
		return nil, err
	}
	for left := buf[:n]; len(left) > 0; left = left[binary.NativeEndian.Uint16(left[16:]):] {
		name, _, _ := strings.Cut(string(left[19:binary.NativeEndian.Uint16(left[16:])]), "\x00")
		some = append(some, getdent{name, binary.NativeEndian.Uint64(left), int64(binary.NativeEndian.Uint64(left[8:])), left[18]})
	}
	return some, nil
}

// entryNames lists names and types.
func entryNames(entries []getdent) []string {
	var names []string
	for _, e := range entries {
		names = append(names, fmt.Sprintf("%q:%d", e.name, e.kind))
	}
	slices.Sort(names)
	return names
}

// fromTheMiddle goes back to each place in a folder that does not change, and says whether what follows is the same.
func fromTheMiddle(fd int, entries []getdent) string {
	for i, e := range entries {
		if _, err := unix.Seek(fd, e.next, unix.SEEK_SET); err != nil {
			return answered(err)
		}
		rest, err := readEntries(fd)
		if err != nil {
			return answered(err)
		}
		if !slices.Equal(rest, entries[i+1:]) {
			return "something else"
		}
	}
	return "the same"
}

// listTree describes a folder and all below it, a line each. Inodes are numbered by where they come first.
func listTree(top string) []string {
	var lines []string
	numbers := make(map[uint64]int)
	var walk func(path string, listed getdent)
	walk = func(path string, listed getdent) {
		name, _ := filepath.Rel(top, path)
		var st unix.Stat_t
		if err := unix.Lstat(path, &st); err != nil {
			lines = append(lines, fmt.Sprintf("%q: %v", name, err))
			return
		}
		if numbers[st.Ino] == 0 {
			numbers[st.Ino] = len(numbers) + 1
		}
		line := fmt.Sprintf("%q: %s inode %d", name, statLine(&st), numbers[st.Ino])
		if listed.name != "" && (listed.ino != st.Ino || uint32(listed.kind)<<12 != st.Mode&unix.S_IFMT) {
			line += fmt.Sprintf(" listed with another inode or type (%d, not %d; %d)", listed.ino, st.Ino, listed.kind)
		}
		lines = append(lines, line+content(path, st.Mode))
		if st.Mode&unix.S_IFMT != unix.S_IFDIR {
			return
		}
		for _, e := range readFolder(path) {
			if e.name != "." && e.name != ".." {
				walk(filepath.Join(path, e.name), e)
			}
		}
	}
	walk(top, getdent{})
	return lines
}

// readFolder lists a folder by name, with an entry that says so where it cannot.
func readFolder(path string) []getdent {
	folder, err := os.Open(path)
	if err != nil {
		return []getdent{{name: bareError(err)}}
	}
	defer folder.Close()
	entries, err := readEntries(int(folder.Fd()))
	if err != nil {
		return []getdent{{name: bareError(err)}}
	}
	slices.SortFunc(entries, func(a, b getdent) int { return strings.Compare(a.name, b.name) })
	return entries
}

// bareError is an error without the path that it was met at.
func bareError(err error) string {
	var errno unix.Errno
	if errors.As(err, &errno) {
		return errno.Error()
	}
	return fmt.Sprint(err)
}

// content describes what a file holds besides its stat.
func content(path string, mode uint32) string {
	text := ""
	switch mode & unix.S_IFMT {
	case unix.S_IFLNK:
		target, err := os.Readlink(path)
		text = fmt.Sprintf(" to %q %s", target, bareError(err))
	case unix.S_IFREG:
		data, err := os.ReadFile(path)
		text = fmt.Sprintf(" %s %s", sumOf(data), bareError(err))
	}
	buf := make([]byte, 8192)
	n, err := unix.Llistxattr(path, buf)
	if err != nil {
		return text + fmt.Sprintf(" xattrs %v", err)
	}
	names := strings.Split(strings.TrimSuffix(string(buf[:n]), "\x00"), "\x00")
	slices.Sort(names)
	for _, name := range names {
		if strings.HasPrefix(name, "user.") {
			value := make([]byte, 8192)
			n, err := unix.Lgetxattr(path, name, value)
			text += fmt.Sprintf(" %s=%s,%v", name, sumOf(value[:max(n, 0)]), err)
		}
	}
	return text
}

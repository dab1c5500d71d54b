package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"vitrine/fusefs/oplog"
)

// maxDescriptors is how many of a process are looked at: one with more of them is no copy.
const maxDescriptors = 512

// newSources returns a source for activity.Options, which finds out how far processes have come with reading what they copy
// into the drive. Files of the drive itself, at mountPoint, are no source.
func newSources(mountPoint func() string) func(oplog.OpenHandle) (position, size int64, ok bool) {
	sources := newInquiry[source]()
	return func(h oplog.OpenHandle) (position, size int64, ok bool) {
		found, ok := sources.ask(func() (source, bool) { return sourceOf(int(h.PID), mountPoint()) })
		return found.position, found.size, ok
	}
}

// source is an open file that a process reads; position and size in bytes.
type source struct{ position, size int64 }

// sourceOf returns what a process copies into the drive.
func sourceOf(pid int, mountPoint string) (source, bool) {
	all, err := readBy(pid, mountPoint)
	if err != nil {
		return source{}, false
	}
	return theOne(all)
}

// theOne chooses the source of the files that a process reads: the only one whose position is beyond the beginning, or
// else the only one.
func theOne(all []source) (source, bool) {
	var begun []source
	for _, f := range all {
		if f.position > 0 {
			begun = append(begun, f)
		}
	}
	switch {
	case len(begun) == 1:
		return begun[0], true
	case len(all) == 1:
		return all[0], true
	}
	return source{}, false
}

// readBy returns the regular files outside the drive that a process opened for reading.
func readBy(pid int, mountPoint string) ([]source, error) {
	proc := fmt.Sprintf("/proc/%d", pid)
	folder, err := os.Open(proc + "/fd")
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	names, err := folder.Readdirnames(maxDescriptors)
	if err != nil || len(names) == maxDescriptors {
		return nil, errors.Join(err, unix.EMFILE)
	}
	var found []source
	for _, n := range names {
		if f, ok := readThrough(proc, n, mountPoint); ok {
			found = append(found, f)
		}
	}
	return found, nil
}

// readThrough looks at a descriptor. It asks no filesystem but /proc for a file of the drive, and none over a network.
func readThrough(proc, descriptor, mountPoint string) (source, bool) {
	link := proc + "/fd/" + descriptor
	target, err := os.Readlink(link)
	if err != nil || !filepath.IsAbs(target) || within(target, mountPoint) {
		return source{}, false
	}
	position, reads := fdinfo(proc + "/fdinfo/" + descriptor)
	if !reads {
		return source{}, false
	}
	var st unix.Statx_t
	err = unix.Statx(unix.AT_FDCWD, link, unix.AT_STATX_DONT_SYNC, unix.STATX_TYPE|unix.STATX_SIZE, &st)
	if err != nil || st.Mode&unix.S_IFMT != unix.S_IFREG || st.Size == 0 { // as files of the kernel are
		return source{}, false
	}
	return source{position, int64(st.Size)}, true
}

// within says whether an absolute path is that of the folder or lies below it.
func within(path, folder string) bool {
	rest, ok := strings.CutPrefix(path, folder)
	return ok && folder != "" && (rest == "" || rest[0] == '/')
}

// fdinfo reads in proc(5) where a descriptor stands, and whether it is for reading alone: a copy writes nothing to its
// source.
func fdinfo(file string) (position int64, reads bool) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, false
	}
	var flags int
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		switch name {
		case "pos":
			fmt.Sscan(value, &position)
		case "flags":
			fmt.Sscanf(strings.TrimSpace(value), "%o", &flags)
		}
	}
	return position, flags&(unix.O_ACCMODE|unix.O_PATH) == unix.O_RDONLY
}

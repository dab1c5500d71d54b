package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"

	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
)

// storage is what keeps the backing folder, as of the mount.
type storage struct {
	kind activity.Storage
	name string // of the filesystem's type
}

// storageOf looks up which filesystem an open folder is on; see proc_pid_fdinfo(5), mnt_id, and proc_pid_mountinfo(5).
func storageOf(root *os.Root) (s storage) {
	folder, err := root.Open(".")
	if err != nil {
		return s
	}
	defer folder.Close()
	info, err := os.ReadFile(fmt.Sprintf("/proc/self/fdinfo/%d", folder.Fd()))
	if err != nil {
		return s
	}
	id, err := strconv.Atoi(field(info, "mnt_id:"))
	if err != nil {
		return s
	}
	mounts, err := mountinfo.GetMounts(func(m *mountinfo.Info) (skip, stop bool) { return m.ID != id, m.ID == id })
	if err != nil || len(mounts) == 0 {
		return s
	}
	return storage{storageKind(mounts[0].FSType), mounts[0].FSType}
}

// field is the value of a line of a file in /proc, "" where there is none of that name.
func field(text []byte, name string) string {
	for line := range bytes.Lines(text) {
		if value, ok := bytes.CutPrefix(line, []byte(name)); ok {
			return string(bytes.TrimSpace(value))
		}
	}
	return ""
}

func storageKind(fsType string) activity.Storage {
	switch fsType {
	case "nfs", "nfs4", "cifs", "smb3", "ceph", "9p", "afs", "fuse.sshfs", "fuse.glusterfs":
		return activity.Server
	}
	if strings.HasPrefix(fsType, "fuse") {
		return activity.Program
	}
	return activity.Disk
}

// wait looks at the thread that carries out an operation; see proc_pid_syscall(5) and proc_pid_wchan(5).
func (f *facts) wait(e oplog.Event) activity.Wait {
	w := activity.Wait{Storage: f.storage.kind, Type: f.storage.name}
	if e.Op == oplog.Lock || e.Op == oplog.Flock {
		w.Locks, _ = f.locks.ask(func() ([]activity.Who, bool) { return f.lockHolders(e.Path), true })
		return w
	}
	if e.Thread == 0 {
		return w
	}
	task := fmt.Sprintf("/proc/self/task/%d/", e.Thread)
	if text, err := os.ReadFile(task + "syscall"); err == nil {
		w.Call = systemCall(string(text))
	}
	if text, err := os.ReadFile(task + "wchan"); err == nil && string(text) != "0" {
		w.Kernel = string(text)
	}
	return w
}

// systemCall names the call in the text of a syscall file, "" where the thread is in none.
func systemCall(text string) string {
	number, err := strconv.Atoi(strings.Fields(text + " -")[0])
	if err != nil || number < 0 { // "running", or asleep outside of one
		return ""
	}
	if name, ok := systemCalls[number]; ok {
		return name
	}
	return fmt.Sprintf("system call %d", number)
}

// systemCalls are those that operations are carried out by, and what a thread waits in for another of ours.
var systemCalls = map[int]string{
	unix.SYS_OPENAT: "openat", unix.SYS_CLOSE: "close", unix.SYS_PREAD64: "pread64", unix.SYS_PWRITE64: "pwrite64", unix.SYS_PWRITEV2: "pwritev2",
	unix.SYS_SPLICE: "splice", unix.SYS_LSEEK: "lseek", unix.SYS_FSTAT: "fstat", sysFstatat: "fstatat", unix.SYS_STATX: "statx", unix.SYS_FSYNC: "fsync",
	unix.SYS_FDATASYNC: "fdatasync", unix.SYS_SYNCFS: "syncfs", unix.SYS_FALLOCATE: "fallocate", unix.SYS_FTRUNCATE: "ftruncate",
	unix.SYS_COPY_FILE_RANGE: "copy_file_range", unix.SYS_GETDENTS64: "getdents64", unix.SYS_RENAMEAT2: "renameat2", unix.SYS_UNLINKAT: "unlinkat",
	unix.SYS_MKDIRAT: "mkdirat", unix.SYS_MKNODAT: "mknodat", unix.SYS_LINKAT: "linkat", unix.SYS_SYMLINKAT: "symlinkat",
	unix.SYS_READLINKAT: "readlinkat", unix.SYS_UTIMENSAT: "utimensat", unix.SYS_FCHMOD: "fchmod", unix.SYS_FCHMODAT: "fchmodat",
	unix.SYS_FCHOWNAT: "fchownat", unix.SYS_FSTATFS: "fstatfs", unix.SYS_FACCESSAT: "faccessat", unix.SYS_FCNTL: "fcntl", unix.SYS_FLOCK: "flock",
	unix.SYS_SETXATTR: "setxattr", unix.SYS_GETXATTR: "getxattr", unix.SYS_LISTXATTR: "listxattr", unix.SYS_REMOVEXATTR: "removexattr",
	unix.SYS_FSETXATTR: "fsetxattr", unix.SYS_FGETXATTR: "fgetxattr", unix.SYS_IOCTL: "ioctl", unix.SYS_FUTEX: "futex",
}

// lockHolders names the other processes that hold locks on a file in the backing folder; see proc_locks(5).
func (f *facts) lockHolders(name string) []activity.Who {
	info, err := f.root.Lstat(below(name))
	if err != nil {
		return nil
	}
	locks, err := os.Open("/proc/locks")
	if err != nil {
		return nil
	}
	defer locks.Close()
	st := info.Sys().(*syscall.Stat_t)
	return locksOf(locks, fmt.Sprintf("%02x:%02x:%d", unix.Major(uint64(st.Dev)), unix.Minor(uint64(st.Dev)), st.Ino))
}

// locksOf reads who holds locks on the file that the table calls file, without those who wait for one, and without us,
// who hold those of programs that use the drive.
func locksOf(table io.Reader, file string) (found []activity.Who) {
	const pidAt, fileAt = 4, 5
	for lines := bufio.NewScanner(table); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) <= fileAt || fields[1] == "->" || fields[fileAt] != file {
			continue
		}
		if pid, err := strconv.Atoi(fields[pidAt]); err == nil && pid > 0 && pid != os.Getpid() {
			name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
			found = append(found, activity.Who{PID: int32(pid), Proc: string(bytes.TrimSpace(name))})
		}
	}
	return found
}

package oplog

import (
	"bytes"
	"strconv"

	"golang.org/x/sys/unix"
)

// processOf reads the thread's process and that one's name from /proc.
func processOf(tid int32) (pid int32, name string) {
	var buf [1024]byte
	pid, ok := tgid(readProc(buf[:], tid, "/status"))
	if !ok {
		return tid, ""
	}
	comm := readProc(buf[:], pid, "/comm")
	return pid, string(bytes.TrimSuffix(comm, []byte("\n")))
}

// tgid finds the thread group in the text of a status file.
func tgid(status []byte) (pid int32, ok bool) {
	_, after, ok := bytes.Cut(status, []byte("\nTgid:\t"))
	digits, _, found := bytes.Cut(after, []byte("\n"))
	n, err := strconv.ParseInt(string(digits), 10, 32)
	return int32(n), ok && found && err == nil
}

// readProc reads the beginning of a file of /proc into buf and returns it, nothing where there is none.
func readProc(buf []byte, pid int32, file string) []byte {
	path := append(strconv.AppendInt([]byte("/proc/"), int64(pid), 10), file...)
	fd, err := unix.Open(string(path), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(fd)
	n, _ := unix.Read(fd, buf)
	return buf[:max(n, 0)]
}

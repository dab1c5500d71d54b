//go:build unix

package control

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"syscall"
)

// maxSocket is the longest path of a socket that every system takes, in bytes; see unix(7).
const maxSocket = 103

// dialAt connects with the socket at path: ECONNREFUSED where its process has died.
func dialAt(path string) (net.Conn, error) {
	return (&net.Dialer{Timeout: dialTimeout}).Dial("unix", path)
}

// listenAt makes the socket under another name and moves it to path once it listens: nobody finds one there that
// refuses, and takes it for left by the dead.
func listenAt(path string) (net.Listener, error) {
	beside := path + ".new"
	if err := os.Remove(beside); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: beside, Net: "unix"})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false)
	if err := errors.Join(os.Chmod(beside, 0o600), os.Rename(beside, path)); err != nil {
		return nil, errors.Join(err, l.Close(), os.Remove(beside))
	}
	return l, nil
}

// hungUp reports whether the other end closed while it was written to.
func hungUp(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)
}

// who returns the process and the user at the other end.
func who(conn net.Conn) (pid, uid int, err error) {
	raw, err := conn.(*net.UnixConn).SyscallConn()
	if err != nil {
		return 0, 0, err
	}
	var asked error
	if err := raw.Control(func(fd uintptr) { pid, uid, asked = credentials(int(fd)) }); err != nil {
		return 0, 0, err
	}
	return pid, uid, asked
}

// owner returns the id of the user whom a file belongs to.
func owner(info fs.FileInfo) int { return int(info.Sys().(*syscall.Stat_t).Uid) }

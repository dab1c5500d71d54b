package control

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"github.com/Microsoft/go-winio"
	"golang.org/x/sys/windows"
)

// On Windows it is spoken over a named pipe. A file where the socket would be says that there is one: it stays behind a
// process that dies, as a socket does.

// maxSocket is the longest path of that file, in bytes; it is long enough for everybody.
const maxSocket = 4096

var errListenerClosed = winio.ErrPipeListenerClosed

// pipeOf names the pipe that belongs to the file at path: names of pipes have no folders.
func pipeOf(path string) string {
	sum := sha256.Sum256([]byte(path))
	return fmt.Sprintf(`\\.\pipe\vitrine-%x-%s`, sum[:8], filepath.Base(path))
}

// dialAt connects with the pipe of the file at path: ECONNREFUSED where its process has died.
func dialAt(path string) (net.Conn, error) {
	if _, err := os.Lstat(path); err != nil {
		return nil, err
	}
	limit := dialTimeout
	conn, err := winio.DialPipe(pipeOf(path), &limit)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, syscall.ECONNREFUSED
	}
	return conn, err
}

// listenAt makes the pipe, and then the file that tells of it.
func listenAt(path string) (net.Listener, error) {
	user, err := userOf(windows.GetCurrentProcessToken())
	if err != nil {
		return nil, err
	}
	access := "D:P(A;;GA;;;" + user + ")(A;;GA;;;SY)" // this user alone, and the system
	l, err := winio.ListenPipe(pipeOf(path), &winio.PipeConfig{SecurityDescriptor: access, InputBufferSize: maxRequest, OutputBufferSize: maxRequest})
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// hungUp reports whether the other end closed while it was written to.
func hungUp(err error) bool {
	return errors.Is(err, windows.ERROR_NO_DATA) || errors.Is(err, windows.ERROR_BROKEN_PIPE) || errors.Is(err, windows.ERROR_PIPE_NOT_CONNECTED)
}

// who returns the process at the other end, and our own user where it is the same one, whom the package os gives no number.
func who(conn net.Conn) (pid, uid int, err error) {
	pipe := windows.Handle(conn.(interface{ Fd() uintptr }).Fd())
	var flags, id uint32
	if err := windows.GetNamedPipeInfo(pipe, &flags, nil, nil, nil); err != nil {
		return 0, 0, err
	}
	ask := windows.GetNamedPipeServerProcessId
	if flags&windows.PIPE_SERVER_END != 0 {
		ask = windows.GetNamedPipeClientProcessId
	}
	if err := ask(pipe, &id); err != nil {
		return 0, 0, err
	}
	same, err := sameUser(id)
	if err == nil && !same {
		return int(id), stranger, nil
	}
	return int(id), os.Geteuid(), err
}

// stranger is any other user.
const stranger = -2

// sameUser reports whether a process is ours.
func sameUser(pid uint32) (bool, error) {
	ours, err := userOf(windows.GetCurrentProcessToken())
	if err != nil {
		return false, err
	}
	process, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, pid)
	if err != nil {
		return false, err
	}
	defer windows.CloseHandle(process)
	var token windows.Token
	if err := windows.OpenProcessToken(process, windows.TOKEN_QUERY, &token); err != nil {
		return false, err
	}
	defer token.Close()
	theirs, err := userOf(token)
	return theirs == ours, err
}

func userOf(token windows.Token) (string, error) {
	user, err := token.GetTokenUser()
	if err != nil {
		return "", err
	}
	return user.User.Sid.String(), nil
}

// owner is our own user: the folder lies in the profile, which Windows itself keeps others out of.
func owner(fs.FileInfo) int { return os.Geteuid() }

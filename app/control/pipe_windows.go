package control

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// On Windows it is spoken over a named pipe. A file where the socket would be says that there is one: it stays behind a
// process that dies, as a socket does.

// maxSocket is the longest path of that file, in bytes; it is long enough for everybody.
const maxSocket = 4096

// pipeOf names the pipe that belongs to the file at path: names of pipes have no folders.
func pipeOf(path string) string {
	sum := sha256.Sum256([]byte(path))
	return fmt.Sprintf(`\\.\pipe\vitrine-%x-%s`, sum[:8], filepath.Base(path))
}

// dialAt connects with the pipe of the file at path: ECONNREFUSED where its process has died. Whoever serves it learns who
// we are, and cannot act as us.
func dialAt(path string) (net.Conn, error) {
	if _, err := os.Lstat(path); err != nil {
		return nil, err
	}
	name, err := windows.UTF16PtrFromString(pipeOf(path))
	if err != nil {
		return nil, err
	}
	for give := time.Now().Add(dialTimeout); ; time.Sleep(10 * time.Millisecond) {
		h, err := windows.CreateFile(name, windows.GENERIC_READ|windows.GENERIC_WRITE, 0, nil, windows.OPEN_EXISTING,
			windows.FILE_FLAG_OVERLAPPED|windows.SECURITY_SQOS_PRESENT|windows.SECURITY_IDENTIFICATION, 0)
		switch {
		case err == nil:
			return newPipe(h, path), nil
		case err == windows.ERROR_FILE_NOT_FOUND:
			return nil, syscall.ECONNREFUSED
		case err != windows.ERROR_PIPE_BUSY || time.Now().After(give):
			return nil, err
		}
	}
}

// pipe is one end of a connection.
type pipe struct {
	*os.File
	path string
}

func newPipe(h windows.Handle, path string) *pipe {
	return &pipe{os.NewFile(uintptr(h), path), path}
}

func (p *pipe) LocalAddr() net.Addr  { return pipeAddr(p.path) }
func (p *pipe) RemoteAddr() net.Addr { return pipeAddr(p.path) }

type pipeAddr string

func (a pipeAddr) Network() string { return "pipe" }
func (a pipeAddr) String() string  { return string(a) }

// listener hands out the ends of a pipe that others connect with. There is always one end more than there are callers, so
// that nobody finds no pipe. Accept is called by one goroutine.
type listener struct {
	path    string
	name    *uint16
	access  *windows.SecurityAttributes
	next    windows.Handle // the end that waits for the next caller
	closing windows.Handle // an event
	once    sync.Once
}

// listenAt makes the pipe, and then the file that tells of it.
func listenAt(path string) (net.Listener, error) {
	l := &listener{path: path}
	user, err := userOf(windows.GetCurrentProcessToken())
	if err != nil {
		return nil, err
	}
	descriptor, err := windows.SecurityDescriptorFromString("D:P(A;;GA;;;" + user + ")(A;;GA;;;SY)") // this user alone, and the system
	if err != nil {
		return nil, err
	}
	l.access = &windows.SecurityAttributes{SecurityDescriptor: descriptor}
	l.access.Length = uint32(unsafe.Sizeof(*l.access))
	if l.name, err = windows.UTF16PtrFromString(pipeOf(path)); err != nil {
		return nil, err
	}
	if l.closing, err = windows.CreateEvent(nil, 1, 0, nil); err != nil {
		return nil, err
	}
	if l.next, err = l.end(windows.FILE_FLAG_FIRST_PIPE_INSTANCE); err != nil {
		return nil, err
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		return nil, errors.Join(err, windows.CloseHandle(l.next))
	}
	return l, nil
}

// end makes another end of the pipe.
func (l *listener) end(flags uint32) (windows.Handle, error) {
	return windows.CreateNamedPipe(l.name, windows.PIPE_ACCESS_DUPLEX|windows.FILE_FLAG_OVERLAPPED|flags,
		windows.PIPE_TYPE_BYTE|windows.PIPE_READMODE_BYTE|windows.PIPE_WAIT|windows.PIPE_REJECT_REMOTE_CLIENTS,
		windows.PIPE_UNLIMITED_INSTANCES, maxRequest, maxRequest, 0, l.access)
}

// Accept waits for a caller.
func (l *listener) Accept() (net.Conn, error) {
	if err := l.await(); err != nil {
		return nil, err
	}
	caller := l.next
	next, err := l.end(0)
	if err != nil {
		return nil, errors.Join(err, windows.DisconnectNamedPipe(caller)) // it waits for another one
	}
	l.next = next
	return newPipe(caller, l.path), nil
}

// await returns once somebody has connected, and net.ErrClosed after Close.
func (l *listener) await() error {
	event, err := windows.CreateEvent(nil, 1, 0, nil)
	if err != nil {
		return err
	}
	defer windows.CloseHandle(event)
	state := windows.Overlapped{HEvent: event}
	switch err := windows.ConnectNamedPipe(l.next, &state); err {
	case nil, windows.ERROR_PIPE_CONNECTED:
		return nil
	case windows.ERROR_IO_PENDING:
	case windows.ERROR_NO_DATA: // somebody connected and has hung up since
		return errors.Join(windows.DisconnectNamedPipe(l.next), err)
	default:
		return err
	}
	happened, err := windows.WaitForMultipleObjects([]windows.Handle{event, l.closing}, false, windows.INFINITE)
	var n uint32
	if err != nil || happened != windows.WAIT_OBJECT_0 {
		_ = windows.CancelIoEx(l.next, &state)
		_ = windows.GetOverlappedResult(l.next, &state, &n, true)
		return errors.Join(net.ErrClosed, err, windows.CloseHandle(l.next))
	}
	return windows.GetOverlappedResult(l.next, &state, &n, true)
}

// Close ends Accept.
func (l *listener) Close() (err error) {
	l.once.Do(func() { err = windows.SetEvent(l.closing) })
	return err
}

// Addr names the file that tells of the pipe.
func (l *listener) Addr() net.Addr { return pipeAddr(l.path) }

// hungUp reports whether the other end closed while it was written to.
func hungUp(err error) bool {
	return errors.Is(err, windows.ERROR_NO_DATA) || errors.Is(err, windows.ERROR_BROKEN_PIPE) || errors.Is(err, windows.ERROR_PIPE_NOT_CONNECTED)
}

// who returns the process at the other end, and our own user where it is the same one, whom the package os gives no number.
func who(conn net.Conn) (pid, uid int, err error) {
	var id uint32
	raw, err := conn.(*pipe).SyscallConn()
	if err != nil {
		return 0, 0, err
	}
	var asked error
	if err := raw.Control(func(h uintptr) { id, asked = otherEnd(windows.Handle(h)) }); err != nil || asked != nil {
		return 0, 0, errors.Join(err, asked)
	}
	same, err := sameUser(id)
	if err == nil && !same {
		return int(id), stranger, nil
	}
	return int(id), os.Geteuid(), err
}

// otherEnd returns the process at the other end of a pipe.
func otherEnd(pipe windows.Handle) (pid uint32, err error) {
	var flags uint32
	if err := windows.GetNamedPipeInfo(pipe, &flags, nil, nil, nil); err != nil {
		return 0, err
	}
	if flags&windows.PIPE_SERVER_END != 0 {
		err = windows.GetNamedPipeClientProcessId(pipe, &pid)
	} else {
		err = windows.GetNamedPipeServerProcessId(pipe, &pid)
	}
	return pid, err
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

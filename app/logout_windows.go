package main

import (
	"context"
	"runtime"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"vitrine/fusefs"
)

// endOfSession is how long Windows waits for a program before it offers the person to end it.
const endOfSession = 3 * time.Second

// logout ejects when the person logs out or shuts down. Windows asks windows, so there is one that is never shown, from
// the first mount on.
type logout struct {
	eject func(ctx context.Context, force bool) error
	begin sync.Once

	mu      sync.Mutex // guards mounted
	mounted bool
}

func newLogout(eject func(ctx context.Context, force bool) error) *logout {
	return &logout{eject: eject}
}

// follow is told every status of the drive, in order.
func (l *logout) follow(s fusefs.Status) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mounted = s.State == fusefs.Mounted || s.State == fusefs.Ejecting
	if l.mounted {
		l.begin.Do(func() { go l.listen() })
	}
}

func (*logout) close() {} // the window ends with the process

var (
	user32          = windows.NewLazySystemDLL("user32.dll")
	registerClass   = user32.NewProc("RegisterClassExW")
	createWindow    = user32.NewProc("CreateWindowExW")
	defWindow       = user32.NewProc("DefWindowProcW")
	getMessage      = user32.NewProc("GetMessageW")
	dispatchMessage = user32.NewProc("DispatchMessageW")
	holdUp          = user32.NewProc("ShutdownBlockReasonCreate")
	letGoOn         = user32.NewProc("ShutdownBlockReasonDestroy")
)

// sessionWindow names the class of the window that is never shown.
const sessionWindow = "VitrineSession"

// windowClass is WNDCLASSEXW.
type windowClass struct {
	size, style                        uint32
	procedure                          uintptr
	classExtra, windowExtra            int32
	instance, icon, cursor, background windows.Handle
	menu, name                         *uint16
	smallIcon                          windows.Handle
}

// windowMessage is MSG.
type windowMessage struct {
	window     windows.HWND
	message    uint32
	wide, long uintptr
	time       uint32
	x, y       int32
	_          uint32
}

// listen makes the window and answers its messages, which come to the thread that made it.
func (l *logout) listen() {
	runtime.LockOSThread()
	name := windows.StringToUTF16Ptr(sessionWindow)
	class := windowClass{procedure: windows.NewCallback(l.answer), name: name}
	class.size = uint32(unsafe.Sizeof(class))
	if ok, _, _ := registerClass.Call(uintptr(unsafe.Pointer(&class))); ok == 0 {
		return
	}
	window, _, _ := createWindow.Call(0, uintptr(unsafe.Pointer(name)), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	if window == 0 {
		return
	}
	var m windowMessage
	for {
		more, _, _ := getMessage.Call(uintptr(unsafe.Pointer(&m)), 0, 0, 0)
		if int32(more) <= 0 {
			return
		}
		dispatchMessage.Call(uintptr(unsafe.Pointer(&m)))
	}
}

// answer lets the session end once the drive is ejected.
func (l *logout) answer(window windows.HWND, message uint32, wide, long uintptr) uintptr {
	const queryEndSession = 0x11 // WM_QUERYENDSESSION
	if message != queryEndSession {
		result, _, _ := defWindow.Call(uintptr(window), uintptr(message), wide, long)
		return result
	}
	l.mu.Lock()
	mounted := l.mounted
	l.mu.Unlock()
	if mounted {
		why := windows.StringToUTF16Ptr("What programs saved is written to disk, and the drive is ejected")
		holdUp.Call(uintptr(window), uintptr(unsafe.Pointer(why)))
		defer letGoOn.Call(uintptr(window)) // the person may think better of it
		ejectBefore(l.eject, endOfSession)
	}
	return 1
}

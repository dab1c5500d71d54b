package main

import (
	"context"
	"errors"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"vitrine/fusefs"
)

var (
	findWindow  = user32.NewProc("FindWindowW")
	sendMessage = user32.NewProc("SendMessageW")
)

// endSession asks the hidden window as Windows does when the person logs out, and returns whether it agrees.
func endSession(t *testing.T) bool {
	t.Helper()
	name := windows.StringToUTF16Ptr(sessionWindow)
	for give := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		window, _, _ := findWindow.Call(uintptr(unsafe.Pointer(name)), 0)
		if window != 0 {
			agreed, _, _ := sendMessage.Call(window, 0x11, 0, 0) // WM_QUERYENDSESSION
			return agreed == 1
		}
		if time.Now().After(give) {
			t.Fatal("there is no window that the end of the session could be told")
		}
	}
}

// TestSessionEnds ends the session while the drive is mounted, with a file that is closed in time, and after the eject.
func TestSessionEnds(t *testing.T) {
	var polite, forced int
	l := newLogout(func(_ context.Context, force bool) error {
		if force {
			forced++
		} else if polite++; polite == 1 {
			return errors.New("a file is open")
		}
		return nil
	})
	l.follow(fusefs.Status{State: fusefs.Mounted})
	if !endSession(t) || polite != 2 || forced != 0 {
		t.Errorf("%d ejects, %d by force", polite, forced)
	}
	l.follow(fusefs.Status{State: fusefs.Unmounted})
	if !endSession(t) || polite != 2 || forced != 0 {
		t.Errorf("nothing is mounted: %d ejects, %d by force", polite, forced)
	}
}

package ui

/*
#cgo LDFLAGS: -lxcb
#include <stdlib.h>
#include <string.h>
#include <xcb/xcb.h>

static xcb_connection_t *display;
static xcb_atom_t wm_state;

// Errors come with the answers here; Xlib would end the program for a window that is gone.
static int open_display(void)
{
	const char *name = "WM_STATE";
	xcb_intern_atom_reply_t *atom;

	display = xcb_connect(NULL, NULL);
	if (xcb_connection_has_error(display))
		return 0;
	atom = xcb_intern_atom_reply(display, xcb_intern_atom(display, 0, strlen(name), name), NULL);
	if (!atom)
		return 0;
	wm_state = atom->atom;
	free(atom);
	return 1;
}

static int is_iconic(xcb_window_t window)
{
	xcb_get_property_reply_t *reply;
	int iconic = 0;

	reply = xcb_get_property_reply(display, xcb_get_property(display, 0, window, wm_state, wm_state, 0, 1), NULL);
	if (reply && xcb_get_property_value_length(reply) == 4)
		iconic = *(uint32_t *)xcb_get_property_value(reply) == 3;
	free(reply);
	return iconic;
}
*/
import "C"

import (
	"sync"
	"sync/atomic"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver"
)

// openDisplay says whether there is an X server to ask.
var openDisplay = sync.OnceValue(func() bool { return C.open_display() != 0 })

// minimised tells whether a window is minimised, which Fyne does not. The zero minimised says no until it has looked.
type minimised struct{ window atomic.Uint32 } // of the X server; 0 until it is known, and where there is none

// look finds out which window w is. It must be called on the UI goroutine, and again until the window is made.
func (m *minimised) look(w fyne.Window) {
	native, ok := w.(driver.NativeWindow)
	if !ok || m.window.Load() != 0 {
		return
	}
	native.RunNative(func(context any) {
		if x11, ok := context.(driver.X11WindowContext); ok {
			m.window.Store(uint32(x11.WindowHandle))
		}
	})
}

// is may be called from any goroutine. Where nobody knows, as under Wayland, it says no.
func (m *minimised) is() bool {
	w := m.window.Load()
	return w != 0 && openDisplay() && C.is_iconic(C.xcb_window_t(w)) != 0
}

package ui

import (
	"runtime"
	"time"
)

// Fyne's loop looks for events sixty times a second, also while no window is in sight. A nap is as long as nobody minds that
// an item of the tray's menu, or a program that pastes what was copied from the window, waits; in between, the loop has time
// for one look.
const (
	napTime   = 100 * time.Millisecond
	awakeTime = 10 * time.Millisecond
)

// doze lets the UI goroutine sleep in naps while no window is in sight. What is posted by do wakes it at once. Elsewhere than
// on Linux the system's own menus depend on that goroutine, and it does not doze.
type doze struct {
	ui    *UI
	nap   time.Duration
	on    bool          // naps follow each other
	alarm chan struct{} // holds one
}

func newDoze(u *UI) doze { return doze{ui: u, nap: napTime, alarm: make(chan struct{}, 1)} }

// begin is called on the UI goroutine when a window went out of sight.
func (d *doze) begin() {
	if runtime.GOOS == "linux" && !d.on {
		d.on = true
		d.next()
	}
}

func (d *doze) next() {
	time.AfterFunc(awakeTime, func() { d.ui.run(d.sleep) })
}

func (d *doze) sleep() {
	if d.ui.inSight() {
		d.on = false
		return
	}
	enough := time.NewTimer(d.nap)
	defer enough.Stop()
	select {
	case <-d.alarm:
	case <-d.ui.done:
	case <-enough.C:
	}
	d.next()
}

// wake may be called from any goroutine.
func (d *doze) wake() {
	select {
	case d.alarm <- struct{}{}:
	default:
	}
}

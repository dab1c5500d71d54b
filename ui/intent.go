package ui

import (
	"reflect"

	"fyne.io/fyne/v2"
)

// intent is what a person asked for and waits to see done.
type intent int

const (
	nothing intent = iota
	toMount
	toEject
	toRemount
	toQuit
)

// mount mounts by a click, and so shows the folder afterwards where the settings say so.
func (u *UI) mount(create bool) {
	u.ask(toMount)
	u.ctl.Mount(create, u.ctl.Settings().ShowFolder)
}

func (u *UI) eject(force bool) {
	u.ask(toEject)
	u.ctl.Eject(force)
}

// remount ejects and mounts again, for settings that apply at the next mount.
func (u *UI) remount() {
	u.ask(toRemount)
	u.ctl.Eject(false)
}

func (u *UI) quit(force bool) {
	u.ask(toQuit)
	u.ctl.Quit(force)
}

func (u *UI) ask(i intent) {
	u.asked, u.hidden = i, nil
}

// retry does again what failed.
func (u *UI) retry() {
	switch {
	case u.asked == toQuit:
		u.quit(false)
	case u.asked == toRemount:
		u.remount()
	case u.status.State == Mounted:
		u.eject(false)
	default:
		u.mount(false)
	}
}

// force ends what a refused eject left mounted.
func (u *UI) force() {
	if u.asked == toQuit {
		u.quit(true)
		return
	}
	u.eject(true)
}

// dismiss hides the problem; a quit that it stopped is given up.
func (u *UI) dismiss() {
	u.asked, u.hidden = nothing, u.status.Problem
	u.showStatus()
}

// showStatus brings everything that is shown in line with the controller.
func (u *UI) showStatus() {
	u.changed.Store(false)
	before, s := u.status, u.ctl.Status()
	if s.Problem == nil || !reflect.DeepEqual(s.Problem, u.hidden) {
		u.hidden = nil
	}
	if u.hidden != nil {
		s.Problem = nil
	}
	u.status = s
	u.follow(s)
	u.window.showStatus(s)
	if u.settings != nil {
		u.settings.showStatus(s)
	}
	if u.tray != nil {
		u.tray.showStatus(s)
	}
	if u.running && s.Problem != nil && !reflect.DeepEqual(s.Problem, before.Problem) {
		u.problemAppeared(s.Problem)
	}
}

// follow takes the next step of what the person asked for.
func (u *UI) follow(s Status) {
	switch {
	case s.Problem != nil:
	case u.asked == toRemount && s.State == Unmounted:
		u.asked = toMount
		u.ctl.Mount(false, false)
	case u.asked == toMount && s.State == Mounted, u.asked == toEject && s.State == Unmounted:
		u.asked = nothing
	}
}

// problemAppeared makes sure that the problem is seen: in the window where the person waits for an outcome, else by a
// notification, unless the controller sends one of its own. That one knows nothing of a quit.
func (u *UI) problemAppeared(p *Problem) {
	switch {
	case u.window.shown, p.Noticed && u.asked != toQuit:
	case u.asked != nothing || u.tray == nil:
		u.window.show()
	default:
		note := fyne.NewNotification(Name, p.What)
		go u.app.SendNotification(note) // asks the session bus, which may be slow
	}
}

package ui

import (
	"errors"
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// startSwitches are what happens at a login and at the start of the program. They show what is so at this moment: the
// desktop's own settings change it too. All methods work on nil, where nothing is known.
type startSwitches struct {
	starter      Starter
	box          *fyne.Container
	login, mount *widget.Check
	fault        *line // why the login is not known

	known           bool // the system has answered
	atLogin, mounts bool // its answer
	failed          bool // there is none about the login
}

func newStartSwitches(s Starter, edited func()) *startSwitches {
	w := &startSwitches{starter: s, fault: muted("")}
	w.login = widget.NewCheck(tr("Start at login"), func(bool) { edited() })
	w.mount = widget.NewCheck(tr("Mount on start"), func(bool) { edited() })
	w.box = container.New(layout.NewCustomPaddedVBoxLayout(0), container.New(tightGrid{}, w.login, w.mount), w.fault)
	w.fault.Hide()
	w.login.Disable()
	w.mount.Disable()
	return w
}

// look asks what is so, and shows it.
func (w *startSwitches) look(u *UI) {
	if w == nil {
		return
	}
	var atLogin, mounts bool
	var err error
	u.aside(func() {
		atLogin, err = w.starter.StartsAtLogin()
		mounts = w.starter.MountsOnStart()
	}, func() { w.show(atLogin, mounts, err) })
}

func (w *startSwitches) show(atLogin, mounts bool, err error) {
	w.known, w.failed, w.atLogin, w.mounts = true, err != nil, atLogin, mounts
	w.login.SetChecked(atLogin)
	w.mount.SetChecked(mounts)
	w.mount.Enable()
	if err != nil {
		w.login.Disable()
		w.fault.set(fmt.Sprintf(tr("What happens at login is not known: %v."), err), theme.ColorNameError)
		w.fault.Show()
		return
	}
	w.login.Enable()
	w.fault.Hide()
}

// changed says whether the person wants it otherwise than it is.
func (w *startSwitches) changed() bool {
	return w != nil && w.known && (w.login.Checked != w.atLogin || w.mount.Checked != w.mounts)
}

// wanted returns what makes it as the person wants it. That touches the disk.
func (w *startSwitches) wanted() func() error {
	if !w.changed() {
		return func() error { return nil }
	}
	login, mount := w.login.Checked, w.mount.Checked
	setLogin, setMount := !w.failed && login != w.atLogin, mount != w.mounts
	return func() error {
		var failed []error
		if setLogin {
			failed = append(failed, w.starter.SetStartsAtLogin(login))
		}
		if setMount {
			failed = append(failed, w.starter.SetMountsOnStart(mount))
		}
		return errors.Join(failed...)
	}
}

// noticeSwitch is one kind of notification.
type noticeSwitch struct {
	check *widget.Check
	of    func(*Notices) *bool
}

func newNoticeSwitches(edited func()) []noticeSwitch {
	of := func(text string, at func(*Notices) *bool) noticeSwitch {
		return noticeSwitch{widget.NewCheck(text, func(bool) { edited() }), at}
	}
	return []noticeSwitch{
		of(tr("mounted"), func(n *Notices) *bool { return &n.Mounted }),
		of(tr("ejected safely"), func(n *Notices) *bool { return &n.Ejected }),
		of(tr("in use at an eject"), func(n *Notices) *bool { return &n.InUse }),
		of(tr("an operation is stuck"), func(n *Notices) *bool { return &n.Stuck }),
		of(tr("errors begin"), func(n *Notices) *bool { return &n.Errors }),
		of(tr("the disk is in trouble"), func(n *Notices) *bool { return &n.Disk }),
	}
}

// tightGrid puts objects into two columns, without room between the rows.
type tightGrid struct{}

func (tightGrid) MinSize(o []fyne.CanvasObject) fyne.Size {
	var cell fyne.Size
	for _, c := range o {
		cell = cell.Max(c.MinSize())
	}
	return fyne.NewSize(2*cell.Width, cell.Height*float32((len(o)+1)/2))
}

func (g tightGrid) Layout(o []fyne.CanvasObject, s fyne.Size) {
	height := g.MinSize(o[:1]).Height
	for i, c := range o {
		c.Move(fyne.NewPos(float32(i%2)*s.Width/2, float32(i/2)*height))
		c.Resize(fyne.NewSize(s.Width/2, height))
	}
}

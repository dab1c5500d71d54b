package ui

import (
	"fmt"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/systray"

	"vitrine/assets"
	"vitrine/fusefs/activity"
)

// trayInterval is how often the tooltip and the busy icon are brought up to date while mounted.
const trayInterval = time.Second

// traySpacing is the least time between two messages about icon and tooltip to the desktop. It answers each by asking
// for all properties, and godbus lets an icon that is set meanwhile slip into the answer that is being sent.
const traySpacing = 500 * time.Millisecond

// longInFlight is how long an operation must run to count as busy although no bytes flow.
const longInFlight = time.Second

// trayFace is all that the tray shows. Two equal faces need no update: each costs a message to the desktop.
type trayFace struct {
	icon    trayIcon
	tooltip string
	menu    trayMenu
}

type trayIcon int

const (
	iconNone trayIcon = iota
	iconUnmounted
	iconMounted
	iconBusy
	iconError
)

// trayMenu is what changes in the menu.
type trayMenu struct {
	action   string // the first item
	disabled bool   // of the first item
	folder   bool   // the folder can be opened
}

// tray is the icon in the desktop's panel.
type tray struct {
	ui     *UI
	desk   desktop.App
	menu   *fyne.Menu // one for the whole life: Fyne shows the first it was given again when the tray is ready
	shown  trayFace
	snap   *activity.Snapshot // nil while nothing is mounted
	ticker ticker[*activity.Snapshot]

	told    time.Time // when the desktop was last told
	waiting bool      // a message waits for its time
	gone    bool      // nobody can be told any more
}

func newTray(u *UI) *tray {
	desk, ok := u.app.(desktop.App)
	if !ok {
		return nil
	}
	t := &tray{ui: u, desk: desk, menu: fyne.NewMenu(Name)}
	t.ticker = newTicker(u, trayInterval, u.ctl.Activity, t.showActivity)
	return t
}

// start hands the tap handler over. It must stand before Fyne's loop begins: the tray reads it from there on.
func (t *tray) start() {
	systray.SetOnTapped(func() { t.ui.do(t.ui.trayTapped) })
	t.told = time.Now()
}

// trayTapped answers a left click.
func (u *UI) trayTapped() {
	switch u.status.State {
	case Unmounted:
		u.mount(false)
	case Mounted:
		u.window.toggle()
	default:
		u.window.show()
	}
}

func (t *tray) showStatus(s Status) {
	if s.State == Mounted {
		t.ticker.start()
	} else {
		t.ticker.stop()
		t.snap = nil
	}
	t.show()
}

func (t *tray) showActivity(s *activity.Snapshot) {
	if t.ui.status.State == Mounted {
		t.snap = s
		t.show()
	}
}

// show updates what differs from what is shown: the menu at once, the rest when its time has come.
func (t *tray) show() {
	f := faceOf(t.ui.status, t.snap)
	if f.menu != t.shown.menu {
		t.menu.Items = t.ui.menuItems(f.menu)
		t.desk.SetSystemTrayMenu(t.menu)
		t.shown.menu = f.menu
	}
	if f == t.shown || t.waiting || t.gone {
		return
	}
	if wait := traySpacing - time.Since(t.told); wait > 0 {
		t.waiting = true
		time.AfterFunc(wait, func() {
			t.ui.do(func() {
				t.waiting = false
				t.show()
			})
		})
		return
	}
	t.tell(f)
}

// tell sends icon and tooltip to the desktop. The library panics where the session bus is gone: at the end of the program,
// when it has hung up before it says so, or because the desktop ended. There is nobody to show an icon to then.
func (t *tray) tell(f trayFace) {
	defer func() {
		if recover() != nil {
			t.gone = true
		}
	}()
	if f.icon != t.shown.icon {
		t.showIcon(f.icon)
	}
	if f.tooltip != t.shown.tooltip {
		systray.SetTooltip(f.tooltip)
		systray.SetTitle(Name) // SetTooltip tells the desktop nothing; a title makes it ask for all again
	}
	t.shown, t.told = f, time.Now()
}

var iconResources = map[trayIcon]func() fyne.Resource{
	iconUnmounted: resource("unmounted.png", assets.TrayUnmounted),
	iconMounted:   resource("mounted.png", assets.TrayMounted),
	iconBusy:      resource("busy.png", assets.TrayBusy),
	iconError:     resource("error.png", assets.TrayError),
}

func resource(name string, content func() []byte) func() fyne.Resource {
	return func() fyne.Resource { return fyne.NewStaticResource(name, content()) }
}

// faceOf says how the tray looks. The snapshot may be nil.
func faceOf(s Status, a *activity.Snapshot) trayFace {
	return trayFace{icon: iconOf(s, a), tooltip: tooltipOf(s, a), menu: menuOf(s)}
}

func iconOf(s Status, a *activity.Snapshot) trayIcon {
	switch {
	case s.State == Failed || s.Problem != nil:
		return iconError
	case s.State == Mounting || s.State == Ejecting:
		return iconBusy
	case s.State == Mounted && a != nil && busy(a):
		return iconBusy
	case s.State == Mounted:
		return iconMounted
	default:
		return iconUnmounted
	}
}

func busy(a *activity.Snapshot) bool {
	if a.ReadRate >= 1 || a.WriteRate >= 1 {
		return true
	}
	return len(a.InFlight) > 0 && time.Duration(a.InFlight[0].Duration) >= longInFlight
}

func menuOf(s Status) trayMenu {
	label, enabled := actionOf(s.State)
	return trayMenu{action: label, disabled: !enabled, folder: s.State == Mounted}
}

// actionOf names what the main button and the first menu item do.
func actionOf(s State) (label string, enabled bool) {
	switch s {
	case Mounting:
		return tr("Mounting…"), false
	case Mounted:
		return tr("Eject"), true
	case Ejecting:
		return tr("Ejecting…"), false
	default:
		return tr("Mount"), true
	}
}

// act does what actionOf names.
func (u *UI) act() {
	switch u.status.State {
	case Mounted:
		u.eject(false)
	case Unmounted, Failed:
		u.mount(false)
	}
}

func (u *UI) menuItems(m trayMenu) []*fyne.MenuItem {
	action := fyne.NewMenuItem(m.action, u.act)
	action.Disabled = m.disabled
	folder := fyne.NewMenuItem(tr("Open folder"), u.ctl.OpenFolder)
	folder.Disabled = !m.folder
	quit := fyne.NewMenuItem(tr("Quit"), func() { u.quit(false) })
	quit.IsQuit = true // else Fyne adds an item of its own, which quits without ejecting
	return []*fyne.MenuItem{
		action,
		folder,
		fyne.NewMenuItemSeparator(),
		fyne.NewMenuItem(tr("Activity…"), u.window.show),
		fyne.NewMenuItem(tr("Settings…"), u.showSettings),
		fyne.NewMenuItemSeparator(),
		quit,
	}
}

func tooltipOf(s Status, a *activity.Snapshot) string {
	switch {
	case s.Problem != nil:
		return Name + " – " + s.Problem.What
	case s.State == Failed:
		return Name + " – " + tr("not mounted")
	case s.State == Mounting:
		return withProgress(tr("mounting"), s.Progress)
	case s.State == Ejecting:
		return withProgress(tr("ejecting"), s.Progress)
	case s.State == Unmounted:
		return Name + " – " + tr("nothing is mounted")
	}
	parts := []string{fmt.Sprintf(tr("%s – mounted on %s"), Name, tilde(s.MountPoint))}
	if s.ReadOnly {
		parts[0] += " " + tr("(read-only)")
	}
	if a == nil {
		return parts[0]
	}
	if a.WriteRate >= 1 {
		parts = append(parts, fmt.Sprintf(tr("writing %s"), rate(a.WriteRate)))
	}
	if a.ReadRate >= 1 {
		parts = append(parts, fmt.Sprintf(tr("reading %s"), rate(a.ReadRate)))
	}
	if n := len(a.Open); n == 1 {
		parts = append(parts, tr("1 open file"))
	} else if n > 1 {
		parts = append(parts, fmt.Sprintf(tr("%s open files"), count(n)))
	}
	if n := len(a.InFlight); n > 0 {
		parts = append(parts, fmt.Sprintf(tr("%s in flight"), count(n)))
	}
	if a.Errors > 0 {
		parts = append(parts, fmt.Sprintf(tr("errors: %s"), count(a.Errors)))
	}
	return strings.Join(parts, " · ")
}

func withProgress(what, progress string) string {
	if progress == "" {
		return Name + " – " + what
	}
	return Name + " – " + what + ": " + progress
}

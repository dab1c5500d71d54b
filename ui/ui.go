package ui

import (
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"

	"vitrine/assets"
)

// Name is the program's name as a person reads it.
const Name = "Vitrine"

// ErrEnded is what Run returns when the window system or a signal (SIGINT, SIGTERM: Fyne ends its loop by itself)
// ended the program before Stop was called. Nothing was ejected then.
var ErrEnded = errors.New("the user interface was ended from outside")

// Failure is a panic of the user interface, which ended it.
type Failure struct {
	Cause any // what it panicked with
	Stack []byte
}

func (f *Failure) Error() string {
	return fmt.Sprintf("the user interface failed: %v\n%s", f.Cause, f.Stack)
}

// Options say how the program was started.
type Options struct {
	AppID      string // reverse domain name, e.g. "app.vitrine.Vitrine"
	Version    string
	Tray       bool   // a session bus and a tray host were found; without, no tray is made and the window is shown
	ShowWindow bool   // show the activity window at once
	Welcome    bool   // it never ran before: the window asks what to mount
	NoInPlace  bool   // the system cannot mount over a folder that has files
	Notice     string // a line shown in the window until it is dismissed, e.g. why there is no tray
}

// UI is the tray, the activity window and the settings window of the program. There is one per process.
type UI struct {
	ctl  Controller
	opts Options
	app  fyne.App

	tray     *tray // nil without a tray
	window   *window
	settings *settingsWindow

	asked  intent   // what the person asked for last, and is not yet done
	status Status   // as shown
	hidden *Problem // the problem that the person dismissed

	running bool // Run was called

	changed atomic.Bool   // a change of status is on its way to the UI goroutine
	stopped atomic.Bool   // Stop was called
	over    atomic.Bool   // nothing is shown any more
	done    chan struct{} // closed when over is set

	folders func(folder string) ([]string, error) // names the folders in a folder; it may take for ever

	post func(func()) // runs a function on the UI goroutine, soon
	doze doze
	turn sync.Mutex // held while a function runs that was posted
}

// New makes the user interface for c. It must be called on the main goroutine. Nothing is shown before Run.
func New(c Controller, o Options) *UI {
	icon := fyne.NewStaticResource("vitrine.png", assets.AppIcon)
	app.SetMetadata(fyne.AppMetadata{ID: o.AppID, Name: Name, Version: o.Version, Icon: icon})
	a := app.NewWithID(o.AppID)
	a.SetIcon(icon)
	return build(a, c, o)
}

func build(a fyne.App, c Controller, o Options) *UI {
	u := &UI{ctl: c, opts: o, app: a, done: make(chan struct{}), post: fyne.Do, folders: foldersIn}
	u.doze = newDoze(u)
	a.Settings().SetTheme(newTheme())
	newWindow(u)
	if o.Tray {
		u.tray = newTray(u)
	}
	c.OnChange(u.statusChanged)
	u.showStatus()
	return u
}

// Run shows the tray, and the window where there is no tray, a problem, or Options ask for it. It blocks until Stop was called,
// and returns nil then. Otherwise it returns ErrEnded, or what broke the user interface. It must be called on the
// main goroutine.
func (u *UI) Run() error {
	if u.stopped.Load() {
		return nil
	}
	u.app.Lifecycle().SetOnStopped(u.end)
	u.running = true
	if u.tray == nil || u.opts.ShowWindow || u.opts.Welcome || u.status.Problem != nil {
		u.window.show()
	}
	if u.tray != nil {
		u.tray.start()
	}
	u.doze.begin()
	err := u.runLoop()
	u.end()
	if u.stopped.Load() {
		return nil
	}
	return err
}

// runLoop runs Fyne's loop. A panic in it must not keep the caller from ejecting; also, Fyne's tray panics on the way
// out when the session bus went away while the program ran.
func (u *UI) runLoop() (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case left:
			err = ErrEnded
		default:
			err = &Failure{Cause: r, Stack: debug.Stack()}
		}
	}()
	u.app.Run()
	return ErrEnded
}

// left is what leave panics with.
type left struct{}

// leave ends Fyne's loop from within. Its own end waits for what it has just queued, and forgets that at times: then it waits
// for ever (Fyne 2.7, runGL in internal/driver/glfw/loop.go).
func (u *UI) leave() {
	u.end()
	u.app.Quit()
	panic(left{})
}

// end stops all updates. After its loop Fyne runs what is sent to the UI goroutine on any goroutine.
func (u *UI) end() {
	if !u.over.Swap(true) {
		close(u.done)
	}
}

// Stop ends Run. It may be called from any goroutine, also before Run, and more than once.
func (u *UI) Stop() {
	if !u.stopped.Swap(true) {
		u.end()
		u.post(u.leave)
	}
}

// ShowWindow shows and raises the activity window. It may be called from any goroutine.
func (u *UI) ShowWindow() {
	u.do(u.window.show)
}

// ShowSettings shows and raises the settings window. It may be called from any goroutine.
func (u *UI) ShowSettings() {
	u.do(u.showSettings)
}

// do runs f on the UI goroutine, soon.
func (u *UI) do(f func()) {
	u.run(f)
	u.doze.wake()
}

// run runs f on the UI goroutine, unless the program ends. Between the end of its loop and the moment in which we are told
// of it, Fyne runs what is posted at once, on the goroutine that posts it: then one of several at the same time is run.
func (u *UI) run(f func()) {
	if u.over.Load() {
		return
	}
	u.post(func() {
		if u.over.Load() || !u.turn.TryLock() {
			return
		}
		defer u.turn.Unlock()
		f()
	})
}

// inSight says whether a window is shown.
func (u *UI) inSight() bool { return u.window.shown || u.settings != nil && u.settings.shown }

// statusChanged may be called from any goroutine, many times in a row: one look at the status answers them all.
func (u *UI) statusChanged() {
	if !u.changed.Swap(true) {
		u.do(u.showStatus)
	}
}

// aside does work off the UI goroutine, and then, on it, what follows from the work.
func (u *UI) aside(work, then func()) {
	go func() {
		work()
		u.do(then)
	}()
}

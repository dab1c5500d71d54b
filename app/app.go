package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"vitrine/app/config"
	"vitrine/app/config/failure"
	"vitrine/app/control"
	"vitrine/app/crash"
	"vitrine/fusefs"
	"vitrine/ui"
)

// appOptions are what `vitrine` without a command was asked for.
type appOptions struct {
	showWindow bool
	atLogin    bool // the desktop may still be coming up
}

// runApp is `vitrine` without a command: tray and window, or the drive alone where there is no display. Where one runs
// already it shows that one's window.
func runApp(out, errOut io.Writer, o appOptions) error {
	place, err := control.Find()
	if err != nil {
		return err
	}
	release, err := place.Claim(traySocket, raise)
	if err != nil || release == nil {
		return err
	}
	defer release()
	end, crashes := watchCrashes(errOut)
	defer end()
	path, err := config.Path()
	if err != nil {
		return err
	}
	settings, err := config.Load(path)
	if err != nil {
		tellDesktop(err)
		return err
	}
	if err := display(); err != nil {
		fmt.Fprintf(errOut, "vitrine: no display (%v): mounting without tray and window\n", err)
		return runHeadless(out, errOut, settings)
	}
	return runDesktop(errOut, path, settings, o, crashes)
}

// tellDesktop shows why the program does not start, where there may be no terminal in which it could be read.
func tellDesktop(err error) {
	if display() != nil {
		return
	}
	to := newNotifier()
	to.show(notice{title: say(textf("Vitrine does not start")), body: sayError(err), urgent: true})
	to.close()
}

// raise lets the Vitrine that runs already show its window.
func raise(running *control.Peer) error {
	return running.Ask(context.Background(), control.Request{Do: control.DoOpen}, func(control.Reply) error { return nil })
}

// runDesktop shows tray and window until the person quits, or a signal ends it. It can be spoken to first of all: the
// desktop may be slow to say whether it has a tray.
func runDesktop(errOut io.Writer, path string, settings config.Config, o appOptions, crashes []crash.Report) error {
	_, err := os.Stat(path)
	options := ui.Options{AppID: appID, Version: version, Tray: true, ShowWindow: o.showWindow, Welcome: errors.Is(err, fs.ErrNotExist) && !o.atLogin, NoInPlace: !fusefs.MountsInPlace}
	f := &foreground{errOut: errOut}
	c := newController(path, settings, f.say)
	f.engine = c.engine
	defer c.notices.to.close()
	var wanted laterWindow
	defer c.answers(wanted.show).listen(traySocket, f.say)()
	if err := awaitTrayHost(o.atLogin); err != nil {
		options.Tray = false
		options.Notice = say(textf("There is no tray icon: %v. This window does everything it would.", err))
		fmt.Fprintf(errOut, "vitrine: no tray icon: %v\n", err)
	}
	if unknownLanguage != "" {
		fmt.Fprintf(errOut, "vitrine: the window does not know the language of %s and speaks English\n", printable(unknownLanguage))
	}
	f.signals = catchSignals()
	defer c.layoutKeeper.wait()
	c.showCrashes(crashes)
	window := ui.New(c, options)
	c.stop, c.window = window.Stop, window.ShowWindow
	wanted.is(window.ShowWindow)
	done := make(chan struct{})
	defer close(done)
	go c.notices.attend(c.engine.record.InFlight, done)
	if settings.MountOnStart {
		go c.mountOnStart()
	}
	var interrupted atomic.Bool // by a person with Ctrl-C
	end := sync.OnceValue(func() error { return errors.Join(f.ejectUntilFree(!interrupted.Load()), c.engine.close()) })
	over := make(chan struct{})
	go func() {
		interrupted.Store(<-f.signals == os.Interrupt)
		window.Interrupt()
		f.endWithout(over, end)
	}()
	err = window.Run()
	close(over)
	if err == nil { // the person quit, and the drive was ejected before
		return c.engine.close()
	}
	if errors.Is(err, ui.ErrEnded) { // by a signal, which Fyne may have caught first, or because the display is gone
		return end()
	}
	failed, ended := keepFailure(err), end()
	c.notices.to.show(notice{title: say(textf("The window failed")), body: config.Sentence(sayError(failed)), urgent: true})
	return errors.Join(failed, ended)
}

// laterWindow is a window that can be shown before it is there: it is then, once it is.
type laterWindow struct {
	mu     sync.Mutex // guards all below
	window func()     // shows it; nil until it is there
	wanted bool
}

func (l *laterWindow) show() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wanted = true
	if l.window != nil {
		l.window()
	}
}

// is tells how the window is shown from now on.
func (l *laterWindow) is(window func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.window = window
	if l.wanted {
		window()
	}
}

// windowPatience is how long the window may take to end after a signal. Fyne 2.7, which ends its loop by itself then, can
// wait for ever for an event that nobody handles any more.
const windowPatience = 2 * time.Second

// endWithout ends the program where the window does not, unless over is closed in time: the drive must be ejected.
func (f *foreground) endWithout(over <-chan struct{}, end func() error) {
	select {
	case <-over:
		return
	case <-time.After(windowPatience):
	}
	status := exitOK
	if err := end(); err != nil {
		f.say(err.Error())
		status = exitError
	}
	os.Exit(status)
}

// awaitTrayHost is trayHost, which at a login is given time: the program may be up before the desktop's panel is.
func awaitTrayHost(atLogin bool) error {
	err := trayHost()
	for give := time.Now().Add(loginPatience); atLogin && err != nil && time.Now().Before(give); err = trayHost() {
		time.Sleep(250 * time.Millisecond)
	}
	return err
}

// loginPatience is how long a desktop may take, after a login, until it has a tray.
const loginPatience = 30 * time.Second

// runHeadless mounts what the settings name and shows a status line until a signal ejects.
func runHeadless(out, errOut io.Writer, settings config.Config) error {
	settings, err := settings.Expand()
	if err != nil {
		return err
	}
	f := newForeground(out, errOut, settings.KeepEvents)
	f.socket = traySocket
	if err := f.engine.logTo(settings.LogFile, f.logFailed); err != nil {
		fmt.Fprintf(errOut, "vitrine: %v; going on without a log\n", err)
	}
	if err := f.metricsAt(settings.Metrics); err != nil {
		f.say(fmt.Sprintf("%v; going on without metrics", err))
	}
	f.patient = settings.MountOnStart
	line := newStatusLine(out, f.engine)
	defer line.end()
	return f.serve(func() (fusefs.Config, error) { return driveConfig(settings) }, line.show)
}

// driveConfig is the mount that settings ask for. The folders of a fresh start are made: those that a person named
// must exist, so that a slip of the pen does not make a new, empty drive.
func driveConfig(settings config.Config) (fusefs.Config, error) {
	standard, err := config.Default().Expand()
	if err != nil {
		return fusefs.Config{}, err
	}
	if settings.Backing == standard.Backing {
		if err := os.MkdirAll(settings.Backing, 0o700); err != nil {
			return fusefs.Config{}, failure.Textf("the folder that holds your files could not be made: %v", err)
		}
	}
	return fusefs.Config{
		Backing:    settings.Backing,
		MountPoint: settings.MountPoint,
		InPlace:    settings.InPlace,
		ReadOnly:   settings.ReadOnly,
		Fast:       settings.Fast,
		Create:     settings.MountPoint == standard.MountPoint,
	}, nil
}

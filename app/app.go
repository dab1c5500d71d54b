package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"vitrine/app/config"
	"vitrine/app/control"
	"vitrine/fusefs"
	"vitrine/ui"
)

// runApp is `vitrine` without a command: tray and window, or the drive alone where there is no display. Where one runs
// already it shows that one's window.
func runApp(out, errOut io.Writer, showWindow bool) error {
	place, err := control.Find()
	if err != nil {
		return err
	}
	release, err := place.Claim(traySocket, raise)
	if err != nil || release == nil {
		return err
	}
	defer release()
	path, err := config.Path()
	if err != nil {
		return err
	}
	settings, err := config.Load(path)
	if err != nil {
		return err
	}
	if err := display(); err != nil {
		fmt.Fprintf(errOut, "vitrine: no display (%v): mounting without tray and window\n", err)
		return runHeadless(out, errOut, settings)
	}
	return runDesktop(errOut, path, settings, showWindow)
}

// raise lets the Vitrine that runs already show its window.
func raise(running *control.Peer) error {
	return running.Ask(context.Background(), control.Request{Do: control.DoOpen}, func(control.Reply) error { return nil })
}

// runDesktop shows tray and window until the person quits, or a signal ends it.
func runDesktop(errOut io.Writer, path string, settings config.Config, showWindow bool) error {
	options := ui.Options{AppID: appID, Version: version, Tray: true, ShowWindow: showWindow}
	if err := trayHost(); err != nil {
		options.Tray = false
		options.Notice = fmt.Sprintf("There is no tray icon: %v. This window does everything it would.", err)
		fmt.Fprintf(errOut, "vitrine: no tray icon: %v\n", err)
	}
	c := newController(path, settings)
	f := &foreground{errOut: errOut, engine: c.engine, signals: catchSignals()}
	window := ui.New(c, options)
	c.stop = window.Stop
	defer c.answers(window.ShowWindow).listen(traySocket, f.say)()
	go func() {
		<-f.signals
		window.Interrupt()
	}()
	err := window.Run()
	if err == nil { // the person quit, and the drive was ejected before
		return c.engine.close()
	}
	if errors.Is(err, ui.ErrEnded) { // by a signal, which Fyne may have caught first, or because the display is gone
		err = nil
	}
	return errors.Join(err, f.ejectUntilFree(), c.engine.close())
}

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
	mount, err := driveConfig(settings)
	if err != nil {
		return err
	}
	line := newStatusLine(out, f.engine)
	defer line.end()
	return f.serve(mount, line.show)
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
			return fusefs.Config{}, fmt.Errorf("the folder that holds your files could not be made: %w", err)
		}
	}
	return fusefs.Config{
		Backing:    settings.Backing,
		MountPoint: settings.MountPoint,
		InPlace:    settings.InPlace,
		ReadOnly:   settings.ReadOnly,
		Create:     settings.MountPoint == standard.MountPoint,
	}, nil
}

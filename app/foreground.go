package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"vitrine/app/config"
	"vitrine/fusefs"
)

// mountOptions are what `vitrine mount` was asked for.
type mountOptions struct {
	config  fusefs.Config
	logFile string
}

// run mounts, and serves until a signal or something outside ejects.
func (m mountOptions) run(out, errOut io.Writer) error {
	if err := m.checkLog(); err != nil {
		return usageError{err}
	}
	f := newForeground(out, errOut, config.DefaultKeepEvents)
	f.socket = mountSocket()
	if m.logFile != "" {
		if err := f.engine.logTo(m.logFile, f.logFailed); err != nil {
			return errors.Join(err, f.engine.close())
		}
	}
	return f.serve(m.config, nil)
}

// checkLog refuses a log file below either folder, where every line of it would cause another.
func (m mountOptions) checkLog() error {
	if m.logFile == "" {
		return nil
	}
	c := config.Config{KeepEvents: config.DefaultKeepEvents}
	for to, path := range map[*string]string{&c.Backing: m.config.Backing, &c.MountPoint: m.config.MountPoint, &c.LogFile: m.logFile} {
		abs, err := filepath.Abs(path)
		if err != nil {
			return err
		}
		*to = abs
	}
	for _, wrong := range c.Check() {
		if wrong.Field == "LogFile" {
			return fmt.Errorf("--log %s: %s", m.logFile, wrong.Message)
		}
	}
	return nil
}

// foreground serves a drive in a terminal.
type foreground struct {
	out, errOut io.Writer
	socket      string // name of the one over which it is spoken to
	engine      *engine
	statuses    chan fusefs.Status // the newest status that was not looked at
	signals     chan os.Signal
}

func newForeground(out, errOut io.Writer, keep int) *foreground {
	f := &foreground{out: out, errOut: errOut, statuses: make(chan fusefs.Status, 1), signals: catchSignals()}
	f.engine = newEngine(keep, f.statusChanged)
	return f
}

// catchSignals takes over the signals that eject.
func catchSignals() chan os.Signal {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	return signals
}

func (f *foreground) statusChanged(s fusefs.Status) {
	select {
	case <-f.statuses:
	default:
	}
	f.statuses <- s
}

func (f *foreground) say(text string) { fmt.Fprintf(f.errOut, "vitrine: %s\n", text) }

func (f *foreground) logFailed(err error) {
	f.say(fmt.Sprintf("the log cannot be written any more: %v", err))
}

// serve mounts and returns when the drive is unmounted again. tick, which may be nil, is called once a second.
func (f *foreground) serve(c fusefs.Config, tick func()) (err error) {
	defer answersOf(f.engine).listen(f.socket, f.say)()
	defer func() { err = errors.Join(err, f.engine.close()) }()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go func() {
		select { // a signal while it mounts gives up; afterwards it is ejectUntilFree's
		case s := <-f.signals:
			stop()
			f.signals <- s
		case <-ctx.Done():
		}
	}()
	if err := f.engine.drive.Mount(ctx, c); err != nil {
		return explain(err)
	}
	stop()
	fmt.Fprintf(f.out, "mounted %s on %s\n", c.Backing, c.MountPoint)
	return f.await(tick)
}

// await returns when the drive is unmounted, by a signal or from outside.
func (f *foreground) await(tick func()) error {
	ticks := time.NewTicker(time.Second)
	defer ticks.Stop()
	for {
		select {
		case <-f.signals:
			return f.ejectUntilFree()
		case s := <-f.statuses:
			switch s.State {
			case fusefs.Unmounted:
				return nil
			case fusefs.Failed:
				return s.Problem
			}
		case <-ticks.C:
			if tick != nil {
				tick()
			}
		}
	}
}

// ejectUntilFree ejects, again and again while the drive is in use, and by force after another signal.
func (f *foreground) ejectUntilFree() error {
	err := f.engine.drive.Eject(context.Background(), false)
	if err != nil {
		fmt.Fprintf(f.errOut, "vitrine: %v\nIt is ejected as soon as that is over. Press Ctrl-C again to eject by force.\n", err)
	}
	for err != nil {
		select {
		case <-f.signals:
			return f.force()
		case <-time.After(250 * time.Millisecond):
		}
		err = f.engine.drive.Eject(context.Background(), false)
	}
	if s := f.engine.drive.Status(); s.State == fusefs.Failed {
		return s.Problem
	}
	return nil
}

var errForced = errors.New("ejected by force: programs that still had files open get errors from now on; what was written before is safe")

func (f *foreground) force() error {
	if err := f.engine.drive.Eject(context.Background(), true); err != nil {
		return err
	}
	return errForced
}

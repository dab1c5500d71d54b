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

	"github.com/coreos/go-systemd/v22/daemon"

	"vitrine/app/config"
	"vitrine/fusefs"
)

// mountOptions are what `vitrine mount` was asked for.
type mountOptions struct {
	config          fusefs.Config
	logFile         string
	metrics         string // address, "" for none
	metricsAnywhere bool   // the address may be one that other machines reach
}

// run mounts, and serves until a signal or something outside ejects.
func (m mountOptions) run(out, errOut io.Writer) error {
	if err := errors.Join(m.checkLog(), m.checkMetrics()); err != nil {
		return usageError{err}
	}
	end, _ := watchCrashes(errOut)
	defer end()
	f := newForeground(out, errOut, config.DefaultKeepEvents)
	f.socket = mountSocket()
	if err := f.engine.logTo(m.logFile, f.logFailed); err != nil {
		return errors.Join(err, f.engine.close())
	}
	if err := f.metricsAt(m.metrics); err != nil {
		return errors.Join(err, f.engine.close())
	}
	return f.serve(func() (fusefs.Config, error) { return m.config, nil }, nil)
}

// metricsAt serves metrics, and says where.
func (f *foreground) metricsAt(address string) error {
	err := f.engine.metricsAt(address)
	if f.engine.served != nil {
		f.say("metrics are at http://" + f.engine.served.Addr() + "/metrics")
	}
	return err
}

// checkMetrics refuses an address that is none, or that tells other machines what was not meant for them.
func (m mountOptions) checkMetrics() error {
	if m.metrics == "" {
		return nil
	}
	if err := config.CheckMetrics(m.metrics, m.metricsAnywhere); err != nil {
		return fmt.Errorf("--metrics %s: %w. With --metrics-anywhere other machines may read them", m.metrics, err)
	}
	return nil
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
			return fmt.Errorf("--log %s: %s", m.logFile, config.Sentence(wrong.Reason.String()))
		}
	}
	return nil
}

// foreground serves a drive in a terminal.
type foreground struct {
	out, errOut io.Writer
	socket      string // name of the one over which it is spoken to
	engine      *engine
	patient     bool               // wait for a backing folder that is not there yet
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
func (f *foreground) serve(wanted func() (fusefs.Config, error), tick func()) (err error) {
	waiting := &patience{drive: f.engine.drive, waiting: f.waiting}
	answers := &answers{engine: f.engine, status: waiting.status, eject: waiting.eject}
	defer answers.listen(f.socket, f.say)()
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
	c, err := f.mount(ctx, waiting, wanted)
	if f.patient && errors.Is(err, context.Canceled) {
		return nil // it was told to end while it waited
	}
	if err != nil {
		return explain(err)
	}
	stop()
	fmt.Fprintf(f.out, "mounted %s on %s\n", c.Backing, c.MountPoint)
	notify(daemon.SdNotifyReady)
	return f.await(tick)
}

func (f *foreground) mount(ctx context.Context, p *patience, wanted func() (fusefs.Config, error)) (fusefs.Config, error) {
	c, err := wanted()
	switch {
	case err != nil:
		return c, err
	case f.patient:
		return c, p.mount(ctx, wanted)
	}
	return c, f.engine.drive.Mount(ctx, c)
}

// waiting tells that a folder is waited for.
func (f *foreground) waiting(text string) {
	if text != "" {
		f.say(text)
	}
}

// await returns when the drive is unmounted, by a signal or from outside.
func (f *foreground) await(tick func()) error {
	ticks := time.NewTicker(time.Second)
	defer ticks.Stop()
	for {
		select {
		case s := <-f.signals:
			return f.ejectUntilFree(s == syscall.SIGTERM)
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

// endPatience is how long programs may hold files after the session has begun to end, which kills everybody a little
// later.
const endPatience = 20 * time.Second

// ejectPatience is how long one attempt waits for what stands against it.
const ejectPatience = 10 * time.Second

// ejectUntilFree ejects, again and again while the drive is in use, and by force after another signal, or where the
// session ends, which waits for nobody.
func (f *foreground) ejectUntilFree(sessionEnds bool) error {
	notify(daemon.SdNotifyStopping)
	err := f.tryEject()
	var late <-chan time.Time
	if err != nil {
		wait := "It is ejected as soon as that is over."
		if sessionEnds {
			late = time.After(endPatience)
			wait = fmt.Sprintf("It is ejected as soon as that is over, and by force after %d s.", int(endPatience.Seconds()))
		}
		fmt.Fprintf(f.errOut, "vitrine: %v\n%s Press Ctrl-C again to eject by force.\n", err, wait)
	}
	for err != nil {
		select {
		case <-f.signals:
			return f.force()
		case <-late:
			return f.force()
		case <-time.After(250 * time.Millisecond):
		}
		err = f.tryEject()
	}
	if s := f.engine.drive.Status(); s.State == fusefs.Failed {
		return s.Problem
	}
	return nil
}

// tryEject gives up what does not end, to look for another signal. A disk that takes its time is waited for.
func (f *foreground) tryEject() error {
	ctx, cancel := context.WithTimeout(context.Background(), ejectPatience)
	defer cancel()
	return f.engine.eject(ctx, false)
}

var errForced = errors.New("ejected by force: programs that still had files open get errors from now on; what was written before is safe")

func (f *foreground) force() error {
	if err := f.engine.eject(context.Background(), true); err != nil {
		return err
	}
	return errForced
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"vitrine/app/control"
	"vitrine/fusefs"
	"vitrine/fusefs/activity"
)

// answers is what a running Vitrine answers to the commands that speak to it.
type answers struct {
	engine *engine
	status func() fusefs.Status
	eject  func(ctx context.Context, force bool) error
	show   func() // shows the window; nil without one
}

// listen answers at the socket of that name. The program goes on without one, and says why: the drive is what matters.
func (a *answers) listen(name string, say func(string)) (end func()) {
	place, err := control.Find()
	if err == nil {
		var server *control.Server
		if server, err = place.Listen(name, a.handle); err == nil {
			return func() { _ = server.Close() }
		}
	}
	say(fmt.Sprintf("'vitrine status' and 'vitrine eject' cannot reach this process: %v", err))
	return func() {}
}

// mountSocket names the socket of a `vitrine mount`.
func mountSocket() string { return fmt.Sprintf("mount-%d", os.Getpid()) }

// traySocket names the socket of a `vitrine`, of which there is one.
const traySocket = "tray"

func (a *answers) handle(ctx context.Context, r control.Request, send func(control.Reply) error) error {
	switch r.Do {
	case control.DoStatus:
		s := a.statusNow(a.engine.activity())
		return send(control.Reply{Status: &s})
	case control.DoTop:
		return send(control.Reply{Frame: a.frame()})
	case control.DoOpen:
		return a.open()
	case control.DoEject:
		return a.ejectNow(ctx, r.Force, send)
	case control.DoTail:
		return a.tail(ctx, r.Filter, send)
	}
	return fmt.Errorf("the running Vitrine (%s) knows nothing of %q: quit it and start it again", version, r.Do)
}

func (a *answers) open() error {
	if a.show == nil {
		return fmt.Errorf("Vitrine runs without a window (process %d), because it was started where there is no display. 'vitrine top' shows what passes through its drive", os.Getpid())
	}
	a.show()
	return nil
}

func (a *answers) statusNow(s *activity.Snapshot) control.Status {
	drive := a.status()
	now := control.Status{
		PID: os.Getpid(), Vitrine: version, Window: a.show != nil, State: drive.State.String(), Since: drive.Since,
		Backing: drive.Backing, MountPoint: drive.MountPoint, ReadOnly: drive.ReadOnly, Fast: drive.Fast, Progress: drive.Progress.String(),
		Totals: control.Totals{
			Open: len(s.Open), InFlight: len(s.InFlight), ReadRate: s.ReadRate, WriteRate: s.WriteRate, OpRate: s.OpRate,
			Read: s.Read, Written: s.Written, Operations: s.Count, Errors: s.Errors, Dropped: s.Dropped,
		},
	}
	if drive.Problem != nil {
		now.Problem = drive.Problem.Error()
	}
	return now
}

func (a *answers) frame() *control.Frame {
	s := a.engine.activity()
	f := &control.Frame{Status: a.statusNow(s)}
	for _, o := range s.Open[:min(len(s.Open), control.MaxRows)] {
		f.Files = append(f.Files, control.File{
			Path: o.Path, PID: o.PID, Process: o.Proc, Read: o.Read, Written: o.Written, ReadRate: o.ReadRate, WriteRate: o.WriteRate,
		})
	}
	for i, e := range s.InFlight[:min(len(s.InFlight), control.MaxRows)] {
		o := control.Operation{Op: e.Op.String(), Path: e.Path, PID: e.PID, Process: e.Proc, Age: time.Duration(e.Duration)}
		if s.Waits != nil {
			o.Waits = s.Waits[i].String()
		}
		f.Busy = append(f.Busy, o)
	}
	for _, o := range s.Ops {
		l := o.All
		f.Ops = append(f.Ops, control.Latency{
			Op: o.Op.String(), Count: l.Count, Errors: l.Errors, P50: l.P50, P95: l.P95, P99: l.P99, Max: l.Max,
		})
	}
	return f
}

// ejectNow ejects, and sends what it waits for, once a second at least: so the caller knows that it is not forgotten.
func (a *answers) ejectNow(ctx context.Context, force bool, send func(control.Reply) error) error {
	if s := a.status(); s.State == fusefs.Unmounted || s.State == fusefs.Failed {
		return errors.New("nothing is mounted")
	}
	done := make(chan error, 1)
	go func() { done <- a.eject(ctx, force) }()
	for again := time.NewTicker(time.Second); ; {
		select {
		case err := <-done:
			again.Stop()
			return ejectFailure(err)
		case <-again.C:
			if err := send(control.Reply{Progress: a.waitsFor()}); err != nil {
				return err
			}
		}
	}
}

func (a *answers) waitsFor() string {
	if text := a.status().Progress.String(); text != "" {
		return text
	}
	return "Ejecting"
}

func ejectFailure(err error) error {
	var problem *fusefs.Problem
	if errors.As(err, &problem) {
		return &control.Failure{Kind: string(problem.Kind), Message: problem.Error()}
	}
	return err
}

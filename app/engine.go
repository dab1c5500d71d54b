package main

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"vitrine/app/metrics"
	"vitrine/fusefs"
	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
)

// engine is a drive with its record and the model folded from it.
type engine struct {
	record *oplog.Recorder
	model  *activity.Model
	drive  *fusefs.Drive
	log    *oplog.LogWriter // nil without a log file
	served *metrics.Server  // nil without metrics
	disk   disk
	forced atomic.Bool // the last eject was
	logout *logout
}

// newEngine returns an unmounted drive whose newest keep operations are kept. changed is called with each new status.
func newEngine(keep int, changed func(fusefs.Status)) *engine {
	limitMemory(keep)
	return newEngineOf(oplog.Options{Keep: keep}, changed)
}

// newEngineOf is newEngine with a record of other sizes.
func newEngineOf(sizes oplog.Options, changed func(fusefs.Status)) *engine {
	e := &engine{record: oplog.New(sizes)}
	e.logout = newLogout(e.eject)
	before := fusefs.Unmounted
	e.drive = fusefs.NewDrive(e.record, func(s fusefs.Status) {
		if s.State == fusefs.Mounting && before != s.State {
			e.model.Reset() // handles and totals are those of one mount
		}
		before = s.State
		e.disk.follow(s)
		e.logout.follow(s)
		changed(s)
	})
	e.model = activity.New(activity.Options{
		Handles:      e.drive.OpenHandles,
		InFlight:     e.record.InFlight,
		Clock:        e.record.Clock,
		Recorded:     e.record.Recorded,
		DroppedBytes: e.record.DroppedBytes,
		Source:       newSources(func() string { return e.drive.Status().MountPoint }),
		Wait:         e.disk.wait,
	})
	e.record.Attach(e.model)
	return e
}

// activity returns the state of the model with all in it that was recorded before the call. A sink must not call it.
func (e *engine) activity() *activity.Snapshot {
	e.record.Flush()
	return e.model.Snapshot()
}

// eject ejects the drive.
func (e *engine) eject(ctx context.Context, force bool) error {
	e.forced.Store(force)
	return e.drive.Eject(ctx, force)
}

// logTo writes every operation from now on to the file, "" for none. failed is told once when writing fails.
func (e *engine) logTo(file string, failed func(error)) error {
	if e.log != nil {
		e.record.Detach(e.log)
		e.log.Close()
		e.log = nil
	}
	if file == "" {
		return nil
	}
	log, err := oplog.OpenLog(file, oplog.LogOptions{OnError: failed})
	if err != nil {
		return err
	}
	e.log = log
	e.record.Attach(log)
	return nil
}

// metricsAt serves metrics at an address, "" for nowhere, until the engine is closed.
func (e *engine) metricsAt(address string) error {
	if address == "" {
		return nil
	}
	sink := metrics.NewSink(version, metrics.Source{
		Flush:        e.record.Flush,
		Mounted:      func() bool { s := e.drive.Status().State; return s == fusefs.Mounted || s == fusefs.Ejecting },
		Open:         func() int { return len(e.drive.OpenHandles()) },
		InFlight:     e.record.InFlightCount,
		Dropped:      e.record.Dropped,
		DroppedBytes: e.record.DroppedBytes,
	})
	served, err := metrics.Serve(address, sink)
	if err != nil {
		return err
	}
	e.served = served
	e.record.Attach(sink)
	return nil
}

// saveLog writes all kept operations as NDJSON, and behind them those that are in flight. These are asked for first: one that
// ends meanwhile is there twice, as a begin and as an end, and none is left out.
func (e *engine) saveLog(w io.Writer) error {
	begun := e.record.InFlight()
	e.record.Flush()
	events, _ := e.record.History().All()
	return oplog.WriteNDJSON(w, append(events, begun...))
}

// close ends the record; the drive is unmounted before.
func (e *engine) close() error {
	e.logout.close()
	err := e.record.Close()
	if e.log != nil {
		err = errors.Join(err, e.log.Close())
	}
	if e.served != nil {
		err = errors.Join(err, e.served.Close())
	}
	return err
}

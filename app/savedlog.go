package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"vitrine/app/config"
	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
	"vitrine/fusefs/oplog/export"
	"vitrine/ui"
)

// savedLog is a log that was saved, as a record that can be looked at.
type savedLog struct {
	file    string
	history *oplog.History
	model   *activity.Model
	notice  string // what the person needs to know of it
}

// loadLog reads a log. One whose last line is cut is read as far as it goes.
func loadLog(file string) (*savedLog, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("the log cannot be read: %w", err)
	}
	defer f.Close()
	events, cut, err := readLog(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(events) == 0 {
		return nil, fmt.Errorf("%s holds no operation. Choose a file that was written with --log or saved from the log", file)
	}
	missing := align(events)
	l := &savedLog{file: file, history: oplog.NewHistory(len(events))}
	last := events[len(events)-1]
	l.model = activity.New(activity.Options{Clock: func() (wall, mono int64) { return last.Wall + last.Duration, last.Mono + last.Duration }})
	l.history.Collect(events, missing)
	l.model.Collect(events, missing)
	l.notice = say(textf("%s: %s operations from %s to %s.", file, ui.Count(len(events)), moment(events[0].Wall), moment(last.Wall)))
	if missing > 0 {
		l.notice += say(textf(" %s more are missing in it.", ui.Count(int(missing))))
	}
	if cut != nil {
		l.notice += " " + config.Sentence(say(textf(export.CutFormat, cut.Line)))
	}
	return l, nil
}

func moment(wall int64) string { return time.Unix(0, wall).Format("2006-01-02 15:04:05") }

// readLog returns what a log holds, the newest operations where it holds more than can be kept. cut is set where its last
// line is cut.
func readLog(r io.Reader) (events []oplog.Event, cut *export.LineError, err error) {
	for e, err := range export.Read(r) {
		var line *export.LineError
		switch {
		case errors.As(err, &line) && line.Cut:
			return events, line, nil
		case err != nil:
			return nil, nil, err
		}
		if len(events) == config.MaxKeepEvents {
			events = append(events[:0], events[len(events)/2:]...)
		}
		events = append(events, e)
	}
	return events, nil, nil
}

// align makes one record of a log to which several runs of the program were written: each began to count sequence
// numbers, handles and time anew. It returns how many operations are missing.
func align(events []oplog.Event) (missing uint64) {
	var seq, handle, newest uint64 // that runs before this one ended with, and the newest of this one
	var highest uint64
	began := events[0].Wall - events[0].Mono
	for i := range events {
		e := &events[i]
		if e.Seq != 0 && e.Seq <= newest {
			seq, handle, newest = seq+newest, highest, 0
		}
		if e.Seq != 0 {
			if newest != 0 {
				missing += e.Seq - newest - 1
			}
			newest = e.Seq
		}
		e.Seq = addUnlessZero(e.Seq, seq)
		e.Handle = addUnlessZero(e.Handle, handle)
		highest = max(highest, e.Handle)
		if seq > 0 {
			e.Mono = e.Wall - began
		}
	}
	return missing
}

// addUnlessZero adds to a number that is not 0, which stands for none.
func addUnlessZero(n, more uint64) uint64 {
	if n == 0 {
		return 0
	}
	return n + more
}

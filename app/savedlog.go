package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"vitrine/app/config"
	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
	"vitrine/fusefs/oplog/export"
	"vitrine/ui"
)

// savedLog is a log that was saved, as a record that can be looked at.
type savedLog struct {
	file     string
	history  *oplog.History
	model    *activity.Model
	inFlight []oplog.Event // at its end, oldest first
	notice   string        // what the person needs to know of it
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
	found := align(events)
	l := &savedLog{file: file, history: oplog.NewHistory(len(events))}
	end := endOf(events)
	l.inFlight = unended(events, found.run, end)
	l.model = activity.New(activity.Options{
		Clock:    func() (wall, mono int64) { return end.wall, end.mono },
		InFlight: func() []oplog.Event { return l.inFlight },
	})
	l.history.Collect(events, found.missing)
	l.model.Collect(events, found.missing)
	l.notice = l.introduce(events[0].Wall, end.wall, found, cut)
	return l, nil
}

// introduce says what the log holds, and what it does not.
func (l *savedLog) introduce(from, to int64, found alignment, cut *export.LineError) string {
	first, next := l.history.Bounds()
	text := say(textf("%s: %s operations from %s to %s.", l.file, ui.Count(int(next-first)), moment(from), moment(to)))
	if n := len(l.inFlight); n > 0 {
		text += say(textf(" At its end %s are in flight.", ui.Count(n)))
	}
	if found.filtered {
		text += say(textf(" They are those that a filter let through."))
	}
	if found.missing > 0 {
		text += say(textf(" %s more are missing in it.", ui.Count(int(found.missing))))
	}
	if cut != nil {
		text += " " + config.Sentence(say(textf(export.CutFormat, cut.Line)))
	}
	return text
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

// alignment is what align found.
type alignment struct {
	missing  uint64 // operations that are not in the log though no filter left them out
	filtered bool   // a filter left out others
	run      int    // where the last run begins
}

// align makes one record of a log to which several runs of the program were written: each began to count sequence
// numbers, handles and time anew.
func align(events []oplog.Event) (found alignment) {
	var seq, handle, newest uint64 // that runs before this one ended with, and the newest of this one
	var highest uint64
	began := events[0].Wall - events[0].Mono
	for i := range events {
		e := &events[i]
		if e.Seq != 0 && e.Seq <= newest {
			seq, handle, newest = seq+newest, highest, 0
			found.run = i
		}
		if e.Seq != 0 {
			filtered := e.Flags&oplog.Filtered != 0
			if newest != 0 && !filtered {
				found.missing += e.Seq - newest - 1
			}
			found.filtered = found.filtered || filtered
			newest = e.Seq
		}
		e.Seq = addUnlessZero(e.Seq, seq)
		e.Handle = addUnlessZero(e.Handle, handle)
		highest = max(highest, e.Handle)
		if seq > 0 {
			e.Mono = e.Wall - began
		}
	}
	return found
}

// instant is a time by both clocks of a record.
type instant struct{ wall, mono int64 }

// endOf is the time when the last of the operations ended, or was seen in flight.
func endOf(events []oplog.Event) (end instant) {
	for i := range events {
		if e := &events[i]; e.Wall+e.Duration > end.wall {
			end.wall, end.mono = e.Wall+e.Duration, e.Mono+e.Duration
		}
	}
	return end
}

// unended returns the operations that were seen in flight since the last run began, and whose end is not in the log,
// oldest first, as old as they are at its end.
func unended(events []oplog.Event, run int, end instant) []oplog.Event {
	type start struct {
		wall, offset int64
		op           oplog.Op
		pid          int32
	}
	of := func(e *oplog.Event) start { return start{e.Wall, e.Offset, e.Op, e.PID} }
	seen := make(map[start]oplog.Event)
	for _, e := range events[run:] {
		if e.Flags&oplog.InFlight != 0 {
			e.Duration = end.wall - e.Wall
			seen[of(&e)] = e
		}
	}
	for i := range events {
		if e := &events[i]; e.Flags&oplog.InFlight == 0 {
			delete(seen, of(e))
		}
	}
	return slices.SortedFunc(maps.Values(seen), func(a, b oplog.Event) int { return cmp.Compare(a.Wall, b.Wall) })
}

// addUnlessZero adds to a number that is not 0, which stands for none.
func addUnlessZero(n, more uint64) uint64 {
	if n == 0 {
		return 0
	}
	return n + more
}

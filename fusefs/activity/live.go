package activity

import (
	"math"

	"vitrine/fusefs/oplog"
)

// InFlightSeq is the least of the sequence numbers that WithInFlight gives: the record will never come to it.
const InFlightSeq = uint64(1) << 63

// WithInFlight returns the events of a history and behind them those in flight, as events that took up to now and are numbered
// from InFlightSeq on, for NewStory to tell of both. One that has ended since, and so is in the history, is left out.
func WithInFlight(events, inFlight []oplog.Event) []oplog.Event {
	ended := endedSince(events, inFlight)
	all := append(make([]oplog.Event, 0, len(events)+len(inFlight)), events...)
	for i := range inFlight {
		e := inFlight[i]
		if ended[beginOf(&e)] {
			continue
		}
		e.Seq, e.Flags = InFlightSeq+uint64(i), e.Flags|oplog.InFlight
		all = append(all, e)
	}
	return all
}

// endedSince tells which operations in flight the history holds nevertheless.
func endedSince(events, inFlight []oplog.Event) map[begin]bool {
	oldest := int64(math.MaxInt64)
	waited := make(map[begin]bool, len(inFlight))
	for i := range inFlight {
		oldest = min(oldest, inFlight[i].Mono)
		waited[beginOf(&inFlight[i])] = true
	}
	ended := make(map[begin]bool)
	for i := range events {
		if e := &events[i]; e.Mono >= oldest && waited[beginOf(e)] {
			ended[beginOf(e)] = true
		}
	}
	return ended
}

// SeqOf finds an operation that was seen in flight, whether it has ended since or not, and returns its sequence number; 0
// where it is not among the events.
func SeqOf(events []oplog.Event, seen *oplog.Event) uint64 {
	for i := len(events) - 1; i >= 0; i-- {
		if beginOf(&events[i]) == beginOf(seen) {
			return events[i].Seq
		}
	}
	return 0
}

// NewestOn returns the sequence number of the newest operation on a handle that has ended, or where none has, of one in flight; 0
// where there is none at all.
func NewestOn(events []oplog.Event, handle uint64) (seq uint64) {
	for i := len(events) - 1; i >= 0; i-- {
		e := &events[i]
		switch {
		case e.Handle != handle:
		case e.Flags&oplog.InFlight == 0:
			return e.Seq
		default:
			seq = e.Seq
		}
	}
	return seq
}

package activity

import (
	"time"

	"vitrine/fusefs/oplog"
)

// A window of one second is kept in steps, the oldest of which leaves it bit by bit: so rates neither jump when a
// step falls out nor when they are asked for at odd times.
const (
	stepLength  = int64(100 * time.Millisecond)
	windowSteps = 10
)

// window sums up what happened in the last second.
type window struct {
	sums   [windowSteps + 1]int64 // of step s at s modulo the length
	newest int64                  // step
}

// add notes n at the given time, in ns.
func (w *window) add(at, n int64) {
	step := at / stepLength
	w.turn(step)
	if step > w.newest-int64(len(w.sums)) {
		w.sums[step%int64(len(w.sums))] += n
	}
}

// turn makes step the newest, if it is newer, and forgets what falls out.
func (w *window) turn(step int64) {
	for next := max(w.newest+1, step-windowSteps); next <= step; next++ {
		w.sums[next%int64(len(w.sums))] = 0
	}
	w.newest = max(w.newest, step)
}

// rate returns the sum over the second before now.
func (w *window) rate(now int64) float64 {
	w.turn(now / stepLength)
	var sum int64
	for _, n := range w.sums {
		sum += n
	}
	oldest := float64(w.sums[(w.newest+1)%int64(len(w.sums))])
	gone := float64(max(now-w.newest*stepLength, 0)) / float64(stepLength)
	return float64(sum) - oldest*gone
}

// traffic counts everything that went through the mount, and keeps the last hour in slots.
type traffic struct {
	read, written int64 // bytes
	count, errors uint64
	lastError     oplog.Event
	shownError    *oplog.Event // copy of lastError; nil if there is a newer one
	reads, writes window       // bytes
	ops           window
	timeline      timeline[Second, *Second]
}

func (t *traffic) add(o *operation) {
	t.count++
	t.read += o.read
	t.written += o.written
	t.ops.add(o.end, 1)
	t.reads.add(o.end, o.read)
	t.writes.add(o.end, o.written)
	s := t.timeline.at(o.unix)
	s.Ops++
	s.Read += o.read
	s.Written += o.written
	if o.failed {
		s.Errors++
		t.fail(o.Event)
	}
}

func (t *traffic) fail(e *oplog.Event) {
	t.errors++
	t.lastError, t.shownError = *e, nil
}

// error returns the newest error, nil if there was none.
func (t *traffic) error() *oplog.Event {
	if t.shownError == nil && t.errors > 0 {
		e := t.lastError
		t.shownError = &e
	}
	return t.shownError
}

func (s *Second) merge(o *Second) {
	s.Read += o.Read
	s.Written += o.Written
	s.Ops += o.Ops
	s.Errors += o.Errors
}

// series returns the samples of a span up to the slot of now, in ns since 1970 UTC; idle ones too.
func (t *traffic) series(span int, now int64) []Second {
	samples := make([]Second, 0, slotsShown)
	t.timeline.shown(span, now/int64(time.Second), func(unix int64, s *Second) {
		sample := Second{Unix: unix}
		if s != nil {
			sample = *s
			sample.Unix = unix
		}
		samples = append(samples, sample)
	})
	return samples
}

package oplog

import (
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
)

// Pending is an operation in flight: what Begin returns and End ends.
//
// Its state is one word. The event is written before the operation is shown; a reader comes only while it is shown,
// and the slot is given out again only when the last reader left. So neither ever waits for the other.
type Pending struct {
	state     atomic.Int32 // owned | shown | number of readers; 0 when free
	announced bool         // the collector made a begin event; the collector's, while it reads the slot
	recorder  *Recorder
	event     Event // with which it fills three cache lines, so that no slot shares one with another
}

const (
	owned = 1 << 30 // between Begin and End
	shown = 1 << 29 // in flight for readers
)

// pendingTable holds the slots of operations in flight.
type pendingTable struct {
	slots atomic.Pointer[[]*Pending] // length is a power of two
	grow  sync.Mutex                 // held to replace slots by a longer table
}

const (
	firstSlots = 64
	maxProbes  = 16 // slots tried before the table grows
)

func (t *pendingTable) init() {
	slots := appendSlots(nil, firstSlots)
	t.slots.Store(&slots)
}

func appendSlots(slots []*Pending, n int) []*Pending {
	slots = slices.Clip(slots)
	for range n {
		slots = append(slots, new(Pending))
	}
	return slots
}

// take finds a free slot and shows e in it.
func (t *pendingTable) take(r *Recorder, e *Event) *Pending {
	p := t.claim(uint32(e.Thread))
	p.recorder = r
	p.announced = false
	p.event = *e
	p.state.Store(owned | shown)
	return p
}

// claim tries a few slots, first those that the thread has used before: they are in the memory of its processor, and threads
// rarely meet at one. A thread that is not known begins anywhere.
func (t *pendingTable) claim(thread uint32) *Pending {
	first := thread * 0x9e3779b1 >> 16 // Fibonacci hashing: threads are numbered one after the other
	if thread == 0 {
		first = rand.Uint32()
	}
	for {
		slots := *t.slots.Load()
		for i := range uint32(maxProbes) {
			p := slots[(first+i)&uint32(len(slots)-1)]
			if p.state.Load() == 0 && p.state.CompareAndSwap(0, owned) {
				return p
			}
		}
		t.extend(len(slots))
	}
}

// extend doubles the table, unless another thread has already done so.
func (t *pendingTable) extend(from int) {
	t.grow.Lock()
	defer t.grow.Unlock()
	slots := *t.slots.Load()
	if len(slots) == from {
		slots = appendSlots(slots, len(slots))
		t.slots.Store(&slots)
	}
}

// hide ends the time in which readers find the operation.
func (p *Pending) hide() { p.state.Add(-shown) }

// free gives the slot back, or leaves that to the last reader.
func (p *Pending) free() { p.state.Add(-owned) }

// view calls f with the event if the operation is in flight.
func (p *Pending) view(f func(p *Pending)) {
	for {
		s := p.state.Load()
		if s&shown == 0 {
			return
		}
		if p.state.CompareAndSwap(s, s+1) {
			break
		}
	}
	f(p)
	p.state.Add(-1)
}

// each calls f with every operation in flight.
func (t *pendingTable) each(f func(p *Pending)) {
	for _, p := range *t.slots.Load() {
		p.view(f)
	}
}

func (t *pendingTable) count() (n int) {
	for _, p := range *t.slots.Load() {
		if p.state.Load()&shown != 0 {
			n++
		}
	}
	return n
}

// events returns the operations in flight, oldest first; now is asked for the time once all are copied.
func (t *pendingTable) events(now func() int64) []Event {
	var events []Event
	t.each(func(p *Pending) { events = append(events, p.event) })
	slices.SortFunc(events, func(a, b Event) int { return int(a.Mono - b.Mono) })
	until := now()
	for i := range events {
		events[i].age(until)
	}
	return events
}

// age makes a begin event of a copy of an operation in flight.
func (e *Event) age(now int64) {
	e.Flags |= InFlight
	e.Duration = max(now-e.Mono, 0)
}

// End records that the operation ended. Where it was one on a handle, t is that handle's tally: it takes the bytes
// together with the sequence number, so that a row read from it says exactly which events it contains. Open, Create
// and Opendir start their handle's tally so, Release and Releasedir close it. It never waits but for t's own lock.
func (p *Pending) End(o Outcome, t *Tally) {
	if !Observed {
		return
	}
	e := p.finish(&o)
	if t == nil {
		p.recorder.push(&e)
	} else {
		t.record(p.recorder, &e)
	}
	p.free()
}

// EndMove ends a Rename, Unlink or Rmdir and moves the paths of the open files that it concerns together with the
// sequence number: files below a renamed folder, files whose name went away. Tallies that it does not concern stay
// as they are, so open may be any superset, each tally once. Operations on the concerned files wait for as long as
// that takes, which is no I/O.
//
// It must not overlap with the end of an opening of a file by the name that it moves.
func (p *Pending) EndMove(o Outcome, open []*Tally) {
	if !Observed {
		return
	}
	e := p.finish(&o)
	p.recorder.pushMove(&e, open)
	p.free()
}

// finish takes the operation out of flight and returns its event, complete but for the sequence number. It leaves
// the slot's event alone: a reader may still be copying it.
func (p *Pending) finish(o *Outcome) (e Event) {
	p.hide()
	e = p.event
	e.Duration = p.recorder.clock.mono() - e.Mono
	e.Result, e.Errno, e.Wait, e.Detail = o.Result, o.Errno, o.Wait, o.Detail
	e.Flags |= o.Flags
	if o.Handle != 0 {
		e.Handle = o.Handle
	}
	if o.Inode != 0 {
		e.Inode = o.Inode
	}
	if o.Mode != 0 {
		e.Mode = o.Mode
	}
	if o.Path != "" {
		e.Path = o.Path
	}
	return e
}

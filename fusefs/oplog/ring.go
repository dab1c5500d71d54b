package oplog

import (
	"math/bits"
	"sync/atomic"
)

// ring is a bounded queue of events from many producers to one consumer. A producer never waits: it takes a ticket,
// which is also the event's sequence number, and where the ticket's slot is still taken by an older event it drops
// its own. So the consumer sees the events in the order of their numbers and learns of each gap at its place.
//
// A slot's state tells which ticket may use it next and how far that one came; each ticket is used by exactly one of
// its producer and the consumer, whoever's compare-and-swap wins.
type ring struct {
	slots []slot
	mask  uint64
	_     [64]byte      // keeps the producers' word off the line that all only read
	tail  atomic.Uint64 // tickets given out
	_     [64]byte      // keeps it off the consumer's
	head  atomic.Uint64 // tickets used up; written by the consumer only
	gaps  uint64        // tickets among these that were dropped; the consumer's
}

type slot struct {
	state  atomic.Uint64 // ticket<<2 | slotFree, slotBusy or slotFull
	missed atomic.Uint64 // one past the highest ticket whose producer found the slot taken
	event  Event
}

const (
	slotFree = iota // waits for the ticket's producer
	slotBusy        // being written
	slotFull        // waits for the consumer
)

func (q *ring) init(size int) {
	n := uint64(1) << bits.Len(uint(max(size, 2)-1))
	q.slots, q.mask = make([]slot, n), n-1
	for i := range q.slots {
		q.slots[i].state.Store(uint64(i)<<2 | slotFree)
	}
}

func (q *ring) taken() uint64 { return q.tail.Load() }

// push sets e.Seq and queues a copy of e, or drops it and returns false.
func (q *ring) push(e *Event) bool {
	ticket := q.tail.Add(1) - 1
	e.Seq = ticket + 1
	s := &q.slots[ticket&q.mask]
	if !s.state.CompareAndSwap(ticket<<2|slotFree, ticket<<2|slotBusy) {
		s.miss(ticket)
		return false
	}
	s.event = *e
	s.state.Store(ticket<<2 | slotFull)
	return true
}

// miss tells the consumer not to wait for the ticket.
func (s *slot) miss(ticket uint64) {
	for {
		m := s.missed.Load()
		if m > ticket || s.missed.CompareAndSwap(m, ticket+1) {
			return
		}
	}
}

// take moves queued events to the end of batch as far as its capacity allows. It stops at an event that is still
// being written.
func (q *ring) take(batch []Event) []Event {
	for head := q.head.Load(); len(batch) < cap(batch); head++ {
		s := &q.slots[head&q.mask]
		state := s.state.Load()
		switch {
		case state == head<<2|slotFull:
			batch = append(batch, s.event)
			s.event = Event{}
			s.state.Store(q.after(s, head)<<2 | slotFree)
		case state>>2 > head || q.skip(s, head):
			q.gaps++
		default:
			return batch
		}
		q.head.Store(head + 1)
	}
	return batch
}

// skip passes over a ticket that was dropped. It reports false if its producer may still come.
func (q *ring) skip(s *slot, ticket uint64) bool {
	return s.missed.Load() > ticket &&
		s.state.CompareAndSwap(ticket<<2|slotFree, q.after(s, ticket)<<2|slotFree)
}

// after returns the ticket that a slot waits for once ticket is done: the first that did not find it taken. One that
// hesitates, while another a whole lap later found the slot taken, is passed over: its producer will find that out.
func (q *ring) after(s *slot, ticket uint64) uint64 {
	return max(ticket+1, s.missed.Load()) + q.mask
}

// waiting reports whether tickets were given out that the consumer has not used up.
func (q *ring) waiting() bool { return q.tail.Load() != q.head.Load() }

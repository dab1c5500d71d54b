package oplog

import "sync"

// History keeps the newest events that ended. Each event has a position: 0 for the first ever kept, then 1, 2, 3 …;
// positions never change, the oldest ones fall out of the history as new events come. Safe for concurrent use.
type History struct {
	mu    sync.RWMutex // guards all below
	ring  []Event      // the event at position p is ring[p%len(ring)]
	first uint64       // position of the oldest event held
	next  uint64       // position that the next event gets
}

// NewHistory returns a history of at most keep events.
func NewHistory(keep int) *History {
	return &History{ring: make([]Event, max(keep, 1))}
}

// Bounds returns the positions held: first is the oldest, next is one past the newest.
func (h *History) Bounds() (first, next uint64) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.first, h.next
}

// Read copies events from position pos on into dst. It returns the position of dst[0], which lies after pos where
// the events at pos have fallen out, and how many it copied.
func (h *History) Read(dst []Event, pos uint64) (from uint64, n int) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	from = max(pos, h.first)
	if from >= h.next {
		return from, 0
	}
	dst = dst[:min(uint64(len(dst)), h.next-from)]
	n = copy(dst, h.ring[h.index(from):])
	return from, n + copy(dst[n:], h.ring)
}

// All returns a copy of everything held, oldest first, and the position of its first event.
func (h *History) All() (events []Event, from uint64) {
	first, next := h.Bounds()
	events = make([]Event, next-first)
	from, n := h.Read(events, first)
	return events[:n], from
}

// Collect appends the events of a batch that ended: a History is a Sink.
func (h *History) Collect(batch []Event, _ uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(batch) > 0 {
		if batch[0].Flags&InFlight != 0 {
			batch = batch[1:]
			continue
		}
		n := 1
		for n < len(batch) && batch[n].Flags&InFlight == 0 {
			n++
		}
		h.append(batch[:n])
		batch = batch[n:]
	}
}

// append adds events at the end. The caller holds mu.
func (h *History) append(events []Event) {
	for len(events) > 0 {
		n := copy(h.ring[h.index(h.next):], events)
		h.next += uint64(n)
		events = events[n:]
	}
	h.first = max(h.first, h.next-min(h.next, uint64(len(h.ring))))
}

func (h *History) index(pos uint64) int { return int(pos % uint64(len(h.ring))) }

// Resize changes how many events are kept; the newest stay.
func (h *History) Resize(keep int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	resized := History{ring: make([]Event, max(keep, 1))}
	resized.first = max(h.first, h.next-min(h.next, uint64(len(resized.ring))))
	resized.next = resized.first
	for resized.next < h.next {
		from := h.index(resized.next)
		resized.append(h.ring[from:min(from+int(h.next-resized.next), len(h.ring))])
	}
	h.ring, h.first, h.next = resized.ring, resized.first, resized.next
}

package fusefs

import (
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"vitrine/fusefs/oplog"
)

// handle is one open file or folder. Its number is what the kernel knows it by: opaque, never the descriptor, and
// never used again while the mount lives, since descriptors are recycled at once.
type handle struct {
	id    uint64
	fd    int
	tally oplog.Tally // what happened to it since it was opened
	handlePlatform

	// use is held for reading by every operation on fd, from the instant the handle is found until its system call has
	// returned. Only release takes it for writing, and so waits for every operation that was admitted. It never gives it
	// back: whoever still knows the handle, as its node does for an instant, is not admitted to a descriptor that is closed.
	use sync.RWMutex

	// cursor guards the position of fd: Readdir and lseek move it.
	cursor sync.Mutex
}

const tableShards = 64

// handleTable finds handles by number. A shard's lock is held for a look into a map and never while anything waits:
// hold only tries the handle's lock, and release takes it after the shard is free again.
type handleTable struct {
	last   atomic.Uint64 // number given last
	shards [tableShards]struct {
		sync.RWMutex // guards handles
		handles      map[uint64]*handle
	}
}

// add gives h a number and makes it known.
func (t *handleTable) add(h *handle) uint64 {
	h.id = t.last.Add(1)
	s := &t.shards[h.id%tableShards]
	s.Lock()
	defer s.Unlock()
	if s.handles == nil {
		s.handles = make(map[uint64]*handle)
	}
	s.handles[h.id] = h
	return h.id
}

// release forgets the handle, waits for every operation on it, and closes its descriptor. It returns how long it
// waited and the error of close(2), and a nil handle and EBADF where there is no such handle.
func (t *handleTable) release(id uint64) (h *handle, waited time.Duration, err error) {
	s := &t.shards[id%tableShards]
	s.Lock()
	h = s.handles[id]
	delete(s.handles, id)
	s.Unlock()
	if h == nil {
		return nil, 0, syscall.EBADF
	}
	if !h.use.TryLock() {
		start := time.Now()
		h.use.Lock()
		waited = time.Since(start)
	}
	return h, waited, closeFD(h.fd)
}

// all returns the handles that are open.
func (t *handleTable) all() (handles []*handle) {
	for i := range t.shards {
		s := &t.shards[i]
		s.RLock()
		for _, h := range s.handles {
			handles = append(handles, h)
		}
		s.RUnlock()
	}
	return handles
}

// tallies returns those of the handles that are open.
func (t *handleTable) tallies() []*oplog.Tally {
	all := t.all()
	tallies := make([]*oplog.Tally, len(all))
	for i, h := range all {
		tallies[i] = &h.tally
	}
	return tallies
}

// releaseAll closes every handle: the kernel sends no Release for those that are open when a mount ends.
func (t *handleTable) releaseAll() {
	for _, h := range t.all() {
		t.release(h.id)
	}
}

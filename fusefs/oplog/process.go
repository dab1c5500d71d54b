package oplog

import (
	"sync/atomic"
	"time"
)

// procCache remembers for a short time which process a thread belongs to, and its name. Entries that share a place
// push each other out, so it stays small.
type procCache struct {
	entries [1024]atomic.Pointer[procEntry]
}

type procEntry struct {
	tid, pid int32
	name     string
	until    int64 // mono
}

const procLifetime = int64(time.Second)

// lookup returns the process that the thread tid belongs to and its name; tid itself and "" where the system does
// not tell. The thread waits in its system call meanwhile, so it exists.
func (c *procCache) lookup(tid int32, mono int64) (pid int32, name string) {
	place := &c.entries[uint32(tid)%uint32(len(c.entries))]
	e := place.Load()
	if e == nil || e.tid != tid || e.until <= mono {
		e = &procEntry{tid: tid, until: mono + procLifetime}
		e.pid, e.name = processOf(tid)
		place.Store(e)
	}
	return e.pid, e.name
}

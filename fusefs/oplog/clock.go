package oplog

import (
	"sync/atomic"
	"time"
)

// clock gives both times of an event for the price of one reading: the wall clock is the monotonic one plus an
// offset, which is measured anew when it is older than offsetAge. A wall clock that is set, or a machine that slept,
// is noticed after that time.
type clock struct {
	began    time.Time
	offset   atomic.Int64 // wall - mono, ns
	measured atomic.Int64 // mono of that
}

const offsetAge = int64(50 * time.Millisecond)

func (c *clock) start() {
	c.began = time.Now()
	c.offset.Store(c.began.UnixNano())
}

// mono returns ns since the clock began.
func (c *clock) mono() int64 { return int64(time.Since(c.began)) }

func (c *clock) now() (wall, mono int64) {
	mono = c.mono()
	if mono-c.measured.Load() > offsetAge {
		return c.measure()
	}
	return mono + c.offset.Load(), mono
}

func (c *clock) measure() (wall, mono int64) {
	t := time.Now()
	wall, mono = t.UnixNano(), int64(t.Sub(c.began))
	c.offset.Store(wall - mono)
	c.measured.Store(mono)
	return wall, mono
}

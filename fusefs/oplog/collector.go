package oplog

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

const (
	batchEvery = 250 * time.Millisecond // pause in which a batch gathers; who looks sooner calls Flush
	batchSize  = 1024                   // events handed over at once
	stuckAfter = time.Second            // age at which an operation in flight gets a begin event
	forever    = time.Duration(math.MaxInt64)
)

// collector is the goroutine that carries events from the ring to the sinks. It comes seldom: each time it wakes, the
// scheduler may move a program and the thread that serves it away from each other, and they need a while to meet again.
// When nothing happens it sleeps without a timer, and the next operation wakes it.
type collector struct {
	rest    atomic.Int32  // awake, light or deep
	wake    chan struct{} // a token ends a wait
	flushes chan flush
	quit    chan struct{} // closed to stop
	stopped chan struct{} // closed when it has
	once    sync.Once     // closes quit
	kick    uint64        // every so many events one ends the wait: the ring may be filling

	// The goroutine's own.
	recorder *Recorder
	timer    *time.Timer
	batch    []Event
	reported uint64 // gaps that the sinks know of
	due      int64  // mono at which to look for stuck operations
}

// How the collector rests.
const (
	awake = iota // nobody needs to wake it
	light        // wakes for an operation that ended, or by its timer
	deep         // wakes for an operation that begins or ended; has no timer
)

// flush asks for everything up to a sequence number.
type flush struct {
	until uint64
	done  chan struct{} // closed when the sinks have it
}

func (c *collector) start(r *Recorder) {
	c.recorder = r
	c.wake, c.flushes = make(chan struct{}, 1), make(chan flush)
	c.quit, c.stopped = make(chan struct{}), make(chan struct{})
	c.kick = max((r.ring.mask+1)/4, 1)
	c.timer = time.NewTimer(forever)
	c.batch = make([]Event, 0, batchSize)
	go c.run()
}

// began is called for each operation that begins.
func (c *collector) began() {
	if c.rest.Load() == deep && c.rest.CompareAndSwap(deep, awake) {
		c.signal()
	}
}

// ended is called for each operation that ended, once its event has its place.
func (c *collector) ended(seq uint64) {
	rest := c.rest.Load()
	if rest != awake && c.rest.CompareAndSwap(rest, awake) || seq&(c.kick-1) == 0 {
		c.signal()
	}
}

func (c *collector) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *collector) run() {
	defer close(c.stopped)
	defer c.timer.Stop()
	rest := int32(deep)
	for open := true; open; {
		if c.collect() {
			rest = light
			open = c.wait(c.pause()) != closed
		} else {
			rest, open = c.sleep(rest)
		}
	}
	c.collectUntil(c.recorder.ring.taken())
}

// sleep rests as told until there is something to do. It returns how to rest the next time if nothing came of it,
// and whether the recorder is still open.
func (c *collector) sleep(rest int32) (next int32, open bool) {
	limit := forever
	if rest == light {
		limit = time.Duration(max(c.due-c.recorder.clock.mono(), 0))
	}
	c.rest.Store(rest)
	if c.missedWake(rest) {
		limit = c.pause()
	}
	why := c.wait(limit)
	c.rest.Store(awake)
	if why == timeout && c.recorder.InFlightCount() == 0 {
		return deep, true
	}
	if why == woken {
		why = c.wait(c.pause())
	}
	return light, why != closed
}

// pause returns how long a batch may gather: no longer than until it is due to look for stuck operations.
func (c *collector) pause() time.Duration {
	if left := time.Duration(c.due - c.recorder.clock.mono()); left > 0 {
		return min(left, batchEvery)
	}
	return batchEvery
}

// missedWake reports whether an operation came before the collector said that it wants to be woken.
func (c *collector) missedWake(rest int32) bool {
	return c.recorder.ring.waiting() || rest == deep && c.recorder.InFlightCount() > 0
}

// Why a wait ended.
const (
	timeout = iota
	woken
	flushed
	closed
)

func (c *collector) wait(limit time.Duration) (why int) {
	c.timer.Reset(limit)
	select {
	case <-c.timer.C:
		return timeout
	case <-c.wake:
		return woken
	case f := <-c.flushes:
		c.collectUntil(f.until)
		close(f.done)
		return flushed
	case <-c.quit:
		return closed
	}
}

// collectUntil returns when the sinks have every event up to seq. Only a producer in the midst of writing its event
// can make it wait.
func (c *collector) collectUntil(seq uint64) {
	for c.recorder.ring.head.Load() < seq {
		if !c.collect() {
			time.Sleep(20 * time.Microsecond)
		}
	}
}

// collect hands what waited when it was called to the sinks, and reports whether there was anything.
func (c *collector) collect() (any bool) {
	ring := &c.recorder.ring
	until := ring.taken()
	c.batch = c.announce(c.batch[:0])
	for {
		c.batch = ring.take(c.batch)
		if len(c.batch) == 0 && ring.gaps == c.reported {
			return any
		}
		c.reported = ring.gaps
		c.recorder.sinks.collect(c.batch, c.reported)
		any = true
		if ring.head.Load() >= until {
			return any
		}
		c.batch = c.batch[:0]
	}
}

// announce appends a begin event for each operation that is newly stuck. It looks before the ring is read: what it
// sees in flight has not ended yet in the record, so a begin event always comes before the end event.
func (c *collector) announce(batch []Event) []Event {
	now := c.recorder.clock.mono()
	if now < c.due {
		return batch
	}
	c.due = now + int64(stuckAfter)
	c.recorder.pending.each(func(p *Pending) {
		if p.announced {
			return
		}
		if due := p.event.Mono + int64(stuckAfter); due > now {
			c.due = min(c.due, due)
			return
		}
		p.announced = true
		batch = append(batch, p.event)
		batch[len(batch)-1].age(now)
	})
	return batch
}

// Flush returns when everything that was recorded before the call has been collected by all sinks. A sink must not
// call it.
func (r *Recorder) Flush() {
	f := flush{until: r.ring.taken(), done: make(chan struct{})}
	select {
	case r.collector.flushes <- f:
		<-f.done
	case <-r.collector.stopped:
	}
}

// Close hands everything recorded so far to the sinks and stops the collector; it does not close the sinks.
// Operations may still begin and end, and are dropped once the ring is full. It always returns nil.
func (r *Recorder) Close() error {
	r.collector.once.Do(func() { close(r.collector.quit) })
	<-r.collector.stopped
	return nil
}

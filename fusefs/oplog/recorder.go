package oplog

import (
	"sync"
	"sync/atomic"
	"syscall"
)

// The defaults of Options.
const (
	DefaultQueue = 65_536
	DefaultKeep  = 65_536
)

// Options set the size of a Recorder.
type Options struct {
	Queue int // events that may wait for the collector, rounded up to a power of two; DefaultQueue if 0
	Keep  int // events that the history holds; DefaultKeep if 0
}

// Recorder records operations. All its methods are safe for concurrent use.
type Recorder struct {
	clock   clock
	procs   procCache
	pending pendingTable
	ring    ring
	history *History

	dropped atomic.Uint64 // events that found the ring full
	read    atomic.Int64  // bytes that dropped events had moved out of the mount
	written atomic.Int64  // and into it

	moving    sync.Mutex // held by the one EndMove that may hold the locks of several tallies
	sinks     sinkList
	collector collector
}

// Outcome is what is known of an operation only at its end.
type Outcome struct {
	Handle uint64        // the new handle of Open, Create and Opendir; 0 keeps the event's
	Inode  uint64        // 0 keeps the event's
	Result int64         // bytes moved or entries listed; may be set beside Errno
	Errno  syscall.Errno // 0 on success
	Wait   int64         // ns spent waiting for the handle's lock
	Flags  Flag          // added to the event's
	Mode   uint32        // 0 keeps the event's
	Path   string        // "" keeps the event's
	Detail string        // stack of a panic
}

// New returns a Recorder at work. Close it to stop its collector.
func New(o Options) *Recorder {
	r := &Recorder{history: NewHistory(orDefault(o.Keep, DefaultKeep))}
	r.clock.start()
	r.ring.init(orDefault(o.Queue, DefaultQueue))
	r.pending.init()
	r.sinks.add(r.history)
	r.collector.start(r)
	return r
}

func orDefault(n, def int) int {
	if n > 0 {
		return n
	}
	return def
}

// Begin records that an operation begins. The caller sets what it knows: Op, PID (the thread or process id that FUSE
// gives), UID, Thread, Path, Path2, Handle, Inode, Offset, Size, Mode and Flags; Begin stamps Wall, Mono, PID and Proc. The result must
// be ended exactly once.
func (r *Recorder) Begin(e Event) *Pending {
	if !Observed {
		return nil
	}
	e.Wall, e.Mono = r.clock.now()
	if e.PID > 0 {
		e.PID, e.Proc = r.procs.lookup(e.PID, e.Mono)
	}
	p := r.pending.take(r, &e)
	r.collector.began()
	return p
}

// InFlight returns copies of the operations in flight, oldest first, with Flags|InFlight and Duration = age. Every
// operation in flight during the whole call is contained, and none that ended before it.
func (r *Recorder) InFlight() []Event {
	return r.pending.events(r.clock.mono)
}

// InFlightCount returns how many operations are in flight.
func (r *Recorder) InFlightCount() int {
	return r.pending.count()
}

// Recorded returns how many operations ended, the dropped ones among them: the last sequence number given out.
func (r *Recorder) Recorded() uint64 { return r.ring.taken() }

// Dropped returns how many events were lost because the ring was full.
func (r *Recorder) Dropped() uint64 { return r.dropped.Load() }

// DroppedBytes returns how many bytes the dropped events had moved; see Event.Bytes.
func (r *Recorder) DroppedBytes() (read, written int64) {
	return r.read.Load(), r.written.Load()
}

// Clock returns the time as events are stamped with it: ns since 1970 UTC (Event.Wall), and ns since the recorder
// began (Event.Mono).
func (r *Recorder) Clock() (wall, mono int64) { return r.clock.now() }

// History returns the newest events that ended.
func (r *Recorder) History() *History { return r.history }

// push gives e the next sequence number and queues it for the collector. It never waits: where the ring is full the
// event is dropped and counted.
func (r *Recorder) push(e *Event) {
	queued := r.ring.push(e)
	if !queued {
		r.drop(e)
	}
	r.collector.ended(e.Seq)
}

func (r *Recorder) drop(e *Event) {
	read, written := e.Bytes()
	r.read.Add(read)
	r.written.Add(written)
	r.dropped.Add(1)
}

package activity

import (
	"sync"
	"time"

	"vitrine/fusefs/oplog"
)

// Options are the model's sources beside the record. The functions are called from whichever goroutine calls the
// model, must be safe for that, and must not call the model. Without Handles the model cannot resynchronise.
type Options struct {
	// Handles returns the handle table: every handle whose open was recorded and whose release was not. A row that
	// is not yet or no longer open in that sense must be left out, as Tally.OpenHandle tells.
	Handles func() []oplog.OpenHandle
	// InFlight returns the operations in flight, oldest first: Recorder.InFlight.
	InFlight func() []oplog.Event
	// Clock is the clock that events are stamped with: Recorder.Clock. Without it the model has one that began with
	// the model.
	Clock func() (wall, mono int64)
	// Recorded returns the last sequence number given out: Recorder.Recorded. With it the table is right at once
	// after a resynchronisation, without it when what was recorded meanwhile has been collected.
	Recorded func() uint64
	// DroppedBytes returns what the dropped events had moved: Recorder.DroppedBytes. With it Read and Written are
	// exact in spite of drops.
	DroppedBytes func() (read, written int64)
	// Source returns how far the process that writes a file has come with reading what it copies, and the size of that,
	// in bytes, and whether it is known. It is asked, once a snapshot, for each file that bytes go to and whose end nobody
	// told; without it only those ends are known.
	Source func(oplog.OpenHandle) (position, size int64, ok bool)
	// Wait returns what the system says of an operation in flight; the zero Wait where it says nothing. It is asked, once
	// a snapshot, for operations that take long.
	Wait func(oplog.Event) Wait
}

// Model folds the record. It is an oplog.Sink; all its methods are safe for concurrent use.
type Model struct {
	options Options

	mu      sync.Mutex // guards all below
	state   state
	dropped uint64 // as the recorder reported it last
}

// state is what begins anew with a mount.
type state struct {
	files   openFiles
	latency latency
	traffic traffic
	totals  totals
	hazards hazards
	base    baseline
	dirty   bool  // events were dropped, and the table was not rebuilt since
	rebuilt int64 // mono of the last rebuild
	resyncs uint64
}

// baseline is where the recorder's counts stood when the state began.
type baseline struct {
	seq, dropped  uint64
	read, written int64
}

// resyncEvery bounds how often an overload makes the model rebuild its table while nobody looks, in ns.
const resyncEvery = int64(100 * time.Millisecond)

// New returns an empty model. Attach it to the recorder before the first handle is opened.
func New(o Options) *Model {
	m := &Model{options: o.withDefaults()}
	m.state.init()
	return m
}

func (o Options) withDefaults() Options {
	if o.InFlight == nil {
		o.InFlight = func() []oplog.Event { return nil }
	}
	if o.Clock == nil {
		o.Clock = newClock()
	}
	if o.Recorded == nil {
		o.Recorded = func() uint64 { return 0 }
	}
	if o.DroppedBytes == nil {
		o.DroppedBytes = func() (read, written int64) { return 0, 0 }
	}
	return o
}

func newClock() func() (wall, mono int64) {
	began := time.Now()
	return func() (wall, mono int64) {
		now := time.Now()
		return now.UnixNano(), int64(now.Sub(began))
	}
}

// Reset forgets everything, for a new mount. Events that were recorded before it, but are collected later, do not
// count.
func (m *Model) Reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.state = state{base: baseline{seq: m.options.Recorded(), dropped: m.dropped}}
	m.state.base.read, m.state.base.written = m.options.DroppedBytes()
	m.state.init()
}

func (s *state) init() {
	s.files.init()
	s.totals.init()
	s.hazards.init(s.base.seq)
}

// Collect folds a batch of the record; dropped is the recorder's count.
func (m *Model) Collect(batch []oplog.Event, dropped uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range batch {
		if e := &batch[i]; e.Flags&oplog.InFlight == 0 && e.Seq > m.state.base.seq {
			m.state.fold(e)
		}
	}
	m.noteDrops(dropped)
}

// fold adds one operation that ended.
func (s *state) fold(e *oplog.Event) {
	o := operationOf(e)
	s.latency.add(&o)
	s.traffic.add(&o)
	f := s.files.fold(&o)
	s.totals.add(&o, f)
	s.hazards.fold(&o, f, s)
}

// noteDrops makes sure that the table is rebuilt if the recorder dropped events, at once unless that was just done.
func (m *Model) noteDrops(dropped uint64) {
	if dropped > m.dropped {
		m.dropped, m.state.dirty = dropped, true
	}
	if !m.state.dirty {
		return
	}
	if _, now := m.options.Clock(); m.state.resyncs == 0 || now-m.state.rebuilt >= resyncEvery {
		m.resync(now)
	}
}

// resync rebuilds the table of open files from the handle table. The caller holds mu.
func (m *Model) resync(now int64) {
	s := &m.state
	if !s.dirty || m.options.Handles == nil {
		return
	}
	known := m.options.Recorded() // before the table is read: it contains what was recorded until now
	s.files.rebuild(m.options.Handles(), known)
	s.dirty, s.rebuilt = false, now
	s.resyncs++
}

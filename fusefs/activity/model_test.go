package activity

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vitrine/fusefs/oplog"
)

// world is a filesystem as the model sees it: a handle table, and a record of which a part may get lost.
type world struct {
	seq      uint64
	handle   uint64
	now      int64
	table    map[uint64]oplog.OpenHandle
	queue    []oplog.Event // recorded, not yet collected
	lost     map[uint64]bool
	dropped  uint64 // as the model was told
	read     int64  // that dropped events moved
	written  int64
	totals   [2]int64 // read and written, in all
	lastSeen uint64
}

func newWorld() *world {
	return &world{table: make(map[uint64]oplog.OpenHandle), lost: make(map[uint64]bool), now: int64(time.Hour)}
}

func (w *world) options() Options {
	return Options{
		Handles:      func() []oplog.OpenHandle { return slices.Collect(maps.Values(w.table)) },
		Clock:        func() (wall, mono int64) { return w.now, w.now },
		Recorded:     func() uint64 { return w.seq },
		DroppedBytes: func() (read, written int64) { return w.read, w.written },
	}
}

// record lets an operation end, and maybe loses its event.
func (w *world) record(e oplog.Event, lose bool) {
	w.seq++
	e.Seq, e.Wall, e.Mono = w.seq, w.now, w.now
	foldPlainly(w.table, &e)
	read, written := e.Bytes()
	w.totals[0] += read
	w.totals[1] += written
	if lose {
		w.read += read
		w.written += written
		w.lost[e.Seq] = true
	} else {
		w.queue = append(w.queue, e)
	}
}

// foldPlainly is the reference.
func foldPlainly(table map[uint64]oplog.OpenHandle, e *oplog.Event) {
	if e.Opens() {
		table[e.Handle] = e.OpenHandle()
	}
	if e.Releases() {
		delete(table, e.Handle)
	}
	for h, row := range table {
		if e.Moves() {
			row.Move(e)
		} else if h == e.Handle && e.Flags&oplog.Refused == 0 {
			row.Add(e)
		}
		table[h] = row
	}
}

// collect hands the model up to n events and what was lost before the last of them; and everything lost if the queue
// is empty then.
func (w *world) collect(m *Model, n int) []oplog.Event {
	batch := w.queue[:min(n, len(w.queue))]
	w.queue = w.queue[len(batch):]
	upTo := w.seq
	if len(w.queue) > 0 {
		upTo = w.lastSeen
		if len(batch) > 0 {
			upTo = batch[len(batch)-1].Seq
		}
	}
	w.lastSeen = upTo
	for seq := range w.lost {
		if seq <= upTo {
			delete(w.lost, seq)
			w.dropped++
		}
	}
	m.Collect(batch, w.dropped)
	return batch
}

func (w *world) randomEvent(t *rapid.T) oplog.Event {
	names := []string{"/a", "/b", "/d/a", "/d/b", "/d/e/a", "/c/.fuse_hidden01"}
	folders := []string{"/d", "/c", "/d/e", "/x"}
	name := func() string { return rapid.SampledFrom(names).Draw(t, "name") }
	handle := func() uint64 { return rapid.Uint64Range(1, w.handle+2).Draw(t, "handle") }
	switch rapid.SampledFrom([]string{"open", "open", "use", "use", "use", "release", "rename", "folder", "unlink", "fail"}).Draw(t, "op") {
	case "open":
		w.handle++
		op := rapid.SampledFrom([]oplog.Op{oplog.Open, oplog.Create, oplog.Opendir}).Draw(t, "how")
		return oplog.Event{Op: op, Path: name(), Handle: w.handle, PID: 7, Proc: "cp", Mode: 2}
	case "use":
		op := rapid.SampledFrom([]oplog.Op{oplog.Read, oplog.Write, oplog.CopyFileRange, oplog.Fsync}).Draw(t, "how")
		e := w.refuseUnknown(oplog.Event{Op: op, Handle: handle(), Result: rapid.Int64Range(-1, 1000).Draw(t, "result")})
		if rapid.IntRange(0, 9).Draw(t, "late") == 0 { // came while the handle was being released
			e.Errno, e.Flags, e.Result = 9, oplog.Refused, 0
		}
		return e
	case "release":
		return w.refuseUnknown(oplog.Event{Op: oplog.Release, Handle: handle(), Errno: 5})
	case "rename":
		return oplog.Event{Op: oplog.Rename, Path: name(), Path2: name(), Flags: w.maybeExchange(t)}
	case "folder":
		f := rapid.SampledFrom(folders)
		return oplog.Event{Op: oplog.Rename, Path: f.Draw(t, "from"), Path2: f.Draw(t, "to"), Flags: w.maybeExchange(t)}
	case "unlink":
		return oplog.Event{Op: oplog.Unlink, Path: name()}
	default:
		return oplog.Event{Op: oplog.Rename, Path: name(), Path2: name(), Errno: 13}
	}
}

// refuseUnknown does to an operation on a handle that is not open what the filesystem does.
func (w *world) refuseUnknown(e oplog.Event) oplog.Event {
	if _, open := w.table[e.Handle]; !open {
		e.Errno, e.Flags, e.Result = 9, oplog.Refused, 0
	}
	return e
}

func (w *world) maybeExchange(t *rapid.T) oplog.Flag {
	return rapid.SampledFrom([]oplog.Flag{0, 0, 0, oplog.Exchanged}).Draw(t, "flags")
}

// compareOpen compares the model's rows with a table.
func compareOpen(t interface{ Fatalf(string, ...any) }, s *Snapshot, table map[uint64]oplog.OpenHandle) {
	if len(s.Open) != len(table) {
		t.Fatalf("%d open files, want %d", len(s.Open), len(table))
	}
	last := uint64(0)
	for _, f := range s.Open {
		if f.OpenHandle != table[f.Handle] {
			t.Fatalf("got  %+v\nwant %+v", f.OpenHandle, table[f.Handle])
		}
		if f.Handle <= last {
			t.Fatalf("handle %d after %d", f.Handle, last)
		}
		last = f.Handle
	}
}

// TestModelAgainstReference generates histories of which random parts get lost. At every step the table must be the
// handle table of the last resynchronisation plus what was collected of later events, and once all is collected,
// the handle table.
func TestModelAgainstReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		m := New(w.options())
		want := make(map[uint64]oplog.OpenHandle)
		known, resyncs := uint64(0), uint64(0)
		look := func() {
			s := m.Snapshot()
			if s.Resyncs != resyncs {
				want, known, resyncs = maps.Clone(w.table), w.seq, s.Resyncs
			}
			compareOpen(t, s, want)
		}
		t.Repeat(map[string]func(*rapid.T){
			"record": func(t *rapid.T) {
				lossy := rapid.Bool().Draw(t, "lossy")
				for range rapid.IntRange(1, 8).Draw(t, "n") {
					w.record(w.randomEvent(t), lossy && rapid.IntRange(0, 3).Draw(t, "lose") == 0)
				}
			},
			"collect": func(t *rapid.T) {
				for _, e := range w.collect(m, rapid.IntRange(0, 12).Draw(t, "n")) {
					if e.Seq > known {
						foldPlainly(want, &e)
					}
				}
			},
			"wait": func(t *rapid.T) { w.now += rapid.Int64Range(0, int64(time.Second)).Draw(t, "ns") },
			"":     func(t *rapid.T) { look() },
		})
		w.collect(m, len(w.queue))
		compareOpen(t, m.Snapshot(), w.table)
		compareTotals(t, m.Snapshot(), w)
	})
}

func compareTotals(t interface{ Fatalf(string, ...any) }, s *Snapshot, w *world) {
	if s.Read != w.totals[0] || s.Written != w.totals[1] || s.Count != w.seq || s.Dropped != w.dropped {
		t.Fatalf("read %d, written %d, %d operations, %d dropped; want %v, %d, %d",
			s.Read, s.Written, s.Count, s.Dropped, w.totals, w.seq, w.dropped)
	}
}

// TestModelWithoutRecorded sees that the table is right once all is collected even if the model cannot ask how far
// the handle table is.
func TestModelWithoutRecorded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		o := w.options()
		o.Recorded = nil
		m := New(o)
		for range rapid.IntRange(1, 60).Draw(t, "n") {
			w.record(w.randomEvent(t), rapid.IntRange(0, 5).Draw(t, "lose") == 0)
			if rapid.Bool().Draw(t, "collect") {
				w.collect(m, 3)
			}
		}
		w.collect(m, len(w.queue))
		compareOpen(t, m.Snapshot(), w.table)
	})
}

// drive is a filesystem with a real recorder.
type drive struct {
	recorder *oplog.Recorder
	names    sync.RWMutex // held for reading by an open, for writing by a rename, as libfuse locks paths
	mu       sync.Mutex   // guards all below
	next     uint64
	handles  map[uint64]*oplog.Tally
	read     int64
	written  int64
}

func (d *drive) rows() (rows []oplog.OpenHandle) {
	for _, t := range d.tallies() {
		if row, open := t.OpenHandle(); open {
			rows = append(rows, row)
		}
	}
	return rows
}

func (d *drive) tallies() []*oplog.Tally {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Collect(maps.Values(d.handles))
}

// useFile opens a file, uses it and most often closes it.
func (d *drive) useFile(client int) {
	path := fmt.Sprintf("/%d/%d", client%3, client)
	handle, tally := d.open(path)
	read, written := d.useHandle(handle, path, tally)
	d.mu.Lock()
	d.read += read
	d.written += written
	d.mu.Unlock()
	if rand.IntN(20) == 0 {
		return
	}
	d.recorder.Begin(oplog.Event{Op: oplog.Release, Path: path, Handle: handle}).End(oplog.Outcome{}, tally)
	d.mu.Lock()
	delete(d.handles, handle)
	d.mu.Unlock()
}

func (d *drive) open(path string) (handle uint64, tally *oplog.Tally) {
	d.names.RLock()
	defer d.names.RUnlock()
	p := d.recorder.Begin(oplog.Event{Op: oplog.Open, Path: path})
	tally = new(oplog.Tally)
	d.mu.Lock()
	d.next++
	handle = d.next
	d.handles[handle] = tally
	d.mu.Unlock()
	p.End(oplog.Outcome{Handle: handle}, tally)
	return handle, tally
}

func (d *drive) rename(from, to string) {
	d.names.Lock()
	defer d.names.Unlock()
	d.recorder.Begin(oplog.Event{Op: oplog.Rename, Path: from, Path2: to}).EndMove(oplog.Outcome{}, d.tallies())
}

func (d *drive) useHandle(handle uint64, path string, tally *oplog.Tally) (read, written int64) {
	for range rand.IntN(20) {
		n := rand.Int64N(1000)
		e := oplog.Event{Op: oplog.Read, Handle: handle, Path: path}
		if rand.IntN(2) == 0 {
			e.Op = oplog.Write
			written += n
		} else {
			read += n
		}
		d.recorder.Begin(e).End(oplog.Outcome{Result: n}, tally)
	}
	return read, written
}

// TestModelUnderStorm lets many clients overrun a tiny ring, while somebody looks. At the end the table must equal
// the handle table, and the totals the clients' own.
func TestModelUnderStorm(t *testing.T) {
	for _, queue := range []int{4, 64, 65_536} {
		t.Run(fmt.Sprint(queue), func(t *testing.T) {
			d := &drive{recorder: oplog.New(oplog.Options{Queue: queue}), handles: make(map[uint64]*oplog.Tally)}
			r := d.recorder
			m := New(Options{
				Handles: d.rows, InFlight: r.InFlight, Clock: r.Clock, Recorded: r.Recorded, DroppedBytes: r.DroppedBytes,
			})
			r.Attach(m)
			d.storm(m)
			r.Close()
			s := m.Snapshot()
			table := make(map[uint64]oplog.OpenHandle)
			for _, row := range d.rows() {
				table[row.Handle] = row
			}
			compareOpen(t, s, table)
			if s.Read != d.read || s.Written != d.written || s.Count != r.Recorded() || s.Dropped != r.Dropped() {
				t.Errorf("read %d of %d, written %d of %d, %d of %d operations, %d of %d dropped",
					s.Read, d.read, s.Written, d.written, s.Count, r.Recorded(), s.Dropped, r.Dropped())
			}
			if files, processes := sum(s); files.Ops != s.Count-s.Dropped || processes.Ops != files.Ops {
				t.Errorf("%d operations on files and %d by processes, of %d that came", files.Ops, processes.Ops, s.Count-s.Dropped)
			}
			for _, h := range s.Hazards {
				if h.Kind == RefusedHandle || h.Kind == StuckOperation || h.Kind == WaitingRelease {
					t.Errorf("nothing of the kind happened: %s", h.Text)
				}
			}
			if (s.Resyncs > 0) != (s.Dropped > 0) || len(s.InFlight) != 0 {
				t.Errorf("%d resyncs, %d dropped, %d in flight", s.Resyncs, s.Dropped, len(s.InFlight))
			}
		})
	}
}

func (d *drive) storm(m *Model) {
	var clients, others sync.WaitGroup
	stop := make(chan struct{})
	for client := range 8 {
		clients.Go(func() {
			for range 100 {
				d.useFile(client)
			}
		})
	}
	until := func(work func(i int)) {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				work(i)
			}
		}
	}
	others.Go(func() { until(func(int) { m.Snapshot() }) })
	others.Go(func() {
		until(func(i int) {
			d.rename(fmt.Sprint("/", i%3), fmt.Sprint("/", (i+1)%3))
			time.Sleep(time.Millisecond)
		})
	})
	clients.Wait()
	close(stop)
	others.Wait()
}

func TestInFlightByHandle(t *testing.T) {
	w := newWorld()
	o := w.options()
	inFlight := []oplog.Event{{Op: oplog.Write, Handle: 1}, {Op: oplog.Write, Handle: 1}, {Op: oplog.Getattr}}
	o.InFlight = func() []oplog.Event { return inFlight }
	m := New(o)
	for i := range uint64(2) {
		w.record(oplog.Event{Op: oplog.Open, Handle: i + 1, Path: "/a"}, false)
	}
	w.collect(m, 2)
	s := m.Snapshot()
	if s.Open[0].InFlight != 2 || s.Open[1].InFlight != 0 || len(s.InFlight) != 3 {
		t.Errorf("open %+v", s.Open)
	}
	inFlight = nil
	if s := m.Snapshot(); s.Open[0].InFlight != 0 {
		t.Errorf("open %+v", s.Open)
	}
	if s.Open[0].InFlight != 2 {
		t.Error("an old snapshot changed")
	}
}

// TestSnapshotNeverChanges keeps one while everything goes on.
func TestSnapshotNeverChanges(t *testing.T) {
	w := newWorld()
	m := New(w.options())
	step := func(first, last uint64) {
		for i := first; i < last; i++ {
			w.record(oplog.Event{Op: oplog.Open, Handle: i + 1, Path: "/a"}, false)
			w.record(oplog.Event{Op: oplog.Write, Handle: i + 1, Result: 5, Errno: 5}, false)
			w.record(oplog.Event{Op: oplog.Write, Handle: 1, Result: 5}, false)
		}
		w.collect(m, len(w.queue))
	}
	step(0, 10)
	s := m.Snapshot()
	before := fmt.Sprintf("%+v %+v", *s, *s.LastError)
	step(10, 20)
	m.Snapshot()
	m.Reset()
	if after := fmt.Sprintf("%+v %+v", *s, *s.LastError); after != before {
		t.Errorf("was %s\nis  %s", before, after)
	}
}

func TestReset(t *testing.T) {
	w := newWorld()
	m := New(w.options())
	w.record(oplog.Event{Op: oplog.Open, Handle: 1, Path: "/a"}, false)
	w.record(oplog.Event{Op: oplog.Write, Handle: 1, Result: 100}, false)
	w.record(oplog.Event{Op: oplog.Write, Handle: 1, Result: 10, Errno: 5}, true)
	w.collect(m, 9)
	w.record(oplog.Event{Op: oplog.Open, Handle: 2, Path: "/late"}, false)
	m.Reset()
	clear(w.table)
	w.collect(m, 9)
	s := m.Snapshot()
	if len(s.Open) != 0 || s.Count != 0 || s.Dropped != 0 || s.Resyncs != 0 || s.Read != 0 || s.Written != 0 ||
		len(s.Ops) != 0 || s.OpRate != 0 || s.WriteRate != 0 || s.LastError != nil {
		t.Errorf("left over: %+v", s)
	}
	w.record(oplog.Event{Op: oplog.Open, Handle: 1, Path: "/b"}, false)
	w.collect(m, 9)
	if s := m.Snapshot(); len(s.Open) != 1 || s.Open[0].Path != "/b" || s.Count != 1 {
		t.Errorf("after: %+v", s)
	}
}

func TestNoOptions(t *testing.T) {
	m := New(Options{})
	m.Collect([]oplog.Event{{Seq: 2, Op: oplog.Open, Handle: 1, Path: "/a"}, {Flags: oplog.InFlight, Op: oplog.Read}}, 1)
	s := m.Snapshot()
	if len(s.Open) != 1 || s.Resyncs != 0 || s.Dropped != 1 || s.Count != 2 || time.Since(s.At) > time.Minute {
		t.Errorf("%+v", s)
	}
}

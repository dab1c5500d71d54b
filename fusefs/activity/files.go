package activity

import (
	"cmp"
	"slices"

	"vitrine/fusefs/oplog"
)

// openFiles is the table of open files, in the order of their handles, which is that of opening.
type openFiles struct {
	byHandle map[uint64]*file
	ends     file   // its next is the oldest file, its prev the newest
	known    uint64 // handles opened up to this sequence number are in the table, or were released
	last     []OpenFile
	fresh    bool // last is still right
}

// file is an open file. Its counts contain the events up to row.Seq.
type file struct {
	row        oplog.OpenHandle
	moved      *transfer // recent bytes; nil while nothing moves
	content    *content  // what was written to it; nil, or outdated, if nothing was
	pending    Total     // not in the totals yet
	progress   progress
	locks      bool // a lock was taken or asked for
	prev, next *file
}

// transfer is what a file moved in the last second.
type transfer struct{ read, written window }

func (t *openFiles) init() {
	t.byHandle = make(map[uint64]*file)
	t.ends.prev, t.ends.next = &t.ends, &t.ends
}

// fold follows an operation that opens, closes, moves or uses files. What a row already contains it leaves alone. It
// returns the file that the operation was on, nil where it was on none, or on none that is known.
func (t *openFiles) fold(o *operation) *file {
	switch o.does {
	case isRefused:
		return nil
	case opensHandle:
		t.open(o.Event)
		return t.byHandle[o.Handle]
	case releasesHandle:
		return t.remove(o.Handle)
	case movesFiles:
		t.move(o.Event)
		return nil
	}
	if o.Handle == 0 {
		return nil
	}
	f := t.byHandle[o.Handle]
	if f != nil {
		t.use(f, o)
	}
	return f
}

func (t *openFiles) open(e *oplog.Event) {
	if e.Seq > t.known {
		t.insert(&file{row: e.OpenHandle()})
	}
}

// insert puts the file at its place, which is at or near the end.
func (t *openFiles) insert(f *file) {
	if t.byHandle[f.row.Handle] != nil {
		return
	}
	after := t.ends.prev
	for after != &t.ends && after.row.Handle > f.row.Handle {
		after = after.prev
	}
	f.prev, f.next = after, after.next
	f.prev.next, f.next.prev = f, f
	t.byHandle[f.row.Handle] = f
	t.fresh = false
}

func (t *openFiles) remove(handle uint64) *file {
	f := t.byHandle[handle]
	if f == nil {
		return nil
	}
	f.prev.next, f.next.prev = f.next, f.prev
	delete(t.byHandle, handle)
	t.fresh = false
	return f
}

func (t *openFiles) move(e *oplog.Event) {
	for f := t.ends.next; f != &t.ends; f = f.next {
		if e.Seq > f.row.Seq && f.row.Move(e) {
			t.fresh = false
		}
	}
}

func (t *openFiles) use(f *file, o *operation) {
	f.transfer(o)
	f.progress.follow(o.Event)
	if o.Seq > f.row.Seq {
		f.row.Add(o.Event)
		t.fresh = false
	}
}

// transfer notes when bytes moved, for the rates.
func (f *file) transfer(o *operation) {
	if o.read == 0 && o.written == 0 {
		return
	}
	if f.moved == nil {
		f.moved = new(transfer)
	}
	f.moved.read.add(o.end, o.read)
	f.moved.written.add(o.end, o.written)
}

// ended is when the operation ended, on the monotonic clock.
func ended(e *oplog.Event) int64 { return e.Mono + e.Duration }

// rebuild replaces the table by rows, which contain everything recorded up to the sequence number known. Rates go on.
func (t *openFiles) rebuild(rows []oplog.OpenHandle, known uint64) {
	old := t.byHandle
	t.init()
	t.known, t.fresh = known, false
	slices.SortFunc(rows, func(a, b oplog.OpenHandle) int { return cmp.Compare(a.Handle, b.Handle) })
	for _, row := range rows {
		f := old[row.Handle]
		if f == nil {
			f = new(file)
		}
		f.row = row
		t.insert(f)
	}
}

// list returns the rows, oldest first; inFlight counts operations by handle. It makes no new list while nothing
// changes.
func (t *openFiles) list(now int64, inFlight map[uint64]int) []OpenFile {
	if t.fresh && len(inFlight) == 0 {
		return t.last
	}
	t.fresh = len(inFlight) == 0
	t.last = make([]OpenFile, 0, len(t.byHandle))
	for f := t.ends.next; f != &t.ends; f = f.next {
		read, written := f.rates(now)
		t.fresh = t.fresh && f.moved == nil
		t.last = append(t.last, OpenFile{
			OpenHandle: f.row, InFlight: inFlight[f.row.Handle], ReadRate: read, WriteRate: written,
			Reached: f.progress.reached, Expected: f.progress.expected, Left: f.progress.left(now, written),
		})
	}
	return t.last
}

// rates returns bytes per second over the last second, and lets go of what is older.
func (f *file) rates(now int64) (read, written float64) {
	if f.moved == nil {
		return 0, 0
	}
	read, written = f.moved.read.rate(now), f.moved.written.rate(now)
	if read == 0 && written == 0 {
		f.moved = nil
	}
	return read, written
}

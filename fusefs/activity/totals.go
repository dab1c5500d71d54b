package activity

import (
	"cmp"
	"slices"
	"time"

	"vitrine/fusefs/oplog"
)

// Total sums up operations that ended. Those that the record had to drop are missing.
type Total struct {
	Ops, Errors   uint64        // errors are those of IsError
	Read, Written int64         // bytes
	Time          time.Duration // spent in the operations; of parallel ones each counts
	Last          int64         // wall clock at the end of the newest, ns since 1970 UTC
}

func (t *Total) add(o *operation) {
	t.Ops++
	t.Read += o.read
	t.Written += o.written
	t.Time += time.Duration(o.Duration)
	t.Last = max(t.Last, o.Wall+o.Duration)
	if o.failed {
		t.Errors++
	}
}

func (t *Total) merge(o *Total) {
	t.Ops += o.Ops
	t.Errors += o.Errors
	t.Read += o.Read
	t.Written += o.Written
	t.Time += o.Time
	t.Last = max(t.Last, o.Last)
}

// ProcessTotal is what one process did. PID 0 is the kernel by itself. A process that started another program has a row
// for each of its names.
type ProcessTotal struct {
	PID  int32
	Proc string
	Total
}

// FileTotal is what was done to one file or folder, under whatever name: a rename takes the sums along, and adds them to
// those of the file that it replaces.
type FileTotal struct {
	Path string
	Total
}

// Others sums up rows that were let go of.
type Others struct {
	Rows uint64 // a row that came back and went again counts twice
	Total
}

// The rows that are kept, at least. There may be twice as many.
const (
	processesKept = 256
	filesKept     = 512
)

// maxChanged bounds the files whose sums wait while nobody looks.
const maxChanged = 16_384

// totals sums up by process and by file. Memory is bounded by letting go of rows: when there are twice as many as kept,
// the half in which least time was spent goes to one row for all others. So every row is exact from when it came, and
// the rows and the others together are everything; a sketch such as space-saving would keep the order of the largest
// better and give them counts that are not their own, which nobody could compare with a program's own figures.
type totals struct {
	processes table[process]
	files     table[string]
	recent    [16]*row[process] // found last, by PID
	changed   []*file           // open files whose pending sums are not in files yet
	last      struct {          // what was shown last
		processes []ProcessTotal
		files     []FileTotal
	}
	fresh bool // last is still right
}

type process struct {
	pid  int32
	name string
}

func (t *totals) init() {
	t.processes.init(processesKept)
	t.files.init(filesKept)
}

// add counts an operation; f is the open file that it was on, nil for none.
func (t *totals) add(o *operation, f *file) {
	t.fresh = false
	t.process(o.Event).total.add(o)
	switch {
	case f != nil:
		t.addTo(f, o)
	case o.does == movesFiles && o.Op == oplog.Rename:
		t.move(o.Event)
		t.files.row(o.Path2).total.add(o)
	case o.Path != "":
		t.files.row(o.Path).total.add(o)
	}
}

// process returns the row of the process that asked.
func (t *totals) process(e *oplog.Event) *row[process] {
	place := &t.recent[uint32(e.PID)%uint32(len(t.recent))]
	if r := *place; r != nil && !r.gone && r.key.pid == e.PID && r.key.name == e.Proc {
		return r
	}
	*place = t.processes.row(process{e.PID, e.Proc})
	return *place
}

// addTo counts an operation on an open file. Its sums wait in the file until somebody looks or it is closed, so that
// thousands of open files cost nothing here.
func (t *totals) addTo(f *file, o *operation) {
	if f.pending.Ops == 0 {
		if len(t.changed) == maxChanged {
			t.settleAll()
		}
		t.changed = append(t.changed, f)
	}
	f.pending.add(o)
	if o.does == releasesHandle {
		t.settle(f)
	}
}

// settle moves the pending sums to the row of the file's present name.
func (t *totals) settle(f *file) {
	if f.pending.Ops > 0 {
		t.files.row(f.row.Path).total.merge(&f.pending)
		f.pending = Total{}
	}
}

func (t *totals) settleAll() {
	for _, f := range t.changed {
		t.settle(f)
	}
	clear(t.changed)
	t.changed = t.changed[:0]
}

// move renames the rows of files as a rename does the files. What was done to a file that was unlinked stays to be seen.
func (t *totals) move(e *oplog.Event) {
	var moved []*row[string]
	for path, r := range t.files.rows {
		name := oplog.OpenHandle{Path: path}
		if name.Move(e) && !name.Deleted {
			delete(t.files.rows, path)
			r.key = name.Path
			moved = append(moved, r)
		}
	}
	for _, r := range moved {
		t.files.put(r)
	}
}

// show sets the snapshot's totals. It makes no new lists while nothing was added.
func (t *totals) show(s *Snapshot) {
	if !t.fresh {
		t.settleAll()
		t.list()
		t.fresh = true
	}
	s.Processes, s.Files = t.last.processes, t.last.files
	s.OtherProcesses, s.OtherFiles = t.processes.others, t.files.others
}

func (t *totals) list() {
	t.last.processes = make([]ProcessTotal, 0, len(t.processes.rows))
	for k, r := range t.processes.rows {
		t.last.processes = append(t.last.processes, ProcessTotal{k.pid, k.name, r.total})
	}
	t.last.files = make([]FileTotal, 0, len(t.files.rows))
	for path, r := range t.files.rows {
		t.last.files = append(t.last.files, FileTotal{path, r.total})
	}
}

// table is a bounded number of sums by key.
type table[K comparable] struct {
	keep   int
	rows   map[K]*row[K]
	others Others
}

type row[K comparable] struct {
	key   K
	total Total
	gone  bool // is among the others
}

func (t *table[K]) init(keep int) { t.keep, t.rows = keep, make(map[K]*row[K]) }

// row returns the row of the key, a new one if there is none. It is good until the next call.
func (t *table[K]) row(key K) *row[K] {
	if r := t.rows[key]; r != nil {
		return r
	}
	if len(t.rows) >= 2*t.keep {
		t.prune()
	}
	r := &row[K]{key: key}
	t.rows[key] = r
	return r
}

// put adds a row, or its sums if there is one of its key.
func (t *table[K]) put(r *row[K]) {
	if there := t.rows[r.key]; there != nil {
		there.total.merge(&r.total)
		return
	}
	t.rows[r.key] = r
}

// prune lets go of all rows but the keep on which most time was spent.
func (t *table[K]) prune() {
	all := make([]*row[K], 0, len(t.rows))
	for _, r := range t.rows {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b *row[K]) int { return cmp.Compare(b.total.Time, a.total.Time) })
	for _, r := range all[t.keep:] {
		r.gone = true
		t.others.Rows++
		t.others.merge(&r.total)
		delete(t.rows, r.key)
	}
}

package activity

import (
	"slices"
	"time"

	"vitrine/fusefs/oplog"
)

// HazardKind is what may have gone wrong, or may yet.
type HazardKind uint8

const (
	// RefusedHandle is an operation on a handle that was released, or never given out.
	RefusedHandle HazardKind = iota
	// WaitingRelease is a release that had to wait for operations on its handle.
	WaitingRelease
	// OverlappingWriters are two handles, or two processes with one handle, that wrote the same bytes of a file while
	// both had it open: neither was closed between the two writes. Handles that took a lock are left out, and those opened
	// to append, which never meet. Files are told apart by path; hard links are not followed.
	OverlappingWriters
	// UnsyncedReplace is a rename over a name, of a file that was written and not brought to disk since: a crash can leave
	// neither the old content nor the new. A name that is known to have been free does not count.
	UnsyncedReplace
	// SlowOperation took far longer than others of its kind: see slowFactor.
	SlowOperation
	// StuckOperation is in flight for more than 5 s, or was.
	StuckOperation
	// NumHazardKinds is one past the last kind.
	NumHazardKinds
)

var hazardNames = [NumHazardKinds]string{"refused", "waited", "overlap", "unsynced", "slow", "stuck"}

// String returns the kind as one word in lower case.
func (k HazardKind) String() string { return hazardNames[k] }

const (
	slowFactor   = 100                         // times the median that make an operation slow
	slowLeast    = int64(5 * time.Millisecond) // what is shorter is never slow
	slowSample   = 100                         // operations of its kind that there must have been
	stuckAfter   = int64(5 * time.Second)      // time in flight
	hazardsKept  = 256                         // the newest
	relatedKept  = 16                          // sequence numbers that a hazard names
	hazardsAlike = 8                           // hazards looked back for one that is of the same
)

// Hazard is something that a person should look at.
type Hazard struct {
	ID      uint64 // 1, 2, 3 … in the order in which they were found
	Kind    HazardKind
	At      int64  // wall clock, ns since 1970 UTC: end of the operation, or when it was found to be stuck
	Seq     uint64 // the operation; 0 while it is in flight
	Op      oplog.Op
	Handle  uint64 // 0 for none
	Path    string
	Text    Sentence // of the newest, where it happened several times
	Times   uint64   // how often it happened to this handle, or file, in a row
	Related []uint64 // other operations that it is about, by sequence number; the oldest few where there are many
}

// hazards finds them in the record as it is folded. All it remembers is bounded, and what it cannot know for sure since
// events were lost it does not claim.
type hazards struct {
	last     uint64 // sequence number folded last
	complete bool   // nothing was lost since the first handle was given out
	highest  uint64 // handle given out
	recent   ringOf[pastUse]
	released ringOf[pastRelease]
	names    ringOf[pastName]
	files    written
	stuck    map[begin]uint64 // hazards of operations in flight for long, by their ID

	count   [NumHazardKinds]uint64
	found   uint64
	kept    []Hazard
	shown   []Hazard
	marked  map[uint64][]int // places in shown of the hazards that an operation belongs to, ascending
	fresh   bool             // shown and marked are still right
	changes uint64           // how often they were made anew
}

// pastUse is an operation on a handle.
type pastUse struct {
	seq, handle uint64
	end         int64 // mono
}

// pastRelease is the end of a handle.
type pastRelease struct {
	pastUse
	who Who
}

// pastName is what an operation proved of a name.
type pastName struct {
	path string
	is   bool
}

// begin tells an operation in flight from others; it has no sequence number yet.
type begin struct {
	mono int64
	op   oplog.Op
	pid  int32
	path string
}

func beginOf(e *oplog.Event) begin { return begin{e.Mono, e.Op, e.PID, e.Path} }

func (h *hazards) init(base uint64) {
	h.last, h.complete = base, true
	h.recent.init(1024)
	h.released.init(256)
	h.names.init(512)
	h.files.init()
	h.stuck = make(map[begin]uint64)
}

// fold looks at one operation; f is the open file it was on, nil for none.
func (h *hazards) fold(o *operation, f *file, s *state) {
	if o.Seq != h.last+1 {
		h.forget()
	}
	h.last = o.Seq
	switch o.does {
	case isRefused:
		h.refused(o.Event, s.files.byHandle[o.Handle])
		return
	case releasesHandle:
		h.release(o.Event, f)
	case opensHandle:
		h.highest = max(h.highest, o.Handle)
	}
	h.follow(o, f)
	if o.Duration >= slowLeast {
		h.slow(o.Event, &s.latency)
	}
	if o.Handle != 0 {
		h.recent.push(pastUse{o.Seq, o.Handle, o.end})
	}
}

// forget is called where events were lost: what is known of files may be wrong from here on.
func (h *hazards) forget() {
	h.complete = false
	h.names.clear()
	h.files.forget()
}

// add keeps a hazard of e, or adds to one that is of the same.
func (h *hazards) add(kind HazardKind, e *oplog.Event, text Sentence, related ...uint64) *Hazard {
	h.fresh = false
	h.count[kind]++
	if k := h.alike(kind, e); k != nil {
		k.Times++
		k.At, k.Text = e.Wall+e.Duration, text
		if k.Seq != 0 && len(k.Related) < relatedKept {
			k.Related = append(k.Related, k.Seq)
		}
		k.Seq = e.Seq
		return k
	}
	if len(h.kept) == hazardsKept {
		h.kept = slices.Delete(h.kept, 0, hazardsKept/4)
	}
	h.found++
	h.kept = append(h.kept, Hazard{
		ID: h.found, Kind: kind, At: e.Wall + e.Duration, Seq: e.Seq, Op: e.Op, Handle: e.Handle, Path: e.Path, Text: text, Times: 1,
		Related: related[:min(len(related), relatedKept)],
	})
	return &h.kept[len(h.kept)-1]
}

// alike returns a hazard found lately that happened once more. Stuck operations and releases are each one of their own.
func (h *hazards) alike(kind HazardKind, e *oplog.Event) *Hazard {
	if kind != RefusedHandle && kind != SlowOperation {
		return nil
	}
	for i := range min(len(h.kept), hazardsAlike) {
		k := &h.kept[len(h.kept)-1-i]
		if k.Kind == kind && k.Op == e.Op && k.Handle == e.Handle && k.Path == e.Path {
			return k
		}
	}
	return nil
}

// refused tells why there was no such handle; f is the file if it is not released yet.
func (h *hazards) refused(e *oplog.Event, f *file) {
	op, who := e.Op.String(), whoOf(e)
	if f != nil {
		h.add(RefusedHandle, e, sentence("%s by %s was refused: handle %d was being released.", op, who, e.Handle))
		return
	}
	for r := range h.released.newest() {
		if r.handle == e.Handle {
			text := sentence("%s by %s was refused: it began %s after handle %d was released by %s.", op, who, Span(e.Mono-r.end), e.Handle, r.who)
			if e.Mono < r.end {
				text = sentence("%s by %s was refused: it began while handle %d was being released by %s.", op, who, e.Handle, r.who)
			}
			h.add(RefusedHandle, e, text, r.seq)
			return
		}
	}
	if h.complete && e.Handle > h.highest {
		h.add(RefusedHandle, e, sentence("%s by %s was refused: there never was a handle %d.", op, who, e.Handle))
		return
	}
	h.add(RefusedHandle, e, sentence("%s by %s was refused: handle %d is not open.", op, who, e.Handle))
}

// release remembers when the handle went, and tells what it waited for.
func (h *hazards) release(e *oplog.Event, f *file) {
	h.released.push(pastRelease{pastUse{e.Seq, e.Handle, ended(e)}, whoOf(e)})
	if e.Wait > 0 {
		h.waited(e)
	}
	if f != nil {
		h.files.close(f)
	}
}

func (h *hazards) waited(e *oplog.Event) {
	var related []uint64
	for r := range h.recent.newest() {
		if r.handle == e.Handle && r.end > e.Mono {
			related = append(related, r.seq)
		}
	}
	slices.Reverse(related)
	switch len(related) {
	case 0:
		h.add(WaitingRelease, e, sentence("The release of handle %d waited %s for operations that the record does not show.", e.Handle, Span(e.Wait)))
	case 1:
		h.add(WaitingRelease, e, sentence("The release of handle %d waited %s for operation %d: without that, it would have failed with EBADF.",
			e.Handle, Span(e.Wait), related[0]), related...)
	default:
		h.add(WaitingRelease, e, sentence("The release of handle %d waited %s for %d operations: without that, they would have failed with EBADF.",
			e.Handle, Span(e.Wait), len(related)), related...)
	}
}

// slow looks at an operation that took long. Locks take as long as somebody else holds them, and what an operation waited
// for others is not its own slowness.
func (h *hazards) slow(e *oplog.Event, l *latency) {
	if waitsByNature(e.Op) || e.Op >= oplog.NumOps {
		return
	}
	own := e.Duration - e.Wait
	if own >= stuckAfter {
		h.ended(e)
		return
	}
	if own < slowLeast {
		return
	}
	if median, n := l.medianOf(e.Op); n >= slowSample && own/slowFactor >= max(median, 1) {
		h.add(SlowOperation, e, sentence("%s of %s by %s took %s, %d times the usual %s.",
			e.Op.String(), e.Path, whoOf(e), Span(own), own/max(median, 1), Span(median)))
	}
}

func waitsByNature(op oplog.Op) bool { return op == oplog.Lock || op == oplog.Flock }

// ended tells of an operation that was in flight for long; there may be a hazard of it already.
func (h *hazards) ended(e *oplog.Event) {
	text := sentence("%s of %s by %s took %s.", e.Op.String(), e.Path, whoOf(e), Span(e.Duration-e.Wait))
	if k := h.keptOf(h.stuck[beginOf(e)]); k != nil {
		k.Seq, k.Handle, k.At, k.Text = e.Seq, e.Handle, e.Wall+e.Duration, text
		h.fresh = false
		return
	}
	h.noteStuck(e, h.add(StuckOperation, e, text).ID)
}

func (h *hazards) keptOf(id uint64) *Hazard {
	for i := range h.kept {
		if h.kept[i].ID == id {
			return &h.kept[i]
		}
	}
	return nil
}

// maxStuck bounds the operations of which it is remembered that they were told of.
const maxStuck = 1024

func (h *hazards) noteStuck(e *oplog.Event, id uint64) {
	if len(h.stuck) == maxStuck {
		clear(h.stuck)
	}
	h.stuck[beginOf(e)] = id
}

// look looks at operations in flight, oldest first. One that ended since may be among them.
func (h *hazards) look(inFlight []oplog.Event) {
	for i := range inFlight {
		e := &inFlight[i]
		if e.Duration < stuckAfter {
			return
		}
		if _, told := h.stuck[beginOf(e)]; !told && !waitsByNature(e.Op) {
			h.noteStuck(e, h.add(StuckOperation, e, sentence("%s of %s by %s has been in flight for more than %s.",
				e.Op.String(), e.Path, whoOf(e), Span(stuckAfter))).ID)
		}
	}
}

// show sets the snapshot's hazards.
func (h *hazards) show(s *Snapshot) {
	h.settle()
	s.Hazards, s.HazardCounts, s.HazardChanges, s.marked = h.shown, h.count, h.changes, h.marked
}

// settle brings shown and marked up to date. It makes no new ones while none was found.
func (h *hazards) settle() {
	if h.fresh {
		return
	}
	h.shown = slices.Clone(h.kept)
	h.marked = make(map[uint64][]int)
	for i := range h.shown {
		for _, seq := range h.shown[i].Related {
			h.mark(seq, i)
		}
		h.mark(h.shown[i].Seq, i)
	}
	h.changes++
	h.fresh = true
}

// InHazard reports whether the operation with this sequence number is part of one of the kept hazards, as far as the
// operations that were collected tell. A sink that is attached after the model may ask it for those that it is given.
func (m *Model) InHazard(seq uint64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.state.hazards.settle()
	return len(m.state.hazards.marked[seq]) > 0
}

// mark notes that an operation belongs to a hazard. One in flight has no number yet.
func (h *hazards) mark(seq uint64, place int) {
	if at := h.marked[seq]; seq != 0 && (len(at) == 0 || at[len(at)-1] != place) {
		h.marked[seq] = append(at, place)
	}
}

// InHazard reports whether any of the kept hazards has the operation with this sequence number as a part. It is quick enough to
// ask for every row of a log.
func (s *Snapshot) InHazard(seq uint64) bool { return len(s.marked[seq]) > 0 }

// HazardsAt returns the kept hazards that the operation with this sequence number is part of, the oldest first.
func (s *Snapshot) HazardsAt(seq uint64) []Hazard {
	var out []Hazard
	for _, i := range s.marked[seq] {
		out = append(out, s.Hazards[i])
	}
	return out
}

package activity

import (
	"path"
	"slices"
	"syscall"

	"vitrine/fusefs/oplog"
)

// written is what was lately written to: who has which bytes of a file, and whether they are on disk.
type written struct {
	age    uint64              // grows where all is forgotten
	byPath map[string]*content // those that have a name
	closed []*content          // no longer open for writing but not on disk, oldest first
}

// content is what a file holds, whatever its name.
type content struct {
	age     uint64
	unsaved uint64    // the newest write, if it is not known to be on disk; 0 otherwise
	wrote   int64     // mono at the end of that
	newest  *writer   // that wrote last
	first   writer    // the only one, mostly: it lies here to be near
	writers []*writer // handles that wrote and are open
	path    string
}

// writer is a process that wrote through a handle.
type writer struct {
	handle  uint64
	who     Who
	extents []extent  // oldest first
	met     []*writer // whose bytes it wrote over, or they its
}

// extent is a range of bytes that were written.
type extent struct {
	from, to int64 // to is one past the last
	seq      uint64
}

const (
	extentsKept = 8   // of a writer; the oldest is forgotten
	writersKept = 16  // of a file
	closedKept  = 256 // files
	metKept     = 16  // of a writer
)

func (w *written) init() { w.byPath = make(map[string]*content) }

func (w *written) forget() {
	w.age++
	clear(w.byPath)
	w.closed = w.closed[:0]
}

// of returns the content of an open file, a new one if nothing was written to it yet.
func (w *written) of(f *file) *content {
	c := f.content
	if c != nil && c.age == w.age {
		return c
	}
	if c = w.byPath[f.row.Path]; c == nil || f.row.Deleted {
		c = &content{age: w.age, path: f.row.Path}
		if !f.row.Deleted {
			w.byPath[c.path] = c
		}
	}
	f.content = c
	return c
}

// saved notes that the content is on disk, if it was written before the operation began.
func (w *written) saved(c *content, e *oplog.Event) {
	if e.Mono >= c.wrote {
		c.unsaved = 0
		w.dropIdle(c)
	}
}

// dropIdle lets go of a content that there is nothing to say of.
func (w *written) dropIdle(c *content) {
	if len(c.writers) == 0 && c.unsaved == 0 && w.byPath[c.path] == c {
		delete(w.byPath, c.path)
	}
}

// close forgets what was written through the handle.
func (w *written) close(f *file) {
	c := f.content
	if c == nil || c.age != w.age {
		return
	}
	c.writers = slices.DeleteFunc(c.writers, func(o *writer) bool { return o.handle == f.row.Handle })
	c.newest = nil
	if w.dropIdle(c); len(c.writers) > 0 || c.unsaved == 0 {
		return
	}
	if len(w.closed) == closedKept {
		old := w.closed[0]
		w.closed = slices.Delete(w.closed, 0, 1)
		if len(old.writers) == 0 && w.byPath[old.path] == old {
			delete(w.byPath, old.path)
		}
	}
	w.closed = append(w.closed, c)
}

// move renames contents as the event does files.
func (w *written) move(e *oplog.Event) {
	c := w.byPath[e.Path]
	switch {
	case c != nil && e.Flags&oplog.Exchanged == 0:
		w.moveOne(c, e) // a file: there is nothing below it
		return
	case e.Op != oplog.Rename:
		return // nothing is known below a file or an empty folder
	}
	var moved []*content
	for name, c := range w.byPath {
		if row := (oplog.OpenHandle{Path: name}); row.Move(e) {
			delete(w.byPath, name)
			c.path = row.Path
			if !row.Deleted {
				moved = append(moved, c)
			}
		}
	}
	for _, c := range moved {
		w.byPath[c.path] = c
	}
}

func (w *written) moveOne(c *content, e *oplog.Event) {
	delete(w.byPath, e.Path)
	if e.Op == oplog.Rename && !oplog.IsHidden(path.Base(e.Path2)) {
		c.path = e.Path2
		w.byPath[c.path] = c
	}
}

// writer returns the process's entry, nil where there are too many.
func (c *content) writer(e *oplog.Event) *writer {
	if w := c.newest; w != nil && w.is(e) {
		return w
	}
	for _, w := range c.writers {
		if w.is(e) {
			c.newest = w
			return w
		}
	}
	if len(c.writers) == writersKept {
		return nil
	}
	w := &c.first
	if w.handle != 0 {
		w = new(writer)
	}
	w.handle, w.who = e.Handle, whoOf(e)
	c.writers, c.newest = append(c.writers, w), w
	return w
}

func (w *writer) is(e *oplog.Event) bool { return w.handle == e.Handle && w.who.PID == e.PID }

// add notes bytes as written.
func (w *writer) add(n extent) {
	for i := len(w.extents) - 1; i >= 0; i-- {
		if x := &w.extents[i]; n.from <= x.to && x.from <= n.to {
			*x = extent{min(x.from, n.from), max(x.to, n.to), n.seq}
			return
		}
	}
	if len(w.extents) == extentsKept {
		w.extents = slices.Delete(w.extents, 0, 1)
	}
	w.extents = append(w.extents, n)
}

// common returns the bytes of n that the writer had written, and by which operation, the last one that touched their
// extent.
func (w *writer) common(n extent) (extent, bool) {
	for _, x := range w.extents {
		if from, to := max(x.from, n.from), min(x.to, n.to); from < to {
			return extent{from, to, x.seq}, true
		}
	}
	return extent{}, false
}

// follow keeps track of what is written and where it goes, and tells of writers that meet and of files that replace
// others before they are on disk.
func (h *hazards) follow(o *operation, f *file) {
	switch e := o.Event; {
	case o.written > 0:
		if f != nil {
			h.write(o, f)
		}
	case e.Op == oplog.Read || e.Op == oplog.Write:
	case e.Op == oplog.Fsync && e.Errno == 0:
		if c := h.contentOf(e, f); c != nil {
			h.files.saved(c, e)
		}
	case e.Op == oplog.Lock || e.Op == oplog.Flock:
		if f != nil {
			f.locks = true
		}
	case o.does == movesFiles:
		h.replaced(e)
		h.files.move(e)
		h.notePath(e.Path, e.Flags&oplog.Exchanged != 0)
		h.notePath(e.Path2, true)
	default:
		h.proved(e)
	}
}

// contentOf returns what was written to the file of an operation, nil for nothing.
func (h *hazards) contentOf(e *oplog.Event, f *file) *content {
	if f == nil {
		return h.files.byPath[e.Path]
	}
	if f.content != nil && f.content.age == h.files.age {
		return f.content
	}
	return h.files.byPath[f.row.Path]
}

func (h *hazards) write(o *operation, f *file) {
	c := h.files.of(f)
	if f.row.Mode&syscall.O_SYNC == 0 {
		c.unsaved, c.wrote = o.Seq, max(c.wrote, o.end)
	}
	if f.row.Mode&syscall.O_APPEND != 0 {
		return
	}
	w := c.writer(o.Event)
	if w == nil || f.locks {
		return
	}
	bytes := extent{o.Offset, o.Offset + o.written, o.Seq}
	if len(c.writers) > 1 {
		h.meet(o.Event, c, w, bytes)
	}
	w.add(bytes)
}

// meet looks for others who wrote the same bytes, and tells of each pair once. What the kernel writes by itself is
// somebody's who is in the list.
func (h *hazards) meet(e *oplog.Event, c *content, w *writer, bytes extent) {
	for _, o := range c.writers {
		if o == w || o.who.PID == 0 || w.who.PID == 0 || slices.Contains(w.met, o) || len(w.met) == metKept {
			continue
		}
		if x, any := o.common(bytes); any {
			w.met, o.met = append(w.met, o), append(o.met, w)
			h.add(OverlappingWriters, e, sentence("%s through handle %d and %s through handle %d both wrote bytes %d to %d of %s while both had it open.",
				w.who, w.handle, o.who, o.handle, x.from, x.to-1, c.path), x.seq)
		}
	}
}

// renameNoReplace is the flag of renameat2(2) with which it fails where there is something of the new name.
const renameNoReplace = 1

// replaced looks at a rename of a file that was written and not brought to disk.
func (h *hazards) replaced(e *oplog.Event) {
	if e.Op != oplog.Rename || e.Path == e.Path2 || e.Mode&renameNoReplace != 0 || oplog.IsHidden(path.Base(e.Path2)) {
		return
	}
	c := h.files.byPath[e.Path]
	if c == nil || c.unsaved == 0 {
		return
	}
	is, known := h.known(e.Path2)
	if known && !is {
		return
	}
	format := "%s by %s was renamed to %s %s after its last write, without an fsync between: after a crash it could be empty."
	if is {
		format = "%s by %s replaced %s %s after its last write, without an fsync between: after a crash it could be empty."
	}
	h.add(UnsyncedReplace, e, sentence(format, e.Path, whoOf(e), e.Path2, Span(e.Mono-c.wrote)), c.unsaved)
	c.unsaved = 0
}

// known returns what was last proved of a name, if anything was.
func (h *hazards) known(name string) (is, known bool) {
	for n := range h.names.newest() {
		if n.path == name {
			return n.is, true
		}
	}
	return false, false
}

func (h *hazards) notePath(name string, is bool) {
	if name != "" {
		h.names.push(pastName{name, is})
	}
}

// proved notes whether the operation shows that its name is there.
func (h *hazards) proved(e *oplog.Event) {
	switch e.Op {
	case oplog.Getattr, oplog.Open, oplog.Create, oplog.Access, oplog.Mknod, oplog.Symlink:
		if e.Errno == 0 && (e.Handle == 0 || e.Opens()) {
			h.notePath(e.Path, true)
		} else if e.Errno == syscall.ENOENT {
			h.notePath(e.Path, false)
		}
	case oplog.Link:
		if e.Errno == 0 {
			h.notePath(e.Path2, true)
		}
	}
}

package oplog

import "sync"

// Tally counts what happened to one open handle. It lives in the filesystem's handle and is fed by Pending.End; its
// zero value belongs to a handle that is not open yet.
type Tally struct {
	mu    sync.Mutex // guards all below, and is held while an event of this handle takes its place in the record
	row   OpenHandle
	state tallyState
}

type tallyState uint8

const (
	notOpen tallyState = iota
	isOpen
	released
)

// OpenHandle returns the handle's row, and whether the handle is open. The row contains exactly the events up to its
// Seq.
func (t *Tally) OpenHandle() (OpenHandle, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.row, t.state == isOpen
}

// Path returns where the open file is now, and whether it was unlinked since; then it is the last path that it had.
func (t *Tally) Path() (path string, deleted bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.row.Path, t.row.Deleted
}

// record pushes e and counts it, both in one.
func (t *Tally) record(r *Recorder, e *Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r.push(e)
	t.add(e)
}

func (t *Tally) add(e *Event) {
	if e.Flags&Refused != 0 {
		return
	}
	switch {
	case e.Opens():
		t.row, t.state = e.OpenHandle(), isOpen
	case e.Releases():
		t.state = released
	}
	t.row.Add(e)
}

// Opens reports whether the event gave out a handle.
func (e *Event) Opens() bool {
	return (e.Op == Open || e.Op == Create || e.Op == Opendir) && e.Errno == 0 && e.Handle != 0
}

// Releases reports whether the event took its handle back. It does so even where the close failed.
func (e *Event) Releases() bool {
	return (e.Op == Release || e.Op == Releasedir) && e.Flags&Refused == 0
}

// OpenHandle returns the row that an event which Opens begins.
func (e *Event) OpenHandle() OpenHandle {
	return OpenHandle{
		Handle: e.Handle, Path: e.Path, Dir: e.Op == Opendir, PID: e.PID, Proc: e.Proc, Mode: e.Mode,
		Opened: e.Wall, Seq: e.Seq,
	}
}

// Add counts an event of the row's own handle.
func (h *OpenHandle) Add(e *Event) {
	read, written := e.Bytes()
	h.Read += read
	h.Written += written
	h.Seq = e.Seq
}

// Bytes returns what the operation moved out of the mount and into it. CopyFileRange counts as writing to its target.
func (e *Event) Bytes() (read, written int64) {
	switch e.Op {
	case Read:
		return max(e.Result, 0), 0
	case Write, CopyFileRange:
		return 0, max(e.Result, 0)
	default:
		return 0, 0
	}
}

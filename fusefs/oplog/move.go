package oplog

import (
	"path"
	"strings"
)

// IsHidden reports whether libfuse gave a file this name, which it does to an open file when its own name is unlinked or
// replaced; see hide_node in libfuse's lib/fuse.c.
func IsHidden(name string) bool { return strings.HasPrefix(name, ".fuse_hidden") }

// Moves reports whether the event may change the paths of open files.
func (e *Event) Moves() bool {
	return (e.Op == Rename || e.Op == Unlink || e.Op == Rmdir) && e.Errno == 0 && e.Flags&Refused == 0
}

// Move changes the row as the event, one that Moves, changes the file's name, and reports whether it did. A file
// that lost its name keeps the last path it had, also where libfuse parks it as .fuse_hidden….
func (h *OpenHandle) Move(e *Event) bool {
	if h.Deleted || !h.below(e.Path) && !h.below(e.Path2) || !h.move(e) {
		return false
	}
	h.Seq = e.Seq
	return true
}

func (h *OpenHandle) move(e *Event) bool {
	switch {
	case e.Op == Unlink, e.Op == Rmdir:
		return h.lose(e.Path)
	case e.Flags&Exchanged != 0:
		return h.rebase(e.Path, e.Path2) || h.rebase(e.Path2, e.Path)
	case IsHidden(path.Base(e.Path2)):
		return h.lose(e.Path)
	case e.Path == e.Path2:
		return false
	default:
		return h.lose(e.Path2) || h.rebase(e.Path, e.Path2)
	}
}

// lose marks the file as deleted if its name was name.
func (h *OpenHandle) lose(name string) bool {
	h.Deleted = h.Path == name
	return h.Deleted
}

// rebase moves the path from the name from, or from below it, to the name to.
func (h *OpenHandle) rebase(from, to string) bool {
	if !h.below(from) {
		return false
	}
	h.Path = to + h.Path[len(from):]
	return true
}

// below reports whether the file's name is name or lies below it.
func (h *OpenHandle) below(name string) bool {
	n := len(name)
	return len(h.Path) >= n && h.Path[:n] == name && (len(h.Path) == n || h.Path[n] == '/')
}

// concerns reports whether the event, one that Moves, would change the row.
func (h *OpenHandle) concerns(e *Event) bool {
	probe := *h
	return probe.Move(e)
}

// pushMove pushes e with every tally that it concerns locked, and moves their paths.
func (r *Recorder) pushMove(e *Event, open []*Tally) {
	if !e.Moves() {
		r.push(e)
		return
	}
	r.moving.Lock()
	defer r.moving.Unlock()
	locked := lockConcerned(e, open)
	r.push(e)
	for _, t := range locked {
		t.row.Move(e)
		t.mu.Unlock()
	}
}

// lockConcerned returns the tallies that e concerns, locked. The caller holds Recorder.moving: nobody else waits for
// a tally while holding one, so the order does not matter.
func lockConcerned(e *Event, open []*Tally) (locked []*Tally) {
	for _, t := range open {
		t.mu.Lock()
		if t.state == isOpen && t.row.concerns(e) {
			locked = append(locked, t)
		} else {
			t.mu.Unlock()
		}
	}
	return locked
}

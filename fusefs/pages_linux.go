package fusefs

import (
	"bytes"

	"golang.org/x/sys/unix"
)

// span is a part of a file that is being changed past the kernel's pages of it: by a direct write, a hole or a copy.
//
// The kernel writes a page back whole: what a program has changed in it through a mapping, and around that what was there when
// the page was read. It brings the pages up to date before it sends such a change, and for a hole or a copy also after, but lets
// programs read and change them again in between (fs/fuse/file.c says so of copies). The old bytes around would overwrite the
// new ones then. So until no page can hold old bytes any more, what is written back leaves a span as it is. Of what programs
// write there at the same time nobody can say which came first.
type span struct {
	from, to int64     // offsets in bytes
	left     []stretch // what was to be written back there; guarded by node.mu
	next     *span     // being changed in the same file
}

type stretch struct {
	at   int64 // offset in bytes
	data []byte
}

// pastPages calls f to change length bytes of a file at an offset past the kernel's pages; 0 where it appends. f returns how
// many of them it has changed.
func (c *call) pastPages(h *handle, off, length int64, f func() (done int64)) {
	n, s := h.node, &c.span
	*s = span{from: off, to: off + length}
	if n.beginSpan(s) {
		c.fs.invalidateRange(n, off, length) // waits for those that are being written back
	}
	done := int64(0)
	defer func() {
		if n.mayBeMapped() {
			c.fs.invalidateRange(n, off, length) // drops the pages that were read before
		}
		if n.endSpan(s, h.fd, off+done) {
			c.fs.invalidateRange(n, off, length) // drops those whose changes were left out
		}
	}()
	done = f()
}

// beginSpan reports whether pages of the file may just be written back.
func (n *node) beginSpan(s *span) (may bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	s.next, n.spans = n.spans, s
	return n.wroteBack
}

// mayBeMapped reports whether a handle is open on the node that lets programs map the file.
func (n *node) mayBeMapped() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, h := range n.handles {
		if !h.direct {
			return true
		}
	}
	return false
}

// endSpan ends a span that was changed up to an offset, and writes what was left out behind that: a change that failed must take
// nothing with it. It reports whether anything was left out.
func (n *node) endSpan(s *span, fd int, changed int64) (met bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for ; len(s.left) > 0; met = true {
		left := s.left
		s.left = nil
		n.mu.Unlock()
		for _, l := range left {
			if done := max(changed-l.at, 0); done < int64(len(l.data)) {
				unix.Pwrite(fd, l.data[done:], l.at+done)
			}
		}
		n.mu.Lock()
	}
	at := &n.spans
	for *at != s {
		at = &(*at).next
	}
	*at = s.next
	return met
}

// writeBack writes what the kernel has in its pages, but for spans.
func (h *handle) writeBack(b []byte, at int64) (int, error) {
	left, same := h.node.leaveOut(b, at)
	if left {
		return same, nil
	}
	return unix.Pwrite(h.fd, b[:same], at)
}

// leaveOut reports whether the first byte at an offset is in a span, and for how many more that is the same.
func (n *node) leaveOut(b []byte, at int64) (left bool, same int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.wroteBack = true
	end := at + int64(len(b))
	for s := n.spans; s != nil; s = s.next {
		switch {
		case at < s.from:
			end = min(end, s.from)
		case at < s.to:
			same = int(min(s.to, end) - at)
			s.left = append(s.left, stretch{at, bytes.Clone(b[:same])})
			return true, same
		}
	}
	return false, int(end - at)
}

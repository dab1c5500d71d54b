package fusefs

import "golang.org/x/sys/unix"

// sentry notices changes that other programs make to files in the backing folder while they are open through the mount,
// and makes the kernel drop what it has cached of them.
//
// Whoever calls the kernel sees them anyway: what it was told is valid for less than a tenth of a second. But nobody
// asks for a page that a program has mapped. So files that stay open are watched with inotify(7), for one event at a time:
// our own writes make events too, and must not cost anything. A change is acted upon after at most two looks and validFor,
// together less than a tenth of a second.
type sentry struct {
	fs *FS
	lookout

	fresh  []*node // opened since the last look; guarded by lookout.mu
	closed []*node // of which no handle is open any more, though they are watched; likewise

	// What follows is the watching goroutine's own.
	watched map[int32]*node
	pending []*node // to be looked at with the next tick
}

// guarded is what the sentry knows of a node.
type guarded struct {
	queued  bool        // in sentry.pending
	ours    bool        // changed through the mount since seen
	changes uint64      // node.changes at the last look
	seen    fileVersion // at the last look
}

func newSentry(fs *FS) *sentry {
	return &sentry{fs: fs, lookout: newLookout(), watched: make(map[int32]*node)}
}

// opened tells of a file that may stay open.
func (s *sentry) opened(n *node) {
	if n.watch.Load() != 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fresh = append(s.fresh, n)
	s.ring()
}

// released tells that the last handle on a file was closed.
func (s *sentry) released(n *node) {
	if n.watch.Load() == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = append(s.closed, n)
	s.ring()
}

// run looks until end is called.
func (s *sentry) run() {
	s.lookout.run(func() bool { return len(s.pending)+len(s.fresh)+len(s.closed) > 0 }, s.look)
}

// look takes in what was opened and what has changed.
func (s *sentry) look() {
	s.drain(s.happened)
	s.mu.Lock()
	fresh, closed := s.fresh, s.closed
	s.fresh, s.closed = nil, nil
	s.mu.Unlock()
	for _, n := range closed {
		s.unwatch(n)
	}
	for _, n := range fresh {
		if n.watch.Load() == 0 && !n.guard.queued {
			n.guard.seen = n.cachedVersion()
			s.suspect(n)
		}
	}
	pending := s.pending
	s.pending = nil
	for _, n := range pending {
		n.guard.queued = false
		s.check(n)
	}
}

func (s *sentry) suspect(n *node) {
	if !n.guard.queued {
		n.guard.queued = true
		s.pending = append(s.pending, n)
	}
}

// happened suspects a file of which there is an event, and that is not watched any more with that.
func (s *sentry) happened(watch int32, _ uint32, _ []byte) {
	if n := s.watched[watch]; n != nil {
		delete(s.watched, watch)
		n.watch.Store(0)
		s.suspect(n)
	}
}

// check compares a file to what it was at the last look. While we change it ourselves there is nothing to tell: the
// kernel asks after each of its own writes. Nor is there while what it was told is valid: what it asks for next will
// tell it, and to be told something else at that very moment would make it ignore the answer (fs/fuse/inode.c,
// attr_version).
func (s *sentry) check(n *node) {
	h := n.anyHandle()
	if h == nil {
		return // closed meanwhile
	}
	defer h.letGo()
	g := &n.guard
	changes := n.changes.Load()
	told, ago := n.toldLast()
	if changes != g.changes || ago < validFor {
		g.ours = g.ours || changes != g.changes
		g.changes = changes
		s.suspect(n)
		return
	}
	s.arm(n, h) // before the comparison, so that nothing is missed between
	var st unix.Stat_t
	if unix.Fstat(h.fd, &st) != nil {
		return
	}
	now := versionOf(&st)
	if !g.ours && g.seen != now && told != now {
		s.fs.invalidate(n, 0)
	}
	g.seen, g.ours = now, false
}

// arm watches for the next change. Where the system gives no watch the file is looked at with each tick.
func (s *sentry) arm(n *node, h *handle) {
	const once = unix.IN_MODIFY | unix.IN_ATTRIB | unix.IN_ONESHOT
	watch := -1
	if s.events >= 0 {
		watch, _ = unix.InotifyAddWatch(s.events, reference{fd: h.fd}.proc(), once)
	}
	if watch <= 0 {
		s.suspect(n)
		return
	}
	n.watch.Store(int32(watch))
	s.watched[int32(watch)] = n
}

func (s *sentry) unwatch(n *node) {
	if h := n.anyHandle(); h != nil { // opened again
		h.letGo()
		return
	}
	if watch := n.watch.Swap(0); watch != 0 {
		delete(s.watched, watch)
		unix.InotifyRmWatch(s.events, uint32(watch))
	}
}

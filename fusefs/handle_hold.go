//go:build !brokenlock

package fusefs

// hold admits an operation to a handle: from here to letGo the descriptor stays open, whatever else is asked for.
// It returns nil where there is no such handle, or it is being released.
func (t *handleTable) hold(id uint64) *handle {
	s := &t.shards[id%tableShards]
	s.RLock()
	defer s.RUnlock()
	h := s.handles[id]
	if h == nil || !h.admit() {
		return nil
	}
	return h
}

// admit is hold for a handle that was found. It answers false where the handle is being released.
func (h *handle) admit() bool { return h.use.TryRLock() }

// letGo ends what hold and admit began.
func (h *handle) letGo() { h.use.RUnlock() }

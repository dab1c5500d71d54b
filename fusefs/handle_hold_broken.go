//go:build brokenlock

package fusefs

import "runtime"

// hold as it was in the program that lost writes: it looks the handle up and drops the lock before the system call,
// so that Release can close the descriptor in between. The scheduler may switch threads there at any time; doing so
// every time makes a rare loss a common one. Built only to show that the tests notice.
func (t *handleTable) hold(id uint64) *handle {
	s := &t.shards[id%tableShards]
	s.RLock()
	h := s.handles[id]
	s.RUnlock()
	runtime.Gosched()
	return h
}

func (h *handle) admit() bool { return true }

func (h *handle) letGo() {}

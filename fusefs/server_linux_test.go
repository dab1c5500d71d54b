package fusefs

import "testing"

// TestOneWorkerReadsUntilSeveralThreadsAsk looks at how many workers are to wait for requests.
func TestOneWorkerReadsUntilSeveralThreadsAsk(t *testing.T) {
	s := newServer(nil, -1)
	s.watch.reading.Add(1) // so that no worker is called, which would have nothing to read from
	w := &worker{server: s}
	ask := func(threads ...uint32) {
		for range 100 {
			for _, thread := range threads {
				w.mixes(thread)
			}
		}
	}

	ask(7, 7, 7, 0, 7, 8, 8, 8, 8, 0, 8, 8) // the second follows upon the first, and 0 is the kernel's own
	if !s.isRead() {
		t.Error("another worker is wanted, but one thread at a time asks for many things")
	}
	ask(7, 8)
	if s.isRead() {
		t.Error("no other worker is wanted, but two threads ask in turn")
	}
	s.watch.reading.Add(1)
	if !s.isRead() {
		t.Error("a third worker is wanted")
	}
}

package fusefs

import (
	"testing"

	"vitrine/fusefs/wire"
)

// TestOneWorkerReadsUntilSeveralThreadsAsk looks at how many workers are to wait for requests.
func TestOneWorkerReadsUntilSeveralThreadsAsk(t *testing.T) {
	const kernel = 0
	for _, c := range []struct {
		what   string
		op     wire.Opcode
		from   []uint32 // threads, again and again
		waited bool
		want   int // workers
	}{
		{"one thread that asks again at once", wire.Getattr, []uint32{7}, false, 1},
		{"one thread after another", wire.Getattr, []uint32{7, 7, 7, 7, 7, 8, 8, 8, 8, 8, 8}, true, 1},
		{"two threads in turn", wire.Getattr, []uint32{7, 8}, true, 2},
		{"releases", wire.Release, []uint32{kernel}, false, 1},
		{"what was gathered is written", wire.Write, []uint32{kernel}, false, 2},
	} {
		s := newServer(nil, -1)
		w := &worker{server: s}
		s.watch.reading.Store(maxReaders) // so that no worker is called, which would have nothing to read from
		for range 100 {
			for _, thread := range c.from {
				w.callHelp(&wire.InHeader{Opcode: c.op, PID: thread}, c.waited)
			}
		}
		want := 0
		for s.watch.reading.Store(0); !s.isRead(); s.watch.reading.Add(1) {
			want++
		}
		if want != c.want {
			t.Errorf("%s: %d workers are to wait, not %d", c.what, want, c.want)
		}
	}
}

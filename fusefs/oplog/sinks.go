package oplog

import (
	"slices"
	"sync"
)

// sinkList calls the sinks.
type sinkList struct {
	mu   sync.Mutex // guards list, and is held while the sinks are called
	list []Sink
}

func (s *sinkList) add(sink Sink) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, sink)
}

func (s *sinkList) remove(sink Sink) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = slices.DeleteFunc(s.list, func(other Sink) bool { return other == sink })
}

func (s *sinkList) collect(batch []Event, dropped uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sink := range s.list {
		sink.Collect(batch, dropped)
	}
}

// Attach lets s have every batch from now on. A sink must not call it.
func (r *Recorder) Attach(s Sink) { r.sinks.add(s) }

// Detach stops that; s is not called any more when it returns. A sink must not call it.
func (r *Recorder) Detach(s Sink) { r.sinks.remove(s) }

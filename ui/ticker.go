package ui

import (
	"sync/atomic"
	"time"
)

// ticker takes something every now and then, off the UI goroutine, and hands it over on the UI goroutine. It is started
// and stopped there, too. Where the UI is slow it leaves some out instead of queueing them.
type ticker[T any] struct {
	ui       *UI
	interval time.Duration
	take     func() T
	show     func(T)
	idle     func() bool   // nobody looks; called from any goroutine; may be nil
	running  chan struct{} // closed to stop; nil while stopped
}

func newTicker[T any](u *UI, interval time.Duration, take func() T, show func(T)) ticker[T] {
	return ticker[T]{ui: u, interval: interval, take: take, show: show}
}

func (t *ticker[T]) start() {
	if t.running != nil {
		return
	}
	stop := make(chan struct{})
	t.running = stop
	go t.run(stop, t.idle)
}

func (t *ticker[T]) stop() {
	if t.running != nil {
		close(t.running)
		t.running = nil
	}
}

func (t *ticker[T]) run(stop chan struct{}, idle func() bool) {
	beat := time.NewTicker(t.interval)
	defer beat.Stop()
	var queued atomic.Bool
	for {
		if !(idle != nil && idle()) && !queued.Swap(true) {
			s := t.take()
			t.ui.do(func() {
				queued.Store(false)
				if t.running == stop {
					t.show(s)
				}
			})
		}
		select {
		case <-stop:
			return
		case <-t.ui.done:
			return
		case <-beat.C:
		}
	}
}

// pace lets something be done only so often.
type pace struct{ last time.Time }

// due says whether the time has come again.
func (p *pace) due(every time.Duration) bool {
	now := time.Now()
	if now.Sub(p.last) < every {
		return false
	}
	p.last = now
	return true
}

package oplog

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestStuckOperationIsAnnouncedOnce runs in fake time.
func TestStuckOperationIsAnnouncedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Options{})
		sink := new(tape)
		r.Attach(sink)
		time.Sleep(time.Minute) // the collector rests
		stuck := r.Begin(Event{Op: Write, Path: "/stuck"})
		time.Sleep(900 * time.Millisecond)
		r.Begin(Event{Op: Read, Path: "/quick"}).End(Outcome{}, nil)
		late := r.Begin(Event{Op: Read, Path: "/late"})
		time.Sleep(50 * time.Millisecond)
		if early := sink.announced(); len(early) != 0 {
			t.Errorf("announced too early: %v", early)
		}
		time.Sleep(100 * time.Millisecond)
		if b := sink.announced(); len(b) != 1 || b[0].Path != "/stuck" || b[0].Seq != 0 {
			t.Errorf("after 1.05 s: %v", b)
		}
		time.Sleep(time.Hour)
		stuck.End(Outcome{}, nil)
		late.End(Outcome{}, nil)
		r.Close()
		if len(sink.begins) != 2 || len(sink.events) != 3 {
			t.Errorf("%d begin events, %d end events", len(sink.begins), len(sink.events))
		}
		for _, e := range sink.begins {
			if age := time.Duration(e.Duration); age < time.Second || age > time.Second+2*batchEvery {
				t.Errorf("%s was announced when %v old", e.Path, age)
			}
		}
		if kept, _ := r.History().All(); len(kept) != 3 {
			t.Errorf("history holds %d", len(kept))
		}
	})
}

func TestOnlyOperationIsAnnounced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Options{})
		sink := new(tape)
		r.Attach(sink)
		time.Sleep(time.Minute) // the collector rests
		p := r.Begin(Event{Op: Write})
		time.Sleep(1100 * time.Millisecond)
		if n := len(sink.announced()); n != 1 {
			t.Errorf("announced %d times", n)
		}
		p.End(Outcome{}, nil)
		r.Close()
	})
}

// TestSlotIsAnnouncedAgain sees that a slot does not remember its last user.
func TestSlotIsAnnouncedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Options{})
		sink := new(tape)
		r.Attach(sink)
		const rounds = 200
		for range rounds {
			p := r.Begin(Event{Op: Write})
			time.Sleep(1500 * time.Millisecond)
			p.End(Outcome{}, nil)
		}
		r.Close()
		if len(sink.begins) != rounds || len(sink.events) != rounds {
			t.Errorf("%d begin events, %d end events", len(sink.begins), len(sink.events))
		}
	})
}

func TestCollectorRestsWithoutTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Options{})
		defer r.Close()
		for range 3 {
			r.Begin(Event{Op: Read}).End(Outcome{}, nil)
			time.Sleep(5 * time.Second)
			synctest.Wait()
			if rest := r.collector.rest.Load(); rest != deep {
				t.Errorf("it rests at level %d", rest)
			}
		}
		if _, next := r.History().Bounds(); next != 3 {
			t.Errorf("%d events collected", next)
		}
	})
}

func TestEventsArriveWithoutFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Options{})
		defer r.Close()
		for i := range uint64(100) {
			r.Begin(Event{Op: Read}).End(Outcome{}, nil)
			time.Sleep(3 * batchEvery)
			if _, next := r.History().Bounds(); next != i+1 {
				t.Fatalf("%d events collected of %d", next, i+1)
			}
			time.Sleep(time.Duration(i) * 25 * time.Millisecond) // through every kind of rest
		}
	})
}

// TestFlushSeesWhatCameBefore lets each of many producers look for its own event.
func TestFlushSeesWhatCameBefore(t *testing.T) {
	r := New(Options{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				r.Begin(Event{Op: Read}).End(Outcome{}, nil)
				recorded := r.Recorded()
				r.Flush()
				if _, next := r.History().Bounds(); next < recorded {
					t.Errorf("%d of %d collected", next, recorded)
				}
			}
		})
	}
	wg.Wait()
	r.Close()
	r.Flush()
	r.Close()
	p := r.Begin(Event{Op: Read})
	p.End(Outcome{}, nil)
}

// TestWallClockFollows sees that the offset between the clocks is measured anew.
func TestWallClockFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c clock
		c.start()
		c.offset.Add(int64(time.Hour)) // as if the wall clock had been set
		time.Sleep(time.Second)
		wall, mono := c.now()
		if wall != time.Now().UnixNano() || mono != int64(time.Second) {
			t.Errorf("wall %d mono %d", wall, mono)
		}
	})
}

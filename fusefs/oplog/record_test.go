package oplog

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// tape is a sink that keeps everything, at its own pace.
type tape struct {
	delay   time.Duration
	mu      sync.Mutex // guards all below
	events  []Event    // those that ended
	begins  []Event
	dropped uint64
	check   func(dropped uint64) // called at the end of each batch
}

func (s *tape) Collect(batch []Event, dropped uint64) {
	time.Sleep(s.delay)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range batch {
		if e.Flags&InFlight != 0 {
			s.begins = append(s.begins, e)
		} else {
			s.events = append(s.events, e)
		}
	}
	s.dropped = dropped
	if s.check != nil {
		s.check(dropped)
	}
}

func (s *tape) announced() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.begins)
}

// TestEveryEventIsCollectedOrCounted lets many producers flood rings of all sizes, before a quick and a slow sink.
func TestEveryEventIsCollectedOrCounted(t *testing.T) {
	for _, queue := range []int{1, 2, 16, 1000, DefaultQueue} {
		for _, delay := range []time.Duration{0, time.Millisecond} {
			t.Run(fmt.Sprint(queue, "/", delay), func(t *testing.T) {
				flood(t, queue, delay)
			})
		}
	}
}

func flood(t *testing.T, queue int, delay time.Duration) {
	const producers, each = 16, 2000
	r := New(Options{Queue: queue, Keep: 100})
	sink := &tape{delay: delay}
	sink.check = func(dropped uint64) {
		if n := uint64(len(sink.events)); n > 0 && sink.events[n-1].Seq > n+dropped {
			t.Errorf("%d events up to seq %d, but only %d reported as dropped", n, sink.events[n-1].Seq, dropped)
		}
	}
	r.Attach(sink)
	var wg sync.WaitGroup
	for p := range uint64(producers) {
		wg.Go(func() {
			for i := range int64(each) {
				r.Begin(Event{Op: Write, Handle: p + 1, Offset: i}).End(Outcome{Result: 10}, nil)
			}
		})
	}
	wg.Wait()
	r.Flush()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	account(t, r, sink, producers*each)
}

func account(t *testing.T, r *Recorder, sink *tape, total uint64) {
	if r.Recorded() != total {
		t.Errorf("recorded %d of %d", r.Recorded(), total)
	}
	if got := uint64(len(sink.events)); got+r.Dropped() != total || sink.dropped != r.Dropped() {
		t.Errorf("collected %d, dropped %d, the sink was told of %d; in all %d", got, r.Dropped(), sink.dropped, total)
	}
	if _, written := r.DroppedBytes(); written != int64(10*r.Dropped()) {
		t.Errorf("%d bytes dropped with %d events", written, r.Dropped())
	}
	seq, offsets := uint64(0), make(map[uint64]int64)
	for _, e := range sink.events {
		if e.Seq <= seq {
			t.Fatalf("seq %d after %d", e.Seq, seq)
		}
		if last, ok := offsets[e.Handle]; ok && e.Offset <= last {
			t.Fatalf("producer %d: event %d after %d", e.Handle, e.Offset, last)
		}
		seq, offsets[e.Handle] = e.Seq, e.Offset
	}
}

// TestRingAgainstModel drives the ring step by step, producers that hesitate between ticket and slot included.
func TestRingAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q ring
		q.init(rapid.IntRange(1, 9).Draw(t, "size"))
		var taken []Event
		dropped := uint64(0)
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				e := Event{Op: Write}
				if !q.push(&e) {
					dropped++
				}
			},
			"take": func(t *rapid.T) {
				taken = q.take(append(make([]Event, 0, len(taken)+rapid.IntRange(1, 12).Draw(t, "n")), taken...))
			},
			"": func(t *rapid.T) {
				for i := 1; i < len(taken); i++ {
					if taken[i].Seq <= taken[i-1].Seq {
						t.Fatalf("seq %d after %d", taken[i].Seq, taken[i-1].Seq)
					}
				}
				if q.gaps > dropped {
					t.Fatalf("%d gaps, %d dropped", q.gaps, dropped)
				}
			},
		})
		taken = q.take(append(make([]Event, 0, len(taken)+16), taken...))
		if q.gaps != dropped || uint64(len(taken))+dropped != q.taken() || q.waiting() {
			t.Fatalf("taken %d, gaps %d, dropped %d of %d", len(taken), q.gaps, dropped, q.taken())
		}
	})
}

// TestHesitatingProducer takes a ticket, and writes only after the ring was lapped.
func TestHesitatingProducer(t *testing.T) {
	var q ring
	q.init(2)
	q.tail.Add(1) // ticket 0 belongs to a producer that sleeps
	for range 3 {
		q.push(&Event{}) // tickets 1, 2 and 3; 2 and 3 find their slots taken
	}
	batch := q.take(make([]Event, 0, 9))
	if len(batch) != 1 || batch[0].Seq != 2 || q.gaps != 3 {
		t.Fatalf("took %v with %d gaps", batch, q.gaps)
	}
	if q.slots[0].state.CompareAndSwap(0<<2|slotFree, 0<<2|slotBusy) {
		t.Error("the sleeping producer still got its slot")
	}
}

// TestOverrunRingTakesNewEvents sees that a slot that becomes free waits for tickets to come, not for those that were
// dropped: in an overload what the collector can carry gets through.
func TestOverrunRingTakesNewEvents(t *testing.T) {
	var q ring
	q.init(4)
	for range 4 * 100 {
		q.push(&Event{})
	}
	for _, want := range []uint64{1, 2, 3, 4, 401} {
		batch := q.take(make([]Event, 0, 1))
		if len(batch) != 1 || batch[0].Seq != want {
			t.Errorf("took %v, want event %d", batch, want)
		}
		for range 4 {
			q.push(&Event{})
		}
	}
}

// TestInFlightIsTrue checks the table against what is known to be in flight, among others that come and go.
func TestInFlightIsTrue(t *testing.T) {
	r := New(Options{Queue: 16})
	defer r.Close()
	ended := storm(t, r)
	held := make(map[int64]*Pending)
	for round := range int64(300) {
		for i := range int64(7) {
			held[round*7+i] = r.Begin(Event{Op: Read, Path: "/held", Offset: round*7 + i})
		}
		for id, p := range held {
			if id%3 == round%3 || len(held) > 150 {
				p.End(Outcome{}, nil)
				delete(held, id)
			}
		}
		before := ended()
		compareInFlight(t, r.InFlight(), held, before)
	}
	if n := r.InFlightCount(); n < len(held) {
		t.Errorf("%d in flight, %d are known", n, len(held))
	}
}

// storm keeps operations coming and going until the test ends. The result tells how many each of its threads has
// ended.
func storm(t *testing.T, r *Recorder) (ended func() [8]int64) {
	var counts [8]atomic.Int64
	var stop atomic.Bool
	var wg sync.WaitGroup
	for i := range counts {
		wg.Go(func() {
			for n := int64(1); !stop.Load(); n++ {
				r.Begin(Event{Op: Write, Path: "/storm", Handle: uint64(i), Offset: n}).End(Outcome{}, nil)
				counts[i].Store(n)
			}
		})
	}
	t.Cleanup(func() { stop.Store(true); wg.Wait() })
	return func() (now [8]int64) {
		for i := range counts {
			now[i] = counts[i].Load()
		}
		return now
	}
}

func compareInFlight(t *testing.T, events []Event, held map[int64]*Pending, ended [8]int64) {
	found := 0
	mono := int64(0)
	for _, e := range events {
		if e.Mono < mono || e.Duration < 0 || e.Flags&InFlight == 0 || e.Seq != 0 {
			t.Fatalf("odd row %+v", e)
		}
		mono = e.Mono
		switch {
		case e.Path == "/storm" && e.Offset <= ended[e.Handle]:
			t.Fatalf("operation %d of thread %d had ended", e.Offset, e.Handle)
		case e.Path == "/held" && held[e.Offset] == nil:
			t.Fatalf("operation %d had ended", e.Offset)
		case e.Path == "/held":
			found++
		}
	}
	if found != len(held) {
		t.Fatalf("found %d of %d operations in flight", found, len(held))
	}
}

func TestTableGrowsForManyInFlight(t *testing.T) {
	r := New(Options{})
	defer r.Close()
	var wg sync.WaitGroup
	pending := make([]*Pending, 1000)
	for i := range pending {
		wg.Go(func() { pending[i] = r.Begin(Event{Op: Read, Offset: int64(i)}) })
	}
	wg.Wait()
	if n := r.InFlightCount(); n != len(pending) || len(r.InFlight()) != n {
		t.Errorf("%d of %d in flight", n, len(pending))
	}
	for _, p := range pending {
		p.End(Outcome{}, nil)
	}
	if n := r.InFlightCount(); n != 0 {
		t.Errorf("%d still in flight", n)
	}
}

func TestBeginEndDoNotAllocate(t *testing.T) {
	r := New(Options{Queue: 64})
	defer r.Close()
	tally := new(Tally)
	e := benchEvent()
	if n := testing.AllocsPerRun(1000, func() { r.Begin(e).End(Outcome{Result: 1}, tally) }); n > 0.5 {
		t.Errorf("%v allocations for each operation", n)
	}
}

func TestOutcome(t *testing.T) {
	r := New(Options{})
	sink := new(tape)
	r.Attach(sink)
	r.Begin(Event{Op: Create, Path: "/a", Mode: 1, Flags: Exchanged}).
		End(Outcome{Handle: 9, Result: 2, Errno: 5, Wait: 7, Flags: Panicked, Mode: 3, Detail: "stack"}, nil)
	r.Begin(Event{Op: Read, Handle: 4, Mode: 6, Size: 10, Offset: 20, Path2: "x"}).End(Outcome{}, nil)
	r.Flush()
	r.Detach(sink)
	r.Begin(Event{Op: Read}).End(Outcome{}, nil)
	r.Close()
	want := []Event{
		{Seq: 1, Op: Create, Path: "/a", Handle: 9, Result: 2, Errno: 5, Wait: 7, Flags: Exchanged | Panicked, Mode: 3, Detail: "stack"},
		{Seq: 2, Op: Read, Handle: 4, Mode: 6, Size: 10, Offset: 20, Path2: "x"},
	}
	if len(sink.events) != len(want) {
		t.Fatalf("collected %d events", len(sink.events))
	}
	for i, got := range sink.events {
		if got.Wall == 0 || got.Duration < 0 {
			t.Errorf("not stamped: %+v", got)
		}
		got.Wall, got.Mono, got.Duration = 0, 0, 0
		if got != want[i] {
			t.Errorf("got %+v\nwant %+v", got, want[i])
		}
	}
	if kept, from := r.History().All(); len(kept) != 3 || from != 0 {
		t.Errorf("history holds %d from %d", len(kept), from)
	}
}

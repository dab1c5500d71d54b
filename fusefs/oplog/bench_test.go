package oplog

import (
	"io"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/rs/zerolog"
	"github.com/rs/zerolog/diode"
)

var benchPID = int32(os.Getpid())

// benchEvent is a write as fusefs reports it.
func benchEvent() Event {
	return Event{
		Op: Write, PID: benchPID, Path: "/films/holiday 2024/part-0042.mov",
		Handle: 4242, Offset: 1 << 30, Size: 131072,
	}
}

// share runs work b.N times in all, from n goroutines.
func share(b *testing.B, n int, work func()) {
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	b.ResetTimer()
	for range n {
		wg.Go(func() {
			for left.Add(-64) > -64 {
				for range 64 {
					work()
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
}

// BenchmarkEncodeInProducer is the other way to keep the record: each operation is encoded by zerolog where it ends
// and goes through zerolog's own ring to the writer.
func BenchmarkEncodeInProducer(b *testing.B) {
	for _, n := range []int{1, 8} {
		b.Run("diode/"+strconv.Itoa(n), func(b *testing.B) {
			var missed atomic.Int64
			w := diode.NewWriter(io.Discard, DefaultQueue, 0, func(m int) { missed.Add(int64(m)) })
			log := zerolog.New(w)
			b.ReportAllocs()
			share(b, n, func() {
				e := benchEvent()
				log.Log().EmbedObject(&e).Send()
			})
			w.Close()
			reportKept(b, uint64(missed.Load()))
		})
	}
}

// reportKept reports what was dropped, and how many events a second got through.
func reportKept(b *testing.B, dropped uint64) {
	n := float64(b.N)
	b.ReportMetric(100*float64(dropped)/n, "%dropped")
	b.ReportMetric((n-float64(dropped))/b.Elapsed().Seconds(), "kept/s")
}

// BenchmarkRing is our way: the event goes through the ring as it is, and the collector encodes it if there is a log.
func BenchmarkRing(b *testing.B) {
	for _, n := range []int{1, 8} {
		b.Run("events/"+strconv.Itoa(n), func(b *testing.B) {
			r := New(Options{})
			defer r.Close()
			b.ReportAllocs()
			share(b, n, func() {
				e := benchEvent()
				r.push(&e)
			})
			r.Flush()
			reportKept(b, r.Dropped())
		})
	}
}

func BenchmarkBeginEnd(b *testing.B) {
	for _, n := range []int{1, 8, 64} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			r := New(Options{})
			defer r.Close()
			b.ReportAllocs()
			share(b, n, func() { r.Begin(benchEvent()).End(Outcome{Result: 131072}, nil) })
			reportKept(b, r.Dropped())
		})
	}
}

func BenchmarkBeginEndTally(b *testing.B) {
	r := New(Options{})
	defer r.Close()
	t := new(Tally)
	b.ReportAllocs()
	for b.Loop() {
		r.Begin(benchEvent()).End(Outcome{Result: 131072}, t)
	}
}

func BenchmarkHistoryAppend(b *testing.B) {
	h := NewHistory(DefaultKeep)
	batch := make([]Event, 100)
	for i := range batch {
		batch[i] = benchEvent()
	}
	b.ReportAllocs()
	for b.Loop() {
		h.Collect(batch, 0)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(batch)), "ns/event")
	runtime.KeepAlive(h)
}

func BenchmarkClock(b *testing.B) {
	var c clock
	c.start()
	for b.Loop() {
		c.now()
	}
}

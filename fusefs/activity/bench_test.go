package activity

import (
	"fmt"
	"testing"

	"vitrine/fusefs/oplog"
)

const benchOpen = 10_000

// benchModel has 10,000 open files.
func benchModel() (*world, *Model) {
	w := newWorld()
	m := New(w.options())
	for i := range benchOpen {
		w.handle++
		w.record(oplog.Event{Op: oplog.Open, Handle: w.handle, Path: fmt.Sprintf("/films/holiday %d/part-%04d.mov", i/100, i)}, false)
	}
	w.collect(m, len(w.queue))
	return w, m
}

// BenchmarkFold is the cost of one write event.
func BenchmarkFold(b *testing.B) {
	_, m := benchModel()
	batch := make([]oplog.Event, 1000)
	seq, now := uint64(benchOpen), int64(0)
	b.ReportAllocs()
	for b.Loop() {
		for i := range batch {
			seq, now = seq+1, now+5000
			batch[i] = oplog.Event{Seq: seq, Op: oplog.Write, Handle: seq%benchOpen + 1, Result: 4096, Mono: now, Wall: now, Duration: 20_000 + int64(i)*10}
		}
		m.Collect(batch, 0)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(batch)), "ns/event")
}

// BenchmarkFoldRename looks at every open file.
func BenchmarkFoldRename(b *testing.B) {
	_, m := benchModel()
	seq := uint64(benchOpen)
	b.ReportAllocs()
	for b.Loop() {
		seq++
		m.Collect([]oplog.Event{{Seq: seq, Op: oplog.Rename, Path: "/films/holiday 7", Path2: "/films/holiday 7"}}, 0)
	}
}

func BenchmarkSnapshotIdle(b *testing.B) {
	_, m := benchModel()
	b.ReportAllocs()
	for b.Loop() {
		m.Snapshot()
	}
}

// BenchmarkSnapshotBusy has every file written to, and every kind of operation in the histograms.
func BenchmarkSnapshotBusy(b *testing.B) {
	w, m := benchModel()
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		for i := range uint64(benchOpen) {
			w.record(oplog.Event{Op: oplog.Op(i%uint64(oplog.NumOps-1)) + 1, Path: "/x", Duration: int64(i) * 1000}, false)
			w.queue = append(w.queue, oplog.Event{Seq: 1 << 40, Op: oplog.Write, Handle: i + 1, Result: 1, Mono: w.now})
		}
		w.collect(m, len(w.queue))
		b.StartTimer()
		m.Snapshot()
	}
}

func BenchmarkResync(b *testing.B) {
	w, m := benchModel()
	b.ReportAllocs()
	dropped := uint64(0)
	for b.Loop() {
		dropped++
		w.now += 2 * resyncEvery
		m.Collect(nil, dropped)
	}
}

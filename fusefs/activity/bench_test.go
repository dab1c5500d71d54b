package activity

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"vitrine/fusefs/oplog"
)

const benchOpen = 10_000

// benchModel has 10,000 open files.
func benchModel() (*world, *Model) {
	w := newWorld()
	m := New(w.options())
	for range benchOpen {
		w.seq++
		path := fmt.Sprintf("/films/holiday %d/part-%04d.mov", w.seq/100, w.seq)
		e := oplog.Event{Seq: w.seq, Op: oplog.Open, Handle: w.seq, Path: path}
		w.table[e.Handle] = e.OpenHandle()
		m.Collect([]oplog.Event{e}, 0)
	}
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

// BenchmarkSnapshotBusy has every tenth file written to, and every kind of operation in the histograms.
func BenchmarkSnapshotBusy(b *testing.B) {
	w, m := benchModel()
	batch := make([]oplog.Event, benchOpen/10)
	seq := w.seq
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		w.now += int64(100 * time.Millisecond)
		for i := range batch {
			seq++
			batch[i] = oplog.Event{Seq: seq, Op: oplog.Op(seq%uint64(oplog.NumOps-1)) + 1, Duration: int64(i) * 1000, Mono: w.now, Wall: w.now}
			if i%2 == 0 {
				batch[i].Op, batch[i].Handle, batch[i].Result = oplog.Write, uint64(i)*10+1, 4096
			}
		}
		m.Collect(batch, 0)
		b.StartTimer()
		m.Snapshot()
	}
}

func BenchmarkResync(b *testing.B) {
	w, m := benchModel()
	rows := m.options.Handles()
	m.options.Handles = func() []oplog.OpenHandle { return slices.Clone(rows) }
	b.ReportAllocs()
	dropped := uint64(0)
	for b.Loop() {
		dropped++
		w.now += 2 * resyncEvery
		m.Collect(nil, dropped)
	}
}

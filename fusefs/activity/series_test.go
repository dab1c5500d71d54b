package activity

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vitrine/fusefs/oplog"
)

func TestBuckets(t *testing.T) {
	next := time.Duration(0)
	for b := range NumBuckets {
		low, high := BucketBounds(b)
		if low != next || high <= low || bucketOf(int64(low)) != b || bucketOf(int64(high)-1) != b {
			t.Errorf("bucket %d is from %v to %v", b, low, high)
		}
		next = high
	}
	if next != math.MaxInt64 || bucketOf(-1) != 0 || bucketOf(math.MaxInt64) != NumBuckets-1 {
		t.Errorf("the buckets end at %v", next)
	}
}

// TestSeriesAgainstReference lets operations end at random times and compares all charts with plain sums.
func TestSeriesAgainstReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := newFeed()
		type sample struct {
			unix     int64
			duration int64
			op       oplog.Op
			failed   bool
		}
		var all []sample
		now := time.Duration(0)
		for range rapid.IntRange(0, 80).Draw(t, "n") {
			now += time.Duration(rapid.Int64Range(0, 200e9).Draw(t, "pause"))
			e := oplog.Event{Op: rapid.SampledFrom([]oplog.Op{oplog.Read, oplog.Write}).Draw(t, "op"), Duration: rapid.Int64Range(0, 1e6).Draw(t, "duration"), Result: 3}
			if rapid.Bool().Draw(t, "fails") {
				e.Errno = 5
			}
			f.add(now, e)
			all = append(all, sample{int64((time.Hour + now) / time.Second), e.Duration, e.Op, e.Errno != 0})
		}
		now += time.Duration(rapid.Int64Range(0, 100e9).Draw(t, "later"))
		s := f.at(now)
		last := int64((time.Hour + now) / time.Second)
		for _, c := range []struct {
			step   int64
			series []Second
		}{{1, s.Seconds}, {10, s.TenMinutes}, {60, s.Hour}} {
			if len(c.series) != 61 || c.series[60].Unix != last-last%c.step {
				t.Fatalf("%d slots of %d s, up to %d", len(c.series), c.step, c.series[len(c.series)-1].Unix)
			}
			for i, got := range c.series {
				want := Second{Unix: c.series[60].Unix - int64(60-i)*c.step}
				for _, a := range all {
					if a.unix >= want.Unix && a.unix < want.Unix+c.step {
						want.Ops++
						if a.failed {
							want.Errors++
						}
						if a.op == oplog.Read {
							want.Read += 3
						} else {
							want.Written += 3
						}
					}
				}
				if got != want {
					t.Fatalf("slot %d of %d s is %+v, want %+v", i, c.step, got, want)
				}
			}
		}
		check := func(name string, step int64, columns []HeatColumn, of func(sample) bool) {
			counts, errors := map[[2]int64]uint32{}, map[int64]uint32{}
			newest := int64(0)
			for _, a := range all {
				if of(a) {
					newest = max(newest, a.unix-a.unix%step)
				}
			}
			for _, a := range all {
				if begin := a.unix - a.unix%step; of(a) && begin > newest-61*step {
					counts[[2]int64{begin, int64(bucketOf(a.duration))}]++
					if a.failed {
						errors[begin]++
					}
				}
			}
			before := int64(math.MinInt64)
			for _, c := range columns {
				if c.Unix <= before || c.Errors != errors[c.Unix] {
					t.Fatalf("%s: column of %d after %d has %d errors, want %d", name, c.Unix, before, c.Errors, errors[c.Unix])
				}
				before = c.Unix
				for b, n := range c.Counts {
					key := [2]int64{c.Unix, int64(b)}
					if n != counts[key] {
						t.Fatalf("%s: %d in bucket %d of %d, want %d", name, n, b, c.Unix, counts[key])
					}
					delete(counts, key)
				}
			}
			if len(counts) > 0 {
				t.Fatalf("%s: missing %v", name, counts)
			}
		}
		heats := map[string]Heat{"all": s.Heat}
		for _, o := range s.Ops {
			heats[o.Op.String()] = o.Heat
			var buckets [NumBuckets]uint64
			for _, a := range all {
				if a.op == o.Op {
					buckets[bucketOf(a.duration)]++
				}
			}
			if buckets != o.Buckets {
				t.Fatalf("%v: buckets %v, want %v", o.Op, o.Buckets, buckets)
			}
		}
		for name, h := range heats {
			of := func(a sample) bool { return name == "all" || a.op.String() == name }
			check(name, 1, h.Minute, of)
			check(name, 10, h.TenMinutes, of)
			check(name, 60, h.Hour, of)
		}
	})
}

func TestHeatIsNotMadeAnew(t *testing.T) {
	f := newFeed()
	f.add(0, oplog.Event{Op: oplog.Read})
	a, b := f.at(0), f.at(time.Second)
	if &a.Heat.Minute[0] != &b.Heat.Minute[0] || &a.Processes[0] != &b.Processes[0] {
		t.Error("nothing happened, and yet they were made anew")
	}
	f.add(0, oplog.Event{Op: oplog.Read})
	if c := f.at(0); c.Heat.Minute[0].Counts[0] != 2 || a.Heat.Minute[0].Counts[0] != 1 || a.Processes[0].Ops != 1 {
		t.Error("an old snapshot changed")
	}
}

func TestLatencyBetween(t *testing.T) {
	f := newFeed()
	for i := range 100 {
		f.add(0, oplog.Event{Op: oplog.Read, Duration: 1000 + int64(i)})
		f.add(10*time.Second, oplog.Event{Op: oplog.Write, Duration: 1e6, Errno: 5})
	}
	columns := f.at(10 * time.Second).Heat.Minute
	within := func(name string, got, want time.Duration) {
		if got < want/2 || got > want*2 {
			t.Errorf("%s is %v, exact is %v", name, got, want)
		}
	}
	l := LatencyBetween(columns, 3600, 3601)
	within("p50", l.P50, 1050)
	within("p99", l.P99, 1100)
	within("max", l.Max, 1100)
	if l.Count != 100 || l.Errors != 0 {
		t.Errorf("%+v", l)
	}
	if l = LatencyBetween(columns, 3600, 3611); l.Count != 200 || l.Errors != 100 {
		t.Errorf("%+v", l)
	}
	within("p95 of all", l.P95, time.Millisecond)
	if l = LatencyBetween(columns, 3601, 3610); l != (Latency{}) {
		t.Errorf("nothing happened: %+v", l)
	}
	f.add(20*time.Second, oplog.Event{Op: oplog.Read, Duration: int64(time.Hour)})
	if l = LatencyBetween(f.at(20*time.Second).Heat.Minute, 3620, 3621); l.Max < 34*time.Second || l.Max > 70*time.Second {
		t.Errorf("an hour: %+v", l)
	}
}

func TestProgress(t *testing.T) {
	f := newFeed()
	row := func(after time.Duration) OpenFile { return f.at(after).Open[0] }
	on := func(after time.Duration, e oplog.Event) {
		e.Handle = 7
		f.add(after, e)
	}
	on(0, oplog.Event{Op: oplog.Open, Path: "/a"})
	on(0, oplog.Event{Op: oplog.Write, Result: 10})
	if r := row(0); r.Reached != 10 || r.Expected != 0 || r.Left != 0 {
		t.Errorf("the end is not known: %+v", r)
	}
	on(0, oplog.Event{Op: oplog.Fallocate, Size: 1000, Mode: 2})               // a hole
	on(0, oplog.Event{Op: oplog.Fallocate, Size: 1000, Errno: 28})             // no room
	on(0, oplog.Event{Op: oplog.Fallocate, Offset: 1000, Size: 9000, Mode: 1}) // reserved
	if r := row(0); r.Expected != 10_000 || r.Left != 0 {
		t.Errorf("nothing was written since: %+v", r)
	}
	for i := range int64(20) {
		on(time.Duration(i)*100*time.Millisecond, oplog.Event{Op: oplog.Write, Offset: 10 + i*100, Result: 100})
	}
	if r := row(2 * time.Second); r.Reached != 2010 || r.Left < 7900*time.Millisecond || r.Left > 8100*time.Millisecond {
		t.Errorf("at 1000 bytes a second of 10,000: %+v", r)
	}
	if r := row(10 * time.Second); r.Left != 0 || r.Expected != 10_000 {
		t.Errorf("it stands still: %+v", r)
	}
	on(11*time.Second, oplog.Event{Op: oplog.Write, Offset: 9990, Result: 100})
	if r := row(11 * time.Second); r.Expected != 0 || r.Reached != 10_090 || r.Left != 0 {
		t.Errorf("beyond the end: %+v", r)
	}
	on(12*time.Second, oplog.Event{Op: oplog.Truncate, Size: 100})
	if r := row(12 * time.Second); r.Expected != 0 || r.Reached != 100 {
		t.Errorf("cut short: %+v", r)
	}
	on(12*time.Second, oplog.Event{Op: oplog.Truncate, Size: 5000})
	if r := row(12 * time.Second); r.Expected != 5000 || r.Reached != 100 {
		t.Errorf("size set: %+v", r)
	}
}

func TestProgressBySource(t *testing.T) {
	f := newFeed()
	asked, read := 0, int64(400)
	f.Model.options.Source = func(h oplog.OpenHandle) (position, size int64, ok bool) {
		asked++
		return read, 2400, h.Path == "/a"
	}
	for h, path := range []string{"/a", "/b", "/idle", "/told"} {
		f.add(0, oplog.Event{Op: oplog.Open, Path: path, Handle: uint64(h + 1)})
	}
	f.add(0, oplog.Event{Op: oplog.Fallocate, Handle: 4, Size: 1000})
	for _, h := range []uint64{1, 2, 4} {
		f.add(0, oplog.Event{Op: oplog.Write, Handle: h, Result: 40})
		f.add(0, oplog.Event{Op: oplog.Write, Handle: h, Offset: 300, Result: 60})
	}
	open := f.at(0).Open
	if a := open[0]; a.Expected != 2360 || a.Left != 20*time.Second {
		t.Errorf("2000 bytes are left, at 100 a second: %+v", a)
	}
	if open[1].Expected != 0 || open[2].Expected != 0 || asked != 2 {
		t.Errorf("asked %d times: %+v", asked, open)
	}
	read, asked = 0, 0 // the position does not move
	if a := f.at(0).Open[0]; a.Expected != 2400 || asked != 2 {
		t.Errorf("360 of 2400 bytes are written: %+v", a)
	}
	if open = f.at(time.Minute).Open; open[0].Expected != 0 || asked != 2 {
		t.Errorf("it stands still: %+v", open[0])
	}
}

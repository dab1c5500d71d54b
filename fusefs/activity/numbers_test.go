package activity

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vitrine/fusefs/oplog"
)

// TestQuantiles compares with sorted values; histogram and reference may round a rank differently, so the neighbours
// of the exact value are right too.
func TestQuantiles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		exponent := rapid.Float64Range(0, 42)
		durations := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) int64 {
			return int64(math.Exp2(exponent.Draw(t, "log2")))
		}), 1, 300).Draw(t, "durations")
		var d distribution
		for _, v := range durations {
			d.add(v, false)
		}
		slices.Sort(durations)
		l := d.latency()
		for _, q := range []struct {
			percent float64
			got     time.Duration
		}{{50, l.P50}, {95, l.P95}, {99, l.P99}} {
			rank := int(math.Ceil(q.percent / 100 * float64(len(durations))))
			low, high := durations[max(rank-2, 0)], durations[min(rank, len(durations)-1)]
			low = min(low, longest)
			if got := float64(q.got); got < float64(low)*0.99 || got > float64(high)*1.01 {
				t.Fatalf("p%v is %v, exact is between %v and %v", q.percent, q.got, time.Duration(low), time.Duration(high))
			}
		}
		if l.Max != time.Duration(durations[len(durations)-1]) || l.Count != uint64(len(durations)) {
			t.Fatalf("max %v, count %d", l.Max, l.Count)
		}
	})
}

// at makes an operation that ended at a time after the start.
func at(after time.Duration, e oplog.Event) oplog.Event {
	e.Mono = int64(after) - e.Duration
	e.Wall = e.Mono
	return e
}

// clock is a clock that the test sets.
type clock struct{ now time.Duration }

func (c *clock) options() Options {
	return Options{Clock: func() (wall, mono int64) { return int64(c.now), int64(c.now) }}
}

// feed lets the model collect operations one by one.
type feed struct {
	*Model
	clock
	seq uint64
}

func newFeed() *feed {
	f := &feed{clock: clock{now: time.Hour}}
	f.Model = New(f.clock.options())
	return f
}

func (f *feed) add(after time.Duration, e oplog.Event) {
	f.seq++
	e.Seq = f.seq
	f.Collect([]oplog.Event{at(time.Hour+after, e)}, 0)
}

func (f *feed) at(after time.Duration) *Snapshot {
	f.now = time.Hour + after
	return f.Snapshot()
}

func TestRecentLatencySlides(t *testing.T) {
	f := newFeed()
	for s := range 30 {
		f.add(time.Duration(s)*time.Second, oplog.Event{Op: oplog.Read, Duration: int64(s+1) * 1000, Errno: syscall.Errno(s % 2 * 5)})
	}
	for _, c := range []struct {
		after         time.Duration
		count, errors uint64
		max           time.Duration
	}{
		{29 * time.Second, 10, 5, 30 * time.Microsecond},
		{29900 * time.Millisecond, 10, 5, 30 * time.Microsecond},
		{30 * time.Second, 9, 5, 30 * time.Microsecond},
		{38 * time.Second, 1, 1, 30 * time.Microsecond},
		{39 * time.Second, 0, 0, 0},
		{500 * time.Hour, 0, 0, 0},
	} {
		op := f.at(c.after).Ops[0]
		if r := op.Recent; r.Count != c.count || r.Errors != c.errors || r.Max != c.max {
			t.Errorf("at %v: %+v", c.after, r)
		}
		if a := op.All; a.Count != 30 || a.Errors != 15 || a.Max != 30*time.Microsecond {
			t.Errorf("at %v, all time: %+v", c.after, a)
		}
	}
	f.add(500*time.Hour, oplog.Event{Op: oplog.Read, Duration: 7})
	if r := f.at(500 * time.Hour).Ops[0].Recent; r.Count != 1 || r.Max != 7 || r.P50 != 7 {
		t.Errorf("afterwards: %+v", r)
	}
}

func TestOldEventsDoNotDisturb(t *testing.T) {
	f := newFeed()
	f.at(0)
	f.add(0, oplog.Event{Op: oplog.Read, Result: 10})
	f.add(-time.Minute, oplog.Event{Op: oplog.Read, Result: 1000})
	f.add(-1500*time.Millisecond, oplog.Event{Op: oplog.Read, Result: 1000})
	s := f.at(0)
	if s.ReadRate != 10 || s.Read != 2010 || s.Ops[0].Recent.Count != 2 || s.Ops[0].All.Count != 3 {
		t.Errorf("%+v", s)
	}
}

// TestRatesDoNotJump moves 1 MB in each tenth of a second and asks at odd times.
func TestRatesDoNotJump(t *testing.T) {
	f := newFeed()
	f.add(0, oplog.Event{Op: oplog.Open, Handle: 1, Path: "/a"})
	for ms := time.Duration(0); ms < 5000; ms++ {
		f.add(ms*time.Millisecond, oplog.Event{Op: oplog.Write, Handle: 1, Result: 1000})
		s := f.at(ms * time.Millisecond)
		if ms > 1200 && (math.Abs(s.WriteRate-1e6) > 3e3 || math.Abs(s.OpRate-1e3) > 3) || s.ReadRate != 0 {
			t.Fatalf("after %d ms: %v bytes/s, %v ops/s", ms, s.WriteRate, s.OpRate)
		}
		if s.Open[0].WriteRate != s.WriteRate {
			t.Fatalf("after %d ms the file's rate is %v, all is %v", ms, s.Open[0].WriteRate, s.WriteRate)
		}
	}
	last := f.at(5 * time.Second).WriteRate
	for ms := time.Duration(5000); ms < 6200; ms += 7 {
		s := f.at(ms * time.Millisecond)
		if s.WriteRate > last {
			t.Fatalf("after %d ms the rate rose to %v", ms, s.WriteRate)
		}
		last = s.WriteRate
	}
	if s := f.at(6200 * time.Millisecond); s.WriteRate != 0 || s.OpRate != 0 || s.Open[0].WriteRate != 0 {
		t.Errorf("idle for a second, the rate is %v", s.WriteRate)
	}
	if s := f.at(time.Hour); s.WriteRate != 0 || s.Open[0].Written != 5_000_000 {
		t.Errorf("idle for an hour: %+v", s.Open[0])
	}
}

func TestSeconds(t *testing.T) {
	f := newFeed()
	for _, s := range []time.Duration{0, 1, 1, 5, 90, 91} {
		f.add(s*time.Second+time.Millisecond, oplog.Event{Op: oplog.Write, Result: 10, Errno: 5})
		f.add(s*time.Second+time.Millisecond, oplog.Event{Op: oplog.Read, Result: 3})
	}
	for _, c := range []struct {
		after time.Duration
		want  map[int64]uint64 // seconds after the start, and their operations
	}{
		{91, map[int64]uint64{90: 2, 91: 2}},
		{93, map[int64]uint64{90: 2, 91: 2}},
		{151, map[int64]uint64{91: 2}},
		{152, nil},
	} {
		seconds := f.at(c.after*time.Second + 999*time.Millisecond).Seconds
		if len(seconds) != 61 {
			t.Fatalf("%d seconds", len(seconds))
		}
		for i, s := range seconds {
			after := int64(c.after) - 60 + int64(i)
			n := c.want[after]
			want := Second{Unix: 3600 + after, Ops: n, Errors: n / 2, Written: 10 * int64(n/2), Read: 3 * int64(n/2)}
			if s != want {
				t.Errorf("at %d s: %+v, want %+v", c.after, s, want)
			}
		}
	}
}

// TestWallClockSetBack sees that the chart goes on.
func TestWallClockSetBack(t *testing.T) {
	f := newFeed()
	f.add(0, oplog.Event{Op: oplog.Write, Result: 10})
	f.seq++
	f.Collect([]oplog.Event{{Seq: f.seq, Op: oplog.Write, Result: 7, Mono: int64(time.Hour), Wall: int64(time.Minute)}}, 0)
	f.Model.options.Clock = func() (wall, mono int64) { return int64(time.Minute), int64(time.Hour) }
	s := f.Snapshot()
	if last := s.Seconds[60]; last.Unix != 60 || last.Written != 7 || s.WriteRate != 17 {
		t.Errorf("%+v, rate %v", last, s.WriteRate)
	}
}

func TestIsError(t *testing.T) {
	for _, c := range []struct {
		errno syscall.Errno
		ops   string // those for which it is an answer
	}{
		{syscall.ENOENT, "lookup getattr access open opendir readlink unlink rmdir rename getxattr listxattr"},
		{syscall.EEXIST, "create open mkdir mknod symlink link rename rmdir setxattr"},
		{syscall.ENOTEMPTY, "rename rmdir"},
		{syscall.ENOTSUP, "getxattr setxattr listxattr removexattr chmod fallocate copy_file_range"},
		{syscall.ERANGE, "getxattr setxattr listxattr removexattr"},
		{syscall.EACCES, "access"},
		{syscall.EROFS, "access"},
		{syscall.EPERM, "access"},
		{syscall.EINVAL, "readlink rename"},
		{syscall.ENAMETOOLONG, "getattr access"},
		{syscall.ENXIO, "lseek"}, {syscall.EAGAIN, "flock lock"}, {syscall.EXDEV, "copy_file_range"},
		{syscall.EIO, ""}, {syscall.ENOSPC, ""}, {syscall.EBADF, ""}, {syscall.EMFILE, ""}, {syscall.ESTALE, ""},
		{syscall.EDQUOT, ""}, {syscall.ETIMEDOUT, ""}, {syscall.Errno(4000), ""},
	} {
		answers := strings.Fields(c.ops)
		for op := oplog.Init; op < oplog.NumOps; op++ {
			if got, want := IsError(oplog.Event{Op: op, Errno: c.errno}), !slices.Contains(answers, op.String()); got != want {
				t.Errorf("%v for %v: %v", c.errno, op, got)
			}
			if !IsError(oplog.Event{Op: op, Errno: c.errno, Flags: oplog.Refused}) || !IsError(oplog.Event{Op: op, Flags: oplog.Panicked}) {
				t.Errorf("%v: refused or panicked is no error", op)
			}
			if IsError(oplog.Event{Op: op}) || IsError(oplog.Event{Op: op, Errno: syscall.ENOSYS}) || IsError(oplog.Event{Op: op, Errno: syscall.EINTR}) {
				t.Errorf("%v: success is an error", op)
			}
		}
	}
	set := oplog.Event{Op: oplog.Setxattr, Errno: syscall.EPERM, Path2: "security.selinux"}
	if IsError(set) {
		t.Error("cp -a counts as an error")
	}
	if set.Path2 = "user.note"; !IsError(set) {
		t.Error("a refused attribute is no error")
	}
}

func TestErrorsAreCounted(t *testing.T) {
	f := newFeed()
	f.add(0, oplog.Event{Op: oplog.Getattr, Errno: syscall.ENOENT})
	if s := f.at(0); s.Errors != 0 || s.LastError != nil {
		t.Errorf("%+v", s)
	}
	f.add(0, oplog.Event{Op: oplog.Write, Errno: syscall.EIO, Path: "/a"})
	s := f.at(0)
	if s.Errors != 1 || s.LastError.Path != "/a" || s.Ops[1].All.Errors != 1 || s.Ops[0].All.Errors != 0 {
		t.Errorf("%+v", s)
	}
	if again := f.at(0); again.LastError != s.LastError {
		t.Error("copied anew")
	}
}

func TestOpsAreInOrder(t *testing.T) {
	f := newFeed()
	for _, op := range []oplog.Op{oplog.Write, oplog.Getattr, oplog.Listxattr, oplog.Init, 250} {
		f.add(0, oplog.Event{Op: op, Duration: -5})
	}
	var names []string
	for _, op := range f.at(0).Ops {
		names = append(names, fmt.Sprintf("%v%d", op.Op, op.All.Count))
	}
	if got := strings.Join(names, " "); got != "init1 getattr1 write1 listxattr1" {
		t.Error(got)
	}
}

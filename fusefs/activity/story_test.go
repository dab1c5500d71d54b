package activity

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vitrine/fusefs/oplog"
)

// numbered gives events their sequence numbers.
func numbered(events ...oplog.Event) []oplog.Event {
	for i := range events {
		events[i].Seq = uint64(i + 1)
	}
	return events
}

// aLife is a copy with a close that overtakes a write, and what else happened to the file meanwhile.
func aLife() []oplog.Event {
	return numbered(
		oplog.Event{Op: oplog.Getattr, Path: "/a", Mono: 10, Duration: 5, PID: 2, Proc: "ls"},                                          // 1: before
		oplog.Event{Op: oplog.Create, Path: "/a", Handle: 7, Mono: 100, Duration: 50, PID: 1, Proc: "cp"},                              // 2
		oplog.Event{Op: oplog.Write, Path: "/a", Handle: 7, Mono: 200, Duration: 100, PID: 1, Proc: "cp"},                              // 3
		oplog.Event{Op: oplog.Getattr, Path: "/a", Mono: 250, Duration: 10, PID: 2, Proc: "ls"},                                        // 4: other
		oplog.Event{Op: oplog.Getattr, Path: "/b", Mono: 260, Duration: 10},                                                            // 5
		oplog.Event{Op: oplog.Open, Path: "/a", Handle: 8, Mono: 280, Duration: 10, PID: 3, Proc: "cat"},                               // 6: other
		oplog.Event{Op: oplog.Rename, Path: "/a", Path2: "/b", Mono: 310, Duration: 10, PID: 4, Proc: "mv"},                            // 7: other, moves
		oplog.Event{Op: oplog.Write, Path: "/a", Mono: 330, Duration: 10, Handle: 9},                                                   // 8: a new file
		oplog.Event{Op: oplog.Write, Path: "/b", Handle: 7, Mono: 350, Duration: 100, PID: 1, Proc: "cp"},                              // 9
		oplog.Event{Op: oplog.Write, Path: "/b", Handle: 7, Mono: 420, Duration: 80, PID: 1, Proc: "cp"},                               // 10
		oplog.Event{Op: oplog.Release, Path: "/b", Handle: 7, Mono: 430, Duration: 100, Wait: 70, PID: 1, Proc: "cp"},                  // 11
		oplog.Event{Op: oplog.Getattr, Path: "/b", Mono: 440, Duration: 2},                                                             // 12: other
		oplog.Event{Op: oplog.Write, Path: "/b", Handle: 7, Mono: 600, Errno: syscall.EBADF, Flags: oplog.Refused, PID: 1, Proc: "cp"}, // 13
		oplog.Event{Op: oplog.Unlink, Path: "/b", Mono: 700},                                                                           // 14: after
	)
}

func seqsOf(bars []Bar) (seqs []uint64) {
	for _, b := range bars {
		seqs = append(seqs, b.Seq)
	}
	return seqs
}

func TestStory(t *testing.T) {
	for _, seq := range []uint64{2, 9, 13} {
		s := NewStory(aLife(), seq)
		if got := seqsOf(s.Bars); !slices.Equal(got, []uint64{2, 3, 9, 10, 11, 13}) {
			t.Fatalf("of %d: bars %v", seq, got)
		}
		if got := seqsOf(s.Others); !slices.Equal(got, []uint64{4, 6, 7, 12}) {
			t.Errorf("others %v", got)
		}
		if s.Handle != 7 || s.Path != "/b" || s.Deleted || s.Begin != 100 || s.End != 600 || s.Truncated || s.Lost != 0 || s.Open.Seq != 2 || s.Release.Seq != 11 {
			t.Errorf("%+v", s)
		}
		want := []Gap{{150, 50, 2, 3}, {300, 50, 3, 9}, {530, 70, 11, 13}}
		if !slices.Equal(s.Gaps, want) {
			t.Errorf("gaps %+v, want %+v", s.Gaps, want)
		}
		var lanes, overlaps []int
		for _, b := range s.Bars {
			lanes, overlaps = append(lanes, b.Lane), append(overlaps, b.Overlaps)
		}
		if !slices.Equal(lanes, []int{0, 0, 0, 1, 2, 0}) || !slices.Equal(overlaps, []int{0, 0, 2, 2, 2, 0}) || s.Lanes != 3 {
			t.Errorf("lanes %v of %d, overlaps %v", lanes, s.Lanes, overlaps)
		}
		if o := s.Others; !o[2].Moved || o[0].Moved {
			t.Errorf("moved: %+v", o)
		}
	}
}

// TestStoryOfAName tells of an operation without a handle and of its neighbours up to a second away.
func TestStoryOfAName(t *testing.T) {
	s := NewStory(numbered(
		oplog.Event{Op: oplog.Lookup, Path: "/a", Mono: 1e9, Duration: 10},
		oplog.Event{Op: oplog.Lookup, Path: "/a", Mono: 5e9, Duration: 20},
		oplog.Event{Op: oplog.Lookup, Path: "/b", Mono: 5e9 + 100, Duration: 30},
		oplog.Event{Op: oplog.Open, Path: "/a", Mono: 5e9 + 100, Duration: 50, Errno: syscall.EACCES},
		oplog.Event{Op: oplog.Unlink, Path: "/a", Mono: 6e9, Duration: 40},
	), 4)
	if len(s.Bars) != 1 || len(s.Others) != 2 || s.Begin != 5e9 || s.End != 6e9+40 || !s.Others[1].Moved {
		t.Errorf("%+v", s)
	}
}

func TestStoryWithoutItsBegin(t *testing.T) {
	life := aLife()
	s := NewStory(life[4:], 9)
	if s.Open != nil || !s.Truncated || s.Begin != 350 || s.Path != "/b" || s.Lost != 0 {
		t.Errorf("fell out of the history: %+v", s)
	}
	if s = NewStory(slices.Delete(aLife(), 1, 2), 9); s.Open != nil || !s.Truncated {
		t.Errorf("the open was dropped: %+v", s)
	}
	if s = NewStory(slices.Delete(aLife(), 4, 6), 9); s.Truncated || s.Lost != 2 || s.Open == nil {
		t.Errorf("events were dropped: %+v", s)
	}
	filtered := slices.Delete(aLife(), 4, 6)
	filtered[4].Flags |= oplog.Filtered
	if s = NewStory(filtered, 9); s.Lost != 0 {
		t.Errorf("%d operations that a filter left out are said to be lost", s.Lost)
	}
	if s = NewStory(numbered(oplog.Event{Op: oplog.Read, Handle: 9, Flags: oplog.Refused, Errno: syscall.EBADF}), 1); s.Truncated || s.Open != nil || len(s.Bars) != 1 {
		t.Errorf("there never was such a handle: %+v", s)
	}
	if NewStory(life, 99) != nil || NewStory(nil, 1) != nil || NewStory(life[4:], 2) != nil {
		t.Error("a story of nothing")
	}
}

func TestStoryWithoutHandle(t *testing.T) {
	s := NewStory(aLife(), 7)
	if got := seqsOf(s.Bars); s.Handle != 0 || !slices.Equal(got, []uint64{7}) {
		t.Errorf("bars %v", got)
	}
	if got := seqsOf(s.Others); !slices.Equal(got, []uint64{1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14}) {
		t.Errorf("others %v", got)
	}
	if got := seqsOf(NewStory(aLife(), 5).Others); !slices.Equal(got, []uint64{7, 9, 10, 11, 12, 13, 14}) {
		t.Errorf("others %v", got)
	}
}

// TestArrange compares lanes and overlaps with what a look at every pair says.
func TestArrange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bars := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Bar {
			return Bar{Event: oplog.Event{Mono: rapid.Int64Range(0, 20).Draw(t, "begin"), Duration: rapid.Int64Range(0, 8).Draw(t, "duration")}}
		}), 0, 20).Draw(t, "bars")
		lanes, deepest := arrange(bars), 0
		for i, a := range bars {
			n, depth := 0, 0
			for j, b := range bars {
				aEnd, bEnd := a.Mono+max(a.Duration, 1), b.Mono+max(b.Duration, 1)
				if b.Mono <= a.Mono && a.Mono < bEnd {
					depth++
				}
				if i == j || a.Mono >= bEnd || b.Mono >= aEnd {
					continue
				}
				n++
				if a.Lane == b.Lane {
					t.Fatalf("%d-%d and %d-%d share a lane", a.Mono, aEnd, b.Mono, bEnd)
				}
			}
			deepest = max(deepest, depth)
			if n != a.Overlaps || a.Lane >= lanes {
				t.Fatalf("%d-%d overlaps %d others, not %d", a.Mono, ended(&a.Event), n, a.Overlaps)
			}
		}
		if lanes != deepest {
			t.Fatalf("%d lanes, %d would do", lanes, deepest)
		}
	})
}

type facts struct{}

func (facts) Free(string) (int64, bool) { return 4096, true }
func (facts) Owner(path string) (string, string, fs.FileMode, bool) {
	return "root", "adm", 0o640, path == "/d"
}
func (facts) ReadOnly() bool { return true }
func (facts) Asker() string  { return "jane (uid 1000)" }

func TestExplain(t *testing.T) {
	life := aLife()
	life[12].Mono = 530 + 900_000
	during := life[12]
	during.Mono, during.Seq = 500, 10
	cut := slices.Clone(life[8:10])
	bare := oplog.Event{Op: oplog.Write, Handle: 70, Path: "/a", Mono: 1000, Seq: 20, Errno: syscall.EBADF, Flags: oplog.Refused}
	for name, c := range map[string]struct {
		e       oplog.Event
		history []oplog.Event
		facts   Facts
		name    string
		want    []string // the meaning, then the evidence
	}{
		"after the release": {life[12], life, nil, "EBADF", []string{
			"Handle 7 was not open: it had been released, or was never given out. Nothing was read or written.",
			"This write began 900 µs after the handle was released by cp (1).", "Handle 7 was given out to cp (1) for /a 900 µs before."}},
		"during the release": {during, life, nil, "EBADF", []string{"Handle 7 was not open",
			"This write began while the handle was being released by cp (1): 70 ns after the release had begun, 30 ns before it ended.", "Handle 7 was given out to cp (1) for /a 350 ns before."}},
		"closed under it": {oplog.Event{Op: oplog.Write, Handle: 7, Path: "/a", Mono: 420, Duration: 50, Errno: syscall.EBADF, Seq: 10}, life, nil, "EBADF",
			[]string{"The handle is not open for writing.", "The handle was released by cp (1) while this write was under way: its descriptor was closed under it."}},
		"never": {bare, life, nil, "EBADF", []string{"Handle 70 was not open", "No handle 70 was ever given out in the kept history."}},
		"not kept": {bare, cut, nil, "EBADF", []string{"Handle 70 was not open",
			"No handle 70 was given out in the kept history, which goes back 650 ns; what was before is not known."}},
		"for reading": {oplog.Event{Op: oplog.Write, Handle: 7, Errno: syscall.EBADF, Seq: 9}, numbered(oplog.Event{Op: oplog.Open, Handle: 7, PID: 3, Proc: "cat"}), nil, "EBADF",
			[]string{"The handle is not open for writing.", "The handle was opened for reading only by cat (3)."}},
		"renamed": {oplog.Event{Op: oplog.Open, Path: "/a", Errno: syscall.ENOENT, Mono: 2_000_320, Seq: 99}, life, nil, "ENOENT",
			[]string{"There is nothing of this name. Programs ask", "mv (4) renamed /a to /b 2 ms before."}},
		"removed": {oplog.Event{Op: oplog.Truncate, Path: "/b", Errno: syscall.ENOENT, Mono: 701, Seq: 99}, life, nil, "ENOENT",
			[]string{"There is nothing of this name.", "the kernel removed /b 1 ns before."}},
		"never there": {oplog.Event{Op: oplog.Mkdir, Path: "/x/y", Errno: syscall.ENOENT}, life, nil, "ENOENT", []string{"The folder that it was to be made in is not there."}},
		"there": {oplog.Event{Op: oplog.Create, Path: "/a", Errno: syscall.EEXIST, Mono: 160, Seq: 3}, life, nil, "EEXIST",
			[]string{"There is already something of this name.", "cp (1) made /a 10 ns before, by create."}},
		"not empty": {oplog.Event{Op: oplog.Rmdir, Path: "/d", Errno: syscall.ENOTEMPTY, Mono: 50, Seq: 9}, numbered(
			oplog.Event{Op: oplog.Create, Path: "/d/x", Handle: 1, Mono: 10}, oplog.Event{Op: oplog.Create, Path: "/d/y", Handle: 2}, oplog.Event{Op: oplog.Unlink, Path: "/d/y"},
			oplog.Event{Op: oplog.Release, Path: "/d/y", Handle: 2}), nil, "ENOTEMPTY",
			[]string{"The folder is not empty.", "/d/x is in it: create of it succeeded 40 ns before."}},
		"denied": {oplog.Event{Op: oplog.Open, Path: "/d/a", Errno: syscall.EACCES, Mono: 2000, Seq: 9, PID: 4, Proc: "cat", UID: 1000}, numbered(
			oplog.Event{Op: oplog.Chmod, Path: "/d/a", Mode: 0o100400, PID: 3, Proc: "chmod"}, oplog.Event{Op: oplog.Open, Path: "/d/a", Errno: syscall.EACCES}), facts{}, "EACCES",
			[]string{"The permissions of the file", "cat (4) asked for it as uid 1000.", "The drive is mounted read-only.", "chmod (3) set the permissions of /d/a to -r-------- 2 µs before.",
				"/d belongs to root and group adm, with permissions -rw-r-----.", "The drive asked for it as jane (uid 1000).", "The kept history holds the same error for this file and operation 1 times before."}},
		"full": {oplog.Event{Op: oplog.Write, Path: "/a", Errno: syscall.ENOSPC, Mono: 100e9}, numbered(
			oplog.Event{Op: oplog.Write, Result: 1 << 30, Mono: 1e9}, oplog.Event{Op: oplog.Write, Result: 1 << 20, Mono: 90e9}), facts{}, "ENOSPC",
			[]string{"The disk that holds the backing folder is full.", "In the 60 s before it, 1.0 MiB were written through the drive.", "There are 4.0 KiB free now."}},
		"locked": {oplog.Event{Op: oplog.Flock, Path: "/a", Handle: 2, Errno: syscall.EAGAIN, Mono: 3000}, numbered(oplog.Event{Op: oplog.Flock, Path: "/a", Handle: 1, PID: 5, Proc: "vi"}), nil, "EAGAIN",
			[]string{"Somebody else holds a lock", "The newest lock of the file by another handle is that of vi (5) through handle 1, 3 µs before."}},
		"waited": {life[10], life, nil, "", []string{"It succeeded.", "Of the 100 ns that it took, 70 ns were spent waiting for operations on its handle."}},
		"short":  {oplog.Event{Op: oplog.Read, Size: 4096, Result: 1024}, nil, nil, "", []string{"It succeeded.", "It moved 1.0 KiB of the 4.0 KiB that were asked for."}},
		"panicked": {oplog.Event{Op: oplog.Read, Errno: syscall.EIO, Flags: oplog.Panicked}, nil, nil, "EIO",
			[]string{"The disk could not read or write, or the operation broke off.", "The code that carries out read panicked; its stack is in the log."}},
		"half way":  {oplog.Event{Op: oplog.Write, Size: 4096, Flags: oplog.InFlight}, nil, nil, "", []string{"It has not ended yet."}},
		"unknown":   {oplog.Event{Op: oplog.Read, Errno: 4000}, nil, nil, "4000", []string{`The system calls this "errno 4000".`}},
		"in flight": {oplog.Event{Op: oplog.Read, Flags: oplog.InFlight}, nil, nil, "", []string{"It has not ended yet."}},
	} {
		t.Run(name, func(t *testing.T) {
			x := Explain(c.e, c.history, c.facts)
			got := []string{x.Meaning.String()}
			for _, e := range x.Evidence {
				got = append(got, e.String())
			}
			if x.Errno != c.e.Errno || x.Name != c.name || len(got) != len(c.want) || !strings.HasPrefix(got[0], c.want[0]) || !slices.Equal(got[1:], c.want[1:]) {
				t.Errorf("%s\n%s\nwant\n%s", x.Name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// TestExplainNamesTheReason knows which operation of the record made another one fail.
func TestExplainNamesTheReason(t *testing.T) {
	life := aLife()
	for _, c := range []struct {
		e    oplog.Event
		want uint64
	}{
		{life[12], 11},
		{oplog.Event{Op: oplog.Open, Path: "/a", Errno: syscall.ENOENT, Mono: 2_000_320, Seq: 99}, 7},
		{oplog.Event{Op: oplog.Create, Path: "/a", Errno: syscall.EEXIST, Mono: 160, Seq: 3}, 2},
		{oplog.Event{Op: oplog.Write, Errno: syscall.ENOSPC, Mono: 160, Seq: 3}, 0},
	} {
		if got := Explain(c.e, life, nil).Because; got != c.want {
			t.Errorf("%v of %s is because of %d, want %d", c.e.Errno, c.e.Op, got, c.want)
		}
	}
}

// TestStoryOfWhatIsInFlight tells of operations that have not ended, and of one that did between two looks.
func TestStoryOfWhatIsInFlight(t *testing.T) {
	life := aLife()[:10]
	stuck := oplog.Event{Op: oplog.Write, Path: "/b", Handle: 7, Mono: 510, Duration: 5000, PID: 1, Proc: "cp"}
	remove := oplog.Event{Op: oplog.Unlink, Path: "/b", Mono: 600, Duration: 4910}
	ended := life[9]
	ended.Seq, ended.Flags = 0, oplog.InFlight
	all := WithInFlight(life, []oplog.Event{ended, stuck, remove})
	if SeqOf(all, &ended) != 10 || len(all) != 12 {
		t.Errorf("what ended meanwhile is number %d of %d", SeqOf(all, &ended), len(all))
	}
	seq := SeqOf(all, &stuck)
	s := NewStory(all, seq)
	if got := seqsOf(s.Bars); seq < InFlightSeq || !slices.Equal(got, []uint64{2, 3, 9, 10, seq}) {
		t.Fatalf("bars %v", got)
	}
	if s.End != 5510 || s.Lost != 0 || s.Truncated || s.Deleted || s.Bars[4].Flags&oplog.InFlight == 0 {
		t.Errorf("%+v", s)
	}
	if o := s.Others[len(s.Others)-1]; o.Op != oplog.Unlink || o.Moved {
		t.Errorf("what may yet unlink the file is %+v", o)
	}
	if s = NewStory(WithInFlight(nil, []oplog.Event{stuck}), InFlightSeq); len(s.Bars) != 1 || s.Lost != 0 {
		t.Errorf("without a history: %+v", s)
	}
	if NewestOn(all, 7) != 10 || NewestOn(all, 70) != 0 {
		t.Errorf("the newest on the handle is %d", NewestOn(all, 7))
	}
}

// TestEveryErrorHasWords explains each error number of each operation.
func TestEveryErrorHasWords(t *testing.T) {
	for op := oplog.Init; op < oplog.NumOps; op++ {
		for n := syscall.Errno(1); n < 140; n++ {
			x := Explain(oplog.Event{Op: op, Errno: n, Path: "/a"}, nil, facts{})
			for _, s := range append(x.Evidence, x.Meaning) {
				if text := s.String(); !strings.HasSuffix(text, ".") || strings.Contains(text, "%!") {
					t.Fatalf("%v of %v: %s", n, op, text)
				}
			}
		}
	}
}

// longHistory has the life of one handle of a thousand writes among a million other events.
func longHistory() []oplog.Event {
	var names [5000]string
	for i := range names {
		names[i] = fmt.Sprintf("/films/%04d.mov", i)
	}
	events := make([]oplog.Event, 1_000_000)
	for i := range events {
		e := oplog.Event{Op: oplog.Write, Handle: uint64(i%5000) + 10, Path: names[i%5000], Mono: int64(i) * 1000, Duration: 3000}
		if i%1000 == 0 {
			e.Handle, e.Path = 7, "/films/main.mov"
		}
		events[i] = e
	}
	events[0].Op = oplog.Create
	return numbered(events...)
}

func TestStoryOfAMillionEvents(t *testing.T) {
	s := NewStory(longHistory(), 500_001)
	if len(s.Bars) != 1000 || len(s.Gaps) != 999 || s.Gaps[0].Length != int64(997*time.Microsecond) || s.Truncated || s.Lanes != 1 || len(s.Others) != 0 {
		t.Errorf("%d bars, %d gaps", len(s.Bars), len(s.Gaps))
	}
}

func BenchmarkStory(b *testing.B) {
	events := longHistory()
	for b.Loop() {
		NewStory(events, 500_001)
	}
}

// TestStoryFindsOtherNames tells of a file that has two names: what is done by the other one belongs to it, and what is done to
// another file of that name later does not.
func TestStoryFindsOtherNames(t *testing.T) {
	life := numbered(
		oplog.Event{Op: oplog.Open, Path: "/a", Handle: 1, Inode: 5, Mono: 100, Duration: 10},
		oplog.Event{Op: oplog.Truncate, Path: "/link-to-a", Inode: 5, Mono: 150, Duration: 10, PID: 9},
		oplog.Event{Op: oplog.Write, Path: "/a", Handle: 1, Inode: 5, Mono: 200, Duration: 10},
		oplog.Event{Op: oplog.Getattr, Path: "/other", Inode: 6, Mono: 210, Duration: 10},
		oplog.Event{Op: oplog.Read, Path: "/link-to-a", Handle: 2, Inode: 5, Mono: 220, Duration: 10},
		oplog.Event{Op: oplog.Release, Path: "/a", Handle: 1, Inode: 5, Mono: 300, Duration: 10},
	)
	if got := seqsOf(NewStory(life, 3).Others); !slices.Equal(got, []uint64{2, 5}) {
		t.Errorf("the story of the handle has %v of others", got)
	}
	if got := seqsOf(NewStory(life, 2).Others); !slices.Equal(got, []uint64{1, 3, 5, 6}) {
		t.Errorf("the story of the truncation has %v of others", got)
	}
}

package activity

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vitrine/fusefs/oplog"
)

const ms = time.Millisecond

// hazardsOf returns the texts of the hazards found, one a line, each behind its kind.
func hazardsOf(s *Snapshot) string {
	var lines []string
	for _, h := range s.Hazards {
		lines = append(lines, h.Kind.String()+": "+h.Text.String())
	}
	return strings.Join(lines, "\n")
}

// expect compares all hazards found so far.
func (f *feed) expect(t *testing.T, want ...string) {
	t.Helper()
	if got := hazardsOf(f.Snapshot()); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

// open opens a file for writing and returns what uses it.
func (f *feed) open(path string, handle uint64, pid int32, proc string) func(after time.Duration, e oplog.Event) {
	f.add(0, oplog.Event{Op: oplog.Open, Path: path, Handle: handle, PID: pid, Proc: proc, Mode: syscall.O_RDWR})
	return func(after time.Duration, e oplog.Event) {
		e.Path, e.Handle, e.PID, e.Proc = path, handle, pid, proc
		f.add(after, e)
	}
}

func TestRefused(t *testing.T) {
	f := newFeed()
	cp := f.open("/a", 7, 4242, "cp")
	refused := oplog.Event{Op: oplog.Write, Errno: syscall.EBADF, Flags: oplog.Refused, Duration: int64(ms)}
	cp(10*ms, refused)
	cp(20*ms, oplog.Event{Op: oplog.Release, Duration: int64(5 * ms)})
	cp(18*ms, refused)
	cp(22*ms, oplog.Event{Op: oplog.Read, Errno: syscall.EBADF, Flags: oplog.Refused, Duration: int64(ms)})
	f.add(30*ms, oplog.Event{Op: oplog.Fsync, Handle: 99, Errno: syscall.EBADF, Flags: oplog.Refused})
	f.expect(t,
		"refused: write by cp (4242) was refused: it began while handle 7 was being released by cp (4242).",
		"refused: read by cp (4242) was refused: it began 1 ms after handle 7 was released by cp (4242).",
		"refused: fsync by the kernel was refused: there never was a handle 99.")
	s := f.Snapshot()
	first := s.Hazards[0]
	if first.Times != 2 || first.Seq != 4 || !slices.Equal(first.Related, []uint64{2}) || s.HazardCounts[RefusedHandle] != 4 {
		t.Errorf("%+v, counts %v", first, s.HazardCounts)
	}
	if !slices.Equal(s.Hazards[1].Related, []uint64{3}) || s.Hazards[1].Path != "/a" || s.Hazards[1].Handle != 7 {
		t.Errorf("%+v", s.Hazards[1])
	}
	for seq, id := range map[uint64]uint64{1: 0, 2: 1, 3: 2, 4: 1, 5: 2, 6: 3} {
		if h := s.HazardsAt(seq); s.InHazard(seq) != (id != 0) || id != 0 && (len(h) != 1 || h[0].ID != id) {
			t.Errorf("operation %d belongs to hazards %+v", seq, h)
		}
		if f.InHazard(seq) != (id != 0) {
			t.Errorf("operation %d is part of a hazard: %v", seq, id == 0)
		}
	}
}

// TestRefusedWhileOpen is refused by a handle whose release has begun and is not recorded yet.
func TestRefusedWhileOpen(t *testing.T) {
	f := newFeed()
	f.open("/a", 7, 1, "cp")(10*ms, oplog.Event{Op: oplog.Write, Errno: syscall.EBADF, Flags: oplog.Refused})
	f.expect(t, "refused: write by cp (1) was refused: handle 7 was being released.")
}

func TestWaitingRelease(t *testing.T) {
	f := newFeed()
	cp := f.open("/a", 7, 1, "cp")
	other := f.open("/b", 8, 1, "cp")
	cp(10*ms, oplog.Event{Op: oplog.Write, Result: 1, Duration: int64(ms)})     // 3: before
	cp(20*ms, oplog.Event{Op: oplog.Write, Result: 1, Duration: int64(4 * ms)}) // 4: from 16 to 20
	other(20*ms, oplog.Event{Op: oplog.Write, Result: 1, Duration: int64(4 * ms)})
	cp(21*ms, oplog.Event{Op: oplog.Read, Duration: int64(4 * ms)}) // 6
	cp(22*ms, oplog.Event{Op: oplog.Release, Duration: int64(5 * ms), Wait: int64(4*ms) + 2})
	f.expect(t, "waited: The release of handle 7 waited 4 ms for 2 operations: without that, they would have failed with EBADF.")
	if h := f.Snapshot().HazardsAt(7); len(h) != 1 || !slices.Equal(h[0].Related, []uint64{4, 6}) {
		t.Errorf("%+v", h)
	}
	other(30*ms, oplog.Event{Op: oplog.Read, Duration: int64(4 * ms)})
	other(31*ms, oplog.Event{Op: oplog.Release, Duration: int64(2 * ms), Wait: int64(900 * time.Microsecond)})
	f.add(40*ms, oplog.Event{Op: oplog.Release, Handle: 9, Duration: int64(2 * ms), Wait: 5})
	f.expect(t, "waited: The release of handle 7 waited 4 ms for 2 operations: without that, they would have failed with EBADF.",
		"waited: The release of handle 8 waited 900 µs for operation 8: without that, it would have failed with EBADF.",
		"waited: The release of handle 9 waited 5 ns for operations that the record does not show.")
}

func wrote(offset, n int64) oplog.Event {
	return oplog.Event{Op: oplog.Write, Offset: offset, Size: n, Result: n}
}

func TestOverlappingWriters(t *testing.T) {
	f := newFeed()
	a, b := f.open("/a", 1, 10, "cp"), f.open("/a", 2, 11, "dd")
	for i := range int64(20) {
		a(0, wrote(i*100, 100))
	}
	b(0, wrote(2000, 100))
	f.expect(t)
	b(0, wrote(1950, 100))
	b(0, wrote(0, 100)) // told already
	f.expect(t, "overlap: dd (11) through handle 2 and cp (10) through handle 1 both wrote bytes 1950 to 1999 of /a while both had it open.")
	if h := f.Snapshot().Hazards[0]; h.Seq != 24 || !slices.Equal(h.Related, []uint64{22}) {
		t.Errorf("%+v", h)
	}
}

// TestWritersThatDoNotMeet has every way in which two writers of one range are no hazard.
func TestWritersThatDoNotMeet(t *testing.T) {
	for name, story := range map[string]func(f *feed){
		"closed between": func(f *feed) {
			a, b := f.open("/a", 1, 10, "cp"), f.open("/a", 2, 11, "dd")
			a(0, wrote(0, 100))
			a(0, oplog.Event{Op: oplog.Release})
			b(0, wrote(0, 100))
		},
		"other file": func(f *feed) {
			f.open("/a", 1, 10, "cp")(0, wrote(0, 100))
			f.open("/b", 2, 11, "dd")(0, wrote(0, 100))
		},
		"name used anew": func(f *feed) {
			a := f.open("/a", 1, 10, "cp")
			a(0, wrote(0, 100))
			f.add(0, oplog.Event{Op: oplog.Unlink, Path: "/a"})
			f.open("/a", 2, 11, "dd")(0, wrote(0, 100))
			a(0, wrote(0, 100))
		},
		"locks": func(f *feed) {
			a, b := f.open("/a", 1, 10, "cp"), f.open("/a", 2, 11, "dd")
			a(0, oplog.Event{Op: oplog.Lock})
			b(0, oplog.Event{Op: oplog.Flock})
			a(0, wrote(0, 100))
			b(0, wrote(0, 100))
		},
		"append": func(f *feed) {
			for h := range uint64(2) {
				f.add(0, oplog.Event{Op: oplog.Open, Path: "/a", Handle: h + 1, Mode: syscall.O_WRONLY | syscall.O_APPEND})
				f.add(0, oplog.Event{Op: oplog.Write, Path: "/a", Handle: h + 1, PID: int32(h + 1), Result: 100})
			}
		},
		"failed": func(f *feed) {
			a, b := f.open("/a", 1, 10, "cp"), f.open("/a", 2, 11, "dd")
			a(0, wrote(0, 100))
			b(0, oplog.Event{Op: oplog.Write, Errno: syscall.ENOSPC, Size: 100})
		},
		"kernel": func(f *feed) {
			a, b := f.open("/a", 1, 0, ""), f.open("/a", 2, 11, "dd")
			a(0, wrote(0, 100))
			b(0, wrote(0, 100))
		},
		"one process, one handle": func(f *feed) {
			a := f.open("/a", 1, 10, "cp")
			a(0, wrote(0, 100))
			a(0, wrote(0, 100))
		},
		"events lost": func(f *feed) {
			a, b := f.open("/a", 1, 10, "cp"), f.open("/a", 2, 11, "dd")
			a(0, wrote(0, 100))
			f.seq++ // this may have been the release of a's handle
			b(0, wrote(0, 100))
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFeed()
			story(f)
			f.expect(t)
		})
	}
}

func TestWritersMeetAfterRename(t *testing.T) {
	f := newFeed()
	a := f.open("/d/a", 1, 10, "cp")
	a(0, wrote(0, 100))
	f.add(0, oplog.Event{Op: oplog.Rename, Path: "/d", Path2: "/e"})
	f.open("/e/a", 2, 11, "dd")(0, wrote(50, 100))
	f.expect(t, "overlap: dd (11) through handle 2 and cp (10) through handle 1 both wrote bytes 50 to 99 of /e/a while both had it open.")
}

// TestOneHandleTwoProcesses is a handle that a child inherited.
func TestOneHandleTwoProcesses(t *testing.T) {
	f := newFeed()
	a := f.open("/a", 1, 10, "sh")
	a(0, wrote(0, 100))
	f.add(0, oplog.Event{Op: oplog.Write, Path: "/a", Handle: 1, PID: 11, Proc: "dd", Offset: 99, Result: 1})
	f.expect(t, "overlap: dd (11) through handle 1 and sh (10) through handle 1 both wrote bytes 99 to 99 of /a while both had it open.")
}

func TestUnsyncedReplace(t *testing.T) {
	const replaced = "unsynced: /tmp by mv (3) replaced /a 3 ms after its last write, without an fsync between: after a crash it could be empty."
	const hazard = "unsynced: /tmp by mv (3) was renamed to /a 3 ms after its last write, without an fsync between: after a crash it could be empty."
	rename := oplog.Event{Op: oplog.Rename, Path: "/tmp", Path2: "/a", PID: 3, Proc: "mv"}
	write := wrote(0, 100)
	write.Duration = int64(2 * ms)
	for name, c := range map[string]struct {
		story func(f *feed, tmp func(time.Duration, oplog.Event))
		want  string
	}{
		"closed":     {func(f *feed, tmp func(time.Duration, oplog.Event)) { tmp(12*ms, oplog.Event{Op: oplog.Release}) }, hazard},
		"still open": {func(f *feed, tmp func(time.Duration, oplog.Event)) {}, hazard},
		"saved":      {func(f *feed, tmp func(time.Duration, oplog.Event)) { tmp(12*ms, oplog.Event{Op: oplog.Fsync}) }, ""},
		"saved by name": {func(f *feed, tmp func(time.Duration, oplog.Event)) {
			tmp(11*ms, oplog.Event{Op: oplog.Release})
			f.add(12*ms, oplog.Event{Op: oplog.Fsync, Path: "/tmp"})
		}, ""},
		"not saved, fsync failed": {func(f *feed, tmp func(time.Duration, oplog.Event)) {
			tmp(12*ms, oplog.Event{Op: oplog.Fsync, Errno: syscall.EIO})
		}, hazard},
		"not saved, fsync began during the write": {func(f *feed, tmp func(time.Duration, oplog.Event)) {
			tmp(12*ms, oplog.Event{Op: oplog.Fsync, Duration: int64(3 * ms)})
		}, hazard},
		"known to be there": {func(f *feed, tmp func(time.Duration, oplog.Event)) {
			f.add(12*ms, oplog.Event{Op: oplog.Getattr, Path: "/a", Errno: syscall.ENOENT})
			f.add(12*ms, oplog.Event{Op: oplog.Create, Path: "/a", Handle: 8})
		}, replaced},
		"known to be free": {func(f *feed, tmp func(time.Duration, oplog.Event)) {
			f.add(12*ms, oplog.Event{Op: oplog.Getattr, Path: "/a"})
			f.add(12*ms, oplog.Event{Op: oplog.Unlink, Path: "/a"})
		}, ""},
		"events lost": {func(f *feed, tmp func(time.Duration, oplog.Event)) { f.seq++ }, ""},
		"exchanged before": {func(f *feed, tmp func(time.Duration, oplog.Event)) {
			f.add(12*ms, oplog.Event{Op: oplog.Rename, Path: "/a", Path2: "/b", Flags: oplog.Exchanged})
		}, replaced},
		"never replaces": {func(f *feed, tmp func(time.Duration, oplog.Event)) {
			f.add(12*ms, oplog.Event{Op: oplog.Rename, Path: "/tmp", Path2: "/free", Mode: renameNoReplace})
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFeed()
			tmp := f.open("/tmp", 7, 1, "cp")
			tmp(10*ms, write)
			c.story(f, tmp)
			f.add(13*ms, rename)
			if got := hazardsOf(f.Snapshot()); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestSlowAndStuck(t *testing.T) {
	f := newFeed()
	read := oplog.Event{Op: oplog.Read, Path: "/a", PID: 1, Proc: "cat", Duration: int64(50 * time.Microsecond)}
	slow := read
	slow.Duration = int64(60 * ms)
	for i := range 120 {
		if i == 50 {
			f.add(0, slow) // too little to compare with
		}
		f.add(0, read)
	}
	short := read
	short.Duration = int64(4 * ms)
	f.add(0, short) // 80 times the median
	f.expect(t)
	f.add(0, slow)
	waited := slow
	waited.Wait = waited.Duration - int64(ms)
	f.add(0, waited)
	lock := oplog.Event{Op: oplog.Lock, Duration: int64(9 * time.Second)}
	f.add(0, lock)
	want := "slow: read of /a by cat (1) took 60 ms, 1190 times the usual 50 µs."
	if got := hazardsOf(f.Snapshot()); !strings.HasPrefix(got, "slow: read of /a by cat (1) took 60 ms, 1") || strings.Contains(got, "\n") {
		t.Errorf("got %s, want about %s", got, want)
	}
	slow.Duration = int64(7200 * ms)
	f.add(0, slow)
	if got := hazardsOf(f.Snapshot()); !strings.HasSuffix(got, "\nstuck: read of /a by cat (1) took 7.2 s.") {
		t.Errorf("got %s", got)
	}
}

// TestStuckInFlight looks while an operation is in flight, and when it has ended.
func TestStuckInFlight(t *testing.T) {
	f := newFeed()
	write := oplog.Event{Op: oplog.Write, Path: "/a", Handle: 7, PID: 1, Proc: "cp", Mono: 5, Duration: int64(4900 * ms), Flags: oplog.InFlight}
	var inFlight []oplog.Event
	f.Model.options.InFlight = func() []oplog.Event { return slices.Clone(inFlight) }
	inFlight = []oplog.Event{write}
	f.expect(t)
	inFlight[0].Duration = int64(5100 * ms)
	f.expect(t, "stuck: write of /a by cp (1) has been in flight for more than 5 s.")
	inFlight[0].Duration = int64(6000 * ms)
	f.expect(t, "stuck: write of /a by cp (1) has been in flight for more than 5 s.")
	before := f.Snapshot()
	write.Flags, write.Seq, write.Duration = 0, 1, int64(8*time.Second)
	f.Collect([]oplog.Event{write}, 0)
	f.expect(t, "stuck: write of /a by cp (1) took 8 s.") // and the old list of those in flight tells nothing new
	s := f.Snapshot()
	if s.HazardCounts[StuckOperation] != 1 || s.Hazards[0].Seq != 1 || before.Hazards[0].Seq != 0 {
		t.Errorf("%+v, before %+v", s.Hazards, before.Hazards)
	}
	if before.InHazard(0) {
		t.Error("what is in flight has no number")
	}
}

func TestHazardsAreBounded(t *testing.T) {
	f := newFeed()
	for i := range uint64(3 * hazardsKept) {
		f.add(0, oplog.Event{Op: oplog.Write, Handle: i + 1, Errno: syscall.EBADF, Flags: oplog.Refused})
	}
	s := f.Snapshot()
	if last := s.Hazards[len(s.Hazards)-1]; len(s.Hazards) > hazardsKept || last.ID != 3*hazardsKept || s.HazardCounts[RefusedHandle] != 3*hazardsKept {
		t.Errorf("%d kept, the last is %+v", len(s.Hazards), last)
	}
	for range 100 {
		f.add(0, oplog.Event{Op: oplog.Write, Handle: 1, Errno: syscall.EBADF, Flags: oplog.Refused})
	}
	if h := f.Snapshot().Hazards; len(h[len(h)-1].Related) != relatedKept || h[len(h)-1].Times != 100 {
		t.Errorf("%+v", h[len(h)-1])
	}
	m := newFeed()
	for i := range uint64(3 * closedKept) {
		tmp := m.open(fmt.Sprint("/", i), i+1, 1, "cp")
		tmp(0, wrote(0, 10))
		tmp(0, oplog.Event{Op: oplog.Release})
	}
	if n := len(m.state.hazards.files.byPath); n != closedKept {
		t.Errorf("%d files are remembered", n)
	}
}

// TestHazardsAfterReset forgets, for a new mount whose handles begin anew.
func TestHazardsAfterReset(t *testing.T) {
	f := newFeed()
	f.Model.options.Recorded = func() uint64 { return f.seq }
	f.open("/a", 7, 1, "cp")
	f.Reset()
	f.add(0, oplog.Event{Op: oplog.Write, Handle: 7, Errno: syscall.EBADF, Flags: oplog.Refused})
	f.expect(t, "refused: write by the kernel was refused: there never was a handle 7.")
	f.seq++
	f.add(0, oplog.Event{Op: oplog.Read, Handle: 7, Errno: syscall.EBADF, Flags: oplog.Refused})
	f.expect(t, "refused: write by the kernel was refused: there never was a handle 7.",
		"refused: read by the kernel was refused: handle 7 is not open.")
}

// TestHazardsOfRandomHistories holds against every history, of which parts get lost, what must always be true.
func TestHazardsOfRandomHistories(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		m := New(w.options())
		refused := uint64(0)
		for range rapid.IntRange(1, 150).Draw(t, "n") {
			e := w.randomEvent(t)
			e.PID, e.Offset = rapid.Int32Range(0, 3).Draw(t, "pid"), rapid.Int64Range(0, 3000).Draw(t, "offset")
			w.record(e, rapid.IntRange(0, 30).Draw(t, "lose") == 0)
			for _, e := range w.collect(m, 2) {
				if e.Flags&oplog.Refused != 0 {
					refused++
				}
			}
		}
		s := m.Snapshot()
		if s.HazardCounts[RefusedHandle] != refused {
			t.Fatalf("%d refused, %d found", refused, s.HazardCounts[RefusedHandle])
		}
		for _, h := range s.Hazards {
			if text := h.Text.String(); strings.Contains(text, "%!") || text == "" {
				t.Fatalf("%s", text)
			}
			if h.Seq != 0 && !slices.ContainsFunc(s.HazardsAt(h.Seq), func(o Hazard) bool { return o.ID == h.ID }) {
				t.Fatalf("%+v is not found by its operation", h)
			}
		}
		for name, c := range m.state.hazards.files.byPath {
			if c.path != name {
				t.Fatalf("%s is kept as %s", c.path, name)
			}
		}
	})
}

// TestSeveralHazardsOfOneOperation has a write that a release waited for and that was slow.
func TestSeveralHazardsOfOneOperation(t *testing.T) {
	f := newFeed()
	cp := f.open("/a", 7, 1, "cp")
	for range slowSample {
		cp(10*ms, oplog.Event{Op: oplog.Write, Result: 1, Duration: 1000})
	}
	cp(70*ms, oplog.Event{Op: oplog.Write, Result: 1, Duration: int64(50 * ms)})
	cp(71*ms, oplog.Event{Op: oplog.Release, Duration: int64(5 * ms), Wait: int64(4 * ms)})
	var kinds []HazardKind
	for _, h := range f.Snapshot().HazardsAt(slowSample + 2) {
		kinds = append(kinds, h.Kind)
	}
	if !slices.Equal(kinds, []HazardKind{SlowOperation, WaitingRelease}) {
		t.Errorf("the slow write that a release waited for has part in %v", kinds)
	}
}

func TestSpan(t *testing.T) {
	for ns, want := range map[Span]string{
		0: "0 ns", 999: "999 ns", 1000: "1 µs", 1540: "1.5 µs", 12_345: "12 µs", 999_400: "999 µs", 999_600: "1 ms", 900_000: "900 µs",
		2_000_000: "2 ms", 999_600_000: "1 s", 7_200_000_000: "7.2 s", 125e9: "125 s", -1500: "-1.5 µs",
	} {
		if ns.String() != want {
			t.Errorf("%d ns is %s, want %s", int64(ns), ns, want)
		}
	}
}

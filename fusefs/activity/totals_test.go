package activity

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vitrine/fusefs/oplog"
)

func fileTotal(s *Snapshot, path string) (t FileTotal) {
	for _, f := range s.Files {
		if f.Path == path {
			return f
		}
	}
	return t
}

func TestTotals(t *testing.T) {
	f := newFeed()
	f.add(0, oplog.Event{Op: oplog.Create, Path: "/d/tmp", Handle: 1, PID: 7, Proc: "cp", Duration: 1000})
	f.add(0, oplog.Event{Op: oplog.Write, Path: "/d/tmp", Handle: 1, PID: 7, Proc: "cp", Result: 100, Duration: 2000})
	f.add(0, oplog.Event{Op: oplog.Read, Path: "/other", PID: 8, Proc: "cat", Result: 5, Errno: 5})
	f.add(0, oplog.Event{Op: oplog.Getattr, Path: "/x", PID: 7, Proc: "ls", Errno: 2})
	s := f.at(0)
	if got := fileTotal(s, "/d/tmp"); got.Ops != 2 || got.Written != 100 || got.Time != 3*time.Microsecond || got.Last != int64(time.Hour) {
		t.Errorf("%+v", got)
	}
	slices.SortFunc(s.Processes, func(a, b ProcessTotal) int { return cmp.Compare(a.Proc, b.Proc) })
	if p := s.Processes; len(p) != 3 || p[0].Errors != 1 || p[0].Read != 5 || p[1].Ops != 2 || p[1].PID != 7 || p[2].Proc != "ls" || p[2].Errors != 0 {
		t.Errorf("%+v", p)
	}
	f.add(0, oplog.Event{Op: oplog.Write, Path: "/d/tmp", Handle: 1, PID: 7, Proc: "cp", Result: 10})
	f.add(0, oplog.Event{Op: oplog.Rename, Path: "/d/tmp", Path2: "/other", PID: 7, Proc: "mv"})
	f.add(0, oplog.Event{Op: oplog.Release, Path: "/other", Handle: 1})
	f.add(0, oplog.Event{Op: oplog.Rename, Path: "/x", Path2: "/y", Errno: 2})
	s = f.at(0)
	if got := fileTotal(s, "/other"); got.Ops != 6 || got.Written != 110 || got.Read != 5 || got.Errors != 1 {
		t.Errorf("renamed and replaced: %+v", got)
	}
	if got := fileTotal(s, "/d/tmp"); got.Path != "" {
		t.Errorf("the old name is still there: %+v", got)
	}
	if got := fileTotal(s, "/y"); got.Path != "" {
		t.Errorf("a rename that failed: %+v", got)
	}
}

// sum adds up all rows and the others.
func sum(s *Snapshot) (files, processes Total) {
	files, processes = s.OtherFiles.Total, s.OtherProcesses.Total
	for i := range s.Files {
		files.merge(&s.Files[i].Total)
	}
	for i := range s.Processes {
		processes.merge(&s.Processes[i].Total)
	}
	return files, processes
}

// TestTotalsAddUp runs the random histories of the model's test, of which parts get lost: the rows must add up to what
// was collected.
func TestTotalsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		m := New(w.options())
		var want Total
		for range rapid.IntRange(1, 100).Draw(t, "n") {
			e := w.randomEvent(t)
			e.PID, e.Duration = rapid.Int32Range(0, 40).Draw(t, "pid"), rapid.Int64Range(0, 100).Draw(t, "duration")
			if e.Path == "" {
				e.Path = "/?"
			}
			w.record(e, rapid.IntRange(0, 5).Draw(t, "lose") == 0)
			if rapid.Bool().Draw(t, "collect") {
				for _, e := range w.collect(m, 3) {
					o := operationOf(&e)
					want.add(&o)
				}
			}
			if rapid.IntRange(0, 9).Draw(t, "look") == 0 {
				if files, processes := sum(m.Snapshot()); files != want || processes != want {
					t.Fatalf("files %+v\nprocesses %+v\nwant %+v", files, processes, want)
				}
			}
		}
	})
}

func TestTotalsAreBounded(t *testing.T) {
	f := newFeed()
	const n = 10_000
	for i := range n {
		f.add(0, oplog.Event{Op: oplog.Getattr, Path: fmt.Sprint("/", i), PID: int32(i), Duration: int64(i % 7)})
		f.add(0, oplog.Event{Op: oplog.Read, Path: "/large", PID: 1 << 20, Proc: "tar", Duration: 1000, Result: 1})
	}
	s := f.at(0)
	if len(s.Files) > 2*filesKept || len(s.Processes) > 2*processesKept || len(s.Files) < filesKept {
		t.Errorf("%d files, %d processes", len(s.Files), len(s.Processes))
	}
	if got := fileTotal(s, "/large"); got.Ops != n || got.Read != n {
		t.Errorf("the largest is not exact: %+v", got)
	}
	files, processes := sum(s)
	if files.Ops != 2*n || processes != files || s.OtherFiles.Rows+uint64(len(s.Files)) != n+1 {
		t.Errorf("files %+v, processes %+v", files, processes)
	}
}

// TestClosedFilesAreLetGo opens and closes files while nobody looks.
func TestClosedFilesAreLetGo(t *testing.T) {
	f := newFeed()
	for i := range uint64(3 * maxChanged / 2) {
		f.add(0, oplog.Event{Op: oplog.Open, Handle: i + 1, Path: "/a"})
		f.add(0, oplog.Event{Op: oplog.Release, Handle: i + 1, Path: "/a"})
	}
	if n := len(f.state.totals.changed); n > maxChanged {
		t.Errorf("%d files wait", n)
	}
	if got := fileTotal(f.at(0), "/a"); got.Ops != 3*maxChanged {
		t.Errorf("%+v", got)
	}
}

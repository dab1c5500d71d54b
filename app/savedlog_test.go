package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
	"vitrine/ui"
)

// second is a second in ns.
const second = int64(1_000_000_000)

// oneRun are the operations of one run that began at a second: a file is opened, written and closed.
func oneRun(began int64) []oplog.Event {
	wall := began * second
	return []oplog.Event{
		{Seq: 1, Wall: wall + 1, Mono: 1, Duration: 5, Op: oplog.Create, Path: "/f", Handle: 1, PID: 7, Proc: "cp"},
		{Seq: 2, Wall: wall + 10, Mono: 10, Duration: 5, Op: oplog.Write, Path: "/f", Handle: 1, Size: 4, Result: 4, PID: 7, Proc: "cp"},
		{Seq: 4, Wall: wall + 20, Mono: 20, Duration: 5, Op: oplog.Release, Path: "/f", Handle: 1, PID: 7, Proc: "cp"},
	}
}

func saved(t *testing.T, more string, events ...oplog.Event) string {
	t.Helper()
	var text bytes.Buffer
	check(t, oplog.WriteNDJSON(&text, events))
	file := filepath.Join(t.TempDir(), "ops.ndjson")
	check(t, os.WriteFile(file, append(text.Bytes(), more...), 0o600))
	return file
}

func TestLoadLogOfSeveralRuns(t *testing.T) {
	file := saved(t, "", append(oneRun(100), oneRun(200)...)...)
	l, err := loadLog(file)
	if err != nil {
		t.Fatal(err)
	}
	events, _ := l.history.All()
	var seqs, handles []uint64
	for i, e := range events {
		seqs, handles = append(seqs, e.Seq), append(handles, e.Handle)
		if i > 0 && e.Mono <= events[i-1].Mono {
			t.Errorf("time goes back at %d", i)
		}
	}
	if got := [2][]uint64{seqs, handles}; !equal(got[0], 1, 2, 4, 5, 6, 8) || !equal(got[1], 1, 1, 1, 2, 2, 2) {
		t.Errorf("%v", got)
	}
	if s := l.model.Snapshot(); len(s.Open) != 0 || s.Written != 8 || s.Dropped != 2 || s.Count != 8 {
		t.Errorf("%+v", s)
	}
	if want := file + ": 6 operations from "; !strings.HasPrefix(l.notice, want) || !strings.Contains(l.notice, "2 more are missing") {
		t.Errorf("%q", l.notice)
	}
}

// TestLoadLogThatWasFiltered tells what a filter left out from what was lost.
func TestLoadLogThatWasFiltered(t *testing.T) {
	events := oneRun(100)
	events[1].Flags, events[2].Flags = oplog.Filtered, oplog.Filtered
	l, err := loadLog(saved(t, "", append(events, oneRun(200)...)...))
	check(t, err)
	if s := l.model.Snapshot(); s.Dropped != 1 || s.Count != 7 {
		t.Errorf("%d dropped of %d, want the one of the second run", s.Dropped, s.Count)
	}
	if !strings.Contains(l.notice, "those that a filter let through") || !strings.Contains(l.notice, " 1 more are missing") {
		t.Errorf("%q", l.notice)
	}
}

// TestLoadLogThatEndsInFlight shows what had begun and not ended, as old as it was then.
func TestLoadLogThatEndsInFlight(t *testing.T) {
	began := func(e oplog.Event) oplog.Event {
		e.Seq, e.Flags = 0, oplog.InFlight
		return e
	}
	old := began(oplog.Event{Wall: 99 * second, Op: oplog.Read, Path: "/lost", Duration: second})
	stuck := began(oplog.Event{Wall: 100*second + 30, Mono: 30, Op: oplog.Write, Path: "/f", Handle: 1, Offset: 4, Size: 4, PID: 7, Proc: "cp", Duration: second})
	again := stuck
	again.Duration = 6 * second
	run := oneRun(100)
	events := append([]oplog.Event{old, run[0]}, append(run, began(run[1]), stuck, again)...)
	l, err := loadLog(saved(t, "", events...))
	check(t, err)
	s := l.model.Snapshot()
	if len(s.InFlight) != 1 || s.InFlight[0].Path != "/f" || s.InFlight[0].Duration != 6*second || s.Count != 5 {
		t.Errorf("in flight %+v, %d ended", s.InFlight, s.Count)
	}
	if s.HazardCounts[activity.StuckOperation] != 1 || !strings.Contains(l.notice, "1 are in flight") {
		t.Errorf("%d are stuck; %q", s.HazardCounts[activity.StuckOperation], l.notice)
	}
	var text bytes.Buffer
	check(t, (&viewer{log: l}).SaveLog(&text))
	if n := strings.Count(text.String(), "inflight"); n != 1 {
		t.Errorf("saved again, %d are in flight", n)
	}
}

// TestViewerIsNoDrive offers nothing of what a drive can do.
func TestViewerIsNoDrive(t *testing.T) {
	file := saved(t, "", oneRun(100)...)
	l, err := loadLog(file)
	check(t, err)
	v := &viewer{log: l}
	v.Mount(true, true)
	if got, want := v.Status(), (ui.Status{State: ui.Viewing, Backing: file}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if err := v.Save(v.Settings()); err == nil {
		t.Error("settings were saved")
	}
}

func equal(got []uint64, want ...uint64) bool {
	for i, n := range want {
		if i >= len(got) || got[i] != n {
			return false
		}
	}
	return len(got) == len(want)
}

func TestLoadLogThatIsCut(t *testing.T) {
	l, err := loadLog(saved(t, `{"time":"2026-01-0`, oneRun(100)...))
	if err != nil {
		t.Fatal(err)
	}
	if first, next := l.history.Bounds(); next-first != 3 || !strings.Contains(l.notice, "Line 4, the last, is cut") {
		t.Errorf("%d, %q", next-first, l.notice)
	}
}

func TestLoadLogRefuses(t *testing.T) {
	folder := t.TempDir()
	for file, says := range map[string]string{
		filepath.Join(folder, "none"):       "no such file",
		folder:                              "is a directory",
		saved(t, ""):                        "holds no operation",
		saved(t, "\n\n"):                    "holds no operation",
		saved(t, "hello\n"):                 "line 1: not a line of a log",
		saved(t, "{}\n", oneRun(1)...):      "line 4: not a line of a log: no time",
		saved(t, `{"op":"write"}`+"\n{}\n"): "line 1",
	} {
		if _, err := loadLog(file); err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), file) {
			t.Errorf("%v; want %q", err, says)
		}
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

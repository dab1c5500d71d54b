package ui

import (
	"math"
	"reflect"
	"slices"
	"syscall"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
)

func opened(path string, ago time.Duration, flags uint32) oplog.OpenHandle {
	return oplog.OpenHandle{Handle: 7, Path: path, PID: 42, Proc: "cp", Mode: flags, Opened: time.Unix(1000, 0).Add(-ago).UnixNano()}
}

// full is a snapshot with something for every tab.
func full() *activity.Snapshot {
	writing := opened("/a.bin", 65*time.Second, syscall.O_WRONLY)
	writing.Written = 12_345_678
	gone := opened("/b.txt", time.Second, syscall.O_RDONLY)
	gone.Deleted, gone.Read = true, 500
	folder := opened("/photos", 0, syscall.O_RDONLY)
	folder.Dir = true
	return &activity.Snapshot{
		At: time.Unix(1000, 0),
		Open: []activity.OpenFile{
			{OpenHandle: writing, InFlight: 2, WriteRate: 5e6, Reached: 12_345_678, Expected: 20_000_000, Left: 8500 * time.Millisecond},
			{OpenHandle: gone},
			{OpenHandle: folder},
		},
		InFlight: []oplog.Event{
			{Op: oplog.Write, Path: "/a.bin", Handle: 7, Offset: 1 << 20, Size: 131072, Duration: int64(6 * time.Second), PID: 42, Proc: "cp"},
			{Op: oplog.Rename, Path: "/x", Path2: "/y", Duration: 2100000000},
			{Op: oplog.Read, Path: "/b.txt", Size: 10, Duration: 1500},
		},
		Waits: []activity.Sentence{
			{Format: "the disk (%s: %s)", Args: []any{"ext4", "pwrite64, balance_dirty_pages"}},
			{Format: "%s of the same file, by %s", Args: []any{"write", activity.Who{PID: 42, Proc: "cp"}}},
			{},
		},
		Ops: []activity.OpStats{
			{Op: oplog.Open, All: activity.Latency{Count: 1234, P50: 1500, P95: 25000, P99: 1240000, Max: 2 * time.Second}},
			{Op: oplog.Write, All: activity.Latency{Count: 5, Errors: 2, P50: 1, P95: 2, P99: 3, Max: 4}, Recent: activity.Latency{Count: 1, P50: 9000, P95: 9000, P99: 9000, Max: 9000}},
		},
		WriteRate: 5e6, Written: 12_345_678, Count: 1239, Errors: 2, OpRate: 321,
		LastError: &oplog.Event{Op: oplog.Write, Errno: syscall.ENOSPC},
	}
}

func TestPanelTexts(t *testing.T) {
	b := newBench(t, newFake())
	b.become(func(s *Status) { s.State = Mounted })
	for _, c := range []struct {
		panel panel
		grid  *grid
		want  [][]string
	}{
		{b.window.panels[0], b.window.panels[0].grid(), [][]string{
			{"/a.bin", "cp 42", "w", "–", "12.3 MB", "5.00 MB/s", "0:09 61 %", "2", "1 min 05 s"},
			{"/b.txt (deleted)", "cp 42", "r", "500 B", "–", "–", "", "", "1 s"},
			{"/photos/", "cp 42", "folder", "–", "–", "–", "", "", "0 s"},
		}},
		{b.window.panels[1], b.window.panels[1].grid(), [][]string{
			{"write", "/a.bin", "7", "1,048,576", "131,072", "6.00 s", "cp 42", "the disk (ext4: pwrite64, balance_dirty_pages)"},
			{"rename", "/x → /y", "", "", "", "2.10 s", "kernel", "write of the same file, by cp (42)"},
			{"read", "/b.txt", "", "0", "10", "1.50 µs", "kernel", ""},
		}},
		{b.panel("latency"), b.panel("latency").grid(), [][]string{
			{"open", "              ", "1,234", "", "1.50 µs", "25.0 µs", "1.24 ms", "2.00 s", "–", "–", "–", "–", "–", "–"},
			{"write", "              ", "5", "2", "1 ns", "2 ns", "3 ns", "4 ns", "1", "", "9.00 µs", "9.00 µs", "9.00 µs", "9.00 µs"},
		}},
	} {
		c.panel.show(full(), b.status)
		if got := b.texts(c.grid); !reflect.DeepEqual(got, c.want) {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
	}
	ages := b.window.panels[1].grid().seen.cells
	for i, want := range []fyne.ThemeColorName{theme.ColorNameError, theme.ColorNameWarning, ""} {
		if got := ages[i][5].tone; got != want {
			t.Errorf("age %d has tone %q, want %q", i, got, want)
		}
	}
}

func TestEmptyPanelsExplain(t *testing.T) {
	b := newBench(t, newFake())
	for _, state := range []State{Unmounted, Mounting, Mounted, Failed} {
		for i, p := range b.window.panels {
			p.show(&activity.Snapshot{}, Status{State: state})
			empty := map[int]*table{}
			switch p := p.(type) {
			case *openFiles:
				empty[i] = p.table
			case *inFlight:
				empty[i] = p.table
			case *latency:
				empty[i] = p.table
			case *totals:
				empty[i] = p.table
			case *logPanel:
				empty[i] = p.tab
			}
			e := empty[i].empty
			if !e.box.Visible() || e.title.text.Text == "" || len(e.help.String()) < 40 {
				t.Errorf("tab %d in state %d: %q %q", i, state, e.title.text.Text, e.help.String())
			}
		}
	}
}

func TestFigures(t *testing.T) {
	b := newBench(t, newFake())
	f := b.window.figures
	f.show(full())
	for _, c := range []struct{ got, want string }{
		{f.written.value.text.Text, "5.00 MB/s"}, {f.written.note.text.Text, "12.3 MB in all"},
		{f.read.value.text.Text, "0 B/s"}, {f.ops.value.text.Text, "321/s"}, {f.ops.note.text.Text, "1,239 in all"},
		{f.errors.value.text.Text, "2"}, {f.errors.note.text.Text, "last: write ENOSPC"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestOnlyTheVisibleTabIsRefreshed(t *testing.T) {
	b := newBench(t, newFake())
	b.window.show()
	b.window.showActivity(full())
	if n := b.panel("latency").(*latency).len(); n != 0 {
		t.Error("a hidden tab was refreshed")
	}
	b.window.tabs.SelectIndex(b.window.tabIndex("latency"))
	if n := b.panel("latency").(*latency).len(); n != 2 {
		t.Errorf("the tab has %d rows when it is selected", n)
	}
}

func TestUnchangedGridIsNotDrawn(t *testing.T) {
	b := newBench(t, newFake())
	p := b.window.panels[0].(*openFiles)
	p.show(full(), b.status)
	b.texts(p.table.grid)
	p.set(full().Open)
	if p.table.grid.update() {
		t.Error("the same cells were drawn again")
	}
	p.items[1].Read = 1000
	if !p.table.grid.update() {
		t.Error("a changed cell was not drawn")
	}
}

// near compares numbers up to what arithmetic makes of them.
func near(got, want []float64) bool {
	return slices.EqualFunc(got, want, func(a, b float64) bool { return math.Abs(a-b) < 1e-6 })
}

func TestChartSeries(t *testing.T) {
	now := time.Unix(1000, 300_000_000)
	a := &activity.Snapshot{At: now, WriteRate: 7, ReadRate: 3, Seconds: []activity.Second{
		{Unix: 998, Written: 2000}, {Unix: 999, Written: 4000, Read: 1000}, {Unix: 1000, Written: 1},
	}}
	s := seriesOf(a, &periods()[0])
	if want := []float64{2000, 2000, 4000, 1 + 0.7*4000, 1 + 0.7*4000}; !near(s.write, want) {
		t.Errorf("writes %v, want %v", s.write, want)
	}
	if s.top != 5000 {
		t.Errorf("the scale ends at %v", s.top)
	}
	if want := []float64{2.3, 1.8, 0.8, 0.5, 0}; !near(s.age, want) {
		t.Errorf("ages %v, want %v", s.age, want)
	}
	if v, ok := at(1.3, s.age, s.write); !ok || v < 2999 || v > 3001 {
		t.Errorf("between the seconds the value is %v", v)
	}
	if _, ok := at(30, s.age, s.write); ok {
		t.Error("there is a value before the first second")
	}
}

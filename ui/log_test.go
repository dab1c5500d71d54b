package ui

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
)

// feed adds n events to the history, numbered on.
func (f *fake) feed(n int) {
	_, next := f.history.Bounds()
	for i := range n {
		seq := next + uint64(i) + 1
		f.history.Collect([]oplog.Event{{
			Seq: seq, Wall: 1_700_000_000_000_000_000 + int64(seq)*1000, Mono: int64(seq) * 1000, Op: oplog.Write, Path: fmt.Sprintf("/f%d", seq),
			Handle: 3, Offset: int64(seq), Size: 10, Result: 10, Duration: 1500, PID: 9, Proc: "dd",
		}}, 0)
	}
}

func newLogBench(t *testing.T, events int) (*bench, *logPanel) {
	f := newFake()
	f.status.State = Mounted
	f.feed(events)
	b := newBench(t, f)
	b.window.win.Resize(fyne.NewSize(1000, 600))
	b.window.show()
	b.window.tabs.SelectIndex(b.window.tabIndex("log"))
	p := b.window.log
	return b, p
}

// TestCopyWithoutASelection copies the line below the log where no row is selected, and nothing in the other tables.
func TestCopyWithoutASelection(t *testing.T) {
	b, p := newLogBench(t, 60)
	b.tick(p)
	b.app.Clipboard().SetContent("of another program")
	b.window.selectTab(b.window.tabIndex("processes"))
	b.window.copyRows()
	if got := b.app.Clipboard().Content(); got != "of another program" {
		t.Errorf("without a selected process %q was copied", got)
	}
	b.window.selectTab(b.window.tabIndex("log"))
	b.window.copyRows()
	if got := b.app.Clipboard().Content(); got != "shown 60 of 60; 0 dropped" {
		t.Errorf("without a selected operation %q was copied", got)
	}
	p.grid().pick(0)
	b.window.copyRows()
	if got := b.app.Clipboard().Content(); strings.Contains(got, "shown") || !strings.Contains(got, "/f1") {
		t.Errorf("with the first operation selected %q was copied", got)
	}
}

// bottom returns the file of the last row in sight, top of the first.
func bottom(p *logPanel) string { c := p.tab.grid.seen.cells; return c[len(c)-1][4].text }
func top(p *logPanel) string    { return p.tab.grid.seen.cells[0][4].text }

func (b *bench) tick(p *logPanel) {
	p.noted = pace{}
	p.show(&activity.Snapshot{Dropped: p.dropped}, b.status)
}

func TestLogRow(t *testing.T) {
	b, p := newLogBench(t, 1)
	b.ctl.history.Collect([]oplog.Event{{Seq: 2, Mono: 1500, Op: oplog.Write, Path: "/full", Errno: syscall.ENOSPC, Duration: int64(2 * time.Second)}}, 0)
	b.tick(p)
	got := fmt.Sprintf("%q", b.texts(p.tab.grid))
	want := `[["" "22:13:20.000001" "" "write" "/f1" "3" "1" "10" "10" "1.50 µs" "dd 9"] ["" "00:00:00.000000" "500 ns" "write" "/full" "" "0" "0" "ENOSPC" "2.00 s" "kernel"]]`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestLogFollows(t *testing.T) {
	b, p := newLogBench(t, 60)
	b.tick(p)
	if got := bottom(p); got != "/f60" {
		t.Errorf("the last row is %s", got)
	}
	b.ctl.feed(70) // the first 30 fall out
	b.tick(p)
	if got := bottom(p); got != "/f130" {
		t.Errorf("the last row is %s", got)
	}
	if got := p.note.text.Text; got != "shown 100 of 100; 0 dropped" {
		t.Errorf("the note says %q", got)
	}
	p.dropped = 12
	b.tick(p)
	if !strings.Contains(p.note.text.Text, "12 dropped") {
		t.Errorf("the note says %q", p.note.text.Text)
	}
}

func TestLogStaysWhereItIsScrolled(t *testing.T) {
	b, p := newLogBench(t, 100)
	b.tick(p)
	p.tab.grid.toRow(40)
	p.personScrolled()
	if p.follow.Checked {
		t.Fatal("it still follows after it was scrolled away")
	}
	if got := top(p); got != "/f41" {
		t.Fatalf("the first row is %s", got)
	}
	b.ctl.feed(25) // rows 1 to 25 fall out
	b.tick(p)
	if got := top(p); got != "/f41" {
		t.Errorf("the first row moved to %s", got)
	}
	p.tab.grid.toBottom()
	p.personScrolled()
	if !p.follow.Checked {
		t.Error("it does not follow again at the bottom")
	}
}

func TestLogPauses(t *testing.T) {
	b, p := newLogBench(t, 100)
	b.tick(p)
	p.togglePause()
	b.wait("the frozen rows", func() bool { return p.src != record(p.history) })
	b.ctl.feed(500) // all that is shown falls out of the history
	b.tick(p)
	if got := bottom(p); got != "/f100" {
		t.Errorf("the last row is %s", got)
	}
	if !strings.Contains(p.note.text.Text, "paused, 500 newer") {
		t.Errorf("the note says %q", p.note.text.Text)
	}
	p.togglePause()
	b.tick(p)
	if got := bottom(p); got != "/f600" {
		t.Errorf("after the pause the last row is %s", got)
	}
}

func TestLogDetail(t *testing.T) {
	b, p := newLogBench(t, 5)
	b.tick(p)
	p.tab.grid.pick(2)
	if got := p.detail.text.Text; !p.detail.box.Visible() || !strings.Contains(got, "/f3") || !strings.Contains(got, "dd 9") {
		t.Errorf("the detail says %q", got)
	}
	if p.follow.Checked {
		t.Error("the chosen row may run out of sight")
	}
	p.tab.grid.body.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if p.detail.box.Visible() {
		t.Error("letting go of the row does not hide the detail")
	}
}

func TestLogScrollsFast(t *testing.T) {
	f := newFake()
	f.history = oplog.NewHistory(65536)
	f.status.State = Mounted
	f.feed(65536)
	b := newBench(t, f)
	b.window.win.Resize(fyne.NewSize(1000, 600))
	b.window.show()
	b.window.tabs.SelectIndex(b.window.tabIndex("log"))
	p := b.window.log
	b.tick(p)
	for _, row := range []int{0, 1, 12345, 65000} {
		p.tab.grid.toRow(row)
		if got, want := top(p), fmt.Sprintf("/f%d", row+1); got != want {
			t.Errorf("row %d is %s", row, got)
		}
	}
	if n := len(p.page); n > 60 {
		t.Errorf("%d events were read for one screen", n)
	}
}

// TestFollowingLogBeginsWithAWholeRow leaves the room that is no row below the last one.
func TestFollowingLogBeginsWithAWholeRow(t *testing.T) {
	b, p := newLogBench(t, 60)
	g := p.tab.grid
	for height := range gridRow {
		b.window.win.Resize(fyne.NewSize(1000, 600+float32(height)))
		b.tick(p)
		if last := len(g.seen.cells) - 1; g.seen.shift != 0 || bottom(p) != "/f60" || float32(last+1)*gridRow > g.scroll.Size().Height {
			t.Fatalf("%v high, the first row is cut by %v, the last of %d is %s", g.scroll.Size().Height, g.seen.shift, last+1, bottom(p))
		}
	}
	g.toRow(0)
	g.pick(59)
	g.reveal(59)
	if g.seen.shift != 0 || !g.atBottom() {
		t.Errorf("the row that is brought into sight leaves the first one cut by %v", g.seen.shift)
	}
}

package ui

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
	"vitrine/fusefs/oplog/export"
)

// mixed is a log of n operations: every third a read, every tenth a failed write, each longer than the one before.
func mixed(n int) *fake {
	f := newFake()
	f.status.State = Mounted
	f.history = oplog.NewHistory(max(n, 100))
	f.mix(n)
	return f
}

func (f *fake) mix(n int) {
	_, next := f.history.Bounds()
	events := make([]oplog.Event, n)
	for i := range events {
		seq := next + uint64(i) + 1
		events[i] = oplog.Event{Seq: seq, Mono: int64(seq) * 1000, Op: oplog.Write, Path: fmt.Sprintf("/f%d", seq), Handle: 3, PID: 9, Proc: "dd", Duration: int64(seq)}
		if seq%3 == 0 {
			events[i].Op = oplog.Read
		}
		if seq%10 == 0 {
			events[i].Op, events[i].Errno = oplog.Write, syscall.ENOSPC
		}
	}
	f.history.Collect(events, 0)
}

func mixedBench(t *testing.T, n int) (*bench, *logPanel) {
	b := newBench(t, mixed(n))
	b.window.win.Resize(fyne.NewSize(1000, 600))
	b.window.show()
	b.window.tabs.SelectIndex(b.window.tabIndex("log"))
	b.tick(b.window.log)
	return b, b.window.log
}

// filter types a filter and waits until its rows are there.
func (b *bench) filter(p *logPanel, text string) {
	b.t.Helper()
	p.line.entry.SetText(text)
	b.wait("the rows of "+text, func() bool { return !p.fresh && !p.busy && (p.match == nil || p.scanned == p.rows.next) })
	b.tick(p)
}

func TestFilterShowsWhatMatches(t *testing.T) {
	b, p := mixedBench(t, 100)
	b.filter(p, "read -err:*")
	if n := p.len(); n != 30 { // 33 reads, of which 30, 60 and 90 became failed writes
		t.Errorf("%d rows", n)
	}
	if got := bottom(p); got != "/f99" {
		t.Errorf("the last row is %s", got)
	}
	if got := p.note.text.Text; got != "shown 30 of 100; 0 dropped" {
		t.Errorf("the note says %q", got)
	}
	b.ctl.mix(5) // 101 … 105, of which two are reads
	b.tick(p)
	b.wait("what came in", func() bool { return p.scanned == p.rows.next })
	b.tick(p)
	if got := bottom(p); got != "/f105" {
		t.Errorf("after more operations the last row is %s", got)
	}
	b.filter(p, "")
	if n := p.len(); n != 100 {
		t.Errorf("without a filter %d rows", n)
	}
}

func TestFilteredRowsFallOutWithTheHistory(t *testing.T) {
	b, p := mixedBench(t, 100)
	b.filter(p, "err:*")
	b.ctl.mix(95) // what remains is 96 … 195
	b.tick(p)
	b.wait("what came in", func() bool { return p.scanned == p.rows.next })
	b.tick(p)
	if n := p.len(); n != 10 {
		t.Errorf("%d rows", n)
	}
	if got := top(p); got != "/f100" {
		t.Errorf("the first row is %s", got)
	}
}

func TestWrongFilterPointsAndKeepsTheLast(t *testing.T) {
	b, p := mixedBench(t, 100)
	b.filter(p, "err:*")
	b.window.focusFilter()
	b.filter(p, "err:* wriet")
	if n := p.len(); n != 10 {
		t.Errorf("while the filter is wrong %d rows are shown", n)
	}
	if !p.line.wrong.rect.Visible() || !strings.Contains(p.line.fault.whole, "write") {
		t.Errorf("the fault %q is not marked", p.line.fault.whole)
	}
	at := p.line.wrong.rect.Position().X
	want := fyne.MeasureText("err:* ", sizeText, fyne.TextStyle{}).Width
	if d := at - want; d < 0 || d > 12 {
		t.Errorf("the mark is at %v, the word at %v", at, want)
	}
	b.filter(p, "err:* write")
	if p.line.wrong.rect.Visible() || p.line.fault.whole != "" {
		t.Error("the mark stays although the filter is right again")
	}
}

func TestCompletion(t *testing.T) {
	b, p := mixedBench(t, 100)
	b.window.focusFilter()
	e, s := p.line.entry, b.window.suggestions
	for _, r := range "wri" {
		e.TypedRune(r)
	}
	if !s.open() || len(s.items) == 0 || s.items[0].text != "write" {
		t.Fatalf("suggested: %v", s.items)
	}
	e.TypedKey(&fyne.KeyEvent{Name: fyne.KeyTab})
	if got := e.Text; got != "write" {
		t.Errorf("Tab made %q", got)
	}
	for _, r := range " proc:" {
		e.TypedRune(r)
	}
	if !slices.ContainsFunc(s.items, func(i suggestion) bool { return i.text == "proc:dd" }) {
		t.Errorf("the program in use is not suggested: %v", s.items)
	}
	e.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if s.open() || e.Text == "" {
		t.Error("the first Escape does not only close the suggestions")
	}
	e.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if e.Text != "" {
		t.Errorf("the second Escape left %q", e.Text)
	}
}

func TestRecentFilters(t *testing.T) {
	b, p := mixedBench(t, 10)
	for i := range 30 {
		b.filter(p, fmt.Sprintf("handle:%d", i))
		p.line.remember()
	}
	if n := len(p.line.recent); n != filtersKept || p.line.recent[0] != "handle:29" {
		t.Errorf("%d are kept, the first is %q", n, p.line.recent[0])
	}
	b.filter(p, "")
	b.window.focusFilter()
	if s := b.window.suggestions; !s.open() || s.items[0].text != "handle:29" {
		t.Error("recent filters are not offered in the empty line")
	}
}

func TestFilterOfManyRowsDoesNotStopTheWindow(t *testing.T) {
	b, p := mixedBench(t, 65536)
	p.line.entry.SetText("path:*99* err:*")
	if p.scanned != 0 || !p.busy {
		t.Fatal("the rows were matched on the UI goroutine")
	}
	if got := bottom(p); got == "" || p.len() != 65536 {
		t.Error("nothing is shown while the rows are matched")
	}
	b.wait("the rows", func() bool { return p.rows.listed && !p.fresh && p.scanned == 65536 })
	want := 0
	for i := 10; i <= 65536; i += 10 {
		if strings.Contains(fmt.Sprint(i), "99") {
			want++
		}
	}
	if p.len() != want {
		t.Errorf("%d rows, want %d", p.len(), want)
	}
}

func TestSortedLogPauses(t *testing.T) {
	b, p := mixedBench(t, 100)
	clickTitle(p.tab.grid, "took")
	b.wait("the sorted rows", func() bool { return p.rows.sorted })
	if !p.paused {
		t.Error("the log goes on under the sorted rows")
	}
	b.tick(p)
	if got := top(p); got != "/f100" {
		t.Errorf("the slowest is %s", got)
	}
	p.tab.grid.pick(0)
	if got := p.detail.text.Text; !strings.Contains(got, "/f100") {
		t.Errorf("the detail of the first row says %q", got)
	}
	p.togglePause()
	b.tick(p)
	if got := top(p); got != "/f1" || p.rows.sorted {
		t.Errorf("after the pause the first row is %s", got)
	}
}

// TestLogSortedByGapAndMark sorts by what is no part of an operation, and shows the gaps in whatever order.
func TestLogSortedByGapAndMark(t *testing.T) {
	b, p := mixedBench(t, 5)
	g := p.tab.grid
	b.ctl.history.Collect([]oplog.Event{{Seq: 6, Mono: 50_000, Op: oplog.Flush, Path: "/late"}, {Seq: 7, Mono: 51_000, Op: oplog.Flush, Path: "/last"}}, 0)
	b.tick(p)
	p.bookmark(2)
	sorted := func(key string) (files, gaps []string) {
		clickTitle(g, key)
		b.wait("the rows sorted by "+key, func() bool { return p.rows.sorted && !p.busy && g.cols[g.sorted].key == key && g.seen.first == 0 })
		b.pump(20 * time.Millisecond)
		return b.column(g, "file"), b.column(g, "gap")
	}
	files, gaps := sorted("gap")
	if files[0] != "/late" || gaps[0] != "45.0 µs" || files[6] != "/f1" || gaps[6] != "" || gaps[1] != "1.00 µs" {
		t.Errorf("by gap: %q, %q", files, gaps)
	}
	files, gaps = sorted("mark")
	if files[0] != "/f3" || files[1] != "/f1" || files[6] != "/last" || gaps[5] != "45.0 µs" {
		t.Errorf("by mark: %q, %q", files, gaps)
	}
}

func TestPausedLogIsFilteredToo(t *testing.T) {
	b, p := mixedBench(t, 100)
	p.togglePause()
	b.wait("the frozen rows", func() bool { return p.src != record(p.history) })
	b.ctl.mix(500) // all that is shown falls out of the history
	b.filter(p, "err:*")
	if got := bottom(p); p.len() != 10 || got != "/f100" {
		t.Errorf("%d rows, the last is %s", p.len(), got)
	}
}

func TestErrorJumps(t *testing.T) {
	b, p := mixedBench(t, 100)
	g := p.tab.grid
	g.pick(44)
	for _, c := range []struct {
		rune rune
		want int
	}{{'e', 49}, {'e', 59}, {'E', 49}, {'E', 39}} {
		g.body.TypedRune(c.rune)
		b.wait(fmt.Sprintf("row %d", c.want), func() bool { return g.cursorRow() == c.want })
	}
	g.pick(99)
	g.body.TypedRune('e')
	b.wait("the answer that there is none", func() bool { return strings.Contains(p.note.text.Text, "No failed operation") })
}

func TestBookmarks(t *testing.T) {
	b, p := mixedBench(t, 100)
	g := p.tab.grid
	for _, row := range []int{20, 70} {
		g.pick(row)
		g.body.TypedRune('b')
	}
	g.pick(30)
	g.body.TypedRune('m')
	b.wait("the next bookmark", func() bool { return g.cursorRow() == 70 })
	g.body.TypedRune('M')
	b.wait("the one before", func() bool { return g.cursorRow() == 20 })
	if got := b.column(g, "mark"); !slices.Contains(got, "★") {
		t.Errorf("the bookmark is not shown: %q", got)
	}
	g.body.TypedRune('b')
	if len(p.bookmarks) != 1 {
		t.Error("the bookmark was not removed")
	}
}

func TestSpacePauses(t *testing.T) {
	b, p := mixedBench(t, 100)
	p.tab.grid.body.TypedRune(' ')
	if !p.paused || p.pause.Text != "Resume" {
		t.Error("Space does not pause")
	}
	b.wait("the frozen rows", func() bool { return p.src != record(p.history) })
	p.tab.grid.body.TypedRune(' ')
	if p.paused {
		t.Error("Space does not resume")
	}
}

func TestSaveWhatIsShown(t *testing.T) {
	b, p := mixedBench(t, 100)
	b.filter(p, "err:*")
	for i, f := range formats() {
		var shown, all bytes.Buffer
		if err := errors.Join(p.writeShown()(&shown, f), p.writeAll(&all, f)); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(shown.String(), "ENOSPC"); n < 10 || n%10 != 0 || strings.Contains(shown.String(), "/f11") {
			t.Errorf("%s: %d failed operations are saved", f.name, n)
		}
		if i > 0 && !strings.Contains(all.String(), "/f11") {
			t.Errorf("%s: not everything is saved", f.name)
		}
	}
}

// TestSavedLogIsInTheOrderOfTime reads back what was saved while the log was sorted by duration, and then filtered too.
func TestSavedLogIsInTheOrderOfTime(t *testing.T) {
	b, p := mixedBench(t, 100)
	for _, c := range []struct {
		filter string
		n      int
		flag   oplog.Flag
	}{{"", 100, 0}, {"err:*", 10, oplog.Filtered}} {
		b.filter(p, c.filter)
		clickTitle(p.tab.grid, "took")
		b.wait("the sorted rows", func() bool { return p.rows.sorted && p.rows.list[0] == 99 })
		var text bytes.Buffer
		if err := p.writeShown()(&text, formats()[0]); err != nil {
			t.Fatal(err)
		}
		n, before := 0, uint64(0)
		for e, err := range export.Read(&text) {
			if err != nil || e.Seq <= before || e.Flags != c.flag {
				t.Fatalf("%q: %d comes after %d, flags %q, %v", c.filter, e.Seq, before, e.Flags, err)
			}
			n, before = n+1, e.Seq
		}
		if n != c.n {
			t.Errorf("%q: %d operations are saved", c.filter, n)
		}
		p.togglePause()
	}
}

func TestSaveThatFailsSaysSo(t *testing.T) {
	b, p := mixedBench(t, 100)
	write := p.writeShown()
	there := filepath.Join(t.TempDir(), "there.ndjson")
	if err := os.WriteFile(there, []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, why := range map[string]string{there: "exists", "/none/log.ndjson": "no such"} {
		p.saveTo(file, func(w io.Writer) error { return write(w, formats()[0]) })
		b.wait("the message", func() bool { return b.window.win.Canvas().Overlays().Top() != nil })
		if words := wordsIn(b.window.win.Canvas().Overlays().Top()); !strings.Contains(words, file) || !strings.Contains(words, why) {
			t.Errorf("the message says %q", words)
		}
		if p.save.Disabled() {
			t.Error("the button stays disabled")
		}
		b.window.win.Canvas().Overlays().Top().Hide()
		b.window.win.Canvas().Overlays().Remove(b.window.win.Canvas().Overlays().Top())
	}
	if text, err := os.ReadFile(there); err != nil || string(text) != "kept" {
		t.Errorf("what was there is %q, %v", text, err)
	}
}

// TestSaveOnAFullDisk leaves no half of a log behind.
func TestSaveOnAFullDisk(t *testing.T) {
	file := filepath.Join(t.TempDir(), "log.ndjson")
	err := writeNew(file, func(w io.Writer) error {
		_, err := w.Write([]byte("half"))
		return errors.Join(err, syscall.ENOSPC)
	})
	if _, there := os.Stat(file); !errors.Is(err, syscall.ENOSPC) || !errors.Is(there, fs.ErrNotExist) {
		t.Errorf("%v, %v", err, there)
	}
}

// TestSaveByKeys takes the first format and the name that is offered.
func TestSaveByKeys(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	b, _ := mixedBench(t, 100)
	b.window.saveLog()
	canvas := b.window.win.Canvas()
	canvas.Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	canvas.Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	b.wait("the file", func() bool {
		found, _ := filepath.Glob(filepath.Join(home, "vitrine-*.ndjson"))
		return len(found) == 1
	})
	b.wait("the news of it", func() bool { return strings.Contains(b.window.notice.text.Text, "~/vitrine-") })
}

// TestFilterOfHazards finds an operation that becomes part of a hazard long after it ended.
func TestFilterOfHazards(t *testing.T) {
	b, p := mixedBench(t, 0)
	m := activity.New(activity.Options{})
	ends := func(e oplog.Event) {
		b.ctl.history.Collect([]oplog.Event{e}, 0)
		m.Collect([]oplog.Event{e}, 0)
		b.window.showActivity(m.Snapshot())
	}
	ends(oplog.Event{Seq: 1, Op: oplog.Create, Path: "/f", Handle: 7, PID: 9})
	ends(oplog.Event{Seq: 2, Mono: 100, Duration: 1000, Op: oplog.Write, Path: "/f", Handle: 7, PID: 9})
	b.filter(p, "is:hazard")
	if p.len() != 0 {
		t.Fatalf("%d rows before there was a hazard", p.len())
	}
	p.rematched = pace{}
	ends(oplog.Event{Seq: 3, Mono: 200, Duration: 950, Wait: 900, Op: oplog.Release, Path: "/f", Handle: 7, PID: 9})
	b.wait("the release and the write that it waited for", func() bool { return p.len() == 2 })
	if got := top(p); got != "/f" || p.rows.list[0] != 1 {
		t.Errorf("listed are %v", p.rows.list)
	}
	b.filter(p, "-is:hazard")
	if p.len() != 1 || p.rows.list[0] != 0 {
		t.Errorf("what has no part in a hazard is %v", p.rows.list)
	}
}

// TestWrongFilterIsSaidWithoutTheFocus says it below the list once the entry has lost the focus, and no more once it is right.
func TestWrongFilterIsSaidWithoutTheFocus(t *testing.T) {
	b, p := mixedBench(t, 100)
	b.window.focusFilter()
	for _, r := range "err:* wriet" {
		p.line.entry.TypedRune(r)
	}
	if got := p.note.text.Text; strings.Contains(got, "not valid") {
		t.Errorf("while it is typed the note says %q", got)
	}
	b.window.focusTable()
	if got := p.note.text.Text; !strings.HasPrefix(got, `The filter is not valid (unknown word "wriet": did you mean write?); the last valid one applies · shown `) {
		t.Errorf("the note says %q", got)
	}
	b.filter(p, "err:* write")
	if got := p.note.text.Text; !strings.HasPrefix(got, "shown ") {
		t.Errorf("once it is right the note says %q", got)
	}
}

// TestFaultBesideCompletions keeps the message in sight while another word is completed.
func TestFaultBesideCompletions(t *testing.T) {
	b, p := mixedBench(t, 100)
	b.window.focusFilter()
	s := b.window.suggestions
	for _, c := range []struct {
		more  string
		fault bool
	}{{"wrie", true}, {" re", true}} {
		for _, r := range c.more {
			p.line.entry.TypedRune(r)
		}
		if got := s.fault.Text; (got != "") != c.fault || !s.open() {
			t.Errorf("after %q the fault is said as %q", p.line.entry.Text, got)
		}
	}
	if len(s.items) == 0 {
		t.Error("nothing is offered for the second word")
	}
	b.filter(p, "")
	for _, r := range "wri" {
		p.line.entry.TypedRune(r)
	}
	if s.fault.Text != "" || len(s.items) == 0 {
		t.Errorf("a word that is being typed is said to be wrong: %q", s.fault.Text)
	}
}

// TestMarkFollowsTheText moves with the text when that is longer than the entry.
func TestMarkFollowsTheText(t *testing.T) {
	b, p := mixedBench(t, 100)
	b.window.focusFilter()
	e, mark := p.line.entry, p.line.wrong.rect
	for _, r := range strings.Repeat("path:*.bin ", 10) + "wriet" {
		e.TypedRune(r)
	}
	if e.view == nil || e.view.Offset.X == 0 {
		t.Fatal("the text is not scrolled")
	}
	want := fyne.MeasureText(strings.Repeat("path:*.bin ", 10), sizeText, fyne.TextStyle{}).Width - e.view.Offset.X
	if d := mark.Position().X - want; !mark.Visible() || d < 0 || d > 12 {
		t.Errorf("the mark is at %v, the word at %v", mark.Position().X, want)
	}
	e.TypedKey(&fyne.KeyEvent{Name: fyne.KeyHome})
	if e.view.Offset.X != 0 || mark.Visible() {
		t.Errorf("the mark is at %v although the word is out of sight", mark.Position().X)
	}
}

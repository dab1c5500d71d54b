package ui

import (
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
)

// stuckWrite has a handle with a write that does not end, and another handle of which only its open is kept.
func stuckWrite(f *fake) {
	mounted(f)
	const ms = 1_000_000
	cp := oplog.Event{Path: "/film.mkv", Handle: 7, PID: 42, Proc: "cp", Size: 4096, Result: 4096}
	add := func(seq uint64, op oplog.Op, handle uint64, mono int64) {
		e := cp
		e.Seq, e.Op, e.Handle, e.Mono, e.Duration = seq, op, handle, mono, ms
		f.history.Collect([]oplog.Event{e}, 0)
	}
	add(1, oplog.Create, 7, 0)
	add(2, oplog.Write, 7, 500*ms)
	add(3, oplog.Open, 8, 600*ms)
	stuck := cp
	stuck.Op, stuck.Mono, stuck.Duration, stuck.Result, stuck.Flags = oplog.Write, 1000*ms, 6000*ms, 0, oplog.InFlight
	f.snap = full()
	f.snap.InFlight = []oplog.Event{stuck}
	f.snap.Waits = []activity.Sentence{{Format: "the disk (%s: %s)", Args: []any{"ext4", "pwrite64, balance_dirty_pages"}}}
	for i, handle := range []uint64{7, 8, 9} {
		f.snap.Open[i].Path, f.snap.Open[i].Handle = "/film.mkv", handle
	}
}

// otherTab is a bench with a tab in sight that is not the log, which was never looked at.
func otherTab(t *testing.T, name string) (*bench, *logPanel, *grid) {
	f := newFake()
	stuckWrite(f)
	b := newBench(t, f)
	b.window.show()
	b.window.showActivity(f.snap)
	b.window.selectTab(b.window.tabIndex(name))
	return b, b.window.log, b.panel(name).grid()
}

// TestStoryInFlight opens the story of a stuck write, lets time go by, and has the write end.
func TestStoryInFlight(t *testing.T) {
	b, p, g := otherTab(t, "inflight")
	key(g, fyne.KeyDown, fyne.KeyReturn)
	b.wait("the story", p.story.box.Visible)
	c := p.story.chart
	bar := c.bar(c.chosen)
	if bar == nil || bar.Op != oplog.Write || bar.Flags&oplog.InFlight == 0 || bar.Mono+bar.Duration != c.story.End || len(c.rows[0].bars) != 3 {
		t.Fatalf("it tells of %+v up to %d", bar, c.story.End)
	}
	for _, want := range []string{"write in flight", "It has been in flight for 6.00 s. It waits for the disk (ext4: pwrite64, balance_dirty_pages)."} {
		if words := p.story.words.String(); !strings.Contains(words, want) {
			t.Errorf("%q is not in %q", want, words)
		}
	}
	later := *b.ctl.snap
	later.InFlight = slices.Clone(later.InFlight)
	later.InFlight[0].Duration += 2e9
	p.story.worded = pace{}
	b.window.showActivity(&later)
	if bar := c.bar(c.chosen); bar.Duration != 8e9 || c.to < 9e9 || !strings.Contains(p.story.words.String(), "8.00 s") {
		t.Errorf("two seconds later the bar is %d long, up to %v is in sight, and the words are %q", bar.Duration, c.to, p.story.words.String())
	}
	ended := later.InFlight[0]
	ended.Seq, ended.Flags, ended.Result, ended.Duration = 4, 0, 4096, 8_500_000_000
	b.ctl.history.Collect([]oplog.Event{ended}, 0)
	later.InFlight = nil
	p.story.worded = pace{}
	b.window.showActivity(&later)
	b.wait("the end of it", func() bool { return strings.Contains(p.story.words.String(), "write ok") })
	if c.chosen != 4 || c.inFlight() {
		t.Errorf("number %d is chosen", c.chosen)
	}
	c.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if b.window.tabs.SelectedIndex() != b.window.tabIndex("inflight") || p.story.box.Visible() {
		t.Error("it does not lead back to where it was asked for")
	}
}

// TestStoryOfAnOpenFile opens the life of a handle: at its newest operation that ended, at its open where there is no other, and
// not at all where nothing is kept of it.
func TestStoryOfAnOpenFile(t *testing.T) {
	for row, want := range []uint64{2, 3} {
		b, p, g := otherTab(t, "open")
		g.pick(row)
		key(g, fyne.KeyReturn)
		b.wait("the story", p.story.box.Visible)
		if c := p.story.chart; c.chosen != want || c.inFlight() != (row == 0) {
			t.Errorf("row %d: number %d is chosen", row, c.chosen)
		}
	}
	b, p, g := otherTab(t, "open")
	g.opened(2)
	b.wait("a word on what is not kept", b.window.notice.box.Visible)
	if p.story.box.Visible() || b.window.tabs.SelectedIndex() != b.window.tabIndex("open") {
		t.Error("a story of nothing is shown")
	}
}

// TestStoryInMenus finds it in the menus of both tables, and takes it there.
func TestStoryInMenus(t *testing.T) {
	for name, label := range map[string]string{"open": "Story of this file", "inflight": "Story of this operation"} {
		b, p, g := otherTab(t, name)
		items := g.menu(0).Items
		i := slices.IndexFunc(items, func(m *fyne.MenuItem) bool { return m.Label == label })
		if i < 0 {
			t.Fatalf("%s has no %q", name, label)
		}
		items[i].Action()
		b.wait("the story", p.story.box.Visible)
	}
}

// TestStoryWhoseEndWasDropped gives up to look for how a write ended, and says so.
func TestStoryWhoseEndWasDropped(t *testing.T) {
	b, p, g := otherTab(t, "inflight")
	g.opened(0)
	b.wait("the story", func() bool { return p.story.box.Visible() && p.story.told != nil })
	later := *b.ctl.snap
	later.InFlight = nil
	asked := 0
	p.story.again = func(func([]oplog.Event) uint64) { asked++ }
	for range 3 * mostTries {
		p.story.worded = pace{}
		b.window.showActivity(&later)
	}
	if note := p.story.name.text.Text; asked != mostTries || strings.Count(note, "how it ended was dropped") != 1 {
		t.Errorf("after %d questions the note is %q", asked, note)
	}
}

package ui

import (
	"image"
	"image/color"
	"strings"
	"syscall"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"

	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
)

func TestStory(t *testing.T) {
	f := newFake()
	races(f)
	b := newBench(t, f)
	b.window.show()
	b.window.selectTab(b.window.tabIndex("log"))
	b.tick(b.window.log)
	p := b.window.log
	key(p.tab.grid, fyne.KeyEnd, fyne.KeyReturn)
	b.wait("the story", p.story.box.Visible)
	b.wait("the explanation", func() bool {
		return strings.Contains(p.story.words.String(), "after the handle was released by cp (4242)")
	})
	if words := p.story.words.String(); !strings.Contains(words, "write EBADF") || !strings.Contains(words, "900 µs") {
		t.Errorf("the words are %q", words)
	}
	b.window.copyRows()
	if text := b.app.Clipboard().Content(); !strings.HasPrefix(text, "/film.mkv\nhandle 7 · ") || !strings.Contains(text, "\n• This write began 900 µs after the handle was released by cp (4242).\n") {
		t.Errorf("copied %q", text)
	}
	c := p.story.chart
	if len(c.rows) != 2 || c.rows[0].name != "handle 7" || c.rows[1].name != "indexer 77" || c.rows[0].lanes != 2 {
		t.Errorf("the rows are %+v", c.rows)
	}
	c.TypedKey(&fyne.KeyEvent{Name: fyne.KeyUp})
	b.wait("the release in words", func() bool { return strings.Contains(p.story.words.String(), "release ok") })
	c.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if p.story.box.Visible() || !p.list.Visible() || b.window.win.Canvas().Focused() != p.tab.grid.body {
		t.Error("Escape does not lead back to the list")
	}
}

func TestLastErrorIsOneClickAway(t *testing.T) {
	f := newFake()
	races(f)
	f.snap.LastError = &oplog.Event{Seq: 13, Op: oplog.Write}
	b := newBench(t, f)
	b.window.show()
	b.window.showActivity(f.snap)
	b.window.log.line.set("read") // it is not listed
	visit(b.window.figures.box, func(o fyne.CanvasObject) {
		if o, ok := o.(*tappable); ok {
			o.Tapped(nil)
		}
	})
	p := b.window.log
	b.wait("the story", p.story.box.Visible)
	b.wait("the reason", func() bool { return strings.Contains(p.story.words.String(), "after the handle was released") })
	if b.window.tabs.SelectedIndex() != b.window.tabIndex("log") || b.window.win.Canvas().Focused() != p.story.chart {
		t.Error("the story is not in sight, or does not have the keys")
	}
}

func TestStoryZoomKeepsThePlace(t *testing.T) {
	f := newFake()
	races(f)
	b := newBench(t, f)
	c := b.window.log.story.chart
	events, _ := f.history.All()
	c.Resize(fyne.NewSize(600, 200))
	c.show(activity.NewStory(events, 5), 5)
	const x = 400
	before := c.timeAt(x)
	for range 200 {
		c.zoom(0.5, x)
	}
	if d := c.timeAt(x) - before; d > 1 || d < -1 {
		t.Errorf("the time under the mouse moved by %v ns", d)
	}
	for range 200 {
		c.zoom(2, x)
	}
	if length, all := c.to-c.from, float64(c.story.End-c.story.Begin); length > 1.6*all {
		t.Errorf("%v ns are in sight of a story of %v", length, all)
	}
	c.pan(1e12)
	if c.from > float64(c.story.End) {
		t.Error("the story is out of sight")
	}
	c.zoomOut()
	if p := c.barAt(fyne.NewPos(storyNames+24, storyTop+5)); p == nil || p.Op != oplog.Create {
		t.Errorf("the first bar is %v", p)
	}
}

func TestTickLabels(t *testing.T) {
	for _, c := range []struct {
		t, step float64
		want    string
	}{{0, 1e6, "0 ms"}, {5e6, 1e6, "5 ms"}, {1.5e6, 5e5, "1.5 ms"}, {1_000_200, 100, "1.0002 ms"}, {200, 50, "200 ns"}, {2e9, 1e9, "2 s"}, {-3e3, 1e3, "-3 µs"}} {
		if got := tickLabel(c.t, c.step); got != c.want {
			t.Errorf("tickLabel(%v, %v) = %q, want %q", c.t, c.step, got, c.want)
		}
	}
}

// TestStoryOfAName shows an operation without a handle together with what happened to its name just before.
func TestStoryOfAName(t *testing.T) {
	b := newBench(t, newFake())
	p := b.window.log.story
	p.show(nil, activity.NewStory([]oplog.Event{
		{Seq: 1, Op: oplog.Lookup, Path: "/a", Mono: 1e9, Duration: 20_000},
		{Seq: 2, Op: oplog.Open, Path: "/a", Mono: 1e9 + 50_000, Duration: 40_000, Errno: syscall.EACCES},
		{Seq: 3, Op: oplog.Unlink, Path: "/a", Mono: 15e8, Duration: 30_000},
	}, 2), 2)
	if c := p.chart; c.from > 0 || c.to < 90_000 || c.to > 100_000 {
		t.Errorf("from %v to %v are in sight, not the lookup and the open", c.from, c.to)
	}
	if note := p.name.text.Text; note != "1 operation in 40.0 µs · 2 of others" {
		t.Errorf("the note is %q", note)
	}
	p.chart.zoomOut()
	if c := p.chart; c.to < 5e8 {
		t.Errorf("up to %v is in sight, not the unlink", c.to)
	}
}

// slowAndWaitedFor has a write that is slow and that the release of its handle waited for, as the model finds it.
func slowAndWaitedFor(f *fake) (seq uint64) {
	mounted(f)
	const ms = 1_000_000
	var events []oplog.Event
	add := func(op oplog.Op, end, took, wait int64) {
		events = append(events, oplog.Event{Seq: uint64(len(events) + 1), Op: op, Path: "/a", Handle: 7, PID: 1, Proc: "cp",
			Mono: end - took, Duration: took, Wait: wait, Result: 1, Size: 1, Wall: end - took})
	}
	add(oplog.Open, ms, 1000, 0)
	for i := range int64(100) {
		add(oplog.Write, 2*ms+i*2000, 1000, 0)
	}
	add(oplog.Write, 70*ms, 50*ms, 0)
	add(oplog.Release, 71*ms, 5*ms, 4*ms)
	f.history = oplog.NewHistory(1000)
	f.history.Collect(events, 0)
	model := activity.New(activity.Options{})
	model.Collect(events, 0)
	f.snap = model.Snapshot()
	return 102
}

// TestSeveralHazards shows all that an operation has part in, in the detail of the log and in the story.
func TestSeveralHazards(t *testing.T) {
	f := newFake()
	seq := slowAndWaitedFor(f)
	b := newBench(t, f)
	b.window.show()
	b.window.showActivity(f.snap)
	b.window.selectTab(b.window.tabIndex("log"))
	p := b.window.log
	p.tab.grid.pick(int(seq) - 1)
	says := func(words string) bool {
		return strings.Contains(words, "▲ write of /a by cp (1) took 50 ms") && strings.Contains(words, "▲ The release of handle 7 waited 4 ms")
	}
	if words := p.detail.text.Text; !says(words) {
		t.Errorf("the detail says %q", words)
	}
	p.openStoryOf(seq)
	b.wait("the story", p.story.box.Visible)
	if words := p.story.words.String(); !says(words) {
		t.Errorf("the story says %q", words)
	}
}

// storyOfRaces is the picture of a write that came after the release of its handle.
func storyOfRaces(t *testing.T) (*bench, *storyChart) {
	f := newFake()
	races(f)
	b := newBench(t, f)
	b.window.show()
	events, _ := f.history.All()
	c := b.window.log.story.chart
	c.Resize(fyne.NewSize(600, 200))
	c.show(activity.NewStory(events, 13), 13)
	c.explained(12)
	return b, c
}

// inked counts the pixels of a colour in a part of the picture, in units.
func inked(c *storyChart, tone fyne.ThemeColorName, x, y, width, height int) (n int) {
	img := c.paint(600, 200)
	want := color.RGBAModel.Convert(shade(tone))
	for i := range width * height {
		if img.At(x+i%width, y+i/width) == want {
			n++
		}
	}
	return n
}

// TestStoryFlag looks for the flag of the operation that the story is about, from afar, from near, and where it is out of sight.
func TestStoryFlag(t *testing.T) {
	_, c := storyOfRaces(t)
	const least = 60 * 15 // a flag with letters cut out of it
	flag := func() int { return inked(c, theme.ColorNameError, storyNames, storyAxis, 600-storyNames, storyFlag) }
	for _, zoom := range []float64{1, 0.001, 1000} {
		c.zoomOut()
		c.zoom(zoom, 590)
		if n := flag(); n < least {
			t.Errorf("zoomed by %v the flag has %d pixels", zoom, n)
		}
	}
	c.look(0, 1e6)
	if n := flag(); n < least {
		t.Errorf("out of sight to the right it has %d pixels", n)
	}
	c.look(9e6, 1e7)
	if n := flag(); n < least {
		t.Errorf("out of sight to the left it has %d pixels", n)
	}
	c.choose(1)
	if n := flag(); n > 0 {
		t.Errorf("the flag of another operation has %d red pixels", n)
	}
}

// TestStoryShowsTheReason marks the time between a release and the write that came too late, and says how long it is: in it, or on
// the flag where there is no room in it.
func TestStoryShowsTheReason(t *testing.T) {
	_, c := storyOfRaces(t)
	if c.from > 0 {
		t.Errorf("from %v is in sight, not from the open", c.from)
	}
	p := storyPainter{c: c, img: image.NewRGBA(image.Rect(0, 0, 600, 200)), scale: 1, area: image.Rect(storyNames, storyTop, 600, 200)}
	if text := p.flagText(c.bar(13)); text != "write EBADF" {
		t.Errorf("with room in between the flag says %q", text)
	}
	other := *c.bar(13)
	other.Seq, other.Mono = 99, other.Mono-other.Mono/20
	c.rows[0].bars = append(c.rows[0].bars, other)
	if text := p.flagText(c.bar(13)); text != "write EBADF, 900 µs after release" {
		t.Errorf("with another operation in between the flag says %q", text)
	}
	c.rows[0].bars = c.rows[0].bars[:len(c.rows[0].bars)-1]
	mark := func() int {
		return inked(c, theme.ColorNameError, storyNames, storyTop, 600-storyNames, storyLane+storyEdge)
	}
	with := mark()
	c.explained(0)
	if without := mark(); with < without+2*40 {
		t.Errorf("with its reason %d pixels are red, without %d", with, without)
	}
	c.explained(12)
	c.zoom(1.5, 590)
	c.look(-4e7, 2e7)
	if text := p.flagText(c.bar(13)); text != "write EBADF, 900 µs after release" {
		t.Errorf("without room in between the flag says %q", text)
	}
}

// TestStoryBeginsNearInALongLife does not show all of a life in which the operation would be too small to be seen.
func TestStoryBeginsNearInALongLife(t *testing.T) {
	var events []oplog.Event
	for i := range uint64(1000) {
		events = append(events, oplog.Event{Seq: i + 1, Op: oplog.Write, Handle: 7, Path: "/a", Mono: int64(i) * 1000, Duration: 500})
	}
	b := newBench(t, newFake())
	c := b.window.log.story.chart
	c.show(activity.NewStory(events, 900), 900)
	if c.from < 890_000 || c.to > 910_000 {
		t.Errorf("from %v to %v is in sight", c.from, c.to)
	}
}

// TestKeysOfAStory walks through the operations of all rows.
func TestKeysOfAStory(t *testing.T) {
	_, c := storyOfRaces(t)
	press := func(names ...fyne.KeyName) uint64 {
		for _, n := range names {
			c.TypedKey(&fyne.KeyEvent{Name: n})
		}
		return c.chosen
	}
	if got := press(fyne.KeyDown); got != 8 {
		t.Errorf("below the handle's last operation number %d is chosen, not the other's first", got)
	}
	if got := press(fyne.KeyDown, fyne.KeyDown, fyne.KeyDown); got != 10 {
		t.Errorf("at the end of all number %d is chosen", got)
	}
	c.KeyDown(&fyne.KeyEvent{Name: desktop.KeyShiftLeft})
	if got := press(fyne.KeyUp); rowOf(c, got) != 0 {
		t.Errorf("above the read number %d is chosen", got)
	}
	if got := press(fyne.KeyUp); rowOf(c, got) != 0 {
		t.Errorf("above the first row number %d is chosen", got)
	}
	if got := press(fyne.KeyDown); got != 10 {
		t.Errorf("back below number %d is chosen", got)
	}
	c.KeyUp(&fyne.KeyEvent{Name: desktop.KeyShiftLeft})
	if got := press(fyne.KeyUp, fyne.KeyUp, fyne.KeyUp); got != 13 {
		t.Errorf("above the other's first operation number %d is chosen", got)
	}
	c.Resize(fyne.NewSize(600, storyTop+storyLane))
	press(fyne.KeyDown)
	if y := c.rowTop(1) - c.top; y < 0 || y+storyLane > storyLane {
		t.Errorf("the chosen row stands at %v, out of sight", y)
	}
}

func rowOf(c *storyChart, seq uint64) int {
	row, _ := c.place(seq)
	return row
}

package ui

import (
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"vitrine/fusefs/activity"
)

// buttonsIn returns the visible buttons with a label below an object.
func buttonsIn(o fyne.CanvasObject) map[string]*widget.Button {
	out := map[string]*widget.Button{}
	visit(o, func(o fyne.CanvasObject) {
		if b, ok := o.(*keyButton); ok {
			o = &b.Button
		}
		if b, ok := o.(*widget.Button); ok && b.Text != "" {
			out[b.Text] = b
		}
	})
	return out
}

// wordsIn returns all visible text below an object.
func wordsIn(o fyne.CanvasObject) string {
	var out []string
	visit(o, func(o fyne.CanvasObject) {
		switch o := o.(type) {
		case *canvas.Text:
			out = append(out, o.Text)
		case *pathText:
			out = append(out, o.full)
		case *widget.Label:
			out = append(out, o.Text)
		}
	})
	return strings.Join(out, "\n")
}

func visit(o fyne.CanvasObject, f func(fyne.CanvasObject)) {
	if !o.Visible() {
		return
	}
	f(o)
	switch o := o.(type) {
	case *fyne.Container:
		for _, c := range o.Objects {
			visit(c, f)
		}
	case fyne.Widget:
		for _, c := range test.WidgetRenderer(o).Objects() {
			visit(c, f)
		}
	}
}

func TestHeaderByState(t *testing.T) {
	b := newBench(t, newFake())
	for _, c := range []struct {
		state   State
		pill    string
		action  string
		enabled bool
		folder  bool
	}{
		{Unmounted, "Not mounted", "Mount", true, false},
		{Mounting, "Mounting", "Mounting…", false, false},
		{Mounted, "Mounted", "Eject", true, true},
		{Ejecting, "Ejecting", "Ejecting…", false, false},
		{Failed, "Not mounted: failed", "Mount", true, false},
	} {
		b.become(func(s *Status) { s.State, s.Progress = c.state, "Waiting for 2 operations" })
		h := b.window.header
		if got := h.state.text.text.Text; got != c.pill {
			t.Errorf("the pill says %q, want %q", got, c.pill)
		}
		if h.action.Text != c.action || h.action.Disabled() == c.enabled {
			t.Errorf("%s: button %q disabled %v", c.pill, h.action.Text, h.action.Disabled())
		}
		if h.folder.Disabled() == c.folder {
			t.Errorf("%s: the folder button is wrong", c.pill)
		}
		if working := c.state == Mounting || c.state == Ejecting; b.window.progress.box.Visible() != working {
			t.Errorf("%s: progress visible %v", c.pill, !working)
		}
	}
	b.become(func(s *Status) { s.ReadOnly = true })
	if words := wordsIn(b.window.header.box); !strings.Contains(words, "Read-only") || !strings.Contains(words, "~/Vitrine") || !strings.Contains(words, "/srv/files") {
		t.Errorf("the header says %q", words)
	}
}

func TestSavedLog(t *testing.T) {
	f := newFake()
	f.status = Status{State: Viewing, Backing: "/home/ada/logs/copy.ndjson"}
	f.feed(10)
	b := newBench(t, f)
	b.window.show()
	b.window.showActivity(f.snap)
	if words := wordsIn(b.window.header.box); !strings.Contains(words, "Saved log") || !strings.Contains(words, "~/logs/copy.ndjson") || strings.Contains(words, "→") {
		t.Errorf("the header says %q", words)
	}
	if b.window.header.buttons.Visible() || b.window.tabs.SelectedIndex() != b.window.tabIndex("log") || b.window.log.len() != 10 {
		t.Error("the log is not what is shown")
	}
	if words := wordsIn(b.window.log.box); strings.Contains(words, "Pause") || strings.Contains(words, "Follow") || !strings.Contains(words, "shown 10 of 10") {
		t.Errorf("the log says %q", words)
	}
	b.act()
	if got := b.ctl.last(); got != "" {
		t.Errorf("a saved log was asked to %q", got)
	}
	if b.showSettings(); b.settings != nil {
		t.Error("a saved log has settings")
	}
	for _, m := range b.window.log.rowMenu(0).Items {
		if m.Label == "Open containing folder" {
			t.Error("a folder of a saved log is offered")
		}
	}
}

// TestNothingGoesOnInASavedLog has totals in place of rates and the time of the log's end in place of now, and sorts without
// a pause.
func TestNothingGoesOnInASavedLog(t *testing.T) {
	f := mixed(100)
	f.status = Status{State: Viewing, Backing: "/home/ada/logs/copy.ndjson"}
	f.snap = wave()
	f.snap.Dropped = 3
	b := newBench(t, f)
	b.window.win.Resize(fyne.NewSize(1000, 600))
	b.window.show()
	b.window.showActivity(f.snap)
	words := wordsIn(b.window.figures.box) + wordsIn(b.window.chart.body) + wordsIn(b.window.log.box)
	for _, w := range []string{"B/s", "/s\n", "now", "ago", "dropped", "Writing"} {
		if strings.Contains(words, w) {
			t.Errorf("%q is in %q", w, words)
		}
	}
	for _, w := range []string{"Written\n12.3 MB", "1,239", "00:15:40", "00:16:40", "shown 100 of 100 · 3 are missing in the file"} {
		if !strings.Contains(words, w) {
			t.Errorf("%q is missing in %q", w, words)
		}
	}
	p := b.window.log
	if got := top(p); got != "/f1" {
		t.Errorf("the log begins with %s", got)
	}
	p.typed(' ')
	clickTitle(p.tab.grid, "took")
	b.wait("the sorted rows", func() bool { return p.rows.sorted })
	if got := top(p); got != "/f100" || p.paused {
		t.Errorf("the slowest is %s, paused %v", got, p.paused)
	}
	clickTitle(p.tab.grid, "time")
	if got := top(p); got != "/f1" || p.rows.sorted {
		t.Errorf("in the order of time the first is %s", got)
	}
}

func TestMainButton(t *testing.T) {
	b := newBench(t, newFake())
	test.Tap(b.window.header.action)
	if got := b.ctl.last(); got != "mount show" {
		t.Errorf("asked for %q", got)
	}
	b.become(func(s *Status) { s.State = Mounted })
	test.Tap(b.window.header.action)
	if got := b.ctl.last(); got != "eject" {
		t.Errorf("asked for %q", got)
	}
	test.Tap(b.window.header.folder)
	if got := b.ctl.last(); got != "open folder" {
		t.Errorf("asked for %q", got)
	}
}

var inUse = &Problem{
	What: "~/Vitrine is in use.", Cure: "Close the files.",
	Holders: []Holder{{PID: 42, Name: "vim", Path: "/home/ada/Vitrine/a.txt"}, {PID: 43, Name: "bash", Path: "/home/ada/Vitrine"}},
}

func TestBannerOfRefusedEject(t *testing.T) {
	b := newBench(t, newFake())
	b.window.show()
	b.become(func(s *Status) { s.State, s.Problem = Mounted, inUse })
	words := wordsIn(b.window.banner.box)
	for _, want := range []string{"~/Vitrine is in use.", "Close the files.", "vim (process 42)", "~/Vitrine/a.txt", "bash (process 43)"} {
		if !strings.Contains(words, want) {
			t.Errorf("%q is missing in %q", want, words)
		}
	}
	buttons := buttonsIn(b.window.banner.box)
	test.Tap(buttons["Try again"])
	if got := b.ctl.last(); got != "eject" {
		t.Errorf("Try again asked for %q", got)
	}
	test.Tap(buttons["Force eject…"])
	if got := b.ctl.last(); got != "" {
		t.Errorf("force was not confirmed, but asked for %q", got)
	}
	overlay := b.window.win.Canvas().Overlays().Top()
	if !strings.Contains(wordsIn(overlay), "already written is safe") {
		t.Errorf("the confirmation says %q", wordsIn(overlay))
	}
	test.Tap(buttonsIn(overlay)["Force eject"])
	if got := b.ctl.last(); got != "eject force" {
		t.Errorf("force asked for %q", got)
	}
}

// TestNoticedProblem leaves the window where it is, but for a quit, which a notification cannot repeat.
func TestNoticedProblem(t *testing.T) {
	noticed := *inUse
	noticed.Noticed = true
	b := newBench(t, newFake())
	b.eject(false)
	b.become(func(s *Status) { s.State, s.Problem = Mounted, &noticed })
	if b.window.shown {
		t.Error("the window came up beside a notification")
	}
	b.become(func(s *Status) { s.Problem = nil })
	b.quit(false)
	b.become(func(s *Status) { s.Problem = &noticed })
	if !b.window.shown {
		t.Error("a refused quit is not shown")
	}
}

func TestBannerOfMissingMountPoint(t *testing.T) {
	b := newBench(t, newFake())
	b.become(func(s *Status) { s.State, s.Problem = Failed, &Problem{What: "Missing.", Create: "/mnt/x"} })
	test.Tap(buttonsIn(b.window.banner.box)["Create folder and mount"])
	if got := b.ctl.last(); got != "mount create" {
		t.Errorf("asked for %q", got)
	}
}

func TestBannerCommandIsCopied(t *testing.T) {
	b := newBench(t, newFake())
	b.become(func(s *Status) {
		s.State, s.Problem = Failed, &Problem{What: "No FUSE.", Command: "apt-get install fuse3"}
	})
	test.Tap(buttonsIn(b.window.banner.box)["Copy"])
	if got := b.app.Clipboard().Content(); got != "apt-get install fuse3" {
		t.Errorf("copied %q", got)
	}
}

func TestDismissedProblemStaysAway(t *testing.T) {
	b := newBench(t, newFake())
	b.become(func(s *Status) { s.State, s.Problem = Mounted, inUse })
	b.dismiss()
	b.become(func(s *Status) { s.Progress = "x" })
	if b.window.banner.box.Visible() {
		t.Error("the dismissed problem came back by itself")
	}
	b.become(func(s *Status) { s.Problem = &Problem{What: "Another."} })
	if !b.window.banner.box.Visible() {
		t.Error("another problem is not shown")
	}
	b.dismiss()
	b.become(func(s *Status) { s.Problem = nil })
	b.become(func(s *Status) { s.Problem = &Problem{What: "Another."} })
	if !b.window.banner.box.Visible() {
		t.Error("the same problem at the next attempt is not shown")
	}
}

func TestQuitThatCannotEject(t *testing.T) {
	b := newBench(t, newFake())
	b.become(func(s *Status) { s.State = Mounted })
	b.quit(false)
	if got := b.ctl.last(); got != "quit" {
		t.Fatalf("asked for %q", got)
	}
	b.become(func(s *Status) { s.State = Ejecting })
	b.become(func(s *Status) { s.State, s.Problem = Mounted, inUse })
	if !b.window.shown {
		t.Error("the window with the problem is not shown")
	}
	buttons := buttonsIn(b.window.banner.box)
	test.Tap(buttons["Try again"])
	if got := b.ctl.last(); got != "quit" {
		t.Errorf("Try again asked for %q", got)
	}
	test.Tap(buttons["Force eject and quit…"])
	test.Tap(buttonsIn(b.window.win.Canvas().Overlays().Top())["Force eject and quit"])
	if got := b.ctl.last(); got != "quit force" {
		t.Errorf("force asked for %q", got)
	}
	b.dismiss()
	b.become(func(s *Status) { s.Problem = &Problem{What: "In use again.", Holders: inUse.Holders} })
	if _, ok := buttonsIn(b.window.banner.box)["Force eject…"]; !ok {
		t.Error("after the quit was given up, the banner still offers to quit")
	}
}

func TestCloseButtonWithoutTrayQuits(t *testing.T) {
	b := newBench(t, newFake())
	b.window.show()
	b.window.closed()
	if got := b.ctl.last(); got != "quit" || !b.window.shown {
		t.Errorf("asked for %q, window shown %v", got, b.window.shown)
	}
}

func TestNothingRefreshesWhileHidden(t *testing.T) {
	b := newBench(t, newFake())
	b.window.ticker.interval = 5 * time.Millisecond
	b.pump(50 * time.Millisecond)
	if n := b.ctl.snapshots(); n != 0 {
		t.Errorf("%d snapshots were taken before the window was shown", n)
	}
	b.window.show()
	b.wait("snapshots while visible", func() bool { return b.ctl.snapshots() > 3 })
	b.window.hide()
	b.pump(50 * time.Millisecond)
	n := b.ctl.snapshots()
	b.ctl.mu.Lock()
	b.ctl.snap = &activity.Snapshot{Count: 12345}
	b.ctl.mu.Unlock()
	b.pump(100 * time.Millisecond)
	if m := b.ctl.snapshots(); m != n {
		t.Errorf("%d snapshots were taken while hidden", m-n)
	}
	if b.window.snap.Count == 12345 {
		t.Error("the hidden window took a snapshot in")
	}
}

// TestAfterTheLoop posts as Fyne does between the end of its loop and the news of it: each function runs at once, on the
// goroutine that posts it. The race detector looks on.
func TestAfterTheLoop(t *testing.T) {
	b := newBench(t, newFake())
	b.window.shown = true
	b.UI.post = func(f func()) { f() }
	var posters sync.WaitGroup
	for range 4 {
		posters.Go(func() {
			for range 50 {
				b.do(b.showStatus)
				b.do(func() { b.window.showActivity(full()) })
			}
		})
	}
	posters.Wait()
}

func TestSlowUIIsNotFlooded(t *testing.T) {
	b := newBench(t, newFake())
	b.window.ticker.interval = time.Millisecond
	b.window.standing.interval = time.Millisecond
	b.window.show()
	time.Sleep(100 * time.Millisecond) // the UI goroutine does nothing
	if n := len(b.queue); n > 2 {      // one of each
		t.Errorf("%d updates are queued", n)
	}
}

func TestRemountAfterSettings(t *testing.T) {
	b := newBench(t, newFake())
	b.become(func(s *Status) { s.State = Mounted })
	b.remount()
	if got := b.ctl.last(); got != "eject" {
		t.Fatalf("asked for %q", got)
	}
	b.become(func(s *Status) { s.State = Ejecting })
	b.become(func(s *Status) { s.State = Unmounted })
	if got := b.ctl.last(); got != "mount" {
		t.Errorf("after the eject asked for %q", got)
	}
}

func TestStopEndsUpdates(t *testing.T) {
	b := newBench(t, newFake())
	b.window.ticker.interval = time.Millisecond
	b.window.show()
	b.wait("a snapshot", func() bool { return b.ctl.snapshots() > 0 })
	b.Stop()
	b.Stop()
	time.Sleep(20 * time.Millisecond)
	n := b.ctl.snapshots()
	if _, over := panicOf(func() { b.pump(50 * time.Millisecond) }).(left); !over {
		t.Error("Stop does not leave the loop")
	}
	b.pump(50 * time.Millisecond)
	if m := b.ctl.snapshots(); m > n {
		t.Errorf("%d snapshots were taken after Stop", m-n)
	}
	if err := b.Run(); err != nil {
		t.Errorf("Run after Stop: %v", err)
	}
}

func panicOf(f func()) (r any) {
	defer func() { r = recover() }()
	f()
	return nil
}

// TestWindowInterval updates less often where drawing is dear.
func TestWindowInterval(t *testing.T) {
	t.Setenv("LIBGL_ALWAYS_SOFTWARE", "1")
	if runtime.GOOS == "linux" && !drawnByProcessor() {
		t.Error("Mesa is told to draw with the processor, and is not believed to")
	}
	if dear, cheap := windowInterval(true), windowInterval(false); cheap != 100*time.Millisecond || dear <= cheap {
		t.Errorf("every %v with a processor, %v with a graphics card", dear, cheap)
	}
}

// TestIconButtonsSayWhatTheyDo rests the mouse on buttons that have no word.
func TestIconButtonsSayWhatTheyDo(t *testing.T) {
	f := newFake()
	races(f)
	b := newBench(t, f)
	b.window.show()
	p := b.window.log
	said := func(in fyne.CanvasObject) (out []string) {
		visit(in, func(o fyne.CanvasObject) {
			button, ok := o.(*iconButton)
			if !ok {
				return
			}
			button.MouseIn(&desktop.MouseEvent{})
			if b.window.tip.layer.Visible() {
				out = append(out, b.window.tip.said())
			}
			button.MouseOut()
			if b.window.tip.layer.Visible() {
				t.Errorf("%s is still said", button.does)
			}
		})
		return out
	}
	if got := said(p.list); !slices.Equal(got, []string{"Previous error (Shift E)", "Next error (E)"}) {
		t.Errorf("in the log they say %q", got)
	}
	b.window.selectTab(b.window.tabIndex("log"))
	p.openStoryOf(13)
	b.wait("the story", p.story.box.Visible)
	if got := said(p.story.box); !slices.Equal(got, []string{"Farther away (-)", "Nearer (+)", "All of it (Home)"}) {
		t.Errorf("in a story they say %q", got)
	}
}

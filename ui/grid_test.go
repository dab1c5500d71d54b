package ui

import (
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"vitrine/fusefs/activity"
)

// column returns the texts of one column of the rows in sight.
func (b *bench) column(g *grid, key string) []string {
	j := slices.IndexFunc(g.cols, func(c column) bool { return c.key == key })
	var out []string
	for _, row := range b.texts(g) {
		out = append(out, row[j])
	}
	return out
}

// clickTitle clicks on the title of a column.
func clickTitle(g *grid, key string) {
	j := slices.IndexFunc(g.cols, func(c column) bool { return c.key == key })
	s := g.spans(g.body.Size().Width)[j]
	g.top.Tapped(&fyne.PointEvent{Position: fyne.NewPos(s.x+s.width/2, 5)})
}

func key(g *grid, names ...fyne.KeyName) {
	for _, n := range names {
		g.body.TypedKey(&fyne.KeyEvent{Name: n})
	}
}

func openFilesBench(t *testing.T) (*bench, *openFiles) {
	b := newBench(t, newFake())
	b.become(func(s *Status) { s.State = Mounted })
	b.window.show()
	p := b.panel("open").(*openFiles)
	p.grid().Resize(fyne.NewSize(1100, 300))
	b.window.showActivity(snapOf(map[string]int64{"/b": 30, "/a": 10, "/c": 20}))
	return b, p
}

// snapOf is a snapshot with open files of these names, which wrote so much.
func snapOf(written map[string]int64) *activity.Snapshot {
	a := &activity.Snapshot{At: time.Unix(1000, 0)}
	for name, n := range written {
		f := activity.OpenFile{OpenHandle: opened(name, time.Second, 1)}
		f.Handle, f.Written = uint64(name[1]), n
		a.Open = append(a.Open, f)
	}
	return a
}

func TestSort(t *testing.T) {
	b, p := openFilesBench(t)
	g := p.grid()
	clickTitle(g, "file")
	if got := b.column(g, "file"); !slices.Equal(got, []string{"/a", "/b", "/c"}) {
		t.Errorf("sorted by name: %q", got)
	}
	clickTitle(g, "file")
	if got := b.column(g, "file"); !slices.Equal(got, []string{"/c", "/b", "/a"}) {
		t.Errorf("the other way round: %q", got)
	}
	clickTitle(g, "written")
	if got := b.column(g, "file"); !slices.Equal(got, []string{"/b", "/c", "/a"}) {
		t.Errorf("by bytes, the largest first: %q", got)
	}
	b.window.showActivity(snapOf(map[string]int64{"/b": 30, "/a": 40, "/c": 20}))
	if got := b.column(g, "file"); !slices.Equal(got, []string{"/a", "/b", "/c"}) {
		t.Errorf("after a change of bytes: %q", got)
	}
}

func TestSelectionMovesWithItsRow(t *testing.T) {
	b, p := openFilesBench(t)
	g := p.grid()
	clickTitle(g, "written") // b c a
	g.pick(1)
	b.window.showActivity(snapOf(map[string]int64{"/b": 30, "/a": 40, "/c": 50}))
	if got := g.cursorRow(); got != 0 {
		t.Errorf("the selected row is %d", got)
	}
	if !g.seen.marks[0].picked || g.seen.marks[1].picked {
		t.Error("the mark did not move with the row")
	}
	b.window.showActivity(snapOf(map[string]int64{"/b": 30}))
	if got := g.cursorRow(); got != -1 || g.copied() != "" {
		t.Errorf("a closed file is selected as row %d, copied as %q", got, g.copied())
	}
}

func TestKeysOfATable(t *testing.T) {
	_, p := openFilesBench(t)
	g := p.grid()
	clickTitle(g, "file")
	for _, c := range []struct {
		keys []fyne.KeyName
		want int
	}{
		{[]fyne.KeyName{fyne.KeyDown}, 0}, {[]fyne.KeyName{fyne.KeyDown}, 1}, {[]fyne.KeyName{fyne.KeyUp, fyne.KeyUp}, 0},
		{[]fyne.KeyName{fyne.KeyEnd}, 2}, {[]fyne.KeyName{fyne.KeyDown}, 2}, {[]fyne.KeyName{fyne.KeyPageUp}, 0}, {[]fyne.KeyName{fyne.KeyEscape}, -1},
	} {
		key(g, c.keys...)
		if got := g.cursorRow(); got != c.want {
			t.Errorf("after %v row %d is selected, want %d", c.keys, got, c.want)
		}
	}
	key(g, fyne.KeyHome)
	g.body.KeyDown(&fyne.KeyEvent{Name: desktop.KeyShiftLeft})
	key(g, fyne.KeyDown)
	g.body.KeyUp(&fyne.KeyEvent{Name: desktop.KeyShiftLeft})
	if got := g.pickedRows(); !slices.Equal(got, []int{0, 1}) {
		t.Errorf("with Shift rows %v are selected", got)
	}
}

func TestSortByKeys(t *testing.T) {
	_, p := openFilesBench(t)
	g := p.grid()
	g.Resize(fyne.NewSize(1000, 300))
	clickTitle(g, "file")
	g.body.TypedRune('s')
	if g.cols[g.sorted].key != "process" || g.down {
		t.Errorf("S sorted by %s, down %v", g.cols[g.sorted].key, g.down)
	}
	g.body.TypedRune('S')
	if g.cols[g.sorted].key != "process" || !g.down {
		t.Errorf("Shift S did not turn the order: %s, down %v", g.cols[g.sorted].key, g.down)
	}
	for range len(g.cols) - 1 {
		g.body.TypedRune('s')
	}
	if g.cols[g.sorted].key != "file" {
		t.Errorf("after the last column comes %s", g.cols[g.sorted].key)
	}
}

func TestCopySelectedRows(t *testing.T) {
	b, p := openFilesBench(t)
	g := p.grid()
	clickTitle(g, "file")
	g.pick(0)
	g.extend(1)
	b.window.copyRows()
	lines := strings.Split(strings.TrimSpace(b.app.Clipboard().Content()), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[0], "File\tProcess\t") || !strings.HasPrefix(lines[1], "/a\tcp 42\t") || !strings.HasPrefix(lines[2], "/b\t") {
		t.Errorf("copied %q", lines)
	}
}

func TestNarrowTableDropsColumnsInsteadOfScrolling(t *testing.T) {
	b, _ := openFilesBench(t)
	for _, tab := range b.window.tabList {
		g := tab.panel.grid()
		for _, width := range []float32{780, 1020, 1500} {
			g.Resize(fyne.NewSize(width, 300))
			if least := g.leastWidth(); least > width {
				t.Errorf("%s: %v wide, it needs %v", tab.key, width, least)
			}
			shown := 0
			for j, s := range g.spans(width) {
				if s.chars > 0 {
					shown++
				} else if g.cols[j].drop == 0 {
					t.Errorf("%s: at %v the column %s is missing", tab.key, width, g.cols[j].key)
				}
			}
			if width == 1500 && shown != len(g.cols) {
				t.Errorf("%s: only %d of %d columns in a wide window", tab.key, shown, len(g.cols))
			}
		}
	}
}

// keeper is a controller that keeps the layout.
type keeper struct {
	*fake
	kept Layout
}

func (k *keeper) Layout() Layout      { return k.kept }
func (k *keeper) KeepLayout(l Layout) { k.kept = l }

func TestResizedColumnsAreKept(t *testing.T) {
	b, p := openFilesBench(t)
	k := &keeper{fake: b.ctl}
	b.UI.ctl = k
	g := p.grid()
	before := g.spans(1100)
	process := slices.IndexFunc(g.cols, func(c column) bool { return c.key == "process" })
	x := before[process].x - gridGap/2
	g.top.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(x-70, 5)}, Dragged: fyne.NewDelta(-70, 0)})
	g.top.DragEnd()
	after := g.spans(1100)
	if wider := after[process].width - before[process].width; wider < 60 || wider > 80 {
		t.Errorf("the column is wider by %v", wider)
	}
	if moved := before[process].x - after[process].x; moved < 60 || moved > 80 {
		t.Errorf("its edge followed the mouse by %v", moved)
	}
	clickTitle(g, "written")
	clickTitle(b.window.log.tab.grid, "took")
	b.window.log.line.set("op:write")
	again := newBenchOf(t, k)
	g = again.panel("open").grid()
	if got := g.chars(g.cols[process]); got != k.kept.Tables["open"].Widths["process"] || got < 24 {
		t.Errorf("the column is %d letters wide after a restart, kept %+v", got, k.kept)
	}
	if g.cols[g.sorted].key != "written" || !g.down {
		t.Error("the order is forgotten after a restart")
	}
	if again.window.log.paused || again.window.log.sorting() {
		t.Error("the log stands still from the start")
	}
	if got := again.window.log.line.recent; !slices.Equal(got, []string{"op:write"}) {
		t.Errorf("recent filters after a restart: %q", got)
	}
}

func TestRowMenu(t *testing.T) {
	b, p := openFilesBench(t)
	b.window.showActivity(snapOf(map[string]int64{"/a b": 1}))
	items := map[string]*fyne.MenuItem{}
	for _, m := range p.grid().menu(0).Items {
		items[m.Label] = m
	}
	items["Copy path"].Action()
	if got := b.app.Clipboard().Content(); got != "/home/ada/Vitrine/a b" {
		t.Errorf("copied %q", got)
	}
	items["Open containing folder"].Action()
	if got := b.ctl.last(); got != "open folder of /a b" {
		t.Errorf("asked for %q", got)
	}
	items["Only this file in the log"].Action()
	if got := b.window.log.line.entry.Text; got != `"/a b"` || b.window.tabs.SelectedIndex() != b.window.tabIndex("log") {
		t.Errorf("the filter is %q", got)
	}
	items["Only cp 42 in the log"].Action()
	if got := b.window.log.line.entry.Text; got != "pid:42" {
		t.Errorf("the filter is %q", got)
	}
}

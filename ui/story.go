package ui

import (
	"cmp"
	"fmt"
	"image"
	"math"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
)

// Measures of a story, in Fyne's units.
const (
	storyAxis  = 22 // the times, above the flag
	storyFlag  = 24 // the flag of the chosen operation, above the bars
	storyTop   = storyAxis + storyFlag
	storyNames = 118
	storyLane  = 19 // height of a bar, with the room below it
	storyRow   = 9  // between the lanes of two rows
	storyEdge  = 3  // above the first row
)

// storyNeighbours is how many operations before and after the one asked for are in sight where not the whole life of a handle is.
const storyNeighbours = 4

// storyWhole is how many times as long as the time around the operation asked for the life of its handle may be, to be in sight
// as a whole at first: in a longer one that operation, and what led to it, would be too small to be seen.
const storyWhole = 5

// storyReach is how far to both sides of an operation without a handle others of its name are in sight at first, in times
// of its duration.
const storyReach = 20

// storyChart draws the life of a handle: time across, a bar for each operation, overlaps below each other, and what
// other processes did to the same file in rows below.
type storyChart struct {
	widget.BaseWidget
	raster *canvas.Raster
	img    *image.RGBA
	tip    *tip

	story    *activity.Story
	rows     []storyLine
	chosen   uint64  // sequence number
	because  uint64  // that of the operation which the chosen one failed because of, 0 where none is known
	from, to float64 // what is in sight, ns since the story began
	top      float32 // how far it is scrolled down, in units
	shift    bool    // held down now

	picked func()             // another operation was chosen
	left   func()             // the person wants to go back
	helped func()             // the person wants to know the keys
	turned func(part float32) // the words are to be scrolled
	typed  func(r rune)       // a letter that means nothing here
}

// storyLine is one row of a story: bars of one handle or one process.
type storyLine struct {
	name  string
	bars  []activity.Bar
	lane  []int // of each bar
	lanes int
	gaps  []activity.Gap
}

var (
	_ fyne.Focusable    = (*storyChart)(nil)
	_ fyne.Draggable    = (*storyChart)(nil)
	_ fyne.Scrollable   = (*storyChart)(nil)
	_ fyne.Tappable     = (*storyChart)(nil)
	_ desktop.Hoverable = (*storyChart)(nil)
	_ desktop.Keyable   = (*storyChart)(nil)
)

func newStoryChart(t *tip) *storyChart {
	c := &storyChart{tip: t, story: &activity.Story{}, to: 1}
	c.raster = canvas.NewRaster(c.paint)
	c.ExtendBaseWidget(c)
	return c
}

func (c *storyChart) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(c.raster) }
func (c *storyChart) MinSize() fyne.Size                  { return fyne.NewSize(300, storyTop+4*storyLane) }

// show begins with a story: with all of it where the operation with a sequence number can be made out in that, else near it.
func (c *storyChart) show(s *activity.Story, seq uint64) {
	c.top = 0
	c.tell(s, seq)
	c.zoomTo(seq)
	if all := float64(s.End - s.Begin); s.Handle != 0 && all <= storyWhole*(c.to-c.from) {
		c.zoomOut()
	}
}

// tell replaces the story, and leaves in sight what is.
func (c *storyChart) tell(s *activity.Story, seq uint64) {
	c.story, c.chosen, c.because = s, seq, 0
	c.rows = storyRows(s)
	c.raster.Refresh()
}

// storyRows makes the rows: the handle's own, then one for each process that touched the same file.
func storyRows(s *activity.Story) []storyLine {
	own := storyLine{name: tr("this operation"), bars: s.Bars, lanes: max(s.Lanes, 1), gaps: s.Gaps}
	if s.Handle != 0 {
		own.name = fmt.Sprintf(tr("handle %d"), s.Handle)
	}
	for _, b := range s.Bars {
		own.lane = append(own.lane, b.Lane)
	}
	rows := []storyLine{own}
	by := map[string]int{}
	for _, b := range s.Others {
		name := process(visible(b.Proc), b.PID)
		i, ok := by[name]
		if !ok {
			i = len(rows)
			by[name], rows = i, append(rows, storyLine{name: name})
		}
		rows[i].bars = append(rows[i].bars, b)
	}
	for i := range rows[1:] {
		rows[1+i].arrange()
	}
	return rows
}

// arrange puts bars that overlap into different lanes.
func (l *storyLine) arrange() {
	var free []int64
	for i := range l.bars {
		b := &l.bars[i]
		lane := slices.IndexFunc(free, func(end int64) bool { return end <= b.Mono })
		if lane < 0 {
			lane, free = len(free), append(free, 0)
		}
		free[lane] = b.Mono + b.Duration
		l.lane = append(l.lane, lane)
	}
	l.lanes = len(free)
}

// place is where the bar of a sequence number is: its row, and its place in that. The row is -1 where there is none.
func (c *storyChart) place(seq uint64) (row, k int) {
	for row := range c.rows {
		for k := range c.rows[row].bars {
			if c.rows[row].bars[k].Seq == seq {
				return row, k
			}
		}
	}
	return -1, 0
}

// bar returns the bar of a sequence number, nil where there is none.
func (c *storyChart) bar(seq uint64) *activity.Bar {
	row, k := c.place(seq)
	if row < 0 {
		return nil
	}
	return &c.rows[row].bars[k]
}

// zoomTo shows an operation and what was near it.
func (c *storyChart) zoomTo(seq uint64) {
	switch row, k := c.place(seq); {
	case row < 0:
		c.zoomOut()
	case row > 0 || c.story.Handle == 0:
		c.zoomAround(&c.rows[row].bars[k])
	default:
		c.zoomToOwn(k)
	}
}

// zoomToOwn shows one of the handle's operations and a few before and after it; of one that came after the release of the handle,
// that release too.
func (c *storyChart) zoomToOwn(k int) {
	own := c.rows[0].bars
	first, end := own[max(0, k-storyNeighbours)], int64(0)
	for i := k; i <= min(len(own)-1, k+storyNeighbours); i++ {
		end = max(end, own[i].Mono+own[i].Duration)
	}
	for i := k; i >= 0 && own[k].Flags&oplog.Refused != 0; i-- {
		if own[i].Releases() {
			first = own[min(i, max(0, k-storyNeighbours))]
			break
		}
	}
	c.look(float64(first.Mono-c.story.Begin), float64(end-c.story.Begin))
}

// zoomAround shows an operation and what others did to its file shortly before and after it.
func (c *storyChart) zoomAround(b *activity.Bar) {
	from, to := b.Mono, b.Mono+b.Duration
	reach := storyReach * b.Duration
	for _, o := range c.story.Others {
		if end := o.Mono + o.Duration; end >= b.Mono-reach && o.Mono <= b.Mono+b.Duration+reach {
			from, to = min(from, o.Mono), max(to, end)
		}
	}
	c.look(float64(from-c.story.Begin), float64(to-c.story.Begin))
}

// zoomOut shows all.
func (c *storyChart) zoomOut() { c.look(0, float64(c.story.End-c.story.Begin)) }

// look shows a time, with some room at both ends.
func (c *storyChart) look(from, to float64) {
	room := max((to-from)*0.04, 100)
	c.from, c.to = from-room, to+room
	c.raster.Refresh()
}

// zoom makes the time in sight longer or shorter; what is at x stays where it is.
func (c *storyChart) zoom(factor float64, x float32) {
	length := c.to - c.from
	longest := max(float64(c.story.End-c.story.Begin)*1.5, 1000)
	wanted := max(50, min(length*factor, longest))
	at := c.timeAt(x)
	part := (at - c.from) / length
	c.from = at - part*wanted
	c.to = c.from + wanted
	c.keepInSight()
}

// pan moves what is in sight by a time.
func (c *storyChart) pan(ns float64) {
	c.from, c.to = c.from+ns, c.to+ns
	c.keepInSight()
}

// keepInSight does not let the story go out of sight.
func (c *storyChart) keepInSight() {
	length, all := c.to-c.from, float64(c.story.End-c.story.Begin)
	c.from = max(-length*0.9, min(c.from, all-length*0.1))
	c.to = c.from + length
	c.raster.Refresh()
}

// timeAt is the time at x, in ns since the story began.
func (c *storyChart) timeAt(x float32) float64 {
	width := float64(max(c.Size().Width-storyNames, 1))
	return c.from + float64(x-storyNames)/width*(c.to-c.from)
}

// rowTop is where a row begins, in units below the first one; that of the row after the last is the height of all.
func (c *storyChart) rowTop(row int) float32 {
	h := float32(storyEdge)
	for _, r := range c.rows[:row] {
		h += float32(r.lanes)*storyLane + storyRow
	}
	return h
}

func (c *storyChart) scrollBy(dy float32) {
	c.top = max(0, min(c.top+dy, c.rowTop(len(c.rows))-(c.Size().Height-storyTop)))
	c.raster.Refresh()
}

// barAt returns the bar under a position, nil for none. Bars that are too thin to hit have some room around them.
func (c *storyChart) barAt(p fyne.Position) *activity.Bar {
	if p.Y < storyTop || p.X < storyNames {
		return nil
	}
	reach := (c.to - c.from) / float64(max(c.Size().Width-storyNames, 1)) * 3
	t, y := c.timeAt(p.X), p.Y-storyTop-storyEdge+c.top
	for i := range c.rows {
		r := &c.rows[i]
		lane := int(y / storyLane)
		if y >= 0 && lane < r.lanes {
			return r.near(lane, t+float64(c.story.Begin), reach)
		}
		y -= float32(r.lanes)*storyLane + storyRow
	}
	return nil
}

// near returns the bar of a lane that is nearest to a time, within reach.
func (l *storyLine) near(lane int, t, reach float64) (best *activity.Bar) {
	for i := range l.bars {
		b := &l.bars[i]
		away := max(float64(b.Mono)-t, t-float64(b.Mono+b.Duration), 0)
		if l.lane[i] == lane && away <= reach {
			best, reach = b, away
		}
	}
	return best
}

func (c *storyChart) choose(seq uint64) {
	c.chosen, c.because = seq, 0
	c.raster.Refresh()
	if c.picked != nil {
		c.picked()
	}
}

// explained marks the operation that the chosen one failed because of.
func (c *storyChart) explained(because uint64) {
	c.because = because
	c.raster.Refresh()
}

// step chooses the next or previous operation of a row. Beyond its ends it goes on in the row below or above.
func (c *storyChart) step(by int) {
	row, k := c.place(c.chosen)
	if row < 0 {
		return
	}
	switch k += by; {
	case k < 0 && row > 0:
		row--
		k = len(c.rows[row].bars) - 1
	case k == len(c.rows[row].bars) && row+1 < len(c.rows):
		row, k = row+1, 0
	}
	c.goTo(row, max(0, min(k, len(c.rows[row].bars)-1)))
}

// leap chooses in the row below or above what happened nearest in time to the chosen operation.
func (c *storyChart) leap(by int) {
	row, k := c.place(c.chosen)
	if row < 0 || row+by < 0 || row+by >= len(c.rows) {
		return
	}
	from, best, least := &c.rows[row].bars[k], 0, int64(math.MaxInt64)
	for i := range c.rows[row+by].bars {
		if away := apart(from, &c.rows[row+by].bars[i]); away < least {
			best, least = i, away
		}
	}
	c.goTo(row+by, best)
}

// apart is how long nothing happened between two operations; less than that where they overlap.
func apart(a, b *activity.Bar) int64 {
	return max(b.Mono-a.Mono-a.Duration, a.Mono-b.Mono-b.Duration)
}

// goTo chooses an operation and brings it into sight.
func (c *storyChart) goTo(row, k int) {
	b := &c.rows[row].bars[k]
	if t := float64(b.Mono - c.story.Begin); t < c.from || t+float64(b.Duration) > c.to {
		c.pan(t + float64(b.Duration)/2 - (c.from+c.to)/2)
	}
	top, room := c.rowTop(row)+float32(c.rows[row].lane[k])*storyLane, c.Size().Height-storyTop
	c.scrollBy(min(0, top-c.top))
	c.scrollBy(max(0, top+storyLane-c.top-room))
	c.choose(b.Seq)
}

// Tapped chooses the operation under the mouse.
func (c *storyChart) Tapped(e *fyne.PointEvent) {
	if v := fyne.CurrentApp().Driver().CanvasForObject(c); v != nil {
		v.Focus(c)
	}
	if b := c.barAt(e.Position); b != nil {
		c.choose(b.Seq)
	}
}

// Dragged moves what is in sight.
func (c *storyChart) Dragged(e *fyne.DragEvent) {
	c.scrollBy(-e.Dragged.DY)
	c.pan(c.timeAt(storyNames) - c.timeAt(storyNames+e.Dragged.DX))
}

// DragEnd has nothing left to do.
func (c *storyChart) DragEnd() {}

// Scrolled zooms in and out at the mouse.
func (c *storyChart) Scrolled(e *fyne.ScrollEvent) {
	if e.Scrolled.DX != 0 {
		c.pan(c.timeAt(0) - c.timeAt(e.Scrolled.DX))
		return
	}
	c.zoom(math.Pow(0.99, float64(e.Scrolled.DY)), e.Position.X)
}

func (c *storyChart) MouseIn(e *desktop.MouseEvent) { c.MouseMoved(e) }

// MouseMoved says what the bar under the mouse is.
func (c *storyChart) MouseMoved(e *desktop.MouseEvent) {
	b := c.barAt(e.Position)
	if b == nil {
		c.tip.hide()
		return
	}
	text := fmt.Sprintf("%s  %s  %s  %s", b.Op, duration(time.Duration(b.Duration)), result(&b.Event).text, paths(&b.Event))
	c.tip.show(text, e.AbsolutePosition)
}

func (c *storyChart) MouseOut() { c.tip.hide() }

// FocusGained changes nothing: the flag shows where the keys are.
func (c *storyChart) FocusGained() {}

// FocusLost lets go of Shift, whose end is told to whoever has the keys then.
func (c *storyChart) FocusLost() { c.shift = false }

// KeyDown notes whether Shift is held down.
func (c *storyChart) KeyDown(e *fyne.KeyEvent) { c.hold(e.Name, true) }

// KeyUp notes the same.
func (c *storyChart) KeyUp(e *fyne.KeyEvent) { c.hold(e.Name, false) }

func (c *storyChart) hold(k fyne.KeyName, down bool) {
	if k == desktop.KeyShiftLeft || k == desktop.KeyShiftRight {
		c.shift = down
	}
}

func (c *storyChart) TypedRune(r rune) {
	switch middle := storyNames + (c.Size().Width-storyNames)/2; r {
	case '+':
		c.zoom(0.5, middle)
	case '-':
		c.zoom(2, middle)
	case 'd':
		c.turned(readOn)
	case 'D':
		c.turned(-readOn)
	default:
		c.typed(r)
	}
}

// TypedKey steps from operation to operation, moves, and goes back.
func (c *storyChart) TypedKey(e *fyne.KeyEvent) {
	walk := c.step
	if c.shift {
		walk = c.leap
	}
	switch quarter := (c.to - c.from) / 4; e.Name {
	case fyne.KeyDown:
		walk(1)
	case fyne.KeyUp:
		walk(-1)
	case fyne.KeyLeft:
		c.pan(-quarter)
	case fyne.KeyRight:
		c.pan(quarter)
	case fyne.KeyPageDown:
		c.scrollBy(c.Size().Height / 2)
	case fyne.KeyPageUp:
		c.scrollBy(-c.Size().Height / 2)
	case fyne.KeyHome:
		c.zoomOut()
	case fyne.KeyReturn, fyne.KeyEnter:
		c.zoomTo(c.chosen)
	case fyne.KeyEscape, fyne.KeyBackspace:
		c.left()
	case fyne.KeyF1:
		c.helped()
	}
}

// tickStep is a round time of at least least ns.
func tickStep(least float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(max(least, 1))))
	for _, m := range [...]float64{1, 2, 5} {
		if least <= m*power {
			return m * power
		}
	}
	return 10 * power
}

// tickLabel writes a time with as many digits as a step needs.
func tickLabel(t, step float64) string {
	units := []struct {
		name string
		ns   float64
	}{{"ns", 1}, {"µs", 1e3}, {"ms", 1e6}, {"s", 1e9}}
	i, _ := slices.BinarySearchFunc(units, max(math.Abs(t), step), func(u struct {
		name string
		ns   float64
	}, t float64) int {
		return cmp.Compare(u.ns, t+0.5)
	})
	u := units[max(0, i-1)]
	digits := max(0, int(math.Ceil(-math.Log10(step/u.ns)-1e-9)))
	return decimal(t/u.ns+0, digits) + " " + u.name // + 0 makes -0 plain
}

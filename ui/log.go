package ui

import (
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
)

// logPanel lists the newest operations, the newest at the bottom. While it follows it stays there; scrolled up it
// stays with the rows in sight; paused it keeps what it showed, whatever comes in. A filter hides rows and destroys
// none.
type logPanel struct {
	ui   *UI
	box  *fyne.Container
	tab  *table
	note *line
	line *filterLine

	follow *widget.Check
	pause  *widget.Button
	save   *widget.Button
	detail *detail
	story  *storyPanel
	steer  *fyne.Container // pause and follow
	list   *fyne.Container // all but the story

	history *oplog.History
	src     record    // the history, or the copy of it that was made for a pause
	rows    selection // what is listed
	page    []oplog.Event
	have    []bool // which events of page are there still
	from    int    // row of page[0]

	match   func(*oplog.Event) bool // nil for all
	scanned uint64                  // positions before it were matched
	fresh   bool                    // nothing was found for match yet; the rows are those of the filter before
	again   bool                    // all is being matched anew; the rows stay until that is done
	anew    []uint64                // what was found of it so far
	busy    bool                    // positions are being matched
	edition int                     // counts what makes an answer from another goroutine outdated

	paused    bool
	viewing   bool            // a saved log is shown, which stands still
	bookmarks map[uint64]bool // positions
	dropped   uint64
	hazards   uint64                            // found in all
	marks     atomic.Pointer[activity.Snapshot] // that tells hazards to the filter
	asks      bool                              // the filter depends on hazards
	told      uint64                            // Snapshot.HazardChanges when all was matched last
	rematched pace
	noted     pace
}

// logColumns are the columns of the log, in the order of logPanel.row.
func logColumns() []column {
	return []column{
		{key: "mark", title: "", chars: 2},
		{key: "time", title: tr("Time"), chars: 15},
		{key: "gap", title: tr("Gap"), chars: 8, right: true, drop: 2},
		{key: "operation", title: tr("Operation"), chars: 11},
		{key: "file", title: tr("File"), chars: 20, flex: true},
		{key: "handle", title: tr("Handle"), chars: 7, right: true, drop: 5},
		{key: "offset", title: tr("Offset"), chars: 13, right: true, drop: 6},
		{key: "size", title: tr("Size"), chars: 9, right: true, drop: 4},
		{key: "result", title: tr("Result"), chars: 9, right: true},
		{key: "took", title: tr("Took"), chars: 7, right: true},
		{key: "process", title: tr("Process"), chars: 14, drop: 1},
	}
}

func newLogPanel(u *UI, t *tip) *logPanel {
	p := &logPanel{ui: u, note: muted(""), bookmarks: map[uint64]bool{}}
	p.tab = newTable(p, t, logColumns())
	g := p.tab.grid
	g.sorted, g.sort = p.timeColumn(), p.sort
	g.scrolled, g.picked, g.menu, g.typed = p.personScrolled, p.personPicked, p.rowMenu, p.typed
	p.follow = widget.NewCheck(tr("Follow"), p.setFollow)
	p.follow.SetChecked(true)
	p.pause = widget.NewButtonWithIcon(tr("Pause"), theme.MediaPauseIcon(), p.togglePause)
	p.save = widget.NewButtonWithIcon(tr("Save…"), theme.DocumentSaveIcon(), p.showSaveMenu)
	p.detail = newDetail(p.closeDetail)
	p.line = newFilterLine(u, p.setFilter)
	p.story = newStoryPanel(u, t, p.closeStory)
	p.story.again = p.retell
	g.opened = p.openStory
	p.list = container.NewBorder(p.buildTools(t), p.buildBottom(), nil, nil, p.tab.box)
	p.box = container.NewStack(p.list, p.story.box)
	return p
}

func (p *logPanel) buildTools(t *tip) fyne.CanvasObject {
	pause := container.New(leastSize{fyne.NewSize(p.widestPause(), 0)}, p.pause)
	before := newIconButton(theme.NewErrorThemedResource(theme.MoveUpIcon()), tr("Previous error"), shifted("E"), t, func() { p.jumpToError(-1) })
	after := newIconButton(theme.NewErrorThemedResource(theme.MoveDownIcon()), tr("Next error"), "E", t, func() { p.jumpToError(1) })
	p.steer = container.New(layout.NewCustomPaddedHBoxLayout(4), pause, p.follow)
	right := container.New(layout.NewCustomPaddedHBoxLayout(2), before, after, p.save)
	return padded(4, 4, 4, 4, container.New(layout.NewBorderLayout(nil, nil, p.steer, right), p.steer, right, padded(0, 0, 4, 4, p.line.box)))
}

// widestPause is the width that the pause button needs for either of its labels.
func (p *logPanel) widestPause() float32 {
	w := p.pause.MinSize().Width
	other := widget.NewButtonWithIcon(tr("Resume"), theme.MediaPlayIcon(), nil)
	return max(w, other.MinSize().Width)
}

func (p *logPanel) buildBottom() fyne.CanvasObject {
	return container.NewBorder(nil, padded(3, 2, noteMargin, noteMargin, p.note), nil, nil, p.detail.box)
}

// noteMargin is the room at the left and the right of the line below the list.
const noteMargin = 6

func (p *logPanel) object() fyne.CanvasObject { return p.box }
func (p *logPanel) grid() *grid               { return p.tab.grid }

func (p *logPanel) show(a *activity.Snapshot, s Status) {
	p.dropped, p.hazards = a.Dropped, 0
	for _, n := range a.HazardCounts {
		p.hazards += n
	}
	p.marks.Store(a)
	p.advance()
	p.story.follow(a)
	p.rematch(a)
	title, help := unlessMounted(s, tr("No operations yet"),
		tr("Every operation on the mounted folder is listed here, the newest at the bottom."))
	if p.rows.listed && p.kept() > 0 {
		title, help = tr("No operation matches the filter"), tr("Nothing is lost: clear the filter, or press Escape in it, and all operations are listed again.")
	}
	p.tab.update(title, help)
	p.stayAtBottom()
	if p.noted.due(figureInterval) {
		p.showNote()
	}
}

// view shows a saved log from its beginning: there is nothing to follow or to pause.
func (p *logPanel) view() {
	p.viewing = true
	p.follow.SetChecked(false)
	p.steer.Hide()
}

func (p *logPanel) stayAtBottom() {
	if p.follow.Checked && !p.paused {
		p.tab.grid.toBottom()
	}
}

// kept is how many operations could be listed.
func (p *logPanel) kept() uint64 { return p.rows.next - p.rows.first }

// advance moves on to what the history holds now; rows that are looked at stay where they are.
func (p *logPanel) advance() {
	h := p.ui.ctl.History()
	if h != p.history {
		p.restart(h)
	}
	if h == nil {
		return
	}
	if !p.paused {
		first, next := h.Bounds()
		gone := p.rows.cutBefore(first)
		p.rows.next = next
		p.rowsWent(gone)
	}
	p.scan()
}

// restart begins with another history.
func (p *logPanel) restart(h *oplog.History) {
	p.history, p.paused = h, false
	p.src = p.live()
	p.rows = selection{listed: p.match != nil}
	p.scanned, p.again, p.told = 0, false, 0
	p.edition++
	clear(p.bookmarks)
	p.tab.grid.picks.clear()
	p.showPause()
	p.detail.hide()
	p.showList()
}

// rowsWent keeps the rows in sight where they are although some above them fell out.
func (p *logPanel) rowsWent(gone int) {
	if gone <= 0 || p.follow.Checked {
		return
	}
	g := p.tab.grid
	g.rowCount = p.len()
	g.scrollTo(g.scroll.Offset.Y - float32(gone)*gridRow)
}

// live is the history as a record, nil where there is none.
func (p *logPanel) live() record {
	if p.history == nil {
		return nil
	}
	return p.history
}

// inHazard answers the filter, from any goroutine.
func (p *logPanel) inHazard(seq uint64) bool { return p.marks.Load().InHazard(seq) }

// rematchInterval is how often all is matched anew at most because hazards were found.
const rematchInterval = time.Second

// rematch matches all anew where the filter depends on hazards and others were found: an operation may become part of one
// long after it ended. A pause keeps what it shows.
func (p *logPanel) rematch(a *activity.Snapshot) {
	if !p.asks || p.paused || p.fresh || p.again || p.told == a.HazardChanges || !p.rematched.due(rematchInterval) {
		return
	}
	p.told = a.HazardChanges
	p.edition++
	p.scanned, p.again, p.anew = 0, true, nil
	p.scan()
}

// setFilter lists only what matches; nil lists all. With hazards, what matches changes as they are found.
func (p *logPanel) setFilter(match func(*oplog.Event) bool, hazards bool) {
	p.match, p.asks, p.told = match, hazards, p.ui.window.snap.HazardChanges
	p.marks.Store(p.ui.window.snap)
	p.edition++
	p.scanned, p.fresh, p.again = 0, true, false
	if match == nil {
		p.rows.list, p.rows.listed, p.rows.sorted = nil, false, false
		p.found()
		return
	}
	p.scan()
}

// scan matches what came in since the last time, off the UI goroutine, a piece at a time.
func (p *logPanel) scan() {
	from := max(p.scanned, p.rows.first)
	to := min(p.rows.next, from+scanPiece)
	if p.match == nil || p.busy || p.src == nil || from >= to && !p.fresh {
		return
	}
	p.busy = true
	src, match, edition := p.src, p.match, p.edition
	var positions []uint64
	p.ui.aside(func() { positions = scan(src, match, from, to) }, func() {
		p.busy = false
		if edition == p.edition {
			p.take(positions, to)
		}
		p.scan()
	})
}

// take lists what was found before position to.
func (p *logPanel) take(positions []uint64, to uint64) {
	if p.again {
		p.takeAnew(positions, to)
		return
	}
	if p.fresh || !p.rows.listed {
		p.rows.list, p.rows.listed, p.rows.sorted = nil, true, false
	}
	p.rows.list = append(p.rows.list, positions...)
	p.scanned = to
	if to >= p.rows.next || p.fresh {
		p.found()
	}
}

// takeAnew gathers what was found before position to, and lists it once that is all.
func (p *logPanel) takeAnew(positions []uint64, to uint64) {
	p.anew = append(p.anew, positions...)
	p.scanned = to
	if to < p.rows.next {
		return
	}
	p.rows.list, p.again, p.anew = p.anew, false, nil
	p.rows.cutBefore(p.rows.first)
	p.found()
}

// found shows the rows of a filter, with the selected one in sight.
func (p *logPanel) found() {
	p.fresh = false
	if p.sorting() {
		p.sortRows()
	}
	p.noted = pace{}
	p.ui.window.refresh()
	if row := p.tab.grid.cursorRow(); row >= 0 && !p.follow.Checked {
		p.tab.grid.reveal(row)
	}
}

func (p *logPanel) len() int           { return p.rows.len() }
func (p *logPanel) id(row int) uint64  { return p.rows.position(row) + 1 }
func (p *logPanel) find(id uint64) int { return p.rows.row(id - 1) }

// load reads the rows asked for, and the one before them, from which the first gap is counted.
func (p *logPanel) load(from, n int) {
	before := min(from, 1)
	p.from = from - before
	n = min(n+before, p.len()-p.from)
	if p.src == nil || n <= 0 {
		p.page, p.have = p.page[:0], p.have[:0]
		return
	}
	p.page, p.have = slices.Grow(p.page[:0], n)[:n], slices.Grow(p.have[:0], n)[:n]
	clear(p.have)
	for i := 0; i < n; {
		pos, run := p.rows.position(p.from+i), p.run(p.from+i, n-i)
		at, got := p.src.Read(p.page[i:i+run], pos)
		if at == pos {
			for k := range got {
				p.have[i+k] = true
			}
		}
		i += run
	}
}

// run is how many rows, at most n, have consecutive positions from row on.
func (p *logPanel) run(row, n int) int {
	if !p.rows.listed {
		return n
	}
	k := 1
	for k < n && p.rows.list[row+k] == p.rows.list[row]+uint64(k) {
		k++
	}
	return k
}

// event returns the event of a row that was loaded, nil where it has fallen out since.
func (p *logPanel) event(row int) *oplog.Event {
	i := row - p.from
	if i < 0 || i >= len(p.page) || !p.have[i] {
		return nil
	}
	return &p.page[i]
}

func (p *logPanel) row(i int, c []cell) (tint fyne.ThemeColorName) {
	e := p.event(i)
	if e == nil {
		return ""
	}
	c[0] = p.markOf(p.rows.position(i), e)
	c[1] = cell{text: clock(e.Wall), tone: colorMuted}
	if g := p.gapBefore(i, e); g != noGap {
		c[2] = cell{text: gap(time.Duration(g)), tone: colorMuted}
	}
	c[3].text = e.Op.String()
	c[4].text = paths(e)
	c[5] = cell{text: handle(e.Handle), tone: colorMuted}
	c[6].text, c[7].text = extent(e)
	c[8] = result(e)
	c[9] = cell{text: duration(time.Duration(e.Duration)), tone: ageTone(time.Duration(e.Duration))}
	c[10] = cell{text: process(e.Proc, e.PID), tone: colorMuted}
	return ""
}

// gapBefore is the time from the row before e's in the order of time, noGap where there is none.
func (p *logPanel) gapBefore(i int, e *oplog.Event) int64 {
	if p.rows.sorted {
		return p.rows.gaps[i]
	}
	if before := p.event(i - 1); before != nil {
		return e.Mono - before.Mono
	}
	return noGap
}

// markOf shows bookmarks, and operations that have part in a hazard.
func (p *logPanel) markOf(pos uint64, e *oplog.Event) cell {
	hazard := p.ui.window.snap.InHazard(e.Seq)
	switch {
	case hazard && p.bookmarks[pos]:
		return cell{text: "★▲", tone: theme.ColorNameWarning}
	case hazard:
		return cell{text: " ▲", tone: theme.ColorNameWarning}
	case p.bookmarks[pos]:
		return cell{text: "★", tone: theme.ColorNamePrimary}
	default:
		return cell{}
	}
}

// openStory tells the story of a row's operation in place of the list.
func (p *logPanel) openStory(row int) {
	if p.src == nil || row < 0 {
		return
	}
	if e := p.eventAt(p.rows.position(row)); e != nil {
		p.openStoryOf(e.Seq)
	}
}

// showList shows the list where a story stood.
func (p *logPanel) showList() {
	if p.story.box.Visible() {
		p.story.hide()
		p.list.Show()
	}
}

// result writes how an operation ended.
func result(e *oplog.Event) cell {
	switch {
	case e.Flags&oplog.Panicked != 0:
		return cell{text: tr("panic") + " " + errno(e.Errno), tone: theme.ColorNameError}
	case e.Errno != 0 && !activity.IsError(*e):
		return cell{text: errno(e.Errno), tone: theme.ColorNameWarning}
	case e.Errno != 0:
		return cell{text: errno(e.Errno), tone: theme.ColorNameError}
	case e.Op == oplog.Write && e.Result < e.Size:
		return cell{text: count(e.Result), tone: theme.ColorNameWarning}
	case e.Op == oplog.Read || e.Op == oplog.Write || e.Op == oplog.Readdir:
		return cell{text: count(e.Result)}
	default:
		return cell{text: tr("ok"), tone: colorMuted}
	}
}

func (p *logPanel) showNote() {
	text, tone := fmt.Sprintf(tr("shown %s of %s; %s dropped"), count(p.len()), count(p.kept()), count(p.dropped)), colorMuted
	if p.viewing {
		text = fmt.Sprintf(tr("shown %s of %s"), count(p.len()), count(p.kept()))
	}
	if p.dropped > 0 {
		tone = theme.ColorNameWarning
	}
	if p.viewing && p.dropped > 0 {
		text += " · " + fmt.Sprintf(tr("%s are missing in the file"), count(p.dropped))
	}
	if p.paused && p.history != nil {
		_, next := p.history.Bounds()
		text += " · " + fmt.Sprintf(tr("paused, %s newer"), count(next-p.rows.next))
	}
	if p.hazards > 0 {
		text += " · " + fmt.Sprintf(tr("hazards: %s"), count(p.hazards))
	}
	if n := len(p.bookmarks); n > 0 {
		text += " · " + fmt.Sprintf(tr("bookmarks: %d"), n)
	}
	if wrong := p.line.complaint(); wrong != "" {
		text, tone = wrong+" · "+text, theme.ColorNameError
	}
	if room := p.box.Size().Width - 2*noteMargin; room > 0 {
		text = fitText(text, room, sizeCaption, fyne.TextStyle{})
	}
	p.note.set(text, tone)
}

// setFollow answers the Follow box.
func (p *logPanel) setFollow(on bool) {
	if !on {
		return
	}
	if p.paused {
		p.togglePause()
	}
	p.tab.grid.toBottom()
}

// personScrolled lets go of the newest row when the person scrolls away from it, and takes hold again at the bottom.
func (p *logPanel) personScrolled() {
	bottom := p.tab.grid.atBottom()
	if bottom != p.follow.Checked && !p.paused && !p.viewing {
		p.follow.SetChecked(bottom)
	}
}

// personPicked shows all that is known of the selected row's operation below the list.
func (p *logPanel) personPicked() {
	g := p.tab.grid
	row := g.cursorRow()
	if row < 0 {
		p.closeDetail()
		return
	}
	p.follow.SetChecked(false) // else the selected row would run out of sight
	if e := p.eventAt(g.picks.cursor - 1); e != nil {
		p.detail.show(e, p.ui.window.snap.HazardsAt(e.Seq))
		p.list.Refresh()
		g.reveal(row)
	}
}

// eventAt reads the event at a position, nil where it has fallen out.
func (p *logPanel) eventAt(pos uint64) *oplog.Event {
	if p.src == nil {
		return nil
	}
	var e [1]oplog.Event
	if at, n := p.src.Read(e[:], pos); n == 1 && at == pos {
		return &e[0]
	}
	return nil
}

func (p *logPanel) closeDetail() {
	p.tab.grid.picks.clear()
	p.detail.hide()
	p.list.Refresh()
	p.tab.grid.update()
}

func (p *logPanel) rowMenu(row int) *fyne.Menu {
	pos := p.rows.position(row)
	e := p.eventAt(pos)
	if e == nil {
		return nil
	}
	all := describe(e)
	return p.ui.rowMenu(aboutEvent(e),
		fyne.NewMenuItem(tr("Story of this operation"), func() { p.openStory(p.rows.row(pos)) }),
		fyne.NewMenuItem(tr("Copy all that is known of it"), func() { p.ui.copy(all) }),
		fyne.NewMenuItem(tr("Set or remove bookmark"), func() { p.bookmark(pos) }))
}

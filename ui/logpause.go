package ui

import (
	"maps"
	"slices"

	"fyne.io/fyne/v2/theme"

	"vitrine/fusefs/oplog"
)

// togglePause freezes the rows, or lets them go on. What happens meanwhile is recorded all the same.
func (p *logPanel) togglePause() {
	if p.paused {
		p.resume()
		return
	}
	p.paused = true
	p.showPause()
	p.showNote()
	h := p.history
	if h == nil {
		return
	}
	k := &kept{}
	p.ui.aside(func() { k.events, k.from = h.All() }, func() {
		if p.paused && p.history == h {
			p.freeze(k)
		}
	})
}

// freeze takes the rows from a copy, without what came after the pause began.
func (p *logPanel) freeze(k *kept) {
	if first, next := k.Bounds(); next > p.rows.next && p.rows.next > first {
		k.events = k.events[:p.rows.next-first]
	}
	p.src = k
	first, next := k.Bounds()
	p.rowsWent(p.rows.cutBefore(first))
	p.rows.next = next
	if p.sorting() {
		p.sortRows()
	}
	p.ui.window.refresh()
}

func (p *logPanel) resume() {
	g := p.tab.grid
	p.paused, p.src = false, p.live()
	if p.rows.sorted {
		p.edition++
		p.unsort()
	}
	g.sorted, g.down = p.timeColumn(), false
	p.showPause()
	p.noted = pace{}
	p.ui.window.refresh()
}

func (p *logPanel) showPause() {
	if p.paused {
		p.pause.SetText(tr("Resume"))
		p.pause.SetIcon(theme.MediaPlayIcon())
		return
	}
	p.pause.SetText(tr("Pause"))
	p.pause.SetIcon(theme.MediaPauseIcon())
}

func (p *logPanel) timeColumn() int {
	return slices.IndexFunc(p.tab.grid.cols, func(c column) bool { return c.key == "time" })
}

// sorting says whether the person asked for another order than that of time.
func (p *logPanel) sorting() bool {
	g := p.tab.grid
	return g.sorted != p.timeColumn() || g.down
}

// sort answers a click on a title. Rows that are sorted by anything but time stand still: the log pauses.
func (p *logPanel) sort() {
	switch {
	case !p.sorting():
		p.edition++
		p.unsort()
	case p.viewing:
		p.sortRows()
	case !p.paused:
		p.togglePause() // sorts when the copy is made
	case p.src != p.live():
		p.sortRows()
	}
}

// unsort returns to the order of time.
func (p *logPanel) unsort() {
	p.rows.sorted = false
	if p.match == nil {
		p.rows.list, p.rows.listed = nil, false
		return
	}
	p.rows.list = slices.Sorted(slices.Values(p.rows.list))
}

// sortRows sorts the rows off the UI goroutine.
func (p *logPanel) sortRows() {
	p.edition++
	g, edition, src := p.tab.grid, p.edition, p.src
	compare, down := logOrder[g.cols[g.sorted].key], g.down
	rows, mark := p.rows, p.marking()
	var list []uint64
	var gaps []int64
	p.ui.aside(func() {
		list, gaps = sortRows(rowsAt(src, rows.positions(), mark), compare, down)
	}, func() {
		if edition == p.edition && (p.paused || p.viewing) {
			p.rows.list, p.rows.gaps, p.rows.listed, p.rows.sorted = list, gaps, true, true
			p.ui.window.refresh()
			p.tab.grid.toRow(0)
		}
	})
}

// marking returns what ranks rows by their marks, off the UI goroutine: both a hazard and a bookmark, a hazard, a bookmark,
// none.
func (p *logPanel) marking() func(*oplog.Event, uint64) int {
	snap, bookmarks := p.ui.window.snap, maps.Clone(p.bookmarks)
	return func(e *oplog.Event, pos uint64) int {
		rank := 3
		if snap.InHazard(e.Seq) {
			rank -= 2
		}
		if bookmarks[pos] {
			rank--
		}
		return rank
	}
}

// jump selects the next row in a direction, 1 or -1, that is wanted; where there is none it says so.
func (p *logPanel) jump(step int, wanted func(*oplog.Event, uint64) bool, none string) {
	g := p.tab.grid
	if p.src == nil {
		return
	}
	row := g.cursorRow()
	switch {
	case row >= 0:
		row += step
	case step < 0:
		row = p.len() - 1
	default:
		row = g.seen.first
	}
	src, rows := p.src, p.rows
	var pos uint64
	var ok bool
	p.ui.aside(func() { pos, ok = seek(src, rows, row, step, wanted) }, func() {
		if row := p.rows.row(pos); ok && row >= 0 {
			g.pick(row)
			g.reveal(row)
			return
		}
		p.note.set(none, theme.ColorNameWarning)
		p.noted.due(0)
	})
}

func (p *logPanel) jumpToError(step int) {
	none := tr("No failed operation below this one")
	if step < 0 {
		none = tr("No failed operation above this one")
	}
	p.jump(step, func(e *oplog.Event, _ uint64) bool { return failed(e) }, none)
}

func (p *logPanel) jumpToBookmark(step int) {
	marked := maps.Clone(p.bookmarks)
	none := tr("No bookmark below this row; B sets one")
	if step < 0 {
		none = tr("No bookmark above this row; B sets one")
	}
	p.jump(step, func(_ *oplog.Event, pos uint64) bool { return marked[pos] }, none)
}

func (p *logPanel) jumpToHazard(step int) {
	snap := p.ui.window.snap
	none := tr("No operation below this one has part in a hazard")
	if step < 0 {
		none = tr("No operation above this one has part in a hazard")
	}
	p.jump(step, func(e *oplog.Event, _ uint64) bool { return snap.InHazard(e.Seq) }, none)
}

// bookmark marks a position, or takes the mark away.
func (p *logPanel) bookmark(pos uint64) {
	if p.bookmarks[pos] {
		delete(p.bookmarks, pos)
	} else {
		p.bookmarks[pos] = true
	}
	p.showNote()
	p.tab.grid.update()
}

// typed answers a letter typed into the list.
func (p *logPanel) typed(r rune) {
	switch r {
	case ' ':
		if !p.viewing {
			p.togglePause()
		}
	case 'f', 'F':
		if !p.viewing {
			p.follow.SetChecked(!p.follow.Checked)
		}
	case 'e', 'n':
		p.jumpToError(1)
	case 'E', 'N':
		p.jumpToError(-1)
	case 'h':
		p.jumpToHazard(1)
	case 'H':
		p.jumpToHazard(-1)
	case 'm':
		p.jumpToBookmark(1)
	case 'M':
		p.jumpToBookmark(-1)
	case 'd':
		p.detail.reader.turn(readOn)
	case 'D':
		p.detail.reader.turn(-readOn)
	case 'b', 'B':
		if g := p.tab.grid; g.cursorRow() >= 0 {
			p.bookmark(g.picks.cursor - 1)
		}
	default:
		p.ui.window.typedRune(r)
	}
}

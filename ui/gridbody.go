package ui

import (
	"image/color"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// doubleClick is how long after a click a second one on the same row opens it.
const doubleClick = 400 * time.Millisecond

// gridBody is the invisible sheet that is scrolled. It takes the mouse and the keys, and carries the texts for which
// the pen lacks letters.
type gridBody struct {
	widget.BaseWidget
	g     *grid
	texts []*canvas.Text
	used  int

	focused bool
	held    fyne.KeyModifier // held down when the mouse button was pressed
	shift   bool             // held down now
	clicked time.Time        // the last click
	on      uint64           // row of the last click
}

var (
	_ desktop.Hoverable      = (*gridBody)(nil)
	_ desktop.Mouseable      = (*gridBody)(nil)
	_ desktop.Keyable        = (*gridBody)(nil)
	_ fyne.Tappable          = (*gridBody)(nil)
	_ fyne.SecondaryTappable = (*gridBody)(nil)
)

func newGridBody(g *grid) *gridBody {
	b := &gridBody{g: g}
	b.ExtendBaseWidget(b)
	return b
}

func (b *gridBody) MinSize() fyne.Size {
	return fyne.NewSize(b.g.leastWidth(), float32(b.g.rowCount)*gridRow+b.g.rest())
}

func (b *gridBody) CreateRenderer() fyne.WidgetRenderer { return &gridBodyRenderer{b} }

type gridBodyRenderer struct{ b *gridBody }

func (r *gridBodyRenderer) Destroy()           {}
func (r *gridBodyRenderer) Layout(fyne.Size)   {}
func (r *gridBodyRenderer) MinSize() fyne.Size { return r.b.MinSize() }
func (r *gridBodyRenderer) Refresh()           {}
func (r *gridBodyRenderer) Objects() []fyne.CanvasObject {
	out := make([]fyne.CanvasObject, r.b.used)
	for i := range out {
		out[i] = r.b.texts[i]
	}
	return out
}

// overlay sets the texts for the cells in sight that the pen cannot write.
func (b *gridBody) overlay() {
	g, before := b.g, b.used
	b.used = 0
	var at []span
	for i, cells := range g.seen.cells {
		for j, c := range cells {
			if plain(c.text) || cellPen(1).knows(c.text) {
				continue
			}
			if at == nil {
				at = g.spans(b.Size().Width)
			}
			if at[j].chars == 0 {
				continue
			}
			b.place(c, at[j], g.cols[j].right, float32(g.seen.first+i)*gridRow)
		}
	}
	if b.used > 0 || before > 0 {
		canvas.Refresh(b)
	}
}

// plain says whether every letter of s is ASCII, which the pen always knows.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func (b *gridBody) place(c cell, at span, right bool, y float32) {
	if b.used == len(b.texts) {
		t := canvas.NewText("", nil)
		t.TextSize = sizeCell
		b.texts = append(b.texts, t)
	}
	t := b.texts[b.used]
	b.used++
	t.Text, t.Color, t.Alignment = fitText(c.text, at.width, sizeCell, fyne.TextStyle{}), toneColor(c.tone), fyne.TextAlignLeading
	if right {
		t.Alignment = fyne.TextAlignTrailing
	}
	height := t.MinSize().Height
	t.Move(fyne.NewPos(at.x, y+(gridRow-height)/2-1))
	t.Resize(fyne.NewSize(at.width, height))
}

func toneColor(t fyne.ThemeColorName) color.Color {
	if t == "" {
		t = theme.ColorNameForeground
	}
	return shade(t)
}

func (b *gridBody) rowAt(p fyne.Position) int {
	i := int(p.Y / gridRow)
	if p.Y < 0 || i >= b.g.rowCount {
		return -1
	}
	return i
}

func (b *gridBody) MouseIn(e *desktop.MouseEvent) { b.MouseMoved(e) }

func (b *gridBody) MouseMoved(e *desktop.MouseEvent) {
	row := b.rowAt(e.Position)
	if row != b.g.seen.hover {
		b.g.seen.hover = row
		b.g.update()
	}
	b.g.hint(row, e)
}

func (b *gridBody) MouseOut() {
	b.g.seen.hover = -1
	b.g.update()
	if b.g.tip != nil {
		b.g.tip.hide()
	}
}

// hint shows the whole text of a cell that is cut short.
func (g *grid) hint(row int, e *desktop.MouseEvent) {
	if g.tip == nil {
		return
	}
	i := row - g.seen.first
	if row >= 0 && i >= 0 && i < len(g.seen.cells) {
		for j, s := range g.spans(g.body.Size().Width) {
			text := g.seen.cells[i][j].text
			if e.Position.X >= s.x && e.Position.X < s.x+s.width && s.cuts(text) {
				g.tip.show(text, e.AbsolutePosition)
				return
			}
		}
	}
	g.tip.hide()
}

// cuts says whether a text is not shown whole in the column.
func (s span) cuts(text string) bool {
	if plain(text) || cellPen(1).knows(text) {
		return len([]rune(text)) > s.chars
	}
	return fitText(text, s.width, sizeCell, fyne.TextStyle{}) != text
}

// MouseDown notes what is held down: Tapped is not told.
func (b *gridBody) MouseDown(e *desktop.MouseEvent) { b.held = e.Modifier }
func (b *gridBody) MouseUp(*desktop.MouseEvent)     {}

// Tapped selects a row: with Shift all up to it, with Ctrl or Cmd it beside the others. Twice on one row opens it.
func (b *gridBody) Tapped(e *fyne.PointEvent) {
	b.takeFocus()
	row := b.rowAt(e.Position)
	if row < 0 {
		return
	}
	g, id := b.g, b.g.src.id(row)
	again := id == b.on && time.Since(b.clicked) < doubleClick
	b.on, b.clicked = id, time.Now()
	switch {
	case b.held&fyne.KeyModifierShift != 0:
		g.extend(row)
	case b.held&fyne.KeyModifierShortcutDefault != 0:
		g.toggle(row)
	case again && g.opened != nil:
		g.opened(row)
	default:
		g.pick(row)
	}
}

func (b *gridBody) takeFocus() {
	if c := fyne.CurrentApp().Driver().CanvasForObject(b); c != nil {
		c.Focus(b)
	}
}

func (b *gridBody) TappedSecondary(e *fyne.PointEvent) {
	row := b.rowAt(e.Position)
	if row < 0 || b.g.menu == nil {
		return
	}
	b.takeFocus()
	if !b.g.picks.has(b.g.src.id(row)) {
		b.g.pick(row)
	}
	b.popUp(row, e.AbsolutePosition)
}

// popUp shows the menu of a row at a position in the window.
func (b *gridBody) popUp(row int, at fyne.Position) {
	c := fyne.CurrentApp().Driver().CanvasForObject(b)
	if m := b.g.menu(row); c != nil && m != nil && len(m.Items) > 0 {
		if b.g.tip != nil {
			b.g.tip.hide()
		}
		widget.ShowPopUpMenuAtPosition(m, c, at)
	}
}

func (b *gridBody) FocusGained() {
	b.focused = true
	b.g.update()
}

func (b *gridBody) FocusLost() {
	b.focused, b.shift = false, false
	b.g.update()
}

// TypedRune sorts, makes a column wider or narrower, or hands the letter on.
func (b *gridBody) TypedRune(r rune) {
	switch {
	case r == 's' && b.g.sort != nil:
		b.g.sortByNext()
	case r == 'S' && b.g.sort != nil:
		b.g.sortBy(b.g.sorted)
	case r == '<':
		b.g.widen(-1)
	case r == '>':
		b.g.widen(1)
	case b.g.typed != nil:
		b.g.typed(r)
	}
}

func (b *gridBody) KeyDown(e *fyne.KeyEvent) { b.hold(e.Name, true) }
func (b *gridBody) KeyUp(e *fyne.KeyEvent)   { b.hold(e.Name, false) }

func (b *gridBody) hold(k fyne.KeyName, down bool) {
	if k == desktop.KeyShiftLeft || k == desktop.KeyShiftRight {
		b.shift = down
	}
}

// TypedKey moves the selection, opens the selected row and lets go of it.
func (b *gridBody) TypedKey(e *fyne.KeyEvent) {
	g := b.g
	row := g.cursorRow()
	page := max(1, int(g.scroll.Size().Height/gridRow)-1)
	switch e.Name {
	case fyne.KeyUp:
		b.moveTo(row-1, g.seen.first)
	case fyne.KeyDown:
		b.moveTo(row+1, g.seen.first)
	case fyne.KeyPageUp:
		b.moveTo(row-page, g.seen.first)
	case fyne.KeyPageDown:
		b.moveTo(row+page, g.seen.first+page)
	case fyne.KeyHome:
		b.moveTo(0, 0)
	case fyne.KeyEnd:
		b.moveTo(g.rowCount-1, g.rowCount-1)
	case fyne.KeyReturn, fyne.KeyEnter:
		if row >= 0 && g.opened != nil {
			g.opened(row)
		}
	case desktop.KeyMenu:
		b.menuAtCursor(row)
	case fyne.KeyF10:
		if b.shift {
			b.shift = false // the menu is told of its end
			b.menuAtCursor(row)
		}
	case fyne.KeyEscape:
		g.picks.clear()
		g.tellPicked()
	default:
		if g.pressed != nil {
			g.pressed(e)
		}
	}
}

// menuAtCursor shows the menu of the selected row below it.
func (b *gridBody) menuAtCursor(row int) {
	if row < 0 || b.g.menu == nil {
		return
	}
	b.g.reveal(row)
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(b)
	b.popUp(row, at.AddXY(gridEdge, float32(row+1)*gridRow))
}

// moveTo selects a row, or the other one while none is selected.
func (b *gridBody) moveTo(row, other int) {
	g := b.g
	if g.rowCount == 0 {
		return
	}
	if g.cursorRow() < 0 {
		row = other
	}
	row = max(0, min(row, g.rowCount-1))
	if b.shift {
		g.extend(row)
	} else {
		g.pick(row)
	}
	g.reveal(row)
	if g.scrolled != nil {
		g.scrolled()
	}
}

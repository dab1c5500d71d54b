package ui

import (
	"hash/maphash"
	"image"
	"image/color"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Measures of a grid, in Fyne's units.
const (
	gridRow    = 21
	gridHeader = 25
	gridGroup  = 17 // above the header, where columns have groups
	gridEdge   = 10 // left and right of a row
	gridGap    = 14 // between columns
)

// column describes one column of a grid.
type column struct {
	title string
	chars int    // width in letters; the least width where flex is set
	flex  bool   // takes its share of the room that is left
	right bool   // aligned to the right, as numbers are
	line  bool   // a line stands before it
	group string // stands above the titles, from this column on
}

// cell is what stands in one column of one row.
type cell struct {
	text string
	tone fyne.ThemeColorName // "" is the usual colour of text
}

// rows feeds a grid. Rows are numbered from 0. It is used on the UI goroutine.
type rows interface {
	// len returns how many rows there are.
	len() int
	// load announces that the rows from … from+n-1 are asked for next.
	load(from, n int)
	// row fills in the cells of a row; they come empty.
	row(i int, cells []cell)
}

// grid is a table of many rows that costs only what is visible: it draws its rows into one image, and only when a
// cell in sight changed.
type grid struct {
	widget.BaseWidget

	cols []column
	src  rows

	tapped   func(row int)            // a row was chosen; may be nil
	scrolled func()                   // the person scrolled; may be nil
	menu     func(row int) *fyne.Menu // for the secondary button; may be nil
	selected func(row int) bool       // may be nil
	tip      *tip                     // shows texts that are cut short; may be nil

	raster *canvas.Raster
	img    *image.RGBA // drawn into anew each time: it is copied to the screen at once
	scroll *container.Scroll
	body   *gridBody

	seen     view   // what is drawn
	print    uint64 // hash of seen
	rowCount int
	setting  bool // the scroll position is being set by the program
}

// head is the height of the titles.
func (g *grid) head() float32 {
	for _, c := range g.cols {
		if c.group != "" {
			return gridHeader + gridGroup
		}
	}
	return gridHeader
}

// view is what of a grid is visible.
type view struct {
	first int     // the uppermost row
	shift float32 // how much of it is scrolled out of sight, in units
	left  float32 // how far it is scrolled to the right, in units
	hover int     // row under the mouse, -1 for none
	cells [][]cell
	marks []bool // selected rows
}

func newGrid(src rows, cols []column) *grid {
	g := &grid{cols: cols, src: src}
	g.seen.hover = -1
	g.body = newGridBody(g)
	g.scroll = container.NewScroll(g.body)
	g.scroll.OnScrolled = func(fyne.Position) {
		g.update()
		if g.scrolled != nil && !g.setting {
			g.scrolled()
		}
	}
	g.raster = canvas.NewRaster(g.paint)
	g.ExtendBaseWidget(g)
	return g
}

func (g *grid) CreateRenderer() fyne.WidgetRenderer { return &gridRenderer{g} }

type gridRenderer struct{ g *grid }

func (r *gridRenderer) Destroy() {}

func (r *gridRenderer) Layout(s fyne.Size) {
	r.g.raster.Resize(s)
	r.g.scroll.Move(fyne.NewPos(0, r.g.head()))
	r.g.scroll.Resize(fyne.NewSize(s.Width, s.Height-r.g.head()))
	r.g.body.Resize(r.g.body.MinSize().Max(r.g.scroll.Size()))
	r.g.redraw()
}

func (r *gridRenderer) MinSize() fyne.Size { return fyne.NewSize(300, r.g.head()+3*gridRow) }

func (r *gridRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.g.raster, r.g.scroll}
}

func (r *gridRenderer) Refresh() {
	r.g.redraw()
	r.g.scroll.Refresh()
}

// update takes the rows in sight from the source and draws them where any of them changed. It says whether it drew.
func (g *grid) update() bool {
	if n := g.src.len(); n != g.rowCount {
		g.rowCount = n
		g.body.Resize(g.body.MinSize().Max(g.scroll.Size()))
		g.setting = true
		g.scroll.Refresh()
		g.setting = false
	}
	g.collect()
	p := g.fingerprint()
	if p == g.print {
		return false
	}
	g.print = p
	g.raster.Refresh()
	return true
}

// redraw draws whether or not something changed: for a new size or theme.
func (g *grid) redraw() {
	g.print = 0
	g.update()
}

// collect reads the rows in sight.
func (g *grid) collect() {
	v := &g.seen
	v.first = int(g.scroll.Offset.Y / gridRow)
	v.shift = g.scroll.Offset.Y - float32(v.first)*gridRow
	v.left = g.scroll.Offset.X
	n := int(math.Ceil(float64(max(g.Size().Height-g.head(), 0)+v.shift) / gridRow))
	n = max(0, min(n, g.rowCount-v.first))
	for len(v.cells) < n {
		v.cells = append(v.cells, make([]cell, len(g.cols)))
	}
	v.cells, v.marks = v.cells[:n], v.marks[:0]
	g.src.load(v.first, n)
	for i, cells := range v.cells {
		clear(cells)
		g.src.row(v.first+i, cells)
		v.marks = append(v.marks, g.selected != nil && g.selected(v.first+i))
	}
	g.body.overlay()
}

var gridSeed = maphash.MakeSeed()

func (g *grid) fingerprint() uint64 {
	var h maphash.Hash
	h.SetSeed(gridSeed)
	v := g.seen
	maphash.WriteComparable(&h, [...]float32{float32(v.first % 2), v.shift, v.left, float32(v.hover - v.first), g.Size().Width, g.Size().Height})
	for i, cells := range v.cells {
		maphash.WriteComparable(&h, v.marks[i])
		for _, c := range cells {
			maphash.WriteComparable(&h, c)
		}
	}
	return h.Sum64() | 1
}

// letter is the width of a letter, in Fyne's units.
func letterWidth() float32 {
	return fyne.MeasureText("0", sizeCell, fyne.TextStyle{Monospace: true}).Width
}

// span is where a column lies, in units from the left edge of a row, and how many letters fit.
type span struct {
	x, width float32
	chars    int
}

// spans lays the columns out for a width.
func (g *grid) spans(width float32) []span {
	letter := letterWidth()
	spare, flex := width-g.leastWidth(), 0
	for _, c := range g.cols {
		if c.flex {
			flex++
		}
	}
	out := make([]span, len(g.cols))
	x := float32(gridEdge)
	for i, c := range g.cols {
		w := float32(c.chars) * letter
		if c.flex && spare > 0 {
			w += spare / float32(flex)
		}
		out[i] = span{x: x, width: w, chars: int(w/letter + 0.01)}
		x += w + gridGap
	}
	return out
}

// leastWidth is the width below which the grid scrolls sideways.
func (g *grid) leastWidth() float32 {
	w := float32(2*gridEdge + (len(g.cols)-1)*gridGap)
	for _, c := range g.cols {
		w += float32(c.chars) * letterWidth()
	}
	return w
}

// toRow scrolls so that row i is the uppermost, as far as there are rows enough below it.
func (g *grid) toRow(i int) {
	g.scrollTo(float32(i) * gridRow)
}

func (g *grid) toBottom() { g.scrollTo(float32(g.rowCount) * gridRow) }

func (g *grid) scrollTo(y float32) {
	g.setting = true
	defer func() { g.setting = false }()
	g.scroll.ScrollToOffset(fyne.NewPos(g.scroll.Offset.X, max(0, min(y, g.lowest()))))
	g.update()
}

// lowest is the offset at which the last row stands at the bottom.
func (g *grid) lowest() float32 {
	return max(0, g.body.MinSize().Height-g.scroll.Size().Height)
}

func (g *grid) atBottom() bool { return g.scroll.Offset.Y >= g.lowest()-gridRow/2 }

// gridBody is the invisible sheet that is scrolled. It takes the mouse and the keys, and carries the texts for which
// the pen lacks letters.
type gridBody struct {
	widget.BaseWidget
	g     *grid
	texts []*canvas.Text
	used  int
}

var (
	_ desktop.Hoverable      = (*gridBody)(nil)
	_ fyne.Tappable          = (*gridBody)(nil)
	_ fyne.SecondaryTappable = (*gridBody)(nil)
	_ fyne.Focusable         = (*gridBody)(nil)
)

func newGridBody(g *grid) *gridBody {
	b := &gridBody{g: g}
	b.ExtendBaseWidget(b)
	return b
}

func (b *gridBody) MinSize() fyne.Size {
	return fyne.NewSize(b.g.leastWidth(), float32(b.g.rowCount)*gridRow)
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
			if e.Position.X >= s.x && e.Position.X < s.x+s.width && len([]rune(text)) > s.chars {
				g.tip.show(text, e.AbsolutePosition)
				return
			}
		}
	}
	g.tip.hide()
}

func (b *gridBody) Tapped(e *fyne.PointEvent) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(b); c != nil {
		c.Focus(b)
	}
	if row := b.rowAt(e.Position); row >= 0 && b.g.tapped != nil {
		b.g.tapped(row)
		b.g.update()
	}
}

func (b *gridBody) TappedSecondary(e *fyne.PointEvent) {
	row := b.rowAt(e.Position)
	if row < 0 || b.g.menu == nil {
		return
	}
	if c := fyne.CurrentApp().Driver().CanvasForObject(b); c != nil {
		widget.ShowPopUpMenuAtPosition(b.g.menu(row), c, e.AbsolutePosition)
	}
}

func (b *gridBody) FocusGained()   {}
func (b *gridBody) FocusLost()     {}
func (b *gridBody) TypedRune(rune) {}

// TypedKey scrolls.
func (b *gridBody) TypedKey(e *fyne.KeyEvent) {
	y, page := b.g.scroll.Offset.Y, b.g.scroll.Size().Height-gridRow
	switch e.Name {
	case fyne.KeyUp:
		y -= gridRow
	case fyne.KeyDown:
		y += gridRow
	case fyne.KeyPageUp:
		y -= page
	case fyne.KeyPageDown:
		y += page
	case fyne.KeyHome:
		y = 0
	case fyne.KeyEnd:
		y = b.g.lowest()
	default:
		return
	}
	b.g.scrollTo(y)
	if b.g.scrolled != nil {
		b.g.scrolled()
	}
}

package ui

import (
	"hash/maphash"
	"image"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
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

// cell is what stands in one column of one row.
type cell struct {
	text string
	tone fyne.ThemeColorName // "" is the usual colour of text
	done float32             // how much of a bar behind the text is filled, from 0 to 1; 0 for no bar
}

// rows feeds a grid. Rows are numbered from 0 and known by an id, which a row keeps wherever it moves. It is used on
// the UI goroutine.
type rows interface {
	// len returns how many rows there are.
	len() int
	// load announces that the rows from … from+n-1 are asked for next.
	load(from, n int)
	// row fills in the cells of a row, which come empty, and returns what colours its background, "" for nothing.
	row(i int, cells []cell) (tint fyne.ThemeColorName)
	// id returns what a row is known by.
	id(i int) uint64
	// find returns where the row with an id stands now, -1 where it is gone.
	find(id uint64) int
}

// grid is a table of many rows that costs only what is visible: it draws its rows into one image, and only when a
// cell in sight changed.
type grid struct {
	widget.BaseWidget

	cols []column
	src  rows

	arrangement
	picks picks

	opened   func(row int)            // a row was chosen by Enter or a double click; may be nil
	picked   func()                   // the person changed the selection; may be nil
	scrolled func()                   // the person scrolled; may be nil
	menu     func(row int) *fyne.Menu // for the secondary button; may be nil
	typed    func(r rune)             // a letter was typed while the grid has the focus; may be nil
	pressed  func(*fyne.KeyEvent)     // so was a key that means nothing to a table; may be nil
	tip      *tip                     // shows texts that are cut short; may be nil

	raster *canvas.Raster
	img    *image.RGBA // drawn into anew each time: it is copied to the screen at once
	scroll *container.Scroll
	body   *gridBody
	top    *gridHead

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
	marks []mark
}

// mark is how a row in sight looks as a whole.
type mark struct {
	picked, cursor bool
	tint           fyne.ThemeColorName
}

func newGrid(src rows, cols []column) *grid {
	g := &grid{cols: cols, src: src, arrangement: arrangement{sorted: -1, widths: map[string]int{}}}
	g.seen.hover = -1
	g.body = newGridBody(g)
	g.top = newGridHead(g)
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
	g := r.g
	g.raster.Resize(s)
	g.top.Resize(fyne.NewSize(s.Width, g.head()))
	g.scroll.Move(fyne.NewPos(0, g.head()))
	g.scroll.Resize(fyne.NewSize(s.Width, s.Height-g.head()))
	g.body.Resize(g.body.MinSize().Max(g.scroll.Size()))
	g.redraw()
}

func (r *gridRenderer) MinSize() fyne.Size { return fyne.NewSize(300, r.g.head()+3*gridRow) }

func (r *gridRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.g.raster, r.g.top, r.g.scroll}
}

func (r *gridRenderer) Refresh() {
	r.g.redraw()
	r.g.scroll.Refresh()
}

// update takes the rows in sight from the source and draws them where any of them changed. It says whether it drew.
func (g *grid) update() bool {
	if n := g.src.len(); n != g.rowCount {
		g.rowCount = n
		g.fit()
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

// fit gives the scrolled sheet the size of its rows.
func (g *grid) fit() {
	g.body.Resize(g.body.MinSize().Max(g.scroll.Size()))
	g.setting = true
	g.scroll.Refresh()
	g.setting = false
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
		tint := g.src.row(v.first+i, cells)
		id := g.src.id(v.first + i)
		v.marks = append(v.marks, mark{picked: g.picks.has(id), cursor: g.body.focused && g.picks.cursor == id, tint: tint})
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

// letterWidth is the width of a letter, in Fyne's units.
func letterWidth() float32 {
	return fyne.MeasureText("0", sizeCell, fyne.TextStyle{Monospace: true}).Width
}

// toRow scrolls so that row i is the uppermost, as far as there are rows enough below it.
func (g *grid) toRow(i int) {
	g.scrollTo(float32(i) * gridRow)
}

func (g *grid) toBottom() { g.scrollTo(float32(g.rowCount) * gridRow) }

// reveal scrolls as little as brings row i into sight.
func (g *grid) reveal(i int) {
	y, top, height := float32(i)*gridRow, g.scroll.Offset.Y, g.scroll.Size().Height
	switch {
	case y < top:
		g.scrollTo(y)
	case y+gridRow > top+height:
		g.scrollTo(y + gridRow - g.wholeRows(height))
	default:
		g.update()
	}
}

func (g *grid) scrollTo(y float32) {
	g.setting = true
	defer func() { g.setting = false }()
	g.scroll.ScrollToOffset(fyne.NewPos(g.scroll.Offset.X, max(0, min(y, g.lowest()))))
	g.update()
}

// wholeRows is what of a height whole rows take.
func (g *grid) wholeRows(height float32) float32 { return float32(int(height/gridRow)) * gridRow }

// rest is the room left below the last row where not all rows fit: so much that the uppermost is whole at the bottom, too.
func (g *grid) rest() float32 {
	height := g.scroll.Size().Height
	if float32(g.rowCount)*gridRow <= height {
		return 0
	}
	return height - g.wholeRows(height)
}

// lowest is the offset at which the last row is the last whole one in sight.
func (g *grid) lowest() float32 {
	return max(0, g.body.MinSize().Height-g.scroll.Size().Height)
}

func (g *grid) atBottom() bool { return g.scroll.Offset.Y >= g.lowest()-gridRow/2 }

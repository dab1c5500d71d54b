package ui

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	"fyne.io/fyne/v2/theme"
)

// pens by the height of a letter in pixels; there is one per scale of the screens in use.
var pens = map[float64]*pen{}

// cellPen returns the pen for cells at a scale, in pixels per unit.
func cellPen(scale float64) *pen { return penOf(sizeCell * scale) }

func penOf(pixels float64) *pen {
	height := math.Round(pixels*4) / 4
	p := pens[height]
	if p == nil {
		p = newPen(height)
		pens[height] = p
	}
	return p
}

// paint draws the rows in sight into an image of w by h pixels.
func (g *grid) paint(w, h int) image.Image {
	p := newGridPainter(g, w, h)
	draw.Draw(p.img, p.img.Bounds(), image.NewUniform(p.panel), image.Point{}, draw.Src)
	for i := range g.seen.cells {
		p.row(i)
	}
	p.header()
	return p.img
}

type gridPainter struct {
	g           *grid
	img         *image.RGBA
	scale       float64 // pixels per unit
	pen         *pen
	spans       []span
	panel, line color.Color
}

func newGridPainter(g *grid, w, h int) *gridPainter {
	if g.img == nil || g.img.Rect.Dx() != w || g.img.Rect.Dy() != h {
		g.img = image.NewRGBA(image.Rect(0, 0, w, h))
	}
	p := &gridPainter{g: g, img: g.img, panel: shade(colorPanel), line: shade(colorLine)}
	p.scale = float64(w) / float64(max(g.Size().Width, 1))
	p.pen = cellPen(p.scale)
	p.spans = g.spans(max(g.body.Size().Width, g.Size().Width))
	return p
}

func (p *gridPainter) px(units float32) int { return int(math.Round(float64(units) * p.scale)) }

func (p *gridPainter) fill(r image.Rectangle, c color.Color) {
	draw.Draw(p.img, r, image.NewUniform(c), image.Point{}, draw.Over)
}

func (p *gridPainter) row(i int) {
	v := p.g.seen
	top := p.px(p.g.head() + float32(i)*gridRow - v.shift)
	bottom := p.px(p.g.head() + float32(i+1)*gridRow - v.shift)
	area := image.Rect(0, top, p.img.Bounds().Dx(), bottom)
	if (v.first+i)%2 == 1 {
		p.fill(area, shade(colorStripe))
	}
	if m := v.marks[i]; m.tint != "" {
		p.fill(area, faded(shade(m.tint), tintAlpha))
	}
	if v.marks[i].picked {
		p.fill(area, shade(theme.ColorNameSelection))
	}
	if v.first+i == v.hover {
		p.fill(area, shade(theme.ColorNameHover))
	}
	if v.marks[i].cursor && v.marks[i].picked {
		p.frame(area, shade(theme.ColorNamePrimary))
	}
	y := top + (bottom-top-p.pen.height)/2
	for j, c := range v.cells[i] {
		if c.done > 0 && p.spans[j].chars > 0 {
			p.bar(j, image.Rect(0, top+p.px(barMargin), 0, bottom-p.px(barMargin)), c.done)
		}
		p.cell(j, y, c)
	}
}

// barMargin is what a bar leaves of its row above and below it, and barPadding what its text leaves of it at its ends.
const (
	barMargin  = 2
	barPadding = 5
)

// bar shows how far something has come.
func (p *gridPainter) bar(j int, area image.Rectangle, done float32) {
	at := p.spans[j]
	left := at.x - p.g.seen.left - barPadding
	width := at.width + 2*barPadding
	area.Min.X, area.Max.X = p.px(left), p.px(left+width)
	p.fill(area, faded(shade(colorWrite), 0x28))
	area.Max.X = p.px(left + width*min(done, 1))
	p.fill(area, faded(shade(colorWrite), 0x60))
}

// tintAlpha is how much of its colour a tinted row gets.
const tintAlpha = 0x26

// frame shows where the keys are.
func (p *gridPainter) frame(r image.Rectangle, c color.Color) {
	d := max(1, p.px(1))
	p.fill(image.Rect(r.Min.X, r.Min.Y, r.Max.X, r.Min.Y+d), c)
	p.fill(image.Rect(r.Min.X, r.Max.Y-d, r.Max.X, r.Max.Y), c)
}

func (p *gridPainter) cell(j, y int, c cell) {
	if p.spans[j].chars == 0 || c.text == "" || !plain(c.text) && !p.pen.knows(c.text) {
		return
	}
	p.text(j, y, middle(c.text, p.spans[j].chars), toneColor(c.tone))
}

func (p *gridPainter) text(j, y int, s string, c color.Color) {
	at := p.spans[j]
	left, right := p.px(at.x-p.g.seen.left), p.px(at.x+at.width-p.g.seen.left)
	x := left
	if p.g.cols[j].right {
		x = right - p.pen.left(len([]rune(s)))
	}
	p.pen.write(p.img, x, y, s, c)
}

// header is drawn last, over the row that is scrolled half out of sight.
func (p *gridPainter) header() {
	w, bottom := p.img.Bounds().Dx(), p.px(p.g.head())
	p.fill(image.Rect(0, 0, w, bottom), p.panel)
	p.fill(image.Rect(0, bottom-max(1, p.px(1)), w, bottom), p.line)
	y := bottom - (p.px(gridHeader)+p.pen.height)/2
	for j, c := range p.g.cols {
		if p.spans[j].chars == 0 {
			continue
		}
		if c.line {
			x := p.px(p.spans[j].x - gridGap/2 - p.g.seen.left)
			p.fill(image.Rect(x, 0, x+max(1, p.px(1)), p.img.Bounds().Dy()), p.line)
		}
		p.title(j, y, c)
		p.pen.write(p.img, p.px(p.spans[j].x-p.g.seen.left), p.px(6), c.group, shade(theme.ColorNameForeground))
	}
}

// title writes the title of a column, and beside it which way the rows are sorted by it.
func (p *gridPainter) title(j, y int, c column) {
	if p.g.sorted != j {
		p.text(j, y, middle(c.title, p.spans[j].chars), shade(colorMuted))
		return
	}
	arrow := "▲"
	if p.g.down {
		arrow = "▼"
	}
	title := middle(c.title, p.spans[j].chars)
	p.text(j, y, title, shade(theme.ColorNameForeground))
	x := p.px(p.spans[j].x-p.g.seen.left) + p.pen.left(len([]rune(title))) + p.px(2)
	if c.right {
		x = p.px(p.spans[j].x+p.spans[j].width-p.g.seen.left) + p.px(2)
	}
	p.pen.write(p.img, x, y, arrow, shade(theme.ColorNamePrimary))
}

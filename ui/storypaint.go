package ui

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
)

// paint draws the story into an image of w by h pixels.
func (c *storyChart) paint(w, h int) image.Image {
	if c.img == nil || c.img.Rect.Dx() != w || c.img.Rect.Dy() != h {
		c.img = image.NewRGBA(image.Rect(0, 0, w, h))
	}
	p := storyPainter{c: c, img: c.img, scale: float64(w) / float64(max(c.Size().Width, 1))}
	p.pen = penOf(sizeCaption * p.scale)
	p.area = image.Rect(p.px(storyNames), p.px(storyTop), w, h)
	p.fill(c.img.Rect, shade(colorPanel))
	p.ticks()
	for i := range c.rows {
		p.row(&c.rows[i], storyTop-c.top+c.rowTop(i), i)
	}
	p.axis()
	p.flag()
	return c.img
}

type storyPainter struct {
	c     *storyChart
	img   *image.RGBA
	scale float64
	pen   *pen
	area  image.Rectangle // of the bars
}

func (p *storyPainter) px(units float32) int { return int(math.Round(float64(units) * p.scale)) }

func (p *storyPainter) fill(r image.Rectangle, c color.Color) {
	draw.Draw(p.img, r, image.NewUniform(c), image.Point{}, draw.Over)
}

// x is where a time lies, in ns since the story began.
func (p *storyPainter) x(t float64) float64 {
	c := p.c
	return float64(p.area.Min.X) + (t-c.from)/(c.to-c.from)*float64(p.area.Dx())
}

// step is the time between two ticks, so that their labels have room.
func (p *storyPainter) step() float64 {
	return tickStep((p.c.to - p.c.from) * float64(p.px(96)) / float64(max(p.area.Dx(), 1)))
}

func (p *storyPainter) eachTick(f func(t float64, x int)) {
	step := p.step()
	for t := math.Ceil(p.c.from/step) * step; t <= p.c.to; t += step {
		f(t, int(math.Round(p.x(t))))
	}
}

func (p *storyPainter) ticks() {
	p.eachTick(func(_ float64, x int) {
		p.fill(image.Rect(x, p.area.Min.Y, x+max(1, p.px(1)), p.area.Max.Y), shade(colorLine))
	})
}

// axis is drawn last, over rows that are scrolled half out of sight.
func (p *storyPainter) axis() {
	w := p.img.Rect.Dx()
	p.fill(image.Rect(0, 0, w, p.area.Min.Y), shade(colorPanel))
	p.fill(image.Rect(0, p.area.Min.Y-max(1, p.px(1)), w, p.area.Min.Y), shade(colorLine))
	step := p.step()
	p.eachTick(func(t float64, x int) {
		p.tickLabel(x, tickLabel(t, step))
	})
	if p.c.inFlight() {
		p.now(int(p.x(float64(p.c.story.End - p.c.story.Begin))))
	}
}

// now shows up to where operations in flight have come.
func (p *storyPainter) now(x int) {
	if x < p.area.Min.X || x >= p.area.Max.X {
		return
	}
	text, c := tr("now"), shade(theme.ColorNameForeground)
	width := p.pen.left(len([]rune(text)))
	at := min(x-width/2, p.area.Max.X-p.px(storyMargin)-width)
	p.fill(image.Rect(at-p.px(storyMargin), 0, at+width+p.px(storyMargin), p.px(storyAxis)), shade(colorPanel))
	p.pen.write(p.img, at, p.px(4), text, c)
	dash := max(1, p.px(4))
	for y := p.px(storyTop); y < p.area.Max.Y; y += 2 * dash {
		p.fill(image.Rect(x, y, x+max(1, p.px(1)), y+dash), c)
	}
}

// tickLabel writes below which time a line stands: that of the last one beside it where there is no room at the edge.
func (p *storyPainter) tickLabel(x int, label string) {
	width := p.pen.left(len([]rune(label)))
	at := min(x-width/2, p.area.Max.X-p.px(storyMargin)-width)
	if at >= p.area.Min.X {
		p.pen.write(p.img, at, p.px(4), label, shade(colorMuted))
	}
}

func (p *storyPainter) row(l *storyLine, y float32, index int) {
	top, bottom := p.px(y), p.px(y+float32(l.lanes)*storyLane+storyRow)
	if bottom <= p.area.Min.Y || top >= p.area.Max.Y {
		return
	}
	if index > 0 {
		line := top - p.px(storyRow/2)
		p.fill(image.Rect(0, line, p.img.Rect.Dx(), line+max(1, p.px(1))), shade(colorLine))
	}
	for _, g := range l.gaps {
		if g.Before != p.c.chosen || g.After != p.c.because {
			p.gap(&g, y)
		}
	}
	p.reason(l, y)
	for i := range l.bars {
		p.bar(&l.bars[i], y+float32(l.lane[i])*storyLane)
	}
	p.fill(image.Rect(0, top, p.area.Min.X, bottom-p.px(storyRow/2)-1), shade(colorPanel))
	letters := int((float64(p.area.Min.X) - 10*p.scale) / p.pen.width)
	tone := colorMuted
	if index == 0 {
		tone = theme.ColorNameForeground
	}
	p.pen.write(p.img, p.px(8), top+p.px(3), middle(l.name, letters), shade(tone))
}

// gap writes how long nothing was in flight, where there is room for it.
func (p *storyPainter) gap(g *activity.Gap, y float32) {
	begin := float64(g.Begin - p.c.story.Begin)
	x0, x1 := int(p.x(begin)), int(p.x(begin+float64(g.Length)))
	x0, x1 = max(x0, p.area.Min.X), min(x1, p.area.Max.X)
	text := duration(time.Duration(g.Length))
	width := p.pen.left(len([]rune(text)))
	if x1-x0 < width+p.px(12) {
		return
	}
	middle, c := p.px(y+storyLane/2-1), shade(colorMuted)
	at := (x0 + x1 - width) / 2
	d := max(1, p.px(1))
	p.fill(image.Rect(x0+p.px(2), middle, at-p.px(3), middle+d), faded(c, 0x70))
	p.fill(image.Rect(at+width+p.px(3), middle, x1-p.px(2), middle+d), faded(c, 0x70))
	p.pen.write(p.img, at, p.px(y+2), text, c)
}

// bar draws an operation; what of it was waiting for the handle is paler.
func (p *storyPainter) bar(b *activity.Bar, y float32) {
	begin := float64(b.Mono - p.c.story.Begin)
	f0, f1 := p.x(begin), p.x(begin+float64(b.Duration))
	if f1 < float64(p.area.Min.X) || f0 > float64(p.area.Max.X) {
		return
	}
	x0, x1 := int(math.Max(f0, float64(p.area.Min.X-2))), int(math.Min(f1, float64(p.area.Max.X+2)))
	least := float32(2)
	if b.Seq == p.c.chosen || failed(&b.Event) {
		least = 5
	}
	x1 = max(x1, x0+max(2, p.px(least)))
	r := image.Rect(x0, p.px(y+1), x1, p.px(y+storyLane-3))
	c := shade(storyTone(b))
	p.fill(r, shade(colorPanel))
	p.fill(r, faded(c, 0x70))
	waited := min(max(int(p.x(begin+float64(b.Wait))), r.Min.X), r.Max.X)
	if b.Wait == 0 {
		waited = r.Min.X
	}
	p.fill(image.Rect(waited, r.Min.Y, r.Max.X, r.Max.Y), c)
	switch b.Seq {
	case p.c.chosen:
		p.frame(r.Inset(-max(2, p.px(2))), shade(theme.ColorNameForeground))
	case p.c.because:
		p.frame(r.Inset(-max(2, p.px(2))), p.tone())
	}
	p.label(b, r)
}

func (p *storyPainter) frame(r image.Rectangle, c color.Color) {
	d := max(1, p.px(1.5))
	p.fill(image.Rect(r.Min.X, r.Min.Y, r.Max.X, r.Min.Y+d), c)
	p.fill(image.Rect(r.Min.X, r.Max.Y-d, r.Max.X, r.Max.Y), c)
	p.fill(image.Rect(r.Min.X, r.Min.Y, r.Min.X+d, r.Max.Y), c)
	p.fill(image.Rect(r.Max.X-d, r.Min.Y, r.Max.X, r.Max.Y), c)
}

// label writes into a bar what it is, as far as there is room.
func (p *storyPainter) label(b *activity.Bar, r image.Rectangle) {
	r = r.Intersect(p.area)
	room := r.Dx() - p.px(8)
	name := outcome(&b.Event)
	for _, text := range []string{name + " " + duration(time.Duration(b.Duration)), name} {
		if p.pen.left(len([]rune(text))) <= room {
			p.pen.write(p.img, r.Min.X+p.px(4), r.Min.Y+(r.Dy()-p.pen.height)/2, text, shade(colorPanel))
			return
		}
	}
}

// storyTone is the colour of an operation.
func storyTone(b *activity.Bar) fyne.ThemeColorName {
	old := ageTone(time.Duration(b.Duration))
	switch {
	case b.Flags&oplog.InFlight != 0 && old != "":
		return old
	case b.Flags&oplog.Refused != 0 || failed(&b.Event):
		return theme.ColorNameError
	case b.Moved || b.Errno != 0:
		return theme.ColorNameWarning
	case b.Op == oplog.Write:
		return colorWrite
	case b.Op == oplog.Read:
		return colorRead
	case b.Handle != 0:
		return theme.ColorNamePrimary
	default:
		return colorMuted
	}
}

package ui

import (
	"fmt"
	"image"
	"image/color"
	"slices"
	"time"

	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
)

// storyMargin is what texts keep from the edges of a story, in units.
const storyMargin = 6

// tone is the colour of the chosen operation.
func (p *storyPainter) tone() color.Color {
	if b := p.c.bar(p.c.chosen); b != nil {
		return shade(storyTone(b))
	}
	return shade(colorMuted)
}

// flag names the chosen operation above its bar, which may be too thin to be seen, or out of sight.
func (p *storyPainter) flag() {
	row, k := p.c.place(p.c.chosen)
	if row < 0 {
		return
	}
	b := &p.c.rows[row].bars[k]
	x := int(p.x(float64(b.Mono - p.c.story.Begin)))
	text, c := p.flagText(b), shade(storyTone(b))
	switch end := int(p.x(float64(b.Mono + b.Duration - p.c.story.Begin))); {
	case end < p.area.Min.X:
		p.banner(p.area.Min.X, "◂ "+text, c)
	case x >= p.area.Max.X:
		p.banner(p.area.Max.X, text+" ▸", c)
	default:
		x = max(x, p.area.Min.X)
		p.pole(x, storyTop-p.c.top+p.c.rowTop(row)+float32(p.c.rows[row].lane[k])*storyLane, c)
		p.banner(x, text, c)
	}
}

// banner is a flag's cloth: to the right of its pole where there is room, else to the left of it.
func (p *storyPainter) banner(x int, text string, c color.Color) {
	pen := cellPen(p.scale)
	width := pen.left(len([]rune(text))) + 2*p.px(storyMargin)
	if x+width > p.area.Max.X-p.px(2) {
		x = max(p.area.Min.X, min(x+max(2, p.px(2)), p.area.Max.X)-width)
	}
	r := image.Rect(x, p.px(storyAxis+3), x+width, p.px(storyTop-3))
	p.fill(r, c)
	pen.write(p.img, x+p.px(storyMargin), r.Min.Y+(r.Dy()-pen.height)/2, text, shade(colorPanel))
}

// pole leads from the flag down to a bar whose lane begins at y, in units, as far as it is not scrolled out of sight.
func (p *storyPainter) pole(x int, y float32, c color.Color) {
	bottom := max(p.px(y+1), p.area.Min.Y)
	p.fill(image.Rect(x, p.px(storyAxis+3), x+max(2, p.px(2)), bottom).Intersect(p.img.Rect), c)
}

// flagText names an operation, and how long after the one that it failed because of it began where there is no room to write
// that between the two.
func (p *storyPainter) flagText(b *activity.Bar) string {
	text := outcome(&b.Event)
	if b.Flags&oplog.InFlight != 0 {
		text = fmt.Sprintf(tr("%s, in flight for %s"), b.Op, duration(time.Duration(b.Duration)))
	}
	cause, wait := p.cause(b)
	if cause == nil {
		return text
	}
	if _, fits := p.span(cause, b); fits {
		return text
	}
	return text + ", " + fmt.Sprintf(tr("%s after %s"), duration(wait), cause.Op)
}

// cause returns the operation that the chosen one failed because of, where that had ended before, and how long before.
func (p *storyPainter) cause(b *activity.Bar) (*activity.Bar, time.Duration) {
	cause := p.c.bar(p.c.because)
	if cause == nil || b.Mono <= cause.Mono+cause.Duration {
		return nil, 0
	}
	return cause, time.Duration(b.Mono - cause.Mono - cause.Duration)
}

// span is where the time between two operations lies, as far as it is in sight, and whether its length can be written there.
func (p *storyPainter) span(cause, b *activity.Bar) (r image.Rectangle, fits bool) {
	x0 := int(p.x(float64(cause.Mono + cause.Duration - p.c.story.Begin)))
	x1 := int(p.x(float64(b.Mono - p.c.story.Begin)))
	r = image.Rect(max(x0, p.area.Min.X), 0, max(min(x1, p.area.Max.X), p.area.Min.X), 1)
	text := duration(time.Duration(b.Mono - cause.Mono - cause.Duration))
	return r, !p.c.crowded(cause, b) && r.Dx() >= cellPen(p.scale).left(len([]rune(text)))+p.px(4)
}

// crowded says whether other operations stand in the row between two, where they would be drawn over what is written there.
func (c *storyChart) crowded(cause, b *activity.Bar) bool {
	row, _ := c.place(b.Seq)
	return slices.ContainsFunc(c.rows[row].bars, func(o activity.Bar) bool {
		return o.Seq != cause.Seq && o.Seq != b.Seq && o.Mono < b.Mono && o.Mono+o.Duration > cause.Mono+cause.Duration
	})
}

// reason shows in the row of the chosen operation how long after the one that it failed because of it began.
func (p *storyPainter) reason(l *storyLine, y float32) {
	for i := range l.bars {
		b := &l.bars[i]
		if b.Seq != p.c.chosen {
			continue
		}
		if cause, wait := p.cause(b); cause != nil {
			p.between(cause, b, y+float32(l.lane[i])*storyLane, duration(wait))
		}
	}
}

// between fills the time between two operations in a lane, and writes how long it is.
func (p *storyPainter) between(cause, b *activity.Bar, y float32, text string) {
	r, fits := p.span(cause, b)
	r.Min.Y, r.Max.Y = p.px(y+1), p.px(y+storyLane-3)
	c, d := shade(storyTone(b)), max(1, p.px(1))
	p.fill(r, faded(c, 0x30))
	p.fill(image.Rect(r.Min.X, r.Max.Y-d, r.Max.X, r.Max.Y), c)
	p.fill(image.Rect(r.Min.X, r.Min.Y, r.Max.X, r.Min.Y+d), c)
	if fits {
		pen := cellPen(p.scale)
		pen.write(p.img, (r.Min.X+r.Max.X-pen.left(len([]rune(text))))/2, r.Min.Y+(r.Dy()-pen.height)/2, text, c)
	}
}

// outcome names an operation, and its error where it has one.
func outcome(e *oplog.Event) string {
	if e.Errno == 0 {
		return e.Op.String()
	}
	return e.Op.String() + " " + errno(e.Errno)
}

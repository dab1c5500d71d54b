package main

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	"golang.org/x/image/vector"
)

// The picture of growth has for each axis a chart of how many a second and one of how long for each operation, and one of
// the server's memory. What grows is to the right, on a logarithmic scale, as are figures but for the memory's.
const (
	curvesHeight = 236 // pixels, like all that follow
	plotLeft     = 62  // from the chart's left to its plot
	plotRight    = 26  // from the plot's right to the chart's
	plotTop      = 40
	plotBottom   = 40
	thick, thin  = 2.2, 1.0
	dot          = 5
	legendHeight = 40
)

// memoryGoal is the most that Vitrine may take, in MB.
const memoryGoal = 250

var curveColors = []color.NRGBA{{0xe0, 0x7b, 0x39, 0xff}, {0x6a, 0x5a, 0xcd, 0xff}, {0xc2, 0x3b, 0x6b, 0xff}, {0x8a, 0x8f, 0x2a, 0xff}, {0x4b, 0x7f, 0xb5, 0xff}}

// plot is one chart.
type plot struct {
	title  string
	axis   *growthAxis
	curves []curve
	linear bool
	goal   float64 // drawn as a line, unless 0
	unit   func(float64) string
}

// curve is one figure of one server. A step without a figure interrupts it.
type curve struct {
	colour color.NRGBA
	width  float64
	values []float64 // by step; NaN where there is none
}

// draw writes the picture of the curves as PNG.
func (r *growthReport) draw(path string) error {
	picture, err := r.picture()
	if err != nil {
		return err
	}
	return writePicture(path, picture)
}

func (r *growthReport) picture() (image.Image, error) {
	plots := make([][]plot, len(r.Axes))
	height := margin + legendHeight
	for i, a := range r.Axes {
		plots[i] = r.plots(a)
		height += heading + curvesHeight*rows(plots[i])
	}
	c, err := newCanvas(2*margin+columns*chartWidth, height)
	if err != nil {
		return nil, err
	}
	r.legend(c)
	top := margin/2 + legendHeight
	for i, a := range r.Axes {
		c.text(c.title, ink, margin, top+28, a.Title)
		for k := range plots[i] {
			plots[i][k].draw(c, margin+k%columns*chartWidth, top+heading-16+k/columns*curvesHeight)
		}
		top += heading + curvesHeight*rows(plots[i])
	}
	return c, nil
}

func rows(plots []plot) int { return (len(plots) + columns - 1) / columns }

// legend names the servers in their colours.
func (r *growthReport) legend(c *canvas) {
	x, base := margin, margin/2+22
	for _, name := range r.Servers {
		c.fill(image.Rect(x, base-7, x+26, base-3), r.color(name))
		c.text(c.plain, ink, x+33, base, name)
		x += 33 + c.width(c.plain, name) + 28
	}
	c.text(c.plain, faint, x, base, "times: the thick line is the median, the thin one the 99th percentile")
}

// color is the plain folder's, ours, or that of one of the others in turn.
func (r *growthReport) color(server string) color.NRGBA {
	switch server {
	case native:
		return one
	case vitrine:
		return ours
	}
	i := 0
	for _, name := range r.Servers {
		if name == server {
			break
		}
		if name != native && name != vitrine {
			i++
		}
	}
	return curveColors[i%len(curveColors)]
}

// plots are the charts of an axis.
func (r *growthReport) plots(a *growthAxis) (plots []plot) {
	for _, operation := range a.Operations {
		many := plot{title: operation + ", a second", axis: a, unit: short}
		long := plot{title: operation + ", time of one", axis: a, unit: duration}
		for _, name := range r.Servers {
			of := func(figure func(figures) float64, width float64) curve {
				return r.curve(a, name, width, func(s *growthSeries) float64 { return s.median(operation, figure) })
			}
			many.curves = append(many.curves, of(perSecond, thick))
			long.curves = append(long.curves, of(median, thick), of(p99, thin))
		}
		plots = append(plots, many, long)
	}
	size := plot{title: "memory of the server, MB", axis: a, linear: true, goal: memoryGoal, unit: short}
	for _, name := range r.Servers[1:] {
		size.curves = append(size.curves, r.curve(a, name, thick, (*growthSeries).memory))
	}
	return append(plots, size)
}

func (r *growthReport) curve(a *growthAxis, server string, width float64, of func(*growthSeries) float64) curve {
	c := curve{colour: r.color(server), width: width}
	for _, s := range a.Steps {
		c.values = append(c.values, of(s.of(server)))
	}
	return c
}

// draw puts the chart on the canvas.
func (p *plot) draw(c *canvas, left, top int) {
	c.text(c.bold, ink, left, top+20, p.title)
	area := image.Rect(left+plotLeft, top+plotTop, left+chartWidth-plotRight, top+curvesHeight-plotBottom)
	low, high := p.scale()
	for _, at := range p.lines(low, high) {
		y := p.y(area, at, low, high)
		c.fill(image.Rect(area.Min.X, y, area.Max.X, y+1), line)
		label := p.unit(at)
		c.text(c.plain, faint, area.Min.X-7-c.width(c.plain, label), y+5, label)
	}
	if p.goal > 0 {
		y := p.y(area, p.goal, low, high)
		c.fill(image.Rect(area.Min.X, y, area.Max.X, y+1), faint)
	}
	p.drawSteps(c, area)
	for _, curve := range p.curves {
		curve.draw(c, p, area, low, high)
	}
}

// drawSteps names the steps below the plot, as far as there is room.
func (p *plot) drawSteps(c *canvas, area image.Rectangle) {
	free := math.MinInt
	for i, s := range p.axis.Steps {
		x, label := p.x(area, i), p.axis.mark(s.N)
		c.fill(image.Rect(x, area.Max.Y, x+1, area.Max.Y+4), one)
		if begin := x - c.width(c.plain, label)/2; begin > free {
			c.text(c.plain, faint, begin, area.Max.Y+18, label)
			free = begin + c.width(c.plain, label) + 6
		}
	}
}

// mark is a short name of a step.
func (a *growthAxis) mark(n int64) string {
	if a.Bytes {
		return a.label(n)
	}
	return short(float64(n))
}

// scale returns the ends of the vertical scale, with all values and the goal between them.
func (p *plot) scale() (low, high float64) {
	low, high = math.Inf(1), p.goal
	for _, c := range p.curves {
		for _, v := range c.values {
			if !math.IsNaN(v) {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	switch {
	case p.linear:
		return 0, high * 1.08
	case math.IsInf(low, 1) || low <= 0:
		return 1, 10
	}
	return roundDown(low), roundDown(high * 2.499)
}

// roundDown returns the next number of the sequence 1, 2, 5, 10, … at or below a positive one.
func roundDown(f float64) float64 {
	decade := math.Pow(10, math.Floor(math.Log10(f)))
	for _, step := range []float64{5, 2} {
		if f >= step*decade*(1-1e-9) {
			return step * decade
		}
	}
	return decade
}

// lines returns where horizontal lines are drawn.
func (p *plot) lines(low, high float64) (at []float64) {
	if p.linear {
		step := roundDown(high / 3)
		for f := 0.0; f <= high; f += step {
			at = append(at, f)
		}
		return at
	}
	steps := []float64{1, 2, 5}
	if high/low > 200 {
		steps = steps[:1]
	}
	for decade := math.Pow(10, math.Floor(math.Log10(low))); decade <= high; decade *= 10 {
		for _, s := range steps {
			if f := s * decade; f >= low*(1-1e-9) && f <= high*(1+1e-9) {
				at = append(at, f)
			}
		}
	}
	return at
}

// x returns where a step lies: in proportion to the logarithm of what grows.
func (p *plot) x(area image.Rectangle, step int) int {
	steps := p.axis.Steps
	whole := math.Log(float64(steps[len(steps)-1].N) / float64(steps[0].N))
	if whole == 0 {
		return area.Min.X
	}
	return area.Min.X + int(math.Round(float64(area.Dx())*math.Log(float64(steps[step].N)/float64(steps[0].N))/whole))
}

func (p *plot) y(area image.Rectangle, value, low, high float64) int {
	share := (value - low) / (high - low)
	if !p.linear {
		share = math.Log(value/low) / math.Log(high/low)
	}
	return area.Max.Y - int(math.Round(float64(area.Dy())*share))
}

// draw draws lines from step to step, and a dot at each for the thick ones.
func (v curve) draw(c *canvas, p *plot, area image.Rectangle, low, high float64) {
	var before *image.Point
	for i, value := range v.values {
		if math.IsNaN(value) || !p.linear && value <= 0 {
			before = nil
			continue
		}
		at := image.Pt(p.x(area, i), p.y(area, value, low, high))
		if before != nil {
			c.stroke(*before, at, v.width, v.colour)
		}
		if v.width == thick {
			c.fill(image.Rect(at.X-dot/2, at.Y-dot/2, at.X+dot/2+1, at.Y+dot/2+1), v.colour)
		}
		before = &at
	}
}

// stroke draws a smooth line.
func (c *canvas) stroke(from, to image.Point, width float64, colour color.Color) {
	dx, dy := float64(to.X-from.X), float64(to.Y-from.Y)
	length := math.Hypot(dx, dy)
	if length == 0 {
		return
	}
	sx, sy := float32(-dy/length*width/2), float32(dx/length*width/2) // to the line's side
	around := image.Rectangle{Min: from, Max: to}.Canon().Inset(-5)
	x0, y0 := float32(from.X-around.Min.X)+0.5, float32(from.Y-around.Min.Y)+0.5
	x1, y1 := float32(to.X-around.Min.X)+0.5, float32(to.Y-around.Min.Y)+0.5
	r := vector.NewRasterizer(around.Dx(), around.Dy())
	r.DrawOp = draw.Over
	r.MoveTo(x0+sx, y0+sy)
	r.LineTo(x1+sx, y1+sy)
	r.LineTo(x1-sx, y1-sy)
	r.LineTo(x0-sx, y0-sy)
	r.ClosePath()
	r.Draw(c, around, image.NewUniform(colour), image.Point{})
}

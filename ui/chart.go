package ui

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"vitrine/fusefs/activity"
)

// chart draws the bytes written and read per second over a time that ends now, or how long operations took in it.
// Writes are a filled area and reads a line, so that the two can be told apart without colour.
type chart struct {
	widget.BaseWidget
	raster  *canvas.Raster
	img     *image.RGBA
	periods []period
	shown   int // index of the period shown
	heat    bool
	data    series
	warm    heatMap
	at      time.Time // the right end
	snap    *activity.Snapshot

	span    timeSpan // selected by the person
	began   int64    // where a drag began, in seconds since 1970 UTC
	dragged bool
	picked  func() // span changed
	chartKeys
	choices *chartChoices
}

// series is what a chart shows: bytes per second at ages in seconds, oldest first.
type series struct {
	age         []float64
	write, read []float64
	top         float64 // upper end of the scale, bytes per second
}

var (
	_ fyne.Draggable = (*chart)(nil)
	_ fyne.Tappable  = (*chart)(nil)
)

// newChart makes a chart that calls picked when the person selects a time in it.
func newChart(picked func()) *chart {
	c := &chart{data: series{top: scaleTop(0)}, periods: periods(), snap: &activity.Snapshot{}, picked: picked}
	c.raster = canvas.NewRaster(c.paint)
	c.choices = newChartChoices(c)
	c.ExtendBaseWidget(c)
	return c
}

func (c *chart) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.New(chartLayout{}, c.raster, c.choices.box))
}

func (c *chart) MinSize() fyne.Size { return fyne.NewSize(200, 116) }

func (c *chart) show(a *activity.Snapshot) {
	c.snap, c.at = a, a.At
	if c.heat {
		c.showHeat(a)
		return
	}
	s := seriesOf(a, c.period())
	if still(s) && still(c.data) && s.top == c.data.top && !c.span.chosen() {
		return
	}
	c.data = s
	c.raster.Refresh()
}

func (c *chart) showHeat(a *activity.Snapshot) {
	m := heatMapOf(a, c.period())
	if len(m.columns) == 0 && len(c.warm.columns) == 0 && !c.span.chosen() {
		return
	}
	c.warm = m
	c.raster.Refresh()
}

func (c *chart) period() *period { return &c.periods[c.shown] }

// setPeriod shows another length of time, as far as there is one. What was selected is no longer.
func (c *chart) setPeriod(i int) {
	c.shown = max(0, min(i, len(c.periods)-1))
	c.choose(timeSpan{})
	c.redraw()
}

// setHeat shows how long operations took, or how much was read and written.
func (c *chart) setHeat(on bool) {
	c.heat = on
	c.redraw()
}

func (c *chart) redraw() {
	c.data, c.warm = seriesOf(c.snap, c.period()), heatMapOf(c.snap, c.period())
	c.choices.update()
	c.raster.Refresh()
}

// Dragged selects the time that the mouse passes over.
func (c *chart) Dragged(e *fyne.DragEvent) {
	if !c.dragged {
		c.dragged, c.began = true, c.timeAt(e.Position.X-e.Dragged.DX)
	}
	now := c.timeAt(e.Position.X)
	c.anchor, c.cursor = c.slotOf(c.began), c.slotOf(now)
	from, to := min(c.anchor, c.cursor), max(c.anchor, c.cursor)
	c.choose(timeSpan{from: from, to: to + c.period().slot, columns: c.period().heat})
}

// DragEnd leaves what was selected.
func (c *chart) DragEnd() { c.dragged = false }

// Tapped lets go of what was selected.
func (c *chart) Tapped(*fyne.PointEvent) { c.choose(timeSpan{}) }

func (c *chart) choose(s timeSpan) {
	if c.span.from == s.from && c.span.to == s.to {
		return
	}
	c.span = s
	c.raster.Refresh()
	c.picked()
}

// timeAt is the time at x, in seconds since 1970 UTC.
func (c *chart) timeAt(x float32) int64 {
	part := 1 - float64(max(0, min(x, c.Size().Width)))/float64(max(c.Size().Width, 1))
	return c.at.Unix() - int64(part*c.period().seconds)
}

// still says that nothing is to be seen: then nothing moves, either.
func still(s series) bool {
	for i := range s.age {
		if s.write[i] > 0 || s.read[i] > 0 {
			return false
		}
	}
	return true
}

// seriesOf takes the full slots of a period, each in its middle, and the present rates as the value of now.
func seriesOf(a *activity.Snapshot, p *period) series {
	var s series
	peak := 0.0
	add := func(age, write, read float64) {
		s.age, s.write, s.read = append(s.age, age), append(s.write, write), append(s.read, read)
		peak = max(peak, write, read)
	}
	half := float64(p.slot) / 2
	for _, slot := range p.traffic(a) {
		age := a.At.Sub(time.Unix(slot.Unix, 0)).Seconds() - half
		if age >= half {
			add(age, float64(slot.Written)/float64(p.slot), float64(slot.Read)/float64(p.slot))
		}
	}
	add(0, a.WriteRate, a.ReadRate)
	s.top = scaleTop(peak)
	return s
}

// scaleTop rounds up to 1, 2 or 5 times a power of ten.
func scaleTop(peak float64) float64 {
	peak = max(peak, 1000)
	power := math.Pow(10, math.Floor(math.Log10(peak)))
	for _, m := range [...]float64{1, 2, 5} {
		if peak <= m*power {
			return m * power
		}
	}
	return 10 * power
}

// scaleLabel writes the upper end of a scale, which is a round number.
func scaleLabel(top float64) string {
	figure, unit, _ := strings.Cut(rate(top), " ")
	whole, _, _ := strings.Cut(figure, string(marksInUse().decimal))
	return whole + " " + unit
}

// at returns the value at an age, between the two points next to it.
func at(age float64, ages, values []float64) (v float64, known bool) {
	for i := 1; i < len(ages); i++ {
		if age <= ages[i-1] && age >= ages[i] {
			t := (ages[i-1] - age) / (ages[i-1] - ages[i])
			return values[i-1] + (values[i]-values[i-1])*t, true
		}
	}
	return 0, false
}

func (c *chart) paint(w, h int) image.Image {
	if c.img == nil || c.img.Rect.Dx() != w || c.img.Rect.Dy() != h {
		c.img = image.NewRGBA(image.Rect(0, 0, w, h))
	}
	p := chartPainter{img: c.img, s: c.data, period: c.period(), scale: float64(w) / float64(max(c.Size().Width, 1))}
	draw.Draw(c.img, c.img.Rect, image.NewUniform(shade(colorPanel)), image.Point{}, draw.Src)
	p.area = image.Rect(0, p.px(10), w, h-p.px(20))
	if c.heat {
		p.heat(&c.warm)
	} else {
		p.gridLines()
		p.curve(c.data.write, shade(colorWrite), 0x50)
		p.curve(c.data.read, shade(colorRead), 0)
	}
	p.band(c.span, c.at)
	p.labels(c.heat)
	return c.img
}

type chartPainter struct {
	img    *image.RGBA
	s      series
	period *period
	scale  float64
	area   image.Rectangle
}

func (p *chartPainter) px(units float64) int { return int(math.Round(units * p.scale)) }

func (p *chartPainter) hline(y int, c color.Color) {
	r := image.Rect(p.area.Min.X, y, p.area.Max.X, y+max(1, p.px(1)))
	draw.Draw(p.img, r, image.NewUniform(c), image.Point{}, draw.Over)
}

func (p *chartPainter) gridLines() {
	for i := range 3 {
		p.hline(p.area.Min.Y+p.area.Dy()*i/2, shade(colorLine))
	}
}

// band shows what is selected.
func (p *chartPainter) band(s timeSpan, at time.Time) {
	if !s.chosen() {
		return
	}
	x := func(unix int64) int {
		age := at.Sub(time.Unix(unix, 0)).Seconds()
		return p.area.Max.X - int(math.Round(age/p.period.seconds*float64(p.area.Dx())))
	}
	r := image.Rect(x(s.from), p.area.Min.Y, x(s.to), p.area.Max.Y).Intersect(p.area)
	draw.Draw(p.img, r, image.NewUniform(shade(theme.ColorNameSelection)), image.Point{}, draw.Over)
	for _, edge := range [...]int{r.Min.X, r.Max.X - max(1, p.px(1))} {
		line := image.Rect(edge, r.Min.Y, edge+max(1, p.px(1)), r.Max.Y)
		draw.Draw(p.img, line, image.NewUniform(shade(theme.ColorNamePrimary)), image.Point{}, draw.Over)
	}
}

func (p *chartPainter) labels(heat bool) {
	pen := penOf(sizeCaption * p.scale)
	c := shade(colorMuted)
	y := p.area.Max.Y + p.px(2)
	pen.write(p.img, p.px(6), y, p.period.ago, c)
	now := tr("now")
	pen.write(p.img, p.img.Rect.Dx()-p.px(6)-pen.left(len([]rune(now))), y, now, c)
	if heat {
		p.heatLabels(pen)
		return
	}
	p.label(pen, p.area.Min.Y+p.px(1), scaleLabel(p.s.top))
}

// label writes at the left edge, with the drawing behind it faded.
func (p *chartPainter) label(pen *pen, y int, text string) {
	box := image.Rect(p.px(4), y, p.px(8)+pen.left(len([]rune(text))), y+pen.height)
	draw.Draw(p.img, box, image.NewUniform(faded(shade(colorPanel), 0xc0)), image.Point{}, draw.Over)
	pen.write(p.img, p.px(6), y, text, shade(colorMuted))
}

// curve draws one series column by column: a line whose edges are softened, and the area below it.
func (p *chartPainter) curve(values []float64, c color.Color, fill uint8) {
	thick := 1.6 * p.scale
	width := float64(p.area.Dx())
	height := func(x float64) (float64, bool) {
		v, ok := at((width-x)/width*p.period.seconds, p.s.age, values)
		return float64(p.area.Max.Y) - v/p.s.top*float64(p.area.Dy()), ok
	}
	for x := range p.area.Dx() {
		a, okA := height(float64(x))
		b, okB := height(float64(x + 1))
		if !okA || !okB {
			continue
		}
		if fill > 0 {
			p.column(x, (a+b)/2, float64(p.area.Max.Y), faded(c, fill))
		}
		p.column(x, min(a, b)-thick/2, max(a, b)+thick/2, c)
	}
}

// column blends c into column x of the area from y0 to y1.
func (p *chartPainter) column(x int, y0, y1 float64, c color.Color) {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	top, bottom := max(int(math.Floor(y0)), 0), min(int(math.Ceil(y1)), p.img.Rect.Dy())
	for y := top; y < bottom; y++ {
		part := min(y1, float64(y+1)) - max(y0, float64(y))
		p.blend(p.area.Min.X+x, y, n, part)
	}
}

func (p *chartPainter) blend(x, y int, c color.NRGBA, part float64) {
	i := p.img.PixOffset(x, y)
	a := uint32(float64(c.A) * part)
	pix := p.img.Pix[i : i+3 : i+3]
	for k, v := range [...]uint8{c.R, c.G, c.B} {
		pix[k] = uint8((uint32(pix[k])*(255-a) + uint32(v)*a) / 255)
	}
}

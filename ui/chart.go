package ui

import (
	"fmt"
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
	"vitrine/fusefs/oplog"
)

// chart draws the bytes written and read per second over a time that ends now, or how long operations took in it.
// Writes are a filled area and reads a line, so that the two can be told apart without colour.
type chart struct {
	widget.BaseWidget
	raster  *canvas.Raster
	img     *image.RGBA
	body    *fyne.Container
	ends    [2]*line // what time the left and the right end are
	says    *line    // why nothing is to be seen
	viewing bool     // a saved log is shown, whose end is not now
	periods []period
	shown   int // index of the period shown
	heat    bool
	op      oplog.Op // whose latencies are shown, 0 for all
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
	c.ends, c.says = [2]*line{muted(""), muted("")}, muted("")
	c.choices = newChartChoices(c)
	c.body = container.New(chartLayout{}, c.raster, c.ends[0], c.choices.box, c.choices.op.tappable, c.ends[1], c.says)
	c.ExtendBaseWidget(c)
	return c
}

func (c *chart) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(c.body) }

func (c *chart) MinSize() fyne.Size { return fyne.NewSize(200, 116) }

func (c *chart) show(a *activity.Snapshot) {
	c.snap, c.at = a, a.At
	defer c.showWords()
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
	m := heatMapOf(a, c.period(), c.op)
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

// setOp shows how long one kind of operation took, or all with 0.
func (c *chart) setOp(op oplog.Op) {
	c.op = op
	c.setHeat(true)
}

func (c *chart) redraw() {
	c.data, c.warm = seriesOf(c.snap, c.period()), heatMapOf(c.snap, c.period(), c.op)
	c.choices.update()
	c.showWords()
	c.body.Refresh()
}

// showWords says what time the ends of the chart are, and why it is empty where it is.
func (c *chart) showWords() {
	from, to := c.period().ago, tr("now")
	if c.viewing {
		begin := c.at.Add(-time.Duration(c.period().seconds) * time.Second)
		from, to = begin.Format("15:04:05"), c.at.Format("15:04:05")
	}
	says := c.emptiness()
	if from == c.ends[0].text.Text && to == c.ends[1].text.Text && says == c.says.text.Text {
		return
	}
	c.ends[0].set(from, colorMuted)
	c.ends[1].set(to, colorMuted)
	c.says.set(says, colorMuted)
	c.body.Refresh()
}

// emptiness says why nothing is to be seen, "" where something is.
func (c *chart) emptiness() string {
	switch {
	case c.heat && len(c.warm.columns) > 0 || !c.heat && !still(c.data):
		return ""
	case c.heat && c.snap.Count == 0:
		return tr("No operations yet")
	case c.heat && c.op != 0:
		return fmt.Sprintf(tr("No %s ended in this time"), c.op)
	case c.heat:
		return tr("No operation ended in this time")
	case c.snap.Read+c.snap.Written == 0:
		return tr("Nothing read or written yet")
	default:
		return tr("Nothing read or written in this time")
	}
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
	width := max(c.Size().Width-chartGutter, 1)
	part := 1 - float64(max(0, min(x-chartGutter, width)))/float64(width)
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

// seriesOf takes the full slots of a period, each in its middle, and what came since as the mean of as long a time: the
// running slot with its share of the one before. So the newest value is as fair as the others, and goes over into them
// without a jump. The ends reach as far as their slots do.
func seriesOf(a *activity.Snapshot, p *period) series {
	var s series
	peak, slot := 0.0, float64(p.slot)
	add := func(age, write, read float64) {
		s.age, s.write, s.read = append(s.age, age), append(s.write, write/slot), append(s.read, read/slot)
		peak = max(peak, write/slot, read/slot)
	}
	var write, read, end float64 // of the newest slot added
	for _, one := range p.traffic(a) {
		begun := a.At.Sub(time.Unix(one.Unix, 0)).Seconds()
		full := begun >= slot
		if !full && (begun <= 0 || len(s.age) == 0) {
			continue
		}
		before := 1 - begun/slot
		if full {
			before = 0
		}
		write, read = float64(one.Written)+before*write, float64(one.Read)+before*read
		if len(s.age) == 0 {
			add(begun, write, read)
		}
		end = max(begun-slot, 0)
		add(end+slot/2, write, read)
	}
	if len(s.age) > 0 {
		add(end, write, read)
	}
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
	p.area = image.Rect(p.px(chartGutter), p.px(chartTop), w, h-p.px(chartFoot))
	switch {
	case c.heat:
		p.area.Min.Y = p.px(chartLegend)
		p.heat(&c.warm)
	case still(c.data):
		p.hline(p.area.Max.Y, shade(colorLine))
	default:
		p.gridLines()
		p.curve(c.data.write, shade(colorWrite), 0x50)
		p.curve(c.data.read, shade(colorRead), 0)
		p.scaleLabels()
	}
	p.band(c.span, c.at)
	return c.img
}

// Room around what is drawn, in units: for the scale at the left, above it, with a legend above it, and for the words below.
const (
	chartGutter = 62
	chartTop    = 10
	chartLegend = 18
	chartFoot   = 20
)

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

func (p *chartPainter) scaleLabels() {
	pen := penOf(sizeCaption * p.scale)
	p.label(pen, p.area.Min.Y, scaleLabel(p.s.top))
	p.label(pen, p.area.Max.Y, "0")
}

// label names a height at the left of what is drawn.
func (p *chartPainter) label(pen *pen, y int, text string) {
	x := p.area.Min.X - p.px(7) - pen.left(len([]rune(text)))
	pen.write(p.img, x, y-pen.height/2, text, shade(colorMuted))
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

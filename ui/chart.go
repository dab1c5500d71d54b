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
	"fyne.io/fyne/v2/widget"

	"vitrine/fusefs/activity"
)

// chartSeconds is how much of the past the chart shows.
const chartSeconds = 60

// chart draws the bytes written and read per second over the last minute. Writes are a filled area and reads a line,
// so that the two can be told apart without colour.
type chart struct {
	widget.BaseWidget
	raster *canvas.Raster
	img    *image.RGBA
	data   series
}

// series is what a chart shows: bytes per second at ages in seconds, oldest first.
type series struct {
	age         []float64
	write, read []float64
	top         float64 // upper end of the scale, bytes per second
}

func newChart() *chart {
	c := &chart{data: series{top: scaleTop(0)}}
	c.raster = canvas.NewRaster(c.paint)
	c.ExtendBaseWidget(c)
	return c
}

func (c *chart) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(c.raster) }
func (c *chart) MinSize() fyne.Size                  { return fyne.NewSize(200, 116) }

func (c *chart) show(a *activity.Snapshot) {
	s := seriesOf(a)
	if still(s) && still(c.data) && s.top == c.data.top {
		return
	}
	c.data = s
	c.raster.Refresh()
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

// seriesOf takes the full seconds, each in its middle, and the present rates as the value of now.
func seriesOf(a *activity.Snapshot) series {
	var s series
	peak := 0.0
	add := func(age, write, read float64) {
		s.age, s.write, s.read = append(s.age, age), append(s.write, write), append(s.read, read)
		peak = max(peak, write, read)
	}
	for _, sec := range a.Seconds {
		age := a.At.Sub(time.Unix(sec.Unix, int64(time.Second/2))).Seconds()
		if age >= 0.5 {
			add(age, float64(sec.Written), float64(sec.Read))
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
	number, unit, _ := strings.Cut(rate(top), " ")
	whole, _, _ := strings.Cut(number, ".")
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
	p := chartPainter{img: c.img, s: c.data, scale: float64(w) / float64(max(c.Size().Width, 1))}
	draw.Draw(c.img, c.img.Rect, image.NewUniform(shade(colorPanel)), image.Point{}, draw.Src)
	p.area = image.Rect(0, p.px(10), w, h-p.px(20))
	p.gridLines()
	p.curve(c.data.write, shade(colorWrite), 0x50)
	p.curve(c.data.read, shade(colorRead), 0)
	p.labels()
	return c.img
}

type chartPainter struct {
	img   *image.RGBA
	s     series
	scale float64
	area  image.Rectangle
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

func (p *chartPainter) labels() {
	pen := penOf(sizeCaption * p.scale)
	c := shade(colorMuted)
	y := p.area.Max.Y + p.px(2)
	pen.write(p.img, p.px(6), y, tr("60 s ago"), c)
	now := tr("now")
	pen.write(p.img, p.img.Rect.Dx()-p.px(6)-pen.left(len([]rune(now))), y, now, c)
	top := scaleLabel(p.s.top)
	box := image.Rect(p.px(4), p.area.Min.Y+p.px(1), p.px(8)+pen.left(len(top)), p.area.Min.Y+p.px(2)+pen.height)
	draw.Draw(p.img, box, image.NewUniform(faded(shade(colorPanel), 0xc0)), image.Point{}, draw.Over)
	pen.write(p.img, p.px(6), p.area.Min.Y+p.px(1), top, c)
}

// curve draws one series column by column: a line whose edges are softened, and the area below it.
func (p *chartPainter) curve(values []float64, c color.Color, fill uint8) {
	thick := 1.6 * p.scale
	width := float64(p.area.Dx())
	height := func(x float64) (float64, bool) {
		v, ok := at((width-x)/width*chartSeconds, p.s.age, values)
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

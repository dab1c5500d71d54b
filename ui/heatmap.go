package ui

import (
	"image"
	"image/draw"
	"math"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"

	"vitrine/fusefs/activity"
)

// heatMap is how many operations took how long: time across, durations upward on a logarithmic scale.
type heatMap struct {
	columns []activity.HeatColumn
	at      time.Time // the right end
	most    uint32    // the largest count
}

func heatMapOf(a *activity.Snapshot, p *period) heatMap {
	m := heatMap{at: a.At}
	for _, c := range p.heat(&a.Heat) {
		if a.At.Sub(time.Unix(c.Unix, 0)).Seconds() >= p.seconds+float64(p.slot) {
			continue
		}
		m.columns = append(m.columns, c)
		for _, n := range c.Counts {
			m.most = max(m.most, n)
		}
	}
	return m
}

// heat draws the map. A colour grows with the logarithm of the count, so that one slow operation among thousands is
// seen.
func (p *chartPainter) heat(m *heatMap) {
	for _, l := range heatLines {
		p.hline(p.durationAt(l.took), shade(colorLine))
	}
	tone, bad := shade(theme.ColorNamePrimary), shade(theme.ColorNameError)
	for i := range m.columns {
		c := &m.columns[i]
		right := m.at.Sub(time.Unix(c.Unix+p.period.slot, 0)).Seconds()
		x1 := p.area.Max.X - p.across(right)
		x0 := p.area.Max.X - p.across(right+float64(p.period.slot))
		for b, n := range c.Counts {
			if n == 0 {
				continue
			}
			y0, y1 := p.bucketTop(b+1), p.bucketTop(b)
			r := image.Rect(x0, y0, max(x1, x0+1), max(y1, y0+1)).Intersect(p.area)
			colour, strength := tone, 0.22+0.78*math.Log1p(float64(n))/math.Log1p(float64(m.most))
			if low, _ := activity.BucketBounds(b); low >= slow/2 {
				colour, strength = bad, max(strength, 0.7)
			}
			draw.Draw(p.img, r, image.NewUniform(faded(colour, uint8(strength*0xff))), image.Point{}, draw.Over)
		}
	}
}

// across is how far a time in seconds reaches, in pixels.
func (p *chartPainter) across(seconds float64) int {
	return int(math.Round(seconds / p.period.seconds * float64(p.area.Dx())))
}

// bucketTop is where a bucket begins, in pixels from the top.
func (p *chartPainter) bucketTop(b int) int {
	return p.area.Max.Y - int(math.Round(float64(b)/activity.NumBuckets*float64(p.area.Dy())))
}

// heatLines are the durations that lines stand for.
var heatLines = [...]struct {
	took time.Duration
	name string
}{{10 * time.Microsecond, "10 µs"}, {time.Millisecond, "1 ms"}, {100 * time.Millisecond, "100 ms"}, {10 * time.Second, "10 s"}}

func (p *chartPainter) durationAt(d time.Duration) int {
	_, first := activity.BucketBounds(0)
	b := 1 + math.Log2(float64(d)/float64(first))
	return p.area.Max.Y - int(math.Round(b/activity.NumBuckets*float64(p.area.Dy())))
}

func (p *chartPainter) heatLabels(pen *pen) {
	for _, l := range heatLines {
		p.label(pen, p.durationAt(l.took)-pen.height/2, l.name)
	}
}

// chartLayout puts the choices into the line below the chart.
type chartLayout struct{}

func (chartLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(200, 116) }

func (chartLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	o[0].Resize(s)
	m := o[1].MinSize()
	o[1].Resize(m)
	o[1].Move(fyne.NewPos((s.Width-m.Width)/2, s.Height-m.Height-3))
}

// chartChoices are words below the chart that say and change what it shows.
type chartChoices struct {
	c     *chart
	box   *fyne.Container
	spans []*link
	kinds [2]*link
}

func newChartChoices(c *chart) *chartChoices {
	k := &chartChoices{c: c, box: container.New(layout.NewCustomPaddedHBoxLayout(10))}
	for i, p := range c.periods {
		l := newLink(p.name, func() { c.setPeriod(i) })
		k.spans = append(k.spans, l)
		k.box.Add(l.tappable)
	}
	k.box.Add(muted("│"))
	k.kinds[0] = newLink(tr("bytes"), func() { c.setHeat(false) })
	k.kinds[1] = newLink(tr("latency"), func() { c.setHeat(true) })
	k.box.Add(k.kinds[0].tappable)
	k.box.Add(k.kinds[1].tappable)
	k.update()
	return k
}

// update marks what is shown.
func (k *chartChoices) update() {
	for i, l := range k.spans {
		l.mark(i == k.c.shown)
	}
	k.kinds[0].mark(!k.c.heat)
	k.kinds[1].mark(k.c.heat)
}

// link is a word that can be clicked on.
type link struct {
	*tappable
	line *line
}

func newLink(text string, do func()) *link {
	l := muted(text)
	return &link{newTappable(l, do), l}
}

// mark shows whether this is what is chosen.
func (l *link) mark(on bool) {
	if on {
		l.line.set(l.line.text.Text, theme.ColorNamePrimary)
	} else {
		l.line.set(l.line.text.Text, colorMuted)
	}
}

package ui

import (
	"cmp"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
)

// heatMap is how many operations took how long: time across, durations upward on a logarithmic scale.
type heatMap struct {
	columns []activity.HeatColumn
	at      time.Time // the right end
	most    uint32    // the largest count
	slow    bool      // some took longer than a second
}

// heatMapOf takes the operations of one kind, or all with 0.
func heatMapOf(a *activity.Snapshot, p *period, op oplog.Op) heatMap {
	m := heatMap{at: a.At}
	for _, c := range p.heat(heatOf(a, op)) {
		if a.At.Sub(time.Unix(c.Unix, 0)).Seconds() >= p.seconds+float64(p.slot) {
			continue
		}
		m.columns = append(m.columns, c)
		for b, n := range c.Counts {
			m.most = max(m.most, n)
			m.slow = m.slow || n > 0 && isSlow(b)
		}
	}
	return m
}

func heatOf(a *activity.Snapshot, op oplog.Op) *activity.Heat {
	if op == 0 {
		return &a.Heat
	}
	for i := range a.Ops {
		if a.Ops[i].Op == op {
			return &a.Ops[i].Heat
		}
	}
	return &activity.Heat{}
}

// isSlow says whether all operations in a bucket took longer than a second.
func isSlow(bucket int) bool {
	low, _ := activity.BucketBounds(bucket)
	return low >= slow
}

// heat draws the map. A colour grows with the logarithm of the count, so that one slow operation among thousands is
// seen.
func (p *chartPainter) heat(m *heatMap) {
	for _, l := range heatLines {
		p.hline(p.durationAt(l.took), shade(colorLine))
	}
	p.heatScale()
	if len(m.columns) > 0 {
		p.legend(m.slow)
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
			colour, alpha := tone, strength(math.Log1p(float64(n))/math.Log1p(float64(m.most)))
			if isSlow(b) {
				colour, alpha = bad, max(alpha, strength(0.6))
			}
			p.fill(r, faded(colour, alpha))
		}
	}
}

// strength is how much of its colour a count gets, from 0 for the least to 1 for the most.
func strength(part float64) uint8 { return uint8((0.22 + 0.78*part) * 0xff) }

func (p *chartPainter) fill(r image.Rectangle, c color.Color) {
	draw.Draw(p.img, r, image.NewUniform(c), image.Point{}, draw.Over)
}

// legend says above the map, from the right, what its colours mean.
func (p *chartPainter) legend(red bool) {
	pen := penOf(sizeCaption * p.scale)
	x, y := p.img.Rect.Max.X-p.px(6), p.px(1)
	say := func(text string) {
		x -= pen.left(len([]rune(text)))
		pen.write(p.img, x, y, text, shade(colorMuted))
		x -= p.px(5)
	}
	patch := func(c color.Color) {
		x -= p.px(9)
		p.fill(image.Rect(x, y+pen.height/2-p.px(4), x+p.px(9), y+pen.height/2+p.px(5)), c)
	}
	if red {
		say(tr("over 1 s"))
		patch(shade(theme.ColorNameError))
		x -= p.px(14)
	}
	say(tr("many"))
	for i := range legendSteps {
		patch(faded(shade(theme.ColorNamePrimary), strength(1-float64(i)/(legendSteps-1))))
	}
	x -= p.px(5)
	say(tr("few"))
}

// legendSteps is how many colours the legend shows between few and many.
const legendSteps = 5

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

func (p *chartPainter) heatScale() {
	pen := penOf(sizeCaption * p.scale)
	for _, l := range heatLines {
		p.label(pen, p.durationAt(l.took), l.name)
	}
}

// chartLayout puts the words into the line below the chart: the times of its ends, and the choices between them, which keep
// their place when that of an operation comes beside them. What it says while it is empty stands in its middle.
type chartLayout struct{}

func (chartLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(200, 116) }

func (chartLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	raster, from, choices, op, to, says := o[0], o[1], o[2], o[3], o[4], o[5]
	raster.Resize(s)
	begin, end := float32(chartGutter), s.Width-6-to.MinSize().Width
	m := choices.MinSize()
	width := m.Width
	if op.Visible() {
		width += wordGap + op.MinSize().Width
	}
	x := min((begin+s.Width-m.Width)/2, end-wordGap-width)
	x = max(x, begin+from.MinSize().Width+wordGap)
	place := func(o fyne.CanvasObject, x, y float32) {
		o.Resize(o.MinSize())
		o.Move(fyne.NewPos(x, y))
	}
	y := s.Height - m.Height - 3
	place(from, begin, y)
	place(choices, x, y)
	place(op, x+m.Width+wordGap, y)
	place(to, end, y)
	place(says, (begin+s.Width-says.MinSize().Width)/2, (chartTop+s.Height-chartFoot-says.MinSize().Height)/2)
}

// wordGap is the room between two words below the chart.
const wordGap = 10

// chartChoices are words below the chart that say and change what it shows.
type chartChoices struct {
	c     *chart
	box   *fyne.Container
	spans []*link
	kinds [2]*link
	op    *link // whose latencies, beside the box
}

func newChartChoices(c *chart) *chartChoices {
	k := &chartChoices{c: c, box: container.New(layout.NewCustomPaddedHBoxLayout(wordGap))}
	for i, p := range c.periods {
		l := newLink(p.name, func() { c.setPeriod(i) })
		k.spans = append(k.spans, l)
		k.box.Add(l.tappable)
	}
	k.box.Add(muted("│"))
	k.kinds[0] = newLink(tr("bytes"), func() { c.setHeat(false) })
	k.kinds[1] = newLink(tr("latency"), func() { c.setHeat(true) })
	k.op = newLink("", c.showOps)
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
	of := tr("of all")
	if k.c.op != 0 {
		of = fmt.Sprintf(tr("of %s"), k.c.op)
	}
	k.op.line.set(of+" ▾", theme.ColorNamePrimary)
	showIf(k.c.heat, k.op.tappable)
}

// showOps offers the kinds of operations that occurred, the most frequent first, to see how long each took.
func (c *chart) showOps() {
	if !c.heat {
		c.setHeat(true)
	}
	m := fyne.NewMenu("")
	add := func(op oplog.Op, name string) {
		item := fyne.NewMenuItem(name, func() { c.setOp(op) })
		item.Checked = op == c.op
		m.Items = append(m.Items, item)
	}
	add(0, tr("all operations"))
	ops := slices.SortedStableFunc(slices.Values(c.snap.Ops), func(a, b activity.OpStats) int { return cmp.Compare(b.All.Count, a.All.Count) })
	for i := range ops {
		add(ops[i].Op, ops[i].Op.String())
	}
	d := fyne.CurrentApp().Driver()
	menu := widget.NewPopUpMenu(m, d.CanvasForObject(c))
	menu.ShowAtPosition(d.AbsolutePositionForObject(c.choices.op.tappable).AddXY(0, c.choices.op.Size().Height))
	menu.ActivateNext()
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

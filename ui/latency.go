package ui

import (
	"math"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"vitrine/fusefs/activity"
)

// latency lists, for each kind of operation, how often it ran and how long it took: all time, and lately or in the
// time that was selected in the chart.
type latency struct {
	*list[opLatency]
	span func() timeSpan // what is selected in the chart
}

// opLatency is a row: what is known of an operation, and what of that is recent or selected.
type opLatency struct {
	*activity.OpStats
	part activity.Latency
}

func newLatency(u *UI, t *tip, span func() timeSpan) *latency {
	fields := []facet[opLatency]{
		{column{key: "operation", title: tr("Operation"), chars: 11, flex: true, most: 24},
			func(o *opLatency, c *cell) { c.text = o.Op.String() }, by(func(o *opLatency) string { return o.Op.String() })},
		{column{key: "histogram", title: tr("Spread"), chars: histogramChars, drop: 1, figure: true},
			func(o *opLatency, c *cell) { *c = cell{text: histogram(&o.Buckets), tone: colorRead} }, by(spread)},
	}
	fields = append(fields, latencyFields("all", tr("All time"), 11, func(o *opLatency) *activity.Latency { return &o.All })...)
	fields = append(fields, latencyFields("recent", tr("Last 10 seconds"), 9, func(o *opLatency) *activity.Latency { return &o.part })...)
	p := &latency{newList(t, func(o *opLatency) uint64 { return uint64(o.Op) }, fields...), span}
	p.table.grid.menu = func(row int) *fyne.Menu { return u.rowMenu(about{op: p.items[row].Op}) }
	return p
}

// spread is what rows are sorted by as the histogram: how much longer the slow operations took than the usual ones.
func spread(o *opLatency) time.Duration { return o.All.P95 - o.All.P50 }

// latencyFields are the columns of one distribution.
func latencyFields(key, name string, digits int, of func(*opLatency) *activity.Latency) []facet[opLatency] {
	number := func(k, title string, chars, drop int, write func(*activity.Latency, *cell), value func(*activity.Latency) int64) facet[opLatency] {
		return facet[opLatency]{column{key: key + "-" + k, title: title, chars: chars, right: true, drop: drop}, func(o *opLatency, c *cell) {
			if *c = (cell{text: "–", tone: colorMuted}); of(o).Count > 0 {
				*c = cell{}
				write(of(o), c)
			}
		}, by(func(o *opLatency) int64 { return value(of(o)) })}
	}
	took := func(k, title string, drop int, value func(*activity.Latency) time.Duration) facet[opLatency] {
		return number(k, title, 7, drop,
			func(l *activity.Latency, c *cell) { *c = cell{text: duration(value(l)), tone: ageTone(value(l))} },
			func(l *activity.Latency) int64 { return int64(value(l)) })
	}
	out := []facet[opLatency]{
		number("count", tr("Count"), digits, 0,
			func(l *activity.Latency, c *cell) { c.text = count(l.Count) }, func(l *activity.Latency) int64 { return int64(l.Count) }),
		number("errors", tr("Errors"), 7, 3, writeErrors, func(l *activity.Latency) int64 { return int64(l.Errors) }),
		took("p50", "p50", 0, func(l *activity.Latency) time.Duration { return l.P50 }),
		took("p95", "p95", 4, func(l *activity.Latency) time.Duration { return l.P95 }),
		took("p99", "p99", 0, func(l *activity.Latency) time.Duration { return l.P99 }),
		took("max", tr("max"), 2, func(l *activity.Latency) time.Duration { return l.Max }),
	}
	out[0].group, out[0].line = name, true
	return out
}

func writeErrors(l *activity.Latency, c *cell) {
	if l.Errors > 0 {
		*c = cell{text: count(l.Errors), tone: theme.ColorNameError}
	}
}

func (p *latency) object() fyne.CanvasObject { return p.table.box }
func (p *latency) grid() *grid               { return p.table.grid }

func (p *latency) show(a *activity.Snapshot, s Status) {
	span := p.span()
	p.nameSpan(span)
	rows := make([]opLatency, len(a.Ops))
	for i := range a.Ops {
		o := &a.Ops[i]
		rows[i] = opLatency{o, o.Recent}
		if span.chosen() {
			rows[i].part = activity.LatencyBetween(span.columns(&o.Heat), span.from, span.to)
		}
	}
	p.set(rows)
	p.table.update(unlessMounted(s, tr("No operations yet"),
		tr("As soon as a program uses the mounted folder, you see here how long each kind of operation takes: half of them end within p50, 99 of 100 within p99.")))
}

// nameSpan writes above the second group of columns what time it is about.
func (p *latency) nameSpan(span timeSpan) {
	name := tr("Last 10 seconds")
	if span.chosen() {
		name = time.Unix(span.from, 0).Format("15:04:05") + " – " + time.Unix(span.to, 0).Format("15:04:05")
	}
	g := p.table.grid
	for j := range g.cols {
		if c := &g.cols[j]; c.key == "recent-count" && c.group != name {
			c.group = name
			g.print = 0
		}
	}
}

// histogramChars is the width of a histogram, in letters: one for two buckets.
const histogramChars = activity.NumBuckets / 2

// bars are the heights of a bar of a histogram.
var bars = [...]string{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}

// histogram draws how durations spread, the short ones left, with a bar for each time they are four times as long. Its
// height grows with the logarithm, so that the few slow ones among millions of quick ones are seen.
func histogram(buckets *[activity.NumBuckets]uint64) string {
	var sums [histogramChars]uint64
	most := uint64(0)
	for i, n := range buckets {
		sums[i/2] += n
		most = max(most, sums[i/2])
	}
	var b strings.Builder
	for _, n := range sums {
		height := 0
		if n > 0 {
			height = 1 + int(float64(len(bars)-2)*math.Log(float64(n))/math.Max(math.Log(float64(most)), 1))
		}
		b.WriteString(bars[min(height, len(bars)-1)])
	}
	return b.String()
}

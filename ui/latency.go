package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"vitrine/fusefs/activity"
)

// latency lists, for each kind of operation, how often it ran and how long it took.
type latency struct {
	table *table
	ops   []activity.OpStats
}

func newLatency(t *tip) *latency {
	p := &latency{}
	number := func(title string, chars int) column {
		return column{title: tr(title), chars: chars, right: true}
	}
	group := func(name string, count column) []column {
		count.group, count.line = tr(name), true
		return []column{count, number("Errors", 7), number("p50", 7), number("p95", 7), number("p99", 7), number("max", 7)}
	}
	cols := []column{{title: tr("Operation"), chars: 11, flex: true}}
	cols = append(cols, group("All time", number("Count", 11))...)
	cols = append(cols, group("Last 10 seconds", number("Count", 9))...)
	p.table = newTable(p, t, cols)
	return p
}

func (p *latency) object() fyne.CanvasObject { return p.table.box }

func (p *latency) show(a *activity.Snapshot, s Status) {
	p.ops = a.Ops
	p.table.update(unlessMounted(s, tr("No operations yet"),
		tr("As soon as a program uses the mounted folder, you see here how long each kind of operation takes: half of them end within p50, 99 of 100 within p99.")))
}

func (p *latency) len() int      { return len(p.ops) }
func (p *latency) load(int, int) {}

func (p *latency) row(i int, c []cell) {
	o := &p.ops[i]
	c[0].text = o.Op.String()
	summary(c[1:7], o.All)
	summary(c[7:13], o.Recent)
}

// summary writes count, errors and quantiles.
func summary(c []cell, l activity.Latency) {
	if l.Count == 0 {
		for i := range c {
			c[i] = cell{"–", colorMuted}
		}
		return
	}
	c[0].text = count(l.Count)
	if l.Errors > 0 {
		c[1] = cell{count(l.Errors), theme.ColorNameError}
	}
	for i, d := range [...]time.Duration{l.P50, l.P95, l.P99, l.Max} {
		c[2+i] = cell{duration(d), ageTone(d)}
	}
}

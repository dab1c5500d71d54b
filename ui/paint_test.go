package ui

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"vitrine/fusefs/oplog"
)

// BenchmarkFrame is what one update of the window costs, without what the graphics driver does, while everything in
// sight changes: ns/op times the updates a second is the share of one core. The window has its usual size.
func BenchmarkFrame(b *testing.B) {
	f := newFake()
	manyFiles(f)
	f.history = oplog.NewHistory(65536)
	f.mix(65536)
	a := test.NewTempApp(b)
	u := build(a, f, Options{AppID: "test"})
	queue := make(chan func(), 100)
	u.post = func(f func()) { queue <- f }
	u.window.ticker.interval = time.Hour
	u.window.win.Resize(fyne.NewSize(1040, 680))
	u.window.show()
	for _, c := range []struct{ name, tab, filter, sort string }{
		{"open", "open", "", ""}, {"open sorted", "open", "", "read"}, {"log", "log", "", ""}, {"log filtered", "log", "write", ""},
	} {
		b.Run(c.name, func(b *testing.B) {
			w := u.window
			w.tabs.SelectIndex(w.tabIndex(c.tab))
			w.log.line.set(c.filter)
			g := w.panels[w.tabs.SelectedIndex()].grid()
			if c.sort != "" {
				clickTitle(g, c.sort)
			}
			for b.Loop() {
				f.mix(1000)
				s := *f.snap
				s.At = s.At.Add(time.Second)
				f.snap = &s
				w.showActivity(f.snap)
				for len(queue) > 0 {
					(<-queue)()
				}
				g.paint(1020, 380)
				w.chart.paint(700, 116)
			}
		})
	}
	u.end()
}

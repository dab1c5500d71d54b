package ui

import (
	"fmt"
	"time"

	"fyne.io/fyne/v2"

	"vitrine/fusefs/activity"
)

// openFiles lists the files that programs hold open, and what they do with them.
type openFiles struct {
	*list[activity.OpenFile]
	at time.Time // of the snapshot
}

func newOpenFiles(u *UI, t *tip) *openFiles {
	type file = activity.OpenFile
	p := &openFiles{}
	p.list = newList(t, func(f *file) uint64 { return f.Handle },
		facet[file]{column{key: "file", title: tr("File"), chars: 24, flex: true}, writeOpenPath, by(func(f *file) string { return f.Path })},
		facet[file]{column{key: "process", title: tr("Process"), chars: 17},
			func(f *file, c *cell) { c.text = process(f.Proc, f.PID) }, by(func(f *file) string { return process(f.Proc, f.PID) })},
		facet[file]{column{key: "mode", title: tr("Mode"), chars: len([]rune("rw " + tr("append"))), drop: 5}, writeMode, by(func(f *file) uint32 { return f.Mode & 3 })},
		facet[file]{column{key: "read", title: tr("Read"), chars: 8, right: true, drop: 2},
			func(f *file, c *cell) { c.text = sizeOrDash(f.Read) }, by(func(f *file) int64 { return f.Read })},
		facet[file]{column{key: "written", title: tr("Written"), chars: 8, right: true},
			func(f *file, c *cell) { c.text = sizeOrDash(f.Written) }, by(func(f *file) int64 { return f.Written })},
		facet[file]{column{key: "rate", title: tr("Rate"), chars: 9, right: true}, func(f *file, c *cell) {
			*c = cell{text: rateOrDash(f.ReadRate + f.WriteRate), tone: flowTone(f.ReadRate, f.WriteRate)}
		}, by(func(f *file) float64 { return f.ReadRate + f.WriteRate })},
		facet[file]{column{key: "left", title: tr("Left"), chars: 12, right: true}, writeLeft, by(func(f *file) time.Duration { return f.Left })},
		facet[file]{column{key: "inflight", title: tr("In flight"), chars: 9, right: true, drop: 4},
			func(f *file, c *cell) { c.text = countOrNothing(f.InFlight) }, by(func(f *file) int { return f.InFlight })},
		facet[file]{column{key: "age", title: tr("Open for"), chars: 11, right: true, drop: 1},
			func(f *file, c *cell) { *c = cell{text: age(p.at.Sub(time.Unix(0, f.Opened))), tone: colorMuted} }, by(func(f *file) int64 { return -f.Opened })},
	)
	p.table.grid.menu = func(row int) *fyne.Menu {
		f := p.items[row]
		return u.rowMenu(about{path: f.Path, proc: f.Proc, pid: f.PID},
			fyne.NewMenuItem(tr("Story of this file"), func() { u.window.log.openStoryOfHandle(f.Handle) }))
	}
	p.table.grid.opened = func(row int) { u.window.log.openStoryOfHandle(p.items[row].Handle) }
	return p
}

func (p *openFiles) object() fyne.CanvasObject { return p.table.box }
func (p *openFiles) grid() *grid               { return p.table.grid }

func (p *openFiles) show(a *activity.Snapshot, s Status) {
	p.at = a.At
	p.set(a.Open)
	p.table.update(unlessMounted(s, tr("No file is open"),
		tr("Copy or open a file in the mounted folder: it appears here with the program that uses it, what it reads and writes, and how fast.")))
}

func writeOpenPath(f *activity.OpenFile, c *cell) {
	c.text = visible(f.Path)
	switch {
	case f.Deleted:
		*c = cell{text: c.text + " " + tr("(deleted)"), tone: colorMuted}
	case f.Dir && f.Path != "/":
		c.text += "/"
	}
}

func writeMode(f *activity.OpenFile, c *cell) {
	c.text = mode(f.Mode)
	if f.Dir {
		*c = cell{text: tr("folder"), tone: colorMuted}
	}
}

// writeLeft shows how far a file is written whose size is known before its end, and how long the rest will take.
func writeLeft(f *activity.OpenFile, c *cell) {
	if f.Expected <= 0 {
		return
	}
	c.done = min(1, float32(float64(f.Reached)/float64(f.Expected)))
	c.text = fmt.Sprintf("%d %%", int(c.done*100))
	if f.Left > 0 {
		c.text = countdown(f.Left) + " " + fmt.Sprintf("%4s", c.text)
	}
}

func sizeOrDash(bytes int64) string {
	if bytes == 0 {
		return "–"
	}
	return size(float64(bytes))
}

func countOrNothing(n int) string {
	if n == 0 {
		return ""
	}
	return count(n)
}

// flowTone is the colour of the larger of two rates.
func flowTone(read, write float64) fyne.ThemeColorName {
	switch {
	case read < 0.5 && write < 0.5:
		return colorMuted
	case write >= read:
		return colorWrite
	default:
		return colorRead
	}
}

package ui

import (
	"time"

	"fyne.io/fyne/v2"

	"vitrine/fusefs/activity"
)

// openFiles lists the files that programs hold open, and what they do with them.
type openFiles struct {
	table *table
	snap  *activity.Snapshot
}

func newOpenFiles(t *tip) *openFiles {
	p := &openFiles{snap: &activity.Snapshot{}}
	p.table = newTable(p, t, []column{
		{title: tr("File"), chars: 18, flex: true},
		{title: tr("Process"), chars: 17},
		{title: tr("Mode"), chars: 9},
		{title: tr("Read"), chars: 8, right: true},
		{title: tr("Written"), chars: 8, right: true},
		{title: tr("Rate"), chars: 9, right: true},
		{title: tr("In flight"), chars: 9, right: true},
		{title: tr("Open for"), chars: 11, right: true},
	})
	return p
}

func (p *openFiles) object() fyne.CanvasObject { return p.table.box }

func (p *openFiles) show(a *activity.Snapshot, s Status) {
	p.snap = a
	p.table.update(unlessMounted(s, tr("No file is open"),
		tr("Copy or open a file in the mounted folder: it appears here with the program that uses it, what it reads and writes, and how fast.")))
}

func (p *openFiles) len() int      { return len(p.snap.Open) }
func (p *openFiles) load(int, int) {}

func (p *openFiles) row(i int, c []cell) {
	f := p.snap.Open[i]
	c[0].text = f.Path
	switch {
	case f.Deleted:
		c[0] = cell{f.Path + " " + tr("(deleted)"), colorMuted}
	case f.Dir && f.Path != "/":
		c[0].text += "/"
	}
	c[1].text = process(f.Proc, f.PID)
	c[2].text = mode(f.Mode)
	if f.Dir {
		c[2] = cell{tr("folder"), colorMuted}
	}
	c[3].text = sizeOrDash(f.Read)
	c[4].text = sizeOrDash(f.Written)
	c[5] = cell{rateOrDash(f.ReadRate + f.WriteRate), flowTone(f.ReadRate, f.WriteRate)}
	if f.InFlight > 0 {
		c[6].text = count(f.InFlight)
	}
	c[7] = cell{age(p.snap.At.Sub(time.Unix(0, f.Opened))), colorMuted}
}

func sizeOrDash(bytes int64) string {
	if bytes == 0 {
		return "–"
	}
	return size(float64(bytes))
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

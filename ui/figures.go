package ui

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"

	"vitrine/fusefs/activity"
)

// figures are the four large numbers beside the chart.
type figures struct {
	box                        *fyne.Container
	written, read, ops, errors *figure
	viewing                    bool // a saved log is shown: nothing goes on
}

// newFigures makes the figures; lastError is called when the person clicks on the errors.
func newFigures(lastError func()) *figures {
	f := &figures{
		written: newFigure(tr("Writing"), colorWrite),
		read:    newFigure(tr("Reading"), colorRead),
		ops:     newFigure(tr("Operations"), ""),
		errors:  newFigure(tr("Errors"), ""),
	}
	f.box = container.New(layout.NewCustomPaddedVBoxLayout(8),
		container.NewGridWithColumns(2, f.written.box, f.read.box),
		container.NewGridWithColumns(2, f.ops.box, newTappable(f.errors.box, lastError)))
	f.show(&activity.Snapshot{})
	return f
}

// view shows a saved log: what there is in all.
func (f *figures) view() {
	f.viewing = true
	f.written.name.set(tr("Written"), colorMuted)
	f.read.name.set(tr("Read"), colorMuted)
}

func (f *figures) show(a *activity.Snapshot) {
	if f.viewing {
		f.showTotals(a)
	} else {
		f.showRates(a)
	}
	f.showErrors(a)
}

func (f *figures) showRates(a *activity.Snapshot) {
	f.written.set(rate(a.WriteRate), fmt.Sprintf(tr("%s in all"), size(float64(a.Written))), theme.ColorNameForeground)
	f.read.set(rate(a.ReadRate), fmt.Sprintf(tr("%s in all"), size(float64(a.Read))), theme.ColorNameForeground)
	f.ops.set(perSecond(a.OpRate)+"/s", fmt.Sprintf(tr("%s in all"), count(a.Count)), theme.ColorNameForeground)
}

func (f *figures) showTotals(a *activity.Snapshot) {
	f.written.set(size(float64(a.Written)), tr("in all"), theme.ColorNameForeground)
	f.read.set(size(float64(a.Read)), tr("in all"), theme.ColorNameForeground)
	f.ops.set(count(a.Count), tr("in all"), theme.ColorNameForeground)
}

func (f *figures) showErrors(a *activity.Snapshot) {
	note, tone := tr("none so far"), theme.ColorNameForeground
	if a.Errors > 0 {
		note, tone = tr("see the Log tab"), theme.ColorNameError
		if e := a.LastError; e != nil {
			note = fmt.Sprintf(tr("last: %s %s"), e.Op, errno(e.Errno))
		}
	}
	f.errors.set(count(a.Errors), note, tone)
}

// figure is a number with what it counts above it and a note below.
type figure struct {
	box               *fyne.Container
	name, value, note *line
}

func newFigure(name string, swatch fyne.ThemeColorName) *figure {
	f := &figure{name: muted(name), value: newLine("", sizeFigure, theme.ColorNameForeground, fyne.TextStyle{Bold: true}), note: muted("")}
	var caption fyne.CanvasObject = f.name
	if swatch != "" {
		mark := newSheet(swatch, "", 0xff, 2)
		dot := container.New(fixedSize{fyne.NewSize(9, 9)}, mark)
		caption = container.NewHBox(container.NewCenter(dot), caption)
	}
	f.box = container.New(layout.NewCustomPaddedVBoxLayout(0), caption, f.value, f.note)
	return f
}

func (f *figure) set(value, note string, tone fyne.ThemeColorName) {
	f.value.set(value, tone)
	f.note.set(note, colorMuted)
}

// fixedSize gives its objects one size.
type fixedSize struct{ size fyne.Size }

func (f fixedSize) MinSize([]fyne.CanvasObject) fyne.Size { return f.size }
func (f fixedSize) Layout(o []fyne.CanvasObject, s fyne.Size) {
	for _, c := range o {
		c.Resize(s)
	}
}

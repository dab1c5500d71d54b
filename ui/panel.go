package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"vitrine/fusefs/activity"
)

// panel is the content of a tab.
type panel interface {
	object() fyne.CanvasObject
	// grid returns the panel's table, which takes the keys.
	grid() *grid
	// show brings the panel up to date. It is called only while the panel is visible.
	show(a *activity.Snapshot, s Status)
}

// table is a grid that gives way to a sentence of help while it has no rows.
type table struct {
	grid  *grid
	empty *emptyState
	box   *fyne.Container
}

func newTable(src rows, t *tip, cols []column) *table {
	b := &table{grid: newGrid(src, cols), empty: newEmptyState()}
	b.grid.tip = t
	b.box = container.NewStack(newSheet(colorPanel, colorLine, 0xff, 0), padded(1, 1, 1, 1, b.grid), b.empty.box)
	return b
}

// update redraws what changed and says in title and help why there are no rows.
func (b *table) update(title, help string) {
	b.grid.update()
	if b.grid.rowCount > 0 {
		if b.empty.box.Visible() {
			b.empty.box.Hide()
			b.grid.Show()
		}
		return
	}
	b.empty.set(title, help)
	if !b.empty.box.Visible() || b.grid.Visible() {
		b.grid.Hide()
		b.empty.box.Show()
	}
}

// unlessMounted replaces title and help where nothing is mounted.
func unlessMounted(s Status, title, help string) (string, string) {
	switch s.State {
	case Mounted, Ejecting, Viewing:
		return title, help
	case Mounting:
		return tr("Mounting…"), tr("As soon as the folder answers, you see here what passes through it.")
	case Failed:
		return tr("Nothing is mounted"), tr("The message above says why, and what to do.")
	default:
		return tr("Nothing is mounted"), tr("Press Mount. Then copy a file into the folder and watch it here.")
	}
}

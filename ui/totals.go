package ui

import (
	"fmt"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"vitrine/fusefs/activity"
)

// totalRow is what one process did, or what was done to one file.
type totalRow struct {
	name   string
	about  about
	others bool // stands for all that have no row
	activity.Total
}

// totals lists what was done since the mount, by process or by file.
type totals struct {
	*list[totalRow]
	at          time.Time // of the snapshot
	rows        func(*activity.Snapshot) []totalRow
	title, help string // while there are none
}

func newProcesses(u *UI, t *tip) *totals {
	p := newTotals(u, t, tr("Process"), processRows)
	p.title, p.help = tr("No process yet"), tr("Every program that uses the mounted folder appears here with what it read and wrote in all, its errors, and the time it spent waiting for the drive.")
	return p
}

func newFiles(u *UI, t *tip) *totals {
	p := newTotals(u, t, tr("File"), fileRows)
	p.title, p.help = tr("No file yet"), tr("Every file that was used since the mount appears here with what was read and written in all, also after it was closed.")
	return p
}

func newTotals(u *UI, t *tip, name string, rows func(*activity.Snapshot) []totalRow) *totals {
	p := &totals{rows: rows}
	number := func(key, title string, chars, drop int, write func(*totalRow) string, value func(*totalRow) int64) facet[totalRow] {
		return facet[totalRow]{column{key: key, title: title, chars: chars, right: true, drop: drop},
			func(r *totalRow, c *cell) { c.text = write(r) }, by(value)}
	}
	errors := number("errors", tr("Errors"), 8, 0, nil, func(r *totalRow) int64 { return int64(r.Errors) })
	errors.write = func(r *totalRow, c *cell) {
		if r.Errors > 0 {
			*c = cell{text: count(r.Errors), tone: theme.ColorNameError}
		}
	}
	last := number("last", tr("Last used"), 12, 1, nil, func(r *totalRow) int64 { return r.Last })
	last.write = func(r *totalRow, c *cell) { *c = cell{text: age(p.at.Sub(time.Unix(0, r.Last))), tone: colorMuted} }
	p.list = newList(t, func(r *totalRow) uint64 { return ident(r.name) },
		facet[totalRow]{column{key: "name", title: name, chars: 24, flex: true}, writeTotalName, by(func(r *totalRow) string { return r.name })},
		number("ops", tr("Operations"), 11, 0, func(r *totalRow) string { return count(r.Ops) }, func(r *totalRow) int64 { return int64(r.Ops) }),
		number("read", tr("Read"), 8, 0, func(r *totalRow) string { return sizeOrDash(r.Read) }, func(r *totalRow) int64 { return r.Read }),
		number("written", tr("Written"), 8, 0, func(r *totalRow) string { return sizeOrDash(r.Written) }, func(r *totalRow) int64 { return r.Written }),
		errors,
		number("time", tr("Time spent"), 10, 0, func(r *totalRow) string { return duration(r.Time) }, func(r *totalRow) int64 { return int64(r.Time) }),
		last,
	)
	p.order = by(func(r *totalRow) string { return r.name })
	p.table.grid.sorted, p.table.grid.down = len(p.fields)-2, true
	p.table.grid.menu = func(row int) *fyne.Menu { return u.rowMenu(p.items[row].about) }
	return p
}

func writeTotalName(r *totalRow, c *cell) {
	c.text = r.name
	if r.others {
		c.tone = colorMuted
	}
}

func (p *totals) object() fyne.CanvasObject { return p.table.box }
func (p *totals) grid() *grid               { return p.table.grid }

func (p *totals) show(a *activity.Snapshot, s Status) {
	p.at = a.At
	p.set(p.rows(a))
	p.table.update(unlessMounted(s, p.title, p.help))
}

func processRows(a *activity.Snapshot) []totalRow {
	rows := make([]totalRow, 0, len(a.Processes)+1)
	for _, t := range a.Processes {
		rows = append(rows, totalRow{name: process(visible(t.Proc), t.PID), about: about{proc: t.Proc, pid: t.PID}, Total: t.Total})
	}
	return withOthers(rows, a.OtherProcesses)
}

func fileRows(a *activity.Snapshot) []totalRow {
	rows := make([]totalRow, 0, len(a.Files)+1)
	for _, t := range a.Files {
		rows = append(rows, totalRow{name: visible(t.Path), about: about{path: t.Path}, Total: t.Total})
	}
	return withOthers(rows, a.OtherFiles)
}

func withOthers(rows []totalRow, o activity.Others) []totalRow {
	if o.Rows == 0 {
		return rows
	}
	name := fmt.Sprintf(tr("%s others"), count(o.Rows))
	return append(rows, totalRow{name: name, others: true, Total: o.Total})
}

package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
)

// Ages from which an operation in flight is marked.
const (
	slow  = time.Second
	stuck = 5 * time.Second
)

// inFlight lists the operations that have begun and not ended, oldest first.
type inFlight struct {
	*list[underWay]
	all []underWay
}

// underWay is an operation in flight and what it waits for, if that is known.
type underWay struct {
	*oplog.Event
	waits activity.Sentence
}

func newInFlight(u *UI, t *tip) *inFlight {
	type event = underWay
	p := &inFlight{}
	p.list = newList(t, begun,
		facet[event]{column{key: "operation", title: tr("Operation"), chars: 11},
			func(e *event, c *cell) { c.text = e.Op.String() }, by(func(e *event) string { return e.Op.String() })},
		facet[event]{column{key: "file", title: tr("File"), chars: 22, flex: true},
			func(e *event, c *cell) { c.text = paths(e.Event) }, by(func(e *event) string { return paths(e.Event) })},
		facet[event]{column{key: "handle", title: tr("Handle"), chars: 8, right: true, drop: 4},
			func(e *event, c *cell) { c.text = handle(e.Handle) }, by(func(e *event) uint64 { return e.Handle })},
		facet[event]{column{key: "offset", title: tr("Offset"), chars: 15, right: true, drop: 3},
			func(e *event, c *cell) { c.text, _ = extent(e.Event) }, by(func(e *event) int64 { return e.Offset })},
		facet[event]{column{key: "size", title: tr("Size"), chars: 10, right: true, drop: 2},
			func(e *event, c *cell) { _, c.text = extent(e.Event) }, by(func(e *event) int64 { return e.Size })},
		facet[event]{column{key: "age", title: tr("Age"), chars: 11, right: true}, func(e *event, c *cell) {
			*c = cell{text: duration(time.Duration(e.Duration)), tone: ageTone(time.Duration(e.Duration))}
		}, by(func(e *event) int64 { return e.Duration })},
		facet[event]{column{key: "process", title: tr("Process"), chars: 15},
			func(e *event, c *cell) { c.text = process(e.Proc, e.PID) }, by(func(e *event) string { return process(e.Proc, e.PID) })},
		facet[event]{column{key: "waits", title: tr("Waits for"), chars: 28, flex: true}, func(e *event, c *cell) {
			*c = cell{text: say(e.waits), tone: ageTone(time.Duration(e.Duration))}
		}, by(func(e *event) string { return say(e.waits) })},
	)
	p.tint = func(e *event) fyne.ThemeColorName { return ageTone(time.Duration(e.Duration)) }
	p.table.grid.menu = func(row int) *fyne.Menu {
		e := p.items[row].Event
		return u.rowMenu(aboutEvent(e), fyne.NewMenuItem(tr("Story of this operation"), func() { u.window.log.openStoryInFlight(e) }))
	}
	p.table.grid.opened = func(row int) { u.window.log.openStoryInFlight(p.items[row].Event) }
	return p
}

// begun tells operations in flight from each other by when they began and what they do: they have no number yet.
func begun(e *underWay) uint64 {
	return ident(struct {
		mono, offset int64
		handle       uint64
		pid          int32
		op           oplog.Op
	}{e.Mono, e.Offset, e.Handle, e.PID, e.Op})
}

func (p *inFlight) object() fyne.CanvasObject { return p.table.box }
func (p *inFlight) grid() *grid               { return p.table.grid }

func (p *inFlight) show(a *activity.Snapshot, s Status) {
	p.all = p.all[:0]
	for i := range a.InFlight {
		one := underWay{Event: &a.InFlight[i]}
		if a.Waits != nil {
			one.waits = a.Waits[i]
		}
		p.all = append(p.all, one)
	}
	p.set(p.all)
	p.table.update(unlessMounted(s, tr("Nothing is in flight"),
		tr("Operations appear here while the filesystem works on them. One that takes longer than a second turns amber, past five seconds red, and says what it waits for.")))
}

func ageTone(d time.Duration) fyne.ThemeColorName {
	switch {
	case d >= stuck:
		return theme.ColorNameError
	case d >= slow:
		return theme.ColorNameWarning
	default:
		return ""
	}
}

// paths writes the file of an operation, or both where there are two.
func paths(e *oplog.Event) string {
	if e.Path2 == "" {
		return visible(e.Path)
	}
	switch e.Op {
	case oplog.Setxattr, oplog.Getxattr, oplog.Removexattr:
		return visible(e.Path) + " [" + visible(e.Path2) + "]"
	default:
		return visible(e.Path) + " → " + visible(e.Path2)
	}
}

// extent writes offset and size where the operation has them.
func extent(e *oplog.Event) (offset, length string) {
	switch e.Op {
	case oplog.Read, oplog.Write:
		return count(e.Offset), count(e.Size)
	case oplog.Truncate:
		return "", count(e.Size)
	default:
		return "", ""
	}
}

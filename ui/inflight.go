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
	table *table
	ops   []oplog.Event
}

func newInFlight(t *tip) *inFlight {
	p := &inFlight{}
	p.table = newTable(p, t, []column{
		{title: tr("Operation"), chars: 11},
		{title: tr("File"), chars: 18, flex: true},
		{title: tr("Handle"), chars: 8, right: true},
		{title: tr("Offset"), chars: 15, right: true},
		{title: tr("Size"), chars: 10, right: true},
		{title: tr("Age"), chars: 11, right: true},
		{title: tr("Process"), chars: 18},
	})
	return p
}

func (p *inFlight) object() fyne.CanvasObject { return p.table.box }

func (p *inFlight) show(a *activity.Snapshot, s Status) {
	p.ops = a.InFlight
	p.table.update(unlessMounted(s, tr("Nothing is in flight"),
		tr("Operations appear here while the filesystem works on them. One that takes longer than a second turns amber, past five seconds red.")))
}

func (p *inFlight) len() int      { return len(p.ops) }
func (p *inFlight) load(int, int) {}

func (p *inFlight) row(i int, c []cell) {
	e := &p.ops[i]
	c[0].text = e.Op.String()
	c[1].text = paths(e)
	c[2].text = handle(e.Handle)
	c[3].text, c[4].text = extent(e)
	c[5] = cell{duration(time.Duration(e.Duration)), ageTone(time.Duration(e.Duration))}
	c[6].text = process(e.Proc, e.PID)
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
		return e.Path
	}
	switch e.Op {
	case oplog.Setxattr, oplog.Getxattr, oplog.Removexattr:
		return e.Path + " [" + e.Path2 + "]"
	default:
		return e.Path + " → " + e.Path2
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

package ui

import (
	"fmt"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
)

// detail says below the log all that is known of the selected operation.
type detail struct {
	box    *fyne.Container
	text   *widget.Label
	reader *reader
}

func newDetail(closed func()) *detail {
	d := &detail{text: widget.NewLabel("")}
	d.text.TextStyle.Monospace, d.text.Selectable, d.text.Wrapping = true, true, fyne.TextWrapBreak
	d.text.SizeName = theme.SizeNameCaptionText
	shut := widget.NewButtonWithIcon("", theme.CancelIcon(), closed)
	shut.Importance = widget.LowImportance
	d.reader = newReader(d.text, theme.ColorNameBackground)
	d.reader.scroll.SetMinSize(fyne.NewSize(100, 78))
	d.box = container.NewBorder(nil, nil, nil, container.NewVBox(shut), d.reader.box)
	d.box.Hide()
	return d
}

// show says what is known of e, and in which hazards it has part.
func (d *detail) show(e *oplog.Event, hazards []activity.Hazard) {
	text := describe(e)
	if e.Errno != 0 {
		text += "\n" + errno(e.Errno) + ": " + say(activity.Explain(*e, nil, nil).Meaning)
	}
	for _, h := range hazards {
		text += "\n▲ " + say(h.Text)
	}
	d.text.SetText(text)
	d.box.Show()
	d.reader.scroll.ScrollToTop()
	d.reader.update()
}

func (d *detail) hide() { d.box.Hide() }

// describe writes all that is known of an operation but why it failed.
func describe(e *oplog.Event) string {
	var b strings.Builder
	if e.Flags&oplog.InFlight == 0 {
		fmt.Fprintf(&b, "#%d  ", e.Seq)
	}
	fmt.Fprintf(&b, "%s  %s  %s\n", moment(e.Wall), e.Op, paths(e))
	if o, l := extent(e); l != "" {
		fmt.Fprintf(&b, tr("offset %s  size %s  moved %s")+"\n", o, l, count(e.Result))
	}
	if e.Flags&oplog.InFlight != 0 {
		fmt.Fprintf(&b, tr("in flight for %s"), duration(time.Duration(e.Duration)))
	} else if e.Wait > 0 {
		fmt.Fprintf(&b, tr("took %s, of which %s waiting for the handle"), duration(time.Duration(e.Duration)), duration(time.Duration(e.Wait)))
	} else {
		fmt.Fprintf(&b, tr("took %s"), duration(time.Duration(e.Duration)))
	}
	if e.Handle != 0 {
		fmt.Fprintf(&b, "  "+tr("handle %d"), e.Handle)
	}
	fmt.Fprintf(&b, "  "+tr("by %s"), process(e.Proc, e.PID))
	switch e.Op {
	case oplog.Open, oplog.Create, oplog.Opendir:
		fmt.Fprintf(&b, "  "+tr("flags %#o (%s)"), e.Mode, mode(e.Mode))
	case oplog.Chmod, oplog.Mkdir, oplog.Mknod:
		fmt.Fprintf(&b, "  "+tr("mode %#o"), e.Mode)
	}
	if e.Detail != "" {
		b.WriteString("\n" + e.Detail)
	}
	return b.String()
}

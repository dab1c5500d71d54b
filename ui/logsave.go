package ui

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"vitrine/fusefs/oplog"
	"vitrine/fusefs/oplog/export"
)

// format is a way to write operations into a file.
type format struct {
	name, ending string
	write        func(io.Writer, iter.Seq[oplog.Event]) error
}

func formats() []format {
	return []format{
		{tr("NDJSON, a line of JSON each"), "ndjson", func(w io.Writer, events iter.Seq[oplog.Event]) error {
			return oplog.WriteNDJSON(w, slices.Collect(events))
		}},
		{tr("CSV, for a spreadsheet"), "csv", export.CSV},
		{tr("Chrome trace, for Perfetto"), "trace.json", export.Trace},
	}
}

// showSaveMenu offers to save all that is kept, or what is shown, in each format.
func (p *logPanel) showSaveMenu() {
	m := fyne.NewMenu("")
	add := func(what string, save func(f format)) {
		head := fyne.NewMenuItem(what, nil)
		head.Disabled = true
		m.Items = append(m.Items, head)
		for _, f := range formats() {
			m.Items = append(m.Items, fyne.NewMenuItem("   "+f.name+"…", func() { save(f) }))
		}
	}
	add(fmt.Sprintf(tr("All %s operations"), count(p.kept())), func(f format) { p.saveDialog(f, p.writeAll) })
	if p.rows.listed {
		m.Items = append(m.Items, fyne.NewMenuItemSeparator())
		add(fmt.Sprintf(tr("The %s shown"), count(p.len())), func(f format) { p.saveDialog(f, p.writeShown()) })
	}
	menu := widget.NewPopUpMenu(m, p.ui.window.win.Canvas())
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(p.save)
	menu.ShowAtPosition(at.AddXY(p.save.Size().Width-menu.MinSize().Width, p.save.Size().Height))
	menu.ActivateNext() // the heading
	menu.ActivateNext() // what Enter takes
}

// writeAll writes all that the controller kept. NDJSON is its own affair: what waits for the collector comes along.
func (p *logPanel) writeAll(w io.Writer, f format) error {
	if f.ending == "ndjson" {
		return p.ui.ctl.SaveLog(w)
	}
	h := p.ui.ctl.History()
	if h == nil {
		return f.write(w, slices.Values([]oplog.Event(nil)))
	}
	events, _ := h.All()
	return f.write(w, slices.Values(events))
}

// writeShown writes what is listed at this moment, in the order of time however it is sorted: whoever reads the file takes a
// sequence number that falls for the first of another run. NDJSON, which is read again, says where a filter left something
// out.
func (p *logPanel) writeShown() func(io.Writer, format) error {
	src, rows, filtered := p.src, p.rows, p.match != nil
	return func(w io.Writer, f format) error {
		var mark oplog.Flag
		if filtered && f.ending == "ndjson" {
			mark = oplog.Filtered
		}
		positions := rows.positions()
		slices.Sort(positions)
		return f.write(w, func(yield func(oplog.Event) bool) {
			var e [1]oplog.Event
			for _, pos := range positions {
				at, n := src.Read(e[:], pos)
				e[0].Flags |= mark
				if n == 1 && at == pos && !yield(e[0]) {
					return
				}
			}
		})
	}
}

// saveDialog asks for a file and writes into it, off the UI goroutine. It has a line to type in and no list of folders: the
// drive may be one of them, and whoever lists it from here waits for it where it is stuck.
func (p *logPanel) saveDialog(f format, write func(io.Writer, format) error) {
	entry := newKeyEntry()
	entry.SetText("~/vitrine-" + time.Now().Format("20060102-150405") + "." + f.ending)
	entry.CursorColumn = len(entry.Text)
	save := func() { p.saveTo(untilde(entry.Text), func(w io.Writer) error { return write(w, f) }) }
	body := padded(0, 8, 0, 0, container.New(fixedWidth{440}, entry))
	d := newQuestion(fmt.Sprintf(tr("Save as %s"), f.name), tr("Save"), tr("Cancel"), body, func(ok bool) {
		if ok {
			save()
		}
	}, p.ui.window.win)
	entry.OnSubmitted, entry.escaped = func(string) { d.Confirm() }, d.Hide
	d.Show()
	p.ui.window.win.Canvas().Focus(entry)
}

// saveTo writes a new file. One that is there already is not touched, and one that could not be written whole does not stay.
func (p *logPanel) saveTo(file string, write func(io.Writer) error) {
	setButton(p.save, tr("Saving…"), false)
	var err error
	p.ui.aside(func() { err = writeNew(file, write) }, func() {
		setButton(p.save, tr("Save…"), true)
		if err != nil {
			showFailure(tr("Not saved"), fmt.Sprintf(tr("The log could not be saved to %s: %s"), visible(file), reason(err)), p.ui.window.win)
			return
		}
		p.ui.window.say(fmt.Sprintf(tr("The log was saved to %s"), visible(tilde(file))))
	})
}

func writeNew(file string, write func(io.Writer) error) error {
	w, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return errors.Unwrap(err) // without the name, which is in the message
	}
	if err = cmp.Or(write(w), w.Close()); err != nil {
		w.Close()
		os.Remove(file)
	}
	return err
}

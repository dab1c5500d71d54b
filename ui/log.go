package ui

import (
	"fmt"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/storage"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
)

// logPanel lists the newest operations, the newest at the bottom. While it follows it stays there; scrolled up it
// stays with the rows in sight; paused it keeps what it showed, whatever comes in.
type logPanel struct {
	ui   *UI
	box  *fyne.Container
	tab  *table
	note *line

	follow *widget.Check
	pause  *widget.Button
	save   *widget.Button

	detail     *fyne.Container
	detailText *widget.Label

	history     *oplog.History
	first, next uint64        // positions shown
	page        []oplog.Event // the rows in sight
	from        uint64        // position of page[0]
	frozen      []oplog.Event // all rows while paused, beginning at position first
	paused      bool
	chosen      uint64 // position of the chosen row, and one more; 0 for none
	dropped     uint64
	noted       pace
}

func newLogPanel(u *UI, t *tip) *logPanel {
	p := &logPanel{ui: u, note: muted("")}
	p.tab = newTable(p, t, []column{
		{title: tr("Time"), chars: 15},
		{title: tr("Operation"), chars: 11},
		{title: tr("File"), chars: 14, flex: true},
		{title: tr("Handle"), chars: 7, right: true},
		{title: tr("Offset"), chars: 13, right: true},
		{title: tr("Size"), chars: 9, right: true},
		{title: tr("Result"), chars: 12, right: true},
		{title: tr("Took"), chars: 7, right: true},
		{title: tr("Process"), chars: 14},
	})
	p.tab.grid.scrolled = p.personScrolled
	p.tab.grid.tapped = p.choose
	p.tab.grid.selected = func(row int) bool { return p.chosen == p.first+uint64(row)+1 }
	p.tab.grid.menu = p.rowMenu
	p.follow = widget.NewCheck(tr("Follow"), p.setFollow)
	p.follow.SetChecked(true)
	p.pause = widget.NewButtonWithIcon(tr("Pause"), theme.MediaPauseIcon(), p.togglePause)
	p.save = widget.NewButtonWithIcon(tr("Save…"), theme.DocumentSaveIcon(), p.saveDialog)
	left := container.NewHBox(p.pause, p.follow, container.NewCenter(p.note))
	tools := padded(4, 4, 4, 4, container.NewBorder(nil, nil, left, p.save))
	p.box = container.NewBorder(tools, p.buildDetail(), nil, nil, p.tab.box)
	return p
}

func (p *logPanel) object() fyne.CanvasObject { return p.box }

func (p *logPanel) show(a *activity.Snapshot, s Status) {
	p.dropped = a.Dropped
	p.advance()
	p.tab.update(unlessMounted(s, tr("No operations yet"),
		tr("Every operation on the mounted folder is listed here, the newest at the bottom.")))
	if p.follow.Checked && !p.paused {
		p.tab.grid.toBottom()
	}
	if p.noted.due(figureInterval) {
		p.showNote()
	}
}

// advance moves on to what the history holds now; rows that are looked at stay where they are.
func (p *logPanel) advance() {
	h := p.ui.ctl.History()
	if h != p.history {
		p.history, p.chosen = h, 0
		p.first, p.next = 0, 0
	}
	if p.paused || h == nil {
		return
	}
	before := p.first
	p.first, p.next = h.Bounds()
	if gone := p.first - before; gone > 0 && !p.follow.Checked {
		g := p.tab.grid
		g.rowCount = p.len()
		g.scrollTo(g.scroll.Offset.Y - float32(gone)*gridRow)
	}
}

func (p *logPanel) len() int { return int(p.next - p.first) }

func (p *logPanel) load(from, n int) {
	pos := p.first + uint64(from)
	if p.frozen != nil {
		p.page, p.from = p.frozen[min(from, len(p.frozen)):min(from+n, len(p.frozen))], pos
		return
	}
	p.page, p.from = p.page[:0], pos
	if p.history == nil || n <= 0 {
		return
	}
	if cap(p.page) < n {
		p.page = make([]oplog.Event, n)
	}
	at, got := p.history.Read(p.page[:n], pos)
	p.page, p.from = p.page[:got], at
}

// event returns the event of a row that was loaded, nil where it has fallen out since.
func (p *logPanel) event(row int) *oplog.Event {
	i := int64(p.first) + int64(row) - int64(p.from)
	if i < 0 || i >= int64(len(p.page)) {
		return nil
	}
	return &p.page[i]
}

func (p *logPanel) row(i int, c []cell) {
	e := p.event(i)
	if e == nil {
		return
	}
	c[0] = cell{clock(e.Wall), colorMuted}
	c[1].text = e.Op.String()
	c[2].text = paths(e)
	c[3] = cell{handle(e.Handle), colorMuted}
	c[4].text, c[5].text = extent(e)
	c[6] = result(e)
	c[7] = cell{duration(time.Duration(e.Duration)), ageTone(time.Duration(e.Duration))}
	c[8] = cell{process(e.Proc, e.PID), colorMuted}
}

// result writes how an operation ended.
func result(e *oplog.Event) cell {
	switch {
	case e.Flags&oplog.Panicked != 0:
		return cell{tr("panic") + " " + errno(e.Errno), theme.ColorNameError}
	case e.Errno != 0 && !activity.IsError(*e):
		return cell{errno(e.Errno), theme.ColorNameWarning}
	case e.Errno != 0:
		return cell{errno(e.Errno), theme.ColorNameError}
	case e.Op == oplog.Write && e.Result < e.Size:
		return cell{count(e.Result), theme.ColorNameWarning}
	case e.Op == oplog.Read || e.Op == oplog.Write || e.Op == oplog.Readdir:
		return cell{text: count(e.Result)}
	default:
		return cell{tr("ok"), colorMuted}
	}
}

func (p *logPanel) showNote() {
	text := fmt.Sprintf(tr("%s of %s operations shown"), count(p.len()), count(p.next))
	tone := colorMuted
	if p.dropped > 0 {
		text += " · " + fmt.Sprintf(tr("%s dropped under load"), count(p.dropped))
		tone = theme.ColorNameWarning
	}
	if p.paused && p.history != nil {
		_, next := p.history.Bounds()
		text += " · " + fmt.Sprintf(tr("paused, %s newer"), count(next-p.next))
	}
	p.note.set(text, tone)
}

// setFollow answers the Follow box.
func (p *logPanel) setFollow(on bool) {
	if !on {
		return
	}
	if p.paused {
		p.togglePause()
	}
	p.tab.grid.toBottom()
}

// personScrolled lets go of the newest row when the person scrolls away from it, and takes hold again at the bottom.
func (p *logPanel) personScrolled() {
	bottom := p.tab.grid.atBottom()
	if bottom != p.follow.Checked && !p.paused {
		p.follow.SetChecked(bottom)
	}
}

// togglePause freezes the rows, or lets them go on.
func (p *logPanel) togglePause() {
	p.paused = !p.paused
	if !p.paused {
		p.frozen = nil
		p.pause.SetText(tr("Pause"))
		p.pause.SetIcon(theme.MediaPauseIcon())
		p.noted = pace{}
		p.ui.window.refresh()
		return
	}
	p.pause.SetText(tr("Resume"))
	p.pause.SetIcon(theme.MediaPlayIcon())
	p.showNote()
	h := p.history
	if h == nil {
		return
	}
	var events []oplog.Event
	var from uint64
	p.ui.aside(func() { events, from = h.All() }, func() {
		if p.paused && p.history == h {
			p.freeze(events, from)
		}
	})
}

// freeze keeps events as the rows, without those that came after the pause began.
func (p *logPanel) freeze(events []oplog.Event, from uint64) {
	if from+uint64(len(events)) > p.next && p.next > from {
		events = events[:p.next-from]
	}
	p.frozen, p.first, p.next = events, from, from+uint64(len(events))
	p.tab.grid.update()
}

// choose shows all that is known of a row's operation below the list; choosing it again hides that.
func (p *logPanel) choose(row int) {
	e := p.event(row)
	pos := p.first + uint64(row) + 1
	if e == nil || p.chosen == pos {
		p.closeDetail()
		return
	}
	p.chosen = pos
	p.detailText.SetText(describe(e))
	p.detail.Show()
	if !p.tab.grid.atBottom() || p.paused {
		p.box.Refresh()
		return
	}
	p.follow.SetChecked(false) // else the chosen row would run out of sight
	p.box.Refresh()
}

func (p *logPanel) closeDetail() {
	p.chosen = 0
	p.detail.Hide()
	p.box.Refresh()
	p.tab.grid.update()
}

func (p *logPanel) buildDetail() *fyne.Container {
	p.detailText = widget.NewLabel("")
	p.detailText.TextStyle.Monospace, p.detailText.Selectable, p.detailText.Wrapping = true, true, fyne.TextWrapBreak
	p.detailText.SizeName = theme.SizeNameCaptionText
	shut := widget.NewButtonWithIcon("", theme.CancelIcon(), p.closeDetail)
	shut.Importance = widget.LowImportance
	scroll := container.NewVScroll(p.detailText)
	scroll.SetMinSize(fyne.NewSize(100, 96))
	p.detail = container.NewBorder(nil, nil, nil, container.NewVBox(shut), scroll)
	p.detail.Hide()
	return p.detail
}

// describe writes all that is known of an operation.
func describe(e *oplog.Event) string {
	var b strings.Builder
	fmt.Fprintf(&b, "#%d  %s  %s  %s\n", e.Seq, time.Unix(0, e.Wall).Format("2006-01-02 15:04:05.000000"), e.Op, paths(e))
	if o, l := extent(e); l != "" {
		fmt.Fprintf(&b, tr("offset %s  size %s  moved %s")+"\n", o, l, count(e.Result))
	}
	fmt.Fprintf(&b, tr("took %s, of which %s waiting for the handle"), duration(time.Duration(e.Duration)), duration(time.Duration(e.Wait)))
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
	if e.Errno != 0 {
		fmt.Fprintf(&b, "\n%s: %s", errno(e.Errno), e.Errno.Error())
		if e.Flags&oplog.Refused != 0 {
			b.WriteString(" " + tr("(the handle is unknown or already released)"))
		}
	}
	if e.Detail != "" {
		b.WriteString("\n" + e.Detail)
	}
	return b.String()
}

func (p *logPanel) rowMenu(row int) *fyne.Menu {
	e := p.event(row)
	if e == nil {
		return fyne.NewMenu("")
	}
	path, all := e.Path, describe(e)
	return fyne.NewMenu("",
		fyne.NewMenuItem(tr("Copy path"), func() { p.ui.app.Clipboard().SetContent(path) }),
		fyne.NewMenuItem(tr("Copy operation"), func() { p.ui.app.Clipboard().SetContent(all) }),
	)
}

// saveDialog asks for a file and writes the kept operations into it, off the UI goroutine.
func (p *logPanel) saveDialog() {
	d := dialog.NewFileSave(func(w fyne.URIWriteCloser, err error) {
		if err != nil {
			dialog.ShowError(err, p.ui.window.win)
		}
		if w != nil {
			p.saveTo(w)
		}
	}, p.ui.window.win)
	d.SetTitleText(tr("Save the log as NDJSON"))
	d.SetFileName("vitrine-" + time.Now().Format("20060102-150405") + ".ndjson")
	if home, err := storage.ListerForURI(storage.NewFileURI(homeFolder())); err == nil {
		d.SetLocation(home) // never the present folder: it may be the mount, which the UI must not touch
	}
	d.Resize(fyne.NewSize(720, 460))
	d.Show()
}

func (p *logPanel) saveTo(w fyne.URIWriteCloser) {
	setButton(p.save, tr("Saving…"), false)
	var err error
	p.ui.aside(func() {
		err = p.ui.ctl.SaveLog(w)
		if e := w.Close(); err == nil {
			err = e
		}
	}, func() {
		setButton(p.save, tr("Save…"), true)
		if err != nil {
			dialog.ShowError(fmt.Errorf(tr("the log could not be saved to %s: %w"), w.URI().Path(), err), p.ui.window.win)
			return
		}
		p.ui.window.say(fmt.Sprintf(tr("The log was saved to %s"), tilde(w.URI().Path())))
	})
}

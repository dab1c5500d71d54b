package ui

import (
	"fmt"
	"reflect"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// holdersShown is how many holders are listed; the rest is counted.
const holdersShown = 6

// banner shows a problem right under the header: what happened, what to do, and buttons that do it.
type banner struct {
	ui      *UI
	box     *fyne.Container
	problem *Problem
	asked   intent
	state   State
}

func newBanner(u *UI) *banner {
	b := &banner{ui: u, box: container.NewStack()}
	b.box.Hide()
	return b
}

func (b *banner) showStatus(s Status) {
	if reflect.DeepEqual(s.Problem, b.problem) && b.asked == b.ui.asked && b.state == s.State {
		return
	}
	b.problem, b.asked, b.state = s.Problem, b.ui.asked, s.State
	if s.Problem == nil {
		b.box.Hide()
		return
	}
	b.box.Objects = []fyne.CanvasObject{b.build(s)}
	b.box.Show()
	b.box.Refresh()
}

func (b *banner) build(s Status) fyne.CanvasObject {
	p := s.Problem
	what := widget.NewLabel(p.What)
	what.TextStyle.Bold, what.Wrapping, what.Selectable = true, fyne.TextWrapWord, true
	parts := container.New(tightColumn{}, what)
	if p.Cure != "" {
		cure := widget.NewLabel(p.Cure)
		cure.Wrapping, cure.Selectable = fyne.TextWrapWord, true
		parts.Add(cure)
	}
	if p.Command != "" {
		parts.Add(b.command(p.Command))
	}
	if len(p.Holders) > 0 {
		parts.Add(b.holders(p.Holders))
	}
	if buttons := b.actions(s); len(buttons) > 0 {
		parts.Add(padded(4, 2, 7, 0, container.NewHBox(buttons...)))
	}
	icon := container.NewVBox(padded(8, 0, 10, 0, widget.NewIcon(theme.NewErrorThemedResource(theme.WarningIcon()))))
	dismiss := widget.NewButtonWithIcon("", theme.CancelIcon(), b.ui.dismiss)
	dismiss.Importance = widget.LowImportance
	content := container.NewBorder(nil, nil, icon, container.NewVBox(dismiss), parts)
	return container.NewStack(newSheet(theme.ColorNameError, theme.ColorNameError, 0x1c, 6), padded(2, 5, 0, 2, content))
}

// command shows a command that cures the problem, with a button that copies it.
func (b *banner) command(cmd string) fyne.CanvasObject {
	text := widget.NewLabel(cmd)
	text.TextStyle.Monospace, text.Selectable, text.Wrapping = true, true, fyne.TextWrapBreak
	copied := widget.NewButtonWithIcon(tr("Copy"), theme.ContentCopyIcon(), func() {
		b.ui.app.Clipboard().SetContent(cmd)
	})
	row := container.NewBorder(nil, nil, nil, container.NewVBox(copied), text)
	return padded(0, 4, 7, 5, container.NewStack(newSheet(colorPanel, colorLine, 0xff, 4), row))
}

// holders lists who keeps files in use.
func (b *banner) holders(all []Holder) fyne.CanvasObject {
	list := container.New(tightColumn{})
	for i, h := range all {
		if i == holdersShown && len(all) > holdersShown+1 {
			list.Add(muted(fmt.Sprintf(tr("and %d more"), len(all)-i)))
			break
		}
		name := newLine(fmt.Sprintf(tr("%s (process %d)"), h.Name, h.PID), sizeCell, theme.ColorNameForeground, fyne.TextStyle{Bold: true})
		path := newPathText(b.ui.window.tip, theme.ColorNameForeground, false)
		path.set(tilde(h.Path))
		list.Add(container.NewBorder(nil, nil, name, nil, padded(0, 0, 8, 0, path)))
	}
	return padded(0, 6, 7, 4, list)
}

func (b *banner) actions(s Status) []fyne.CanvasObject {
	u, p := b.ui, s.Problem
	var out []fyne.CanvasObject
	add := func(label string, importance widget.Importance, f func()) {
		button := widget.NewButton(label, f)
		button.Importance = importance
		out = append(out, button)
	}
	if s.State == Mounting || s.State == Ejecting {
		if u.asked == toQuit {
			add(tr("Force eject and quit…"), widget.MediumImportance, u.confirmForce)
		}
		return out
	}
	if p.Create != "" {
		add(tr("Create folder and mount"), widget.HighImportance, func() { u.mount(true) })
	}
	switch {
	case s.State == Mounted && u.asked == nothing && len(p.Holders) == 0: // of the disk: nobody tried anything
	case p.Create == "":
		add(tr("Try again"), widget.HighImportance, u.retry)
	default:
		add(tr("Try again"), widget.MediumImportance, u.retry)
	}
	switch {
	case s.State != Mounted && u.asked != toQuit:
		add(tr("Settings…"), widget.MediumImportance, u.showSettings)
	case u.asked == toQuit:
		add(tr("Force eject and quit…"), widget.MediumImportance, u.confirmForce)
	case len(p.Holders) > 0:
		add(tr("Force eject…"), widget.MediumImportance, u.confirmForce)
	}
	return out
}

// confirmForce says what force means before it is used.
func (u *UI) confirmForce() {
	title, yes := tr("Force eject?"), tr("Force eject")
	if u.asked == toQuit {
		title, yes = tr("Force eject and quit?"), tr("Force eject and quit")
	}
	text := widget.NewLabel(tr("Programs that still have files open get errors from now on, and what they have not yet written is lost. " +
		"Everything that was already written is safe in the backing folder."))
	text.Wrapping = fyne.TextWrapWord
	body := container.New(fixedWidth{440}, text)
	d := newQuestion(title, yes, tr("Cancel"), body, func(ok bool) {
		if ok {
			u.force()
		}
	}, u.window.win)
	d.yes.Importance = widget.DangerImportance
	d.Show()
}

// fixedWidth gives its one object a width, so that wrapped text knows its height.
type fixedWidth struct{ width float32 }

func (f fixedWidth) MinSize(o []fyne.CanvasObject) fyne.Size {
	o[0].Resize(fyne.NewSize(f.width, o[0].Size().Height))
	return fyne.NewSize(f.width, o[0].MinSize().Height)
}

func (f fixedWidth) Layout(o []fyne.CanvasObject, s fyne.Size) { o[0].Resize(s) }

// tightColumn puts objects below each other without the room that labels keep between them.
type tightColumn struct{}

const labelOverlap = 9

// overlap is how far the object after o moves up.
func (tightColumn) overlap(o, after fyne.CanvasObject) float32 {
	_, a := o.(*widget.Label)
	_, b := after.(*widget.Label)
	if a && b {
		return labelOverlap
	}
	return 0
}

func (t tightColumn) MinSize(o []fyne.CanvasObject) fyne.Size {
	var s fyne.Size
	for i, c := range o {
		m := c.MinSize()
		s = fyne.NewSize(max(s.Width, m.Width), s.Height+m.Height)
		if i > 0 {
			s.Height -= t.overlap(o[i-1], c)
		}
	}
	return s
}

func (t tightColumn) Layout(o []fyne.CanvasObject, s fyne.Size) {
	y := float32(0)
	for i, c := range o {
		c.Resize(fyne.NewSize(s.Width, c.MinSize().Height))
		h := c.MinSize().Height
		if i > 0 {
			y -= t.overlap(o[i-1], c)
		}
		c.Resize(fyne.NewSize(s.Width, h))
		c.Move(fyne.NewPos(0, y))
		y += h
	}
}

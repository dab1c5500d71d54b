package ui

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// welcome is what the window shows at the first start, in place of all else: it asks what to mount.
type welcome struct {
	ui               *UI
	box              *fyne.Container
	body             fyne.CanvasObject // what the window shows otherwise
	drive, folder    *widget.Button
	fault            *widget.Label
	asking, answered bool
}

func newWelcome(u *UI, body fyne.CanvasObject) *welcome {
	w := &welcome{ui: u, body: body, fault: widget.NewLabel("")}
	w.drive = widget.NewButtonWithIcon(tr("A new drive"), theme.FolderNewIcon(), func() { w.take(u.ctl.Settings()) })
	w.drive.Importance = widget.HighImportance
	w.folder = widget.NewButtonWithIcon(tr("Watch a folder I have…"), theme.FolderOpenIcon(), w.pick)
	later := widget.NewButton(tr("Not now"), w.hide)
	later.Importance = widget.LowImportance
	w.fault.Importance, w.fault.Wrapping = widget.DangerImportance, fyne.TextWrapWord
	w.fault.Hide()
	s := u.ctl.Settings()
	choice := func(b *widget.Button, text string) fyne.CanvasObject {
		about := widget.NewLabel(text)
		about.Wrapping = fyne.TextWrapWord
		return card(padded(8, 6, 10, 10, container.NewVBox(b, about)))
	}
	watched := tr("It is mounted where it is, so programs keep their paths. After the eject it is as it was, with all that was written.")
	if u.opts.NoInPlace {
		watched = fmt.Sprintf(tr("Its files appear at %s too, and what goes through there is shown."), tilde(s.MountPoint))
	}
	title := widget.NewLabel(tr("Welcome to Vitrine"))
	title.SizeName, title.TextStyle.Bold = theme.SizeNameHeadingText, true
	question := widget.NewLabel(tr("Vitrine mounts a folder as a drive and shows everything that passes through it. What do you want to mount?"))
	question.Wrapping = fyne.TextWrapWord
	column := container.NewVBox(title, question,
		choice(w.drive, fmt.Sprintf(tr("An empty drive at %s. What you put there is kept in %s."), tilde(s.MountPoint), tilde(s.Backing))),
		choice(w.folder, watched),
		w.fault, container.NewHBox(layout.NewSpacer(), later))
	w.box = container.NewCenter(container.New(fixedWidth{520}, column))
	w.box.Hide()
	return w
}

// ask shows the question.
func (w *welcome) ask() {
	w.asking = true
	w.body.Hide()
	w.box.Show()
	w.ui.window.win.Canvas().Focus(w.drive)
}

// hide shows the window as usual.
func (w *welcome) hide() {
	w.asking = false
	w.box.Hide()
	w.body.Show()
}

// showStatus ends the question where something is mounted without it.
func (w *welcome) showStatus(s Status) {
	if w.asking && s.State != Unmounted {
		w.hide()
	}
}

// watch mounts a folder that the person has, where it is if the system can do that.
func (w *welcome) watch(folder string) {
	s := w.ui.ctl.Settings()
	s.Backing, s.InPlace = folder, !w.ui.opts.NoInPlace
	w.take(s)
}

// take keeps the answer and mounts, or says what is wrong with it.
func (w *welcome) take(s Settings) {
	if w.answered {
		return
	}
	w.answered = true
	wrong := ""
	w.ui.aside(func() {
		if faults := w.ui.ctl.Check(s); len(faults) > 0 {
			wrong = faults[0].Message
		} else if err := w.ui.ctl.Save(s); err != nil {
			wrong = fmt.Sprintf(tr("The settings could not be saved: %s"), err)
		}
	}, func() {
		w.answered = false
		if wrong != "" {
			w.fault.SetText(wrong)
			w.fault.Show()
			return
		}
		w.hide()
		w.ui.mount(false)
	})
}

func (w *welcome) pick() { w.ui.chooseFolder(w.ui.window.win, w.watch) }

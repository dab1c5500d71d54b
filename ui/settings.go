package ui

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// checkDelay is how long after the last key stroke the settings are checked.
const checkDelay = 300 * time.Millisecond

// settingsWindow edits a copy of the settings. It lets only a copy be saved that the controller finds no fault with.
type settingsWindow struct {
	ui    *UI
	win   fyne.Window
	shown bool
	saved Settings // as the controller has them
	state State

	backing, point, logFile, keep *field
	inPlace, fast                 *widget.Check
	readOnly, showFolder          *widget.Check
	save, remount, cancel         *widget.Button
	note                          *widget.Label
	starts                        *startSwitches // nil where the controller cannot say
	notices                       []noticeSwitch

	edit    int // counts the edits: an answer to an older one is of no interest
	timer   *time.Timer
	filling bool // the fields are being filled in by the program
	checked bool // the present contents were checked and found right
	delay   time.Duration
}

// field is one entry with its name, a hint, and what is wrong with it.
type field struct {
	box   *fyne.Container
	entry *widget.Entry
	hint  *caption
	usual string
}

func newField(name, hint string, pick func()) *field {
	f := &field{entry: widget.NewEntry(), hint: newCaption(hint, colorMuted), usual: hint}
	row := container.NewBorder(nil, nil, nil, nil, f.entry)
	if pick != nil {
		row = container.NewBorder(nil, nil, nil, widget.NewButtonWithIcon(tr("Choose…"), theme.FolderOpenIcon(), pick), f.entry)
	}
	f.box = labelled(name, container.New(layout.NewCustomPaddedVBoxLayout(1), row, padded(0, 0, 2, 0, f.hint.box)))
	return f
}

// fault shows what is wrong below the entry, and the usual hint where nothing is.
func (f *field) fault(message string) {
	if message == "" {
		f.hint.set(f.usual, colorMuted)
		return
	}
	f.hint.set(message, theme.ColorNameError)
}

const settingsLabelWidth = 118

// labelled puts a name to the left of content.
func labelled(name string, content fyne.CanvasObject) *fyne.Container {
	label := newLine(name, sizeText, theme.ColorNameForeground, fyne.TextStyle{})
	left := container.New(leftColumn{settingsLabelWidth}, padded(7, 0, 0, 0, label))
	return container.NewBorder(nil, nil, left, nil, content)
}

// leftColumn keeps its object's height and gives it a width.
type leftColumn struct{ width float32 }

func (l leftColumn) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(max(l.width, o[0].MinSize().Width), o[0].MinSize().Height)
}

func (l leftColumn) Layout(o []fyne.CanvasObject, s fyne.Size) {
	o[0].Resize(fyne.NewSize(s.Width, o[0].MinSize().Height))
}

// showSettings shows and raises the settings window, with the present settings where it was closed. A saved log has none.
func (u *UI) showSettings() {
	if u.status.State == Viewing {
		return
	}
	if u.settings == nil {
		u.settings = newSettingsWindow(u)
		u.settings.showStatus(u.status)
	}
	u.settings.starts.look(u)
	u.settings.win.Show()
	u.settings.shown = true
	u.settings.win.RequestFocus()
}

func newSettingsWindow(u *UI) *settingsWindow {
	w := &settingsWindow{ui: u, win: u.app.NewWindow(tr("Vitrine – Settings")), delay: checkDelay}
	w.backing = newField(tr("Backing folder"), tr("Where the files really are."), func() { w.pickFolder(w.backing) })
	w.point = newField(tr("Mount point"), tr("Where they appear as a drive: an empty folder."), func() { w.pickFolder(w.point) })
	w.logFile = newField(tr("Log file"), tr("Every operation as a line of JSON. Leave empty for none."), nil)
	w.logFile.entry.SetPlaceHolder(tr("none"))
	w.keep = newField(tr("Kept operations"), tr("How many of the newest operations the Log tab shows and saves."), nil)
	w.inPlace = widget.NewCheck(tr("Watch the folder where it is: mount over it"), w.setInPlace)
	w.fast = widget.NewCheck(tr("Fast: gather writes; single ones are not seen then"), func(bool) { w.edited() })
	if u.opts.NoInPlace {
		w.inPlace.Hide()
		w.fast.Hide()
	}
	w.readOnly = widget.NewCheck(tr("Read-only: refuse every change"), func(bool) { w.edited() })
	w.showFolder = widget.NewCheck(tr("Show the folder after mounting"), func(bool) { w.edited() })
	if s, ok := u.ctl.(Starter); ok {
		w.starts = newStartSwitches(s, w.edited)
	}
	w.notices = newNoticeSwitches(w.edited)
	for _, f := range []*field{w.backing, w.point, w.logFile, w.keep} {
		f.entry.OnChanged = func(string) { w.edited() }
	}
	w.note = widget.NewLabel("")
	w.note.Wrapping, w.note.Importance = fyne.TextWrapWord, widget.LowImportance
	w.cancel = widget.NewButton(tr("Cancel"), w.close)
	w.remount = widget.NewButton(tr("Save, eject and remount"), func() { w.store(u.remount) })
	w.save = widget.NewButton(tr("Save"), func() { w.store(nil) })
	w.save.Importance = widget.HighImportance
	w.win.SetContent(w.build())
	w.win.SetCloseIntercept(w.close)
	w.win.Canvas().AddShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyW, Modifier: fyne.KeyModifierShortcutDefault}, func(fyne.Shortcut) { w.close() })
	w.win.Resize(fyne.NewSize(620, 590))
	w.win.CenterOnScreen()
	w.fill(u.ctl.Settings())
	return w
}

func (w *settingsWindow) build() fyne.CanvasObject {
	form := container.New(layout.NewCustomPaddedVBoxLayout(8),
		w.backing.box, w.point.box,
		labelled(tr("Mounting"), container.New(layout.NewCustomPaddedVBoxLayout(0), w.inPlace, w.fast, w.readOnly, w.showFolder)),
	)
	if w.starts != nil {
		form.Add(labelled(tr("Starting"), w.starts.box))
	}
	notices := container.New(tightGrid{})
	for _, n := range w.notices {
		notices.Add(n.check)
	}
	form.Add(labelled(tr("Notify when"), notices))
	form.Add(w.logFile.box)
	form.Add(w.keep.box)
	buttons := container.NewHBox(layout.NewSpacer(), w.cancel, w.remount, w.save)
	bottom := container.NewVBox(w.note, buttons)
	return padded(12, 8, 12, 12, container.NewBorder(nil, bottom, nil, nil, form))
}

// fill puts s into the fields.
func (w *settingsWindow) fill(s Settings) {
	w.saved = s
	w.filling = true
	w.backing.entry.SetText(s.Backing)
	w.point.entry.SetText(s.MountPoint)
	w.logFile.entry.SetText(s.LogFile)
	w.keep.entry.SetText(strconv.Itoa(s.KeepEvents))
	w.inPlace.SetChecked(s.InPlace)
	w.setInPlace(s.InPlace)
	w.fast.SetChecked(s.Fast)
	w.readOnly.SetChecked(s.ReadOnly)
	w.showFolder.SetChecked(s.ShowFolder)
	for _, n := range w.notices {
		n.check.SetChecked(*n.of(&s.Notices))
	}
	w.filling = false
	w.edited()
}

// read takes the settings from the fields; faults are what no settings can be made from.
func (w *settingsWindow) read() (s Settings, faults []FieldError) {
	s = Settings{
		Backing:    strings.TrimSpace(w.backing.entry.Text),
		MountPoint: strings.TrimSpace(w.point.entry.Text),
		LogFile:    strings.TrimSpace(w.logFile.entry.Text),
		InPlace:    w.inPlace.Checked,
		ReadOnly:   w.readOnly.Checked,
		Fast:       w.fast.Checked,
		ShowFolder: w.showFolder.Checked,
	}
	for _, n := range w.notices {
		*n.of(&s.Notices) = n.check.Checked
	}
	digits := strings.NewReplacer(",", "", " ", "").Replace(w.keep.entry.Text)
	n, err := strconv.Atoi(digits)
	if err != nil || n < 1 {
		faults = append(faults, FieldError{"KeepEvents", tr("Enter a whole number, 1 or more.")})
	}
	s.KeepEvents = n
	return s, faults
}

// setInPlace takes the mount point away where none is needed.
func (w *settingsWindow) setInPlace(on bool) {
	if on {
		w.point.entry.Disable()
		w.fast.Enable()
	} else {
		w.point.entry.Enable()
		w.fast.Disable()
		w.fast.SetChecked(false)
	}
	w.edited()
}

// edited has the contents checked when no more keys follow.
func (w *settingsWindow) edited() {
	if w.filling {
		return
	}
	w.edit++
	w.checked = false
	w.showButtons()
	if w.timer != nil {
		w.timer.Stop()
	}
	s, own := w.read()
	edit := w.edit
	w.timer = time.AfterFunc(w.delay, func() {
		faults := append(own, w.ui.ctl.Check(s)...)
		w.ui.do(func() { w.showFaults(edit, faults) })
	})
}

// showFaults shows the answer to an edit.
func (w *settingsWindow) showFaults(edit int, faults []FieldError) {
	if edit != w.edit {
		return
	}
	fields := map[string]*field{"Backing": w.backing, "MountPoint": w.point, "LogFile": w.logFile, "KeepEvents": w.keep}
	messages := map[*field]string{}
	other := ""
	for _, e := range faults {
		f, ok := fields[e.Field]
		switch {
		case !ok:
			other = e.Message
		case messages[f] == "":
			messages[f] = e.Message
		}
	}
	for _, f := range fields {
		f.fault(messages[f])
	}
	w.checked = len(faults) == 0
	w.showButtons()
	if other != "" {
		w.say(other, widget.DangerImportance)
	}
}

func (w *settingsWindow) showStatus(s Status) {
	w.state = s.State
	w.showButtons()
}

// showButtons offers what can be done with the present contents, and says when they take effect.
func (w *settingsWindow) showButtons() {
	s, _ := w.read()
	changed := s != w.saved || w.starts.changed()
	setButton(w.save, w.save.Text, w.checked && changed)
	later := appliesLater(w.saved, s)
	if w.state != Mounted || len(later) == 0 {
		w.remount.Hide()
		if changed && w.state == Mounted {
			w.say(tr("The change applies at once."), widget.LowImportance)
		} else {
			w.say("", widget.LowImportance)
		}
		return
	}
	w.remount.Show()
	setButton(w.remount, w.remount.Text, w.checked)
	text := fmt.Sprintf(tr("%s: the change applies at the next mount."), strings.Join(later, ", "))
	if w.appliesNow(s) {
		text += " " + tr("The rest applies at once.")
	}
	w.say(text, widget.MediumImportance)
}

// appliesNow says whether something differs that needs no other mount.
func (w *settingsWindow) appliesNow(s Settings) bool {
	s.Backing, s.MountPoint, s.InPlace, s.Fast, s.ReadOnly = w.saved.Backing, w.saved.MountPoint, w.saved.InPlace, w.saved.Fast, w.saved.ReadOnly
	return s != w.saved || w.starts.changed()
}

func (w *settingsWindow) say(text string, importance widget.Importance) {
	if w.note.Text != text || w.note.Importance != importance {
		w.note.Importance = importance
		w.note.SetText(text)
	}
}

// appliesLater names the settings that differ and that a mounted folder keeps as they were.
func appliesLater(before, after Settings) []string {
	var names []string
	if before.Backing != after.Backing {
		names = append(names, tr("Backing folder"))
	}
	if before.MountPoint != after.MountPoint {
		names = append(names, tr("Mount point"))
	}
	if before.InPlace != after.InPlace {
		names = append(names, tr("Where it is mounted"))
	}
	if before.Fast != after.Fast {
		names = append(names, tr("Fast"))
	}
	if before.ReadOnly != after.ReadOnly {
		names = append(names, tr("Read-only"))
	}
	return names
}

// store saves the contents and, where that worked, closes the window and does what follows.
func (w *settingsWindow) store(then func()) {
	s, faults := w.read()
	if len(faults) > 0 {
		return
	}
	w.checked = false
	w.showButtons()
	var err error
	starts := w.starts.wanted()
	w.ui.aside(func() { err = errors.Join(w.ui.ctl.Save(s), starts()) }, func() {
		if err != nil {
			w.checked = true
			w.showButtons()
			showFailure(tr("Not saved"), fmt.Sprintf(tr("The settings could not be saved: %s"), err), w.win)
			return
		}
		w.saved = s
		w.close()
		if then != nil {
			then()
		}
	})
}

// close hides the window and forgets what was not saved.
func (w *settingsWindow) close() {
	w.win.Hide()
	w.shown = false
	w.ui.doze.begin()
	w.fill(w.ui.ctl.Settings())
}

func (w *settingsWindow) pickFolder(f *field) { w.ui.chooseFolder(w.win, f.entry.SetText) }

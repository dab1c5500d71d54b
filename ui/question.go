package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// question is a dialog with two answers. Escape is the second one, whatever in the dialog has the keys.
type question struct {
	*dialog.CustomDialog
	yes       *keyButton
	confirmed bool
}

// newQuestion makes a question about body; answer is told whether the person said yes.
func newQuestion(title, yes, no string, body fyne.CanvasObject, answer func(bool), win fyne.Window) *question {
	q := &question{CustomDialog: dialog.NewCustomWithoutButtons(title, body, win)}
	q.yes = newKeyButton(yes, theme.ConfirmIcon(), q.Confirm, q.Hide)
	q.yes.Importance = widget.HighImportance
	q.SetButtons([]fyne.CanvasObject{newKeyButton(no, theme.CancelIcon(), q.Hide, q.Hide), q.yes})
	closeByEscape(q.CustomDialog, win, nil)
	q.SetOnClosed(func() { answer(q.confirmed) })
	return q
}

// Confirm says yes.
func (q *question) Confirm() {
	q.confirmed = true
	q.Hide()
}

// newSheetOf makes a dialog that only shows something. Keys other than Escape go to pressed, which may be nil.
func newSheetOf(title string, body fyne.CanvasObject, pressed func(*fyne.KeyEvent), win fyne.Window) *dialog.CustomDialog {
	d := dialog.NewCustomWithoutButtons(title, body, win)
	shut := newKeyButton(tr("Close"), nil, d.Hide, d.Hide)
	d.SetButtons([]fyne.CanvasObject{container.NewCenter(shut)})
	closeByEscape(d, win, pressed)
	return d
}

// showFailure says what could not be done.
func showFailure(title, what string, win fyne.Window) {
	text := widget.NewLabel(what)
	text.Wrapping = fyne.TextWrapWord
	d := newSheetOf(title, padded(0, 8, 0, 0, container.New(fixedWidth{400}, text)), nil, win)
	d.SetIcon(theme.NewErrorThemedResource(theme.ErrorIcon()))
	d.Show()
}

// closeByEscape has Escape close a dialog while nothing in it has the keys. Others go to pressed meanwhile.
func closeByEscape(d *dialog.CustomDialog, win fyne.Window, pressed func(*fyne.KeyEvent)) {
	before := win.Canvas().OnTypedKey()
	win.Canvas().SetOnTypedKey(func(e *fyne.KeyEvent) {
		switch {
		case e.Name == fyne.KeyEscape:
			d.Hide()
		case pressed != nil:
			pressed(e)
		}
	})
	d.SetOnClosed(func() { win.Canvas().SetOnTypedKey(before) })
}

// keyButton is a button of a dialog: Enter presses it as Space does, and Escape closes the dialog.
type keyButton struct {
	widget.Button
	escaped func()
}

func newKeyButton(text string, icon fyne.Resource, do, escaped func()) *keyButton {
	b := &keyButton{escaped: escaped}
	b.Text, b.Icon, b.OnTapped = text, icon, do
	b.ExtendBaseWidget(b)
	return b
}

// TypedKey presses the button, or closes the dialog.
func (b *keyButton) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		b.Tapped(nil)
	case fyne.KeyEscape:
		b.escaped()
	default:
		b.Button.TypedKey(e)
	}
}

// keyEntry is a line to type in that hands Escape on to its dialog.
type keyEntry struct {
	widget.Entry
	escaped func()
}

func newKeyEntry() *keyEntry {
	e := &keyEntry{}
	e.Wrapping, e.Scroll = fyne.TextWrapOff, fyne.ScrollHorizontalOnly
	e.ExtendBaseWidget(e)
	return e
}

// TypedKey closes the dialog, or types.
func (e *keyEntry) TypedKey(k *fyne.KeyEvent) {
	if k.Name == fyne.KeyEscape {
		e.escaped()
		return
	}
	e.Entry.TypedKey(k)
}

// keyList is a list that does so too.
type keyList struct {
	widget.List
	escaped func()
}

func newKeyList(length func() int, create func() fyne.CanvasObject, update func(widget.ListItemID, fyne.CanvasObject)) *keyList {
	l := &keyList{}
	l.Length, l.CreateItem, l.UpdateItem = length, create, update
	l.ExtendBaseWidget(l)
	return l
}

// TypedKey closes the dialog, or moves in the list.
func (l *keyList) TypedKey(k *fyne.KeyEvent) {
	if k.Name == fyne.KeyEscape {
		l.escaped()
		return
	}
	l.List.TypedKey(k)
}

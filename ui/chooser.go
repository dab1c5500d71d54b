package ui

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// chooser asks for a folder. It lists folders off the UI goroutine: one that is stuck or far away may never answer, and the
// person goes elsewhere then, types its name, or cancels.
type chooser struct {
	ui      *UI
	dialog  *question
	entry   *keyEntry
	list    *keyList
	note    *line
	at      string   // the folder that is looked at
	names   []string // of the folders in it
	edition int      // counts the folders looked at: the answer of an earlier one is of no interest
}

// chooseFolder asks for a folder in a window, beginning at home. What is chosen may not exist. It is told to then, which is not
// called where the person cancels.
func (u *UI) chooseFolder(win fyne.Window, then func(folder string)) *chooser {
	c := &chooser{ui: u, entry: newKeyEntry(), note: muted("")}
	c.list = newKeyList(func() int { return len(c.names) }, newFolderRow, c.showRow)
	c.list.OnSelected = c.enter
	c.entry.OnSubmitted = func(text string) { c.look(c.typed(text)) }
	up := newKeyButton("", theme.MoveUpIcon(), func() { c.look(filepath.Dir(c.at)) }, c.cancel)
	c.entry.escaped, c.list.escaped = c.cancel, c.cancel
	top := container.NewBorder(nil, nil, up, nil, c.entry)
	body := container.NewBorder(padded(0, 6, 0, 0, top), padded(4, 8, 2, 2, c.note), nil, nil, c.list)
	c.dialog = newQuestion(tr("Choose a folder"), tr("Choose"), tr("Cancel"), body, func(ok bool) {
		c.edition++
		if ok {
			then(c.typed(c.entry.Text))
		}
	}, win)
	c.dialog.Resize(fyne.NewSize(560, 420))
	c.dialog.Show()
	c.look(homeFolder()) // never the present folder: it may be the mount
	win.Canvas().Focus(c.entry)
	return c
}

func (c *chooser) cancel() { c.dialog.Hide() }

// typed is the folder that a text names, from the one that is looked at where it does not say from where.
func (c *chooser) typed(text string) string {
	folder := untilde(strings.TrimSpace(text))
	if !filepath.IsAbs(folder) {
		folder = filepath.Join(c.at, folder)
	}
	return folder
}

func newFolderRow() fyne.CanvasObject {
	name := widget.NewLabel("")
	name.Truncation = fyne.TextTruncateEllipsis
	return container.NewBorder(nil, nil, widget.NewIcon(theme.FolderIcon()), nil, name)
}

func (c *chooser) showRow(i widget.ListItemID, row fyne.CanvasObject) {
	row.(*fyne.Container).Objects[0].(*widget.Label).SetText(visible(c.names[i]))
}

func (c *chooser) enter(i widget.ListItemID) { c.look(filepath.Join(c.at, c.names[i])) }

// look lists the folders in a folder, as soon as that answers.
func (c *chooser) look(folder string) {
	c.edition++
	edition := c.edition
	c.at = folder
	c.entry.SetText(folder)
	c.entry.CursorColumn = len([]rune(folder))
	c.show(nil, fmt.Sprintf(tr("Waiting for %s to answer…"), visible(tilde(folder))), colorMuted)
	var names []string
	var err error
	c.ui.aside(func() { names, err = c.ui.folders(folder) }, func() {
		switch {
		case edition != c.edition:
		case err != nil:
			c.show(nil, fmt.Sprintf(tr("%s cannot be listed: %s"), visible(tilde(folder)), reason(err)), theme.ColorNameError)
		case len(names) == 0:
			c.show(nil, tr("No folder is in it."), colorMuted)
		default:
			c.show(names, tr("Hidden folders are not listed; their names can be typed."), colorMuted)
		}
	})
}

func (c *chooser) show(names []string, note string, tone fyne.ThemeColorName) {
	c.names = names
	c.list.UnselectAll()
	c.list.ScrollToTop()
	c.list.Refresh()
	c.note.set(note, tone)
}

// reason is an error of the file system in the person's language, without the path, which is in the message.
func reason(err error) string {
	if meaning := Meaning(err); meaning != "" {
		return meaning
	}
	if e, ok := err.(*os.PathError); ok {
		return e.Err.Error()
	}
	return err.Error()
}

// foldersIn names the folders in a folder that are not hidden, in order, and the symbolic links: nothing is asked about what
// they point to, nor about anything else in the folder, which may be stuck. It may take for ever.
func foldersIn(folder string) (names []string, err error) {
	entries, err := os.ReadDir(folder)
	for _, e := range entries {
		if (e.IsDir() || e.Type()&os.ModeSymlink != 0) && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names, err
}

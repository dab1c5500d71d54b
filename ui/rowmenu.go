package ui

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"

	"vitrine/fusefs/oplog"
)

// about is what a row tells of, as far as it does.
type about struct {
	op   oplog.Op
	path string // below the mount, beginning with "/"
	proc string
	pid  int32
}

func aboutEvent(e *oplog.Event) about { return about{op: e.Op, path: e.Path, proc: e.Proc, pid: e.PID} }

// rowMenu offers what can be done with a row: see all of its file, its process or its operation in the log, go to the
// file, copy.
func (u *UI) rowMenu(a about, more ...*fyne.MenuItem) *fyne.Menu {
	var items []*fyne.MenuItem
	only := func(label, filter string) {
		items = append(items, fyne.NewMenuItem(label, func() { u.window.filterLog(filter) }))
	}
	if a.path != "" {
		only(tr("Only this file in the log"), ofFile(a.path))
	}
	if a.pid != 0 {
		only(fmt.Sprintf(tr("Only %s in the log"), process(visible(a.proc), a.pid)), "pid:"+strconv.Itoa(int(a.pid)))
	}
	if a.op != 0 {
		only(fmt.Sprintf(tr("Only %s in the log"), a.op), "op:"+a.op.String())
	}
	if a.path != "" {
		items = append(items, fyne.NewMenuItemSeparator())
		if o, ok := u.ctl.(FolderOpener); ok && u.status.State == Mounted {
			items = append(items, fyne.NewMenuItem(tr("Open containing folder"), func() { o.OpenContaining(a.path) }))
		}
		items = append(items, fyne.NewMenuItem(tr("Copy path"), func() { u.copy(filepath.Join(u.status.MountPoint, a.path)) }))
	} else {
		items = append(items, fyne.NewMenuItemSeparator())
	}
	items = append(items, fyne.NewMenuItem(tr("Copy selected rows"), u.window.copyRows))
	return fyne.NewMenu("", append(items, more...)...)
}

func (u *UI) copy(text string) { u.app.Clipboard().SetContent(text) }

// ofFile is the filter for a file. What is quoted stands for itself, also if it looks like a pattern.
func ofFile(path string) string {
	if !strings.ContainsAny(path, " \t\n\"\\*?") {
		return "path:" + path
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(path) + `"`
}

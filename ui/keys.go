package ui

import (
	"runtime"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// command is something that a key does in the activity window.
type command struct {
	key  fyne.KeyName // with Ctrl or Cmd
	what string
	do   func()
}

// commands are what Ctrl or Cmd and a key do, in the order of the help sheet.
func (w *window) commands() []command {
	return []command{
		{fyne.KeyM, tr("mount or eject"), w.ui.act},
		{fyne.KeyO, tr("open the folder"), func() { w.ui.ctl.OpenFolder() }},
		{fyne.KeyF, tr("go to the filter"), func() { w.focusFilter() }},
		{fyne.KeyS, tr("save the log"), w.saveLog},
		{fyne.KeyT, tr("go to the table"), w.focusTable},
		{fyne.KeyComma, tr("settings"), w.ui.showSettings},
		{fyne.KeyW, tr("close the window"), w.closed},
		{fyne.KeyQ, tr("eject and quit"), func() { w.ui.quit(false) }},
	}
}

func (w *window) addShortcuts() {
	w.shortcuts = map[string]func(){}
	add := func(k fyne.KeyName, f func()) {
		s := &desktop.CustomShortcut{KeyName: k, Modifier: fyne.KeyModifierShortcutDefault}
		w.shortcuts[s.ShortcutName()] = f
		w.win.Canvas().AddShortcut(s, func(fyne.Shortcut) { f() })
	}
	for _, c := range w.commands() {
		add(c.key, c.do)
	}
	for i := range w.tabList {
		add(fyne.KeyName(strconv.Itoa(i+1)), func() { w.selectTab(i) })
	}
	add(fyne.KeyPageUp, func() { w.selectTab(w.tabs.SelectedIndex() - 1) })
	add(fyne.KeyPageDown, func() { w.selectTab(w.tabs.SelectedIndex() + 1) })
	w.win.Canvas().AddShortcut(&fyne.ShortcutCopy{}, func(fyne.Shortcut) { w.copyRows() })
	w.win.Canvas().SetOnTypedRune(w.typedRune)
	w.win.Canvas().SetOnTypedKey(w.typedKey)
}

// shortcut does what a shortcut means here, for a field that has the focus and so gets it first. It says whether it
// means anything.
func (w *window) shortcut(s fyne.Shortcut) bool {
	f := w.shortcuts[s.ShortcutName()]
	if f != nil {
		f()
	}
	return f != nil
}

// windowRune answers a letter that the thing in focus has no use for.
func (u *UI) windowRune(r rune) { u.window.typedRune(r) }

// typedRune answers a letter that no field took.
func (w *window) typedRune(r rune) {
	if w.win.Canvas().Overlays().Top() != nil {
		return
	}
	switch r {
	case '?':
		w.showHelp()
	case '/':
		w.focusFilter()
	case '!':
		w.showLastError()
	case '+':
		w.chart.setPeriod(w.chart.shown - 1)
	case '-':
		w.chart.setPeriod(w.chart.shown + 1)
	case 'r', 'R':
		w.win.Canvas().Focus(w.chart)
	case 'l', 'L':
		w.chart.setHeat(!w.chart.heat)
	case 'o', 'O':
		w.chart.showOps()
	default:
		if w.panels[w.tabs.SelectedIndex()] == panel(w.log) && w.win.Canvas().Focused() == nil {
			w.log.typed(r)
		}
	}
}

// typedKey answers a key that nothing took: the arrows go to the table.
func (w *window) typedKey(e *fyne.KeyEvent) {
	if w.win.Canvas().Overlays().Top() != nil {
		return
	}
	switch e.Name {
	case fyne.KeyF1:
		w.showHelp()
	case fyne.KeyUp, fyne.KeyDown, fyne.KeyPageUp, fyne.KeyPageDown, fyne.KeyHome, fyne.KeyEnd:
		w.focusTable()
		if w.storyInSight() {
			w.log.story.chart.TypedKey(e)
			return
		}
		w.panels[w.tabs.SelectedIndex()].grid().body.TypedKey(e)
	}
}

// selectTab shows a tab and gives its table the keys; beyond the last it goes on with the first.
func (w *window) selectTab(i int) {
	w.tabs.SelectIndex((i + len(w.tabList)) % len(w.tabList))
	w.focusTable()
}

func (w *window) storyInSight() bool {
	return w.log.story.box.Visible() && w.tabs.SelectedIndex() == w.tabIndex("log")
}

func (w *window) focusTable() {
	if w.storyInSight() {
		w.win.Canvas().Focus(w.log.story.chart)
		return
	}
	if g := w.panels[w.tabs.SelectedIndex()].grid(); g.Visible() {
		w.win.Canvas().Focus(g.body)
		return
	}
	w.win.Canvas().Unfocus()
}

// showLog shows the list of the log.
func (w *window) showLog() {
	w.tabs.SelectIndex(w.tabIndex("log"))
	w.log.showList()
}

func (w *window) focusFilter() {
	w.showLog()
	w.win.Canvas().Focus(w.log.line.entry)
}

// showLastError tells the story of the operation that failed last.
func (w *window) showLastError() {
	if e := w.snap.LastError; e != nil {
		w.showLog()
		w.refresh()
		w.log.openStoryOf(e.Seq)
	}
}

// filterLog shows in the log only what matches a filter.
func (w *window) filterLog(text string) {
	w.showLog()
	w.log.line.set(text)
	w.focusTable()
}

// copyRows copies the selected rows of the table in sight as text, or the words of the story. Where no row of the log is
// selected it copies the line below the list, which says how many operations there are.
func (w *window) copyRows() {
	text := w.panels[w.tabs.SelectedIndex()].grid().copied()
	switch {
	case w.storyInSight():
		text = w.log.story.text()
	case text == "" && w.tabs.SelectedIndex() == w.tabIndex("log"):
		text = w.log.note.text.Text
	}
	if text != "" {
		w.ui.copy(text)
	}
}

// shortcutName writes a key with Ctrl or Cmd as it stands on the keyboard.
func shortcutName(k fyne.KeyName) string {
	if runtime.GOOS == "darwin" {
		return "⌘ " + string(k)
	}
	return tr("Ctrl") + " " + string(k)
}

// saveLog offers to save the log.
func (w *window) saveLog() {
	w.showLog()
	w.log.showSaveMenu()
}

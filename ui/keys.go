package ui

import (
	"runtime"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
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
		if e.Name == fyne.KeyEscape && w.sheet != nil {
			w.sheet.Hide()
		}
		return
	}
	switch e.Name {
	case fyne.KeyF1:
		w.showHelp()
	case fyne.KeyUp, fyne.KeyDown, fyne.KeyPageUp, fyne.KeyPageDown, fyne.KeyHome, fyne.KeyEnd:
		w.focusTable()
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

// help is one line of the help sheet.
type help struct{ keys, what string }

// helpSheet lists every key: those of the window, those of a table, those of the log and its filter.
func (w *window) helpSheet() []struct {
	title string
	lines []help
} {
	var window []help
	for _, c := range w.commands() {
		window = append(window, help{shortcutName(c.key), c.what})
	}
	window = append(window,
		help{shortcutName("1 … " + fyne.KeyName(strconv.Itoa(len(w.tabList)))), tr("show a tab")},
		help{shortcutName("PgUp PgDn"), tr("previous, next tab")},
		help{"+ -", tr("show less, more of the past")},
		help{"!", tr("story of the last error")},
		help{"L", tr("chart of latencies or of bytes")},
		help{"O", tr("latencies of one operation, of all")},
		help{"R  ← →", tr("select a time in the chart")},
		help{"? F1", tr("this sheet")})
	return []struct {
		title string
		lines []help
	}{
		{tr("Window"), window},
		{tr("Story"), []help{
			{"↑ ↓", tr("previous, next operation")}, {"← →", tr("earlier, later")}, {"+ - " + tr("Home"), tr("nearer, farther, all of it")},
			{shortcutName("C"), tr("copy the words")}, {"Esc", tr("back to the log")},
		}},
		{tr("Tables"), []help{
			{"↑ ↓ PgUp PgDn", tr("move the selection")}, {tr("Home") + " " + tr("End"), tr("first, last row")},
			{tr("Shift") + " ↑ ↓", tr("select several rows")}, {"S " + tr("Shift") + " S", tr("sort by the next column, turn the order")}, {shortcutName("C"), tr("copy the selected rows")},
			{tr("Menu key"), tr("what can be done with the row")}, {"Esc", tr("let go of the selection")},
		}},
		{tr("Log"), []help{
			{tr("Space"), tr("pause, resume")}, {"F", tr("follow the newest")},
			{"E " + tr("Shift") + " E", tr("next, previous error")}, {"H " + tr("Shift") + " H", tr("next, previous hazard")}, {"B", tr("set or remove a bookmark")},
			{"M " + tr("Shift") + " M", tr("next, previous bookmark")}, {tr("Enter"), tr("story of the operation")},
			{shortcutName("C"), tr("no row selected: copy the totals")},
		}},
		{tr("Filter"), []help{
			{"/", tr("go to the filter")}, {"↑ ↓ Tab", tr("choose a suggestion")}, {"Esc", tr("clear the filter, then leave it")},
		}},
	}
}

// showHelp lists every key.
func (w *window) showHelp() {
	columns := []*fyne.Container{container.New(layout.NewCustomPaddedVBoxLayout(0)), container.New(layout.NewCustomPaddedVBoxLayout(0))}
	for i, s := range w.helpSheet() {
		into := columns[min(i/2, 1)]
		into.Add(padded(6, 1, 0, 0, newLine(s.title, sizeText, theme.ColorNameForeground, fyne.TextStyle{Bold: true})))
		for _, l := range s.lines {
			keys := newLine(l.keys, sizeCell, theme.ColorNamePrimary, fyne.TextStyle{Monospace: true})
			what := newLine(l.what, sizeCell, theme.ColorNameForeground, fyne.TextStyle{})
			into.Add(container.NewBorder(nil, nil, container.New(leftColumn{116}, keys), nil, what))
		}
	}
	body := container.New(layout.NewCustomPaddedHBoxLayout(28), columns[0], columns[1])
	w.sheet = dialog.NewCustom(tr("Keys"), tr("Close"), body, w.win)
	w.sheet.SetOnClosed(func() { w.sheet = nil })
	w.sheet.Show()
}

// saveLog offers to save the log.
func (w *window) saveLog() {
	w.showLog()
	w.log.showSaveMenu()
}

package ui

import (
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
)

// help is one line of the help sheet: keys, each of which does what it says, or one of the things that it says.
type help struct {
	keys []string
	what string
}

// helpSection is a part of the help sheet.
type helpSection struct {
	title string
	lines []help
}

// shifted writes a key with Shift.
func shifted(key string) string { return tr("Shift") + " " + key }

// helpSheet lists every key: those of the window, of its chart, of a table, of the log with its filter, and of a story.
func (w *window) helpSheet() []helpSection {
	return []helpSection{
		{tr("Window"), w.helpWindow()}, {tr("Chart"), helpChart()}, {tr("Filter"), helpFilter()},
		{tr("Tables"), helpTables()}, {tr("Log"), helpLog()}, {tr("Story"), helpStory()},
	}
}

func (w *window) helpWindow() []help {
	var lines []help
	for _, c := range w.commands() {
		lines = append(lines, help{[]string{shortcutName(c.key)}, c.what})
	}
	return append(lines,
		help{[]string{shortcutName("1 … " + fyne.KeyName(strconv.Itoa(len(w.tabList))))}, tr("show a tab")},
		help{[]string{shortcutName(fyne.KeyName(tr("PgUp"))), shortcutName(fyne.KeyName(tr("PgDn")))}, tr("previous, next tab")},
		help{[]string{"!"}, tr("story of the last error")},
		help{[]string{"?", "F1"}, tr("this sheet")},
		help{[]string{tr("Esc")}, tr("close a dialog or a menu")})
}

func helpChart() []help {
	return []help{
		{[]string{"+", "-"}, tr("show less, more of the past")},
		{[]string{"L"}, tr("chart of latencies or of bytes")},
		{[]string{"O"}, tr("latencies of one operation, of all")},
		{[]string{"R"}, tr("select a time in the chart")},
		{[]string{"←", "→"}, tr("an earlier, a later time")},
		{[]string{shifted("←"), shifted("→")}, tr("select a longer time")},
		{[]string{tr("Home"), tr("End")}, tr("the oldest, the newest time")},
		{[]string{tr("Enter"), tr("Esc")}, tr("keep, let go of the time")},
	}
}

func helpFilter() []help {
	return []help{
		{[]string{"/"}, tr("go to the filter")},
		{[]string{"↑", "↓"}, tr("choose a suggestion")},
		{[]string{tr("Tab"), tr("Enter")}, tr("take it, go to the list")},
		{[]string{tr("Esc")}, tr("clear the filter, then leave it")},
	}
}

func helpTables() []help {
	return []help{
		{[]string{"↑", "↓", tr("PgUp"), tr("PgDn")}, tr("move the selection")},
		{[]string{tr("Home"), tr("End")}, tr("first, last row")},
		{[]string{shifted("↑"), shifted("↓")}, tr("select several rows")},
		{[]string{shifted(tr("click"))}, tr("select all up to there")},
		{[]string{shortcutName(fyne.KeyName(tr("click")))}, tr("select one more, or one less")},
		{[]string{tr("Enter"), tr("double click")}, tr("story of the open file or operation")},
		{[]string{"S", shifted("S")}, tr("sort by the next column, turn the order")},
		{[]string{"<", ">"}, tr("narrower, wider column")},
		{[]string{shortcutName("C")}, tr("copy the selected rows")},
		{[]string{tr("Menu key"), shifted("F10")}, tr("what can be done with the row")},
		{[]string{tr("Esc")}, tr("let go of the selection")},
	}
}

func helpLog() []help {
	return []help{
		{[]string{tr("Space")}, tr("pause, resume")},
		{[]string{"F"}, tr("follow the newest")},
		{[]string{"E", "N"}, tr("next error")},
		{[]string{shifted("E"), shifted("N")}, tr("previous error")},
		{[]string{"H", shifted("H")}, tr("next, previous hazard")},
		{[]string{"B"}, tr("set or remove a bookmark")},
		{[]string{"M", shifted("M")}, tr("next, previous bookmark")},
		{[]string{"D", shifted("D")}, tr("scroll the details")},
		{[]string{shortcutName("C")}, tr("no row selected: copy the totals")},
	}
}

func helpStory() []help {
	return []help{
		{[]string{"↑", "↓"}, tr("previous, next operation")},
		{[]string{shifted("↑"), shifted("↓")}, tr("the row above, below")},
		{[]string{"←", "→"}, tr("earlier, later")},
		{[]string{"+", "-"}, tr("nearer, farther")},
		{[]string{tr("Enter")}, tr("near the operation")},
		{[]string{tr("Home")}, tr("all of it")},
		{[]string{tr("PgUp"), tr("PgDn")}, tr("scroll the rows")},
		{[]string{"D", shifted("D")}, tr("scroll the words")},
		{[]string{shortcutName("C")}, tr("copy the words")},
		{[]string{tr("Esc"), tr("Backspace")}, tr("back to the table")},
	}
}

// helpRoom is what the help sheet leaves of the height of the window for its title and its button.
const helpRoom = 138

// showHelp lists every key.
func (w *window) showHelp() {
	columns := [...]*fyne.Container{container.New(layout.NewCustomPaddedVBoxLayout(0)), container.New(layout.NewCustomPaddedVBoxLayout(0))}
	var widest [len(columns)]float32
	for i, s := range w.helpSheet() {
		s.addTo(columns[i/3], &widest[i/3])
	}
	body := padded(0, 0, 4, 4, container.New(layout.NewCustomPaddedHBoxLayout(24), columns[0], columns[1]))
	page := newReader(body, theme.ColorNameOverlayBackground)
	size := body.MinSize()
	page.scroll.SetMinSize(fyne.NewSize(size.Width+12, min(size.Height, w.win.Canvas().Size().Height-helpRoom)))
	newSheetOf(tr("Keys"), page.box, page.pressed, w.win).Show()
}

// addTo writes a section into a column; widest is the room for the keys of all its lines.
func (s *helpSection) addTo(column *fyne.Container, widest *float32) {
	column.Add(padded(7, 2, 0, 0, newLine(s.title, sizeText, theme.ColorNameForeground, fyne.TextStyle{Bold: true})))
	for _, l := range s.lines {
		r := newHelpRow(&l, widest)
		*widest = max(*widest, r.keysWidth())
		column.Add(r.box)
	}
}

// Measures of a line of the help sheet, in units.
const (
	helpHeight   = 19
	helpBaseline = 14 // of the keys and of the text
	helpCap      = 4  // between a key and its frame
	helpGap      = 4  // between keys
)

// helpRow is a line of the help sheet: keys in frames, and beside them what they do.
type helpRow struct {
	box    *fyne.Container
	keys   []*line
	frames []*sheet
	what   *line
	widest *float32 // the room for the keys of all lines of a column
}

func newHelpRow(l *help, widest *float32) *helpRow {
	r := &helpRow{what: newLine(l.what, sizeCell, theme.ColorNameForeground, fyne.TextStyle{}), widest: widest}
	r.box = container.New(r, r.what)
	for _, k := range l.keys {
		frame, key := newSheet(colorStripe, theme.ColorNameInputBorder, 0xff, 3), newLine(k, sizeCaption, theme.ColorNamePrimary, fyne.TextStyle{Monospace: true})
		r.frames, r.keys = append(r.frames, frame), append(r.keys, key)
		r.box.Add(frame)
		r.box.Add(key)
	}
	return r
}

func (r *helpRow) keysWidth() (w float32) {
	for _, k := range r.keys {
		w += k.MinSize().Width + 2*helpCap + helpGap
	}
	return w
}

// MinSize makes room for the longest keys of the column.
func (r *helpRow) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(*r.widest+helpGap+r.what.MinSize().Width, helpHeight)
}

// Layout puts all texts on one line, although their fonts differ.
func (r *helpRow) Layout([]fyne.CanvasObject, fyne.Size) {
	x := float32(0)
	for i, k := range r.keys {
		width := k.MinSize().Width
		r.frames[i].Move(fyne.NewPos(x, 2))
		r.frames[i].Resize(fyne.NewSize(width+2*helpCap, helpHeight-4))
		k.stand(x+helpCap, helpBaseline-0.5)
		x += width + 2*helpCap + helpGap
	}
	r.what.stand(*r.widest+helpGap, helpBaseline)
}

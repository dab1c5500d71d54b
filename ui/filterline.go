package ui

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"vitrine/fusefs/oplog"
	"vitrine/fusefs/oplog/filter"
)

// filtersKept is how many filters are remembered.
const filtersKept = 20

// filterLine is the line in which a filter is typed. It applies at every letter, as long as what stands there is a
// filter; the last one that was stays in force meanwhile.
type filterLine struct {
	ui      *UI
	box     *fyne.Container
	entry   *filterEntry
	wrong   *underline
	fault   fault                                             // what is wrong with the text
	apply   func(match func(*oplog.Event) bool, hazards bool) // hazards: what matches depends on them
	applied string                                            // the text in force
	recent  []string                                          // newest first
	taking  bool                                              // a suggestion is being put into the text
}

// fault is what is wrong with a text; the zero fault is nothing.
type fault struct {
	whole, brief   string
	offset, length int // of what is wrong, in bytes
}

func newFilterLine(u *UI, apply func(func(*oplog.Event) bool, bool)) *filterLine {
	f := &filterLine{ui: u, apply: apply, wrong: newUnderline()}
	f.entry = newFilterEntry(f)
	f.entry.SetPlaceHolder(tr("Filter: write path:*.bin err:* dur>10ms"))
	f.entry.OnChanged = f.changed
	shut := widget.NewButtonWithIcon("", theme.ContentClearIcon(), func() { f.set("") })
	shut.Importance = widget.LowImportance
	f.entry.ActionItem = shut
	f.box = container.NewStack(f.entry, container.NewWithoutLayout(f.wrong.rect))
	return f
}

// set replaces the text.
func (f *filterLine) set(text string) {
	f.entry.SetText(text)
	f.entry.CursorColumn = len([]rune(text))
	f.entry.Refresh()
	f.remember()
	f.ui.window.suggestions.hide()
}

// changed applies the text where it is a filter, and says what is wrong where it is none.
func (f *filterLine) changed(text string) {
	parsed, err := filter.Parse(text)
	f.show(text, err)
	if err == nil && text != f.applied {
		f.applied = text
		parsed.Hazards = f.ui.window.log.inHazard
		if parsed.IsEmpty() {
			f.apply(nil, false)
		} else {
			f.apply(parsed.Match, parsed.AsksForHazards())
		}
	}
	if !f.taking {
		f.suggest()
	}
	f.ui.window.log.showNote()
}

func (f *filterLine) show(text string, err error) {
	f.fault = fault{}
	var syntax *filter.SyntaxError
	switch {
	case errors.As(err, &syntax):
		f.fault.offset, f.fault.length = syntax.Offset, syntax.Length
		for i, p := range syntax.Phrases {
			f.fault.whole += fmt.Sprintf(tr(p.Format), p.Args...)
			if i < 2 {
				f.fault.brief = strings.TrimSuffix(f.fault.whole, ".")
			}
		}
	case err != nil:
		f.fault.whole, f.fault.brief = err.Error(), err.Error()
	}
	f.mark()
}

// mark underlines what is wrong, as far as it is in sight.
func (f *filterLine) mark() {
	if f.fault.whole == "" {
		f.wrong.rect.Hide()
		return
	}
	f.wrong.show(f.entry, f.entry.Text, f.fault.offset, f.fault.length)
}

// complaint says that the text is no filter and what applies, "" where it is one or where that is said below the text.
func (f *filterLine) complaint() string {
	switch {
	case f.fault.whole == "" || f.ui.window.suggestions.open():
		return ""
	case f.applied == "":
		return fmt.Sprintf(tr("The filter is not valid (%s); none applies"), f.fault.brief)
	default:
		return fmt.Sprintf(tr("The filter is not valid (%s); the last valid one applies"), f.fault.brief)
	}
}

// cursor is the place of the cursor, in bytes.
func (f *filterLine) cursor() int {
	r := []rune(f.entry.Text)
	return len(string(r[:min(f.entry.CursorColumn, len(r))]))
}

// suggest offers ways to go on with the text, and recent filters while there is none.
func (f *filterLine) suggest() {
	if !f.entry.focused {
		return
	}
	var items []suggestion
	typing := false // what is wrong is the word at the cursor
	if f.entry.Text == "" {
		for _, text := range f.recent {
			items = append(items, suggestion{text: text, note: tr("recent"), take: func() { f.put(text) }})
		}
	} else {
		text := f.entry.Text
		for _, c := range filter.Complete(text, f.cursor(), f.known()) {
			if c.Offset < 0 || c.Offset+c.Length > len(text) || text[c.Offset:c.Offset+c.Length] == c.Text {
				continue
			}
			typing = typing || f.fault.offset <= c.Offset+c.Length && f.fault.offset+f.fault.length >= c.Offset
			whole := text[:c.Offset] + c.Text + text[c.Offset+c.Length:]
			items = append(items, suggestion{text: c.Text, note: trHelp(c.Help), take: func() { f.putAt(whole, c.Offset+len(c.Text)) }})
		}
	}
	fault := f.fault.whole
	if typing {
		fault = ""
	}
	f.ui.window.suggestions.show(f.entry, fault, items)
}

// known is what can be completed: programs and files in use now, and those of the last operations listed.
func (f *filterLine) known() filter.Known {
	var k filter.Known
	s := f.ui.window.snap
	add := func(proc, path string, pid int32, handle uint64) {
		if proc != "" && !slices.Contains(k.Procs, proc) {
			k.Procs = append(k.Procs, proc)
		}
		if path != "" && !slices.Contains(k.Paths, path) {
			k.Paths = append(k.Paths, path)
		}
		if pid != 0 && !slices.Contains(k.PIDs, pid) {
			k.PIDs = append(k.PIDs, pid)
		}
		if handle != 0 && !slices.Contains(k.Handles, handle) {
			k.Handles = append(k.Handles, handle)
		}
	}
	for i := range s.Open[:min(len(s.Open), 50)] {
		o := &s.Open[i]
		add(o.Proc, o.Path, o.PID, o.Handle)
	}
	if h := f.ui.ctl.History(); h != nil {
		_, next := h.Bounds()
		events := make([]oplog.Event, 200)
		_, n := h.Read(events, next-min(next, uint64(len(events))))
		for i := range events[:n] {
			e := &events[i]
			add(e.Proc, e.Path, e.PID, e.Handle)
		}
	}
	return k
}

// trHelp translates what a completion means, where that needs saying.
func trHelp(help string) string {
	if help == "" {
		return ""
	}
	return tr(help)
}

// put replaces the text by a suggestion.
func (f *filterLine) put(text string) { f.putAt(text, len(text)) }

// putAt replaces the text by a suggestion, with the cursor at a place in bytes.
func (f *filterLine) putAt(text string, cursor int) {
	f.taking = true
	f.entry.SetText(text)
	f.taking = false
	f.entry.CursorColumn = len([]rune(text[:cursor]))
	f.entry.Refresh()
	f.ui.window.win.Canvas().Focus(f.entry)
	f.suggest()
}

// remember keeps the filter in force among the recent ones.
func (f *filterLine) remember() {
	text := strings.TrimSpace(f.applied)
	if text == "" || len(f.recent) > 0 && f.recent[0] == text {
		return
	}
	f.recent = slices.DeleteFunc(f.recent, func(s string) bool { return s == text })
	f.recent = slices.Insert(f.recent, 0, text)
	f.recent = f.recent[:min(len(f.recent), filtersKept)]
	f.ui.window.arranged()
}

// filterEntry is an entry that hands keys to the suggestions below it, and shortcuts to the window.
type filterEntry struct {
	widget.Entry
	f       *filterLine
	focused bool
	view    *container.Scroll // what of the text is in sight; nil before it is drawn
}

func newFilterEntry(f *filterLine) *filterEntry {
	e := &filterEntry{f: f}
	e.Wrapping, e.Scroll = fyne.TextWrapOff, fyne.ScrollHorizontalOnly
	e.ExtendBaseWidget(e)
	return e
}

// CreateRenderer notes where the text is scrolled, for the mark below it to follow.
func (e *filterEntry) CreateRenderer() fyne.WidgetRenderer {
	r := e.Entry.CreateRenderer()
	for _, o := range r.Objects() {
		if view, ok := o.(*container.Scroll); ok {
			e.view = view
			view.OnScrolled = func(fyne.Position) { e.f.mark() }
		}
	}
	e.OnCursorChanged = e.f.mark
	return r
}

// AcceptsTab says whether Tab completes instead of moving on.
func (e *filterEntry) AcceptsTab() bool {
	s := e.f.ui.window.suggestions
	return s.open() && len(s.items) > 0
}

// FocusGained offers recent filters.
func (e *filterEntry) FocusGained() {
	e.Entry.FocusGained()
	e.focused = true
	e.f.suggest()
}

// FocusLost ends the suggestions, unless one of them is being clicked on.
func (e *filterEntry) FocusLost() {
	e.Entry.FocusLost()
	e.focused = false
	e.f.remember()
	if s := e.f.ui.window.suggestions; !s.over {
		s.hide()
	}
	e.f.ui.window.log.showNote()
}

// TypedKey takes or moves between suggestions where there are any.
func (e *filterEntry) TypedKey(k *fyne.KeyEvent) {
	s := e.f.ui.window.suggestions
	switch k.Name {
	case fyne.KeyDown, fyne.KeyUp:
		if !s.open() {
			e.f.suggest()
			return
		}
		s.move(map[bool]int{true: 1, false: -1}[k.Name == fyne.KeyDown])
	case fyne.KeyTab:
		s.take(true)
	case fyne.KeyReturn, fyne.KeyEnter:
		e.entered(s)
	case fyne.KeyEscape:
		e.escaped(s)
	default:
		before := e.CursorColumn
		e.Entry.TypedKey(k)
		if e.CursorColumn != before && s.open() {
			e.f.suggest()
		}
	}
}

// entered takes the chosen suggestion, or goes on to the list.
func (e *filterEntry) entered(s *suggestions) {
	if s.open() && s.take(false) {
		return
	}
	s.hide()
	e.f.remember()
	e.f.ui.window.focusTable()
}

// escaped ends the suggestions, then clears the filter, then goes back to the list.
func (e *filterEntry) escaped(s *suggestions) {
	switch {
	case s.open():
		s.hide()
		e.f.ui.window.log.showNote()
	case e.Text != "":
		e.f.set("")
	default:
		e.f.ui.window.focusTable()
	}
}

// TypedShortcut hands on what is none of an entry's own.
func (e *filterEntry) TypedShortcut(s fyne.Shortcut) {
	if _, ok := s.(*desktop.CustomShortcut); ok && e.f.ui.window.shortcut(s) {
		return
	}
	e.Entry.TypedShortcut(s)
}

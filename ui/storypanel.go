package ui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
)

// How wide the words beside a story are: a part of the whole, within bounds.
const (
	storyWordsPart  = 0.24
	storyWordsLeast = 250
	storyWordsMost  = 420
)

// storyPanel stands in place of the log and tells of one operation: what happened to its handle before and after, what
// else happened to its file, and in words why it ended as it did.
type storyPanel struct {
	ui     *UI
	box    *fyne.Container
	chart  *storyChart
	title  *line
	name   *line
	words  *widget.RichText
	reader *reader                               // of the words
	events []oplog.Event                         // the history that the story was made from
	home   int                                   // the tab that it was opened from
	again  func(find func([]oplog.Event) uint64) // tells it anew
	told   *activity.Explanation                 // of the chosen operation, nil while it is being made
	worded pace
	tries  int // to learn how what was in flight ended
	asked  int // counts the explanations asked for: an older answer is of no interest
}

// FactsProvider is a Controller that can say what only the disk knows about the files of the drive.
type FactsProvider interface {
	// Facts returns the source of such facts, nil where nothing is mounted. It is used off the UI thread.
	Facts() activity.Facts
}

func newStoryPanel(u *UI, t *tip, closed func()) *storyPanel {
	p := &storyPanel{ui: u, chart: newStoryChart(t)}
	p.title = newLine("", sizeText, theme.ColorNameForeground, fyne.TextStyle{Bold: true})
	p.name = newLine("", sizeText, colorMuted, fyne.TextStyle{})
	p.words = widget.NewRichText()
	p.words.Wrapping = fyne.TextWrapWord
	p.chart.helped = func() { u.window.showHelp() }
	p.chart.turned = func(part float32) { p.reader.turn(part) }
	p.chart.picked, p.chart.left, p.chart.typed = p.explain, closed, u.windowRune
	back := widget.NewButtonWithIcon(tr("Back"), theme.NavigateBackIcon(), closed)
	middle := func() float32 { return storyNames + (p.chart.Size().Width-storyNames)/2 }
	buttons := container.NewHBox(
		newIconButton(theme.ZoomOutIcon(), tr("Farther away"), "-", t, func() { p.chart.zoom(2, middle()) }),
		newIconButton(theme.ZoomInIcon(), tr("Nearer"), "+", t, func() { p.chart.zoom(0.5, middle()) }),
		newIconButton(theme.ZoomFitIcon(), tr("All of it"), tr("Home"), t, p.chart.zoomOut))
	heads := container.New(layout.NewCustomPaddedVBoxLayout(0), p.title, p.name)
	top := padded(4, 4, 4, 4, container.NewBorder(nil, nil, back, buttons, padded(0, 0, 8, 8, heads)))
	p.reader = newReader(p.words, theme.ColorNameBackground)
	sheet := container.NewStack(newSheet(colorPanel, colorLine, 0xff, 0), padded(1, 1, 1, 1, p.chart))
	p.box = container.NewBorder(top, nil, nil, nil, container.New(storyColumns{}, sheet, p.reader.box))
	p.box.Hide()
	return p
}

// show tells the story of the operation with a sequence number; the events are those of the history.
func (p *storyPanel) show(events []oplog.Event, s *activity.Story, seq uint64) {
	p.entitle(s)
	p.events = events
	p.tries = 0
	p.chart.show(s, seq)
	p.box.Show()
	p.explain()
}

// retell shows how the story in sight went on.
func (p *storyPanel) retell(events []oplog.Event, s *activity.Story, seq uint64) {
	p.entitle(s)
	p.events = events
	p.tries = 0
	p.chart.tell(s, seq)
	p.explain()
}

func (p *storyPanel) entitle(s *activity.Story) {
	p.title.set(storyTitle(s), theme.ColorNameForeground)
	p.name.set(storyNote(s), colorMuted)
}

func (p *storyPanel) hide() {
	p.box.Hide()
	p.events = nil
	p.chart.show(&activity.Story{}, 0)
}

func storyTitle(s *activity.Story) string {
	name := visible(s.Path)
	if s.Deleted {
		name += " " + tr("(deleted)")
	}
	return middle(name, 60)
}

// storyNote says how long the story is, and what of it is missing.
func storyNote(s *activity.Story) string {
	parts := []string{fmt.Sprintf(tr("%s operations in %s"), count(len(s.Bars)), duration(time.Duration(s.End-s.Begin)))}
	if len(s.Bars) == 1 {
		parts[0] = fmt.Sprintf(tr("1 operation in %s"), duration(time.Duration(s.Bars[0].Duration)))
	}
	if s.Handle != 0 {
		parts = append([]string{fmt.Sprintf(tr("handle %d"), s.Handle)}, parts...)
	}
	if n := len(s.Others); n > 0 {
		parts = append(parts, fmt.Sprintf(tr("%s of others"), count(n)))
	}
	if s.Truncated {
		parts = append(parts, tr("its beginning is no longer kept"))
	}
	if s.Lost > 0 {
		parts = append(parts, fmt.Sprintf(tr("%s operations were dropped"), count(s.Lost)))
	}
	return strings.Join(parts, " · ")
}

// explain says in words what the chosen operation did, and why it ended as it did.
func (p *storyPanel) explain() {
	b := p.chart.bar(p.chart.chosen)
	if b == nil {
		return
	}
	p.reader.scroll.ScrollToTop()
	p.asked++
	asked, e, events := p.asked, b.Event, p.events
	p.told = nil
	p.say(e, nil)
	var x activity.Explanation
	p.ui.aside(func() {
		var facts activity.Facts
		if f, ok := p.ui.ctl.(FactsProvider); ok {
			facts = f.Facts()
		}
		x = activity.Explain(e, events, facts)
	}, func() {
		if asked == p.asked && p.box.Visible() {
			p.told = &x
			p.say(e, &x)
			p.chart.explained(x.Because)
		}
	})
}

// say writes the words; x is nil while the explanation is being made.
func (p *storyPanel) say(e oplog.Event, x *activity.Explanation) {
	var segments []widget.RichTextSegment
	add := func(text string, tone fyne.ThemeColorName, bold bool, size fyne.ThemeSizeName) {
		style := widget.RichTextStyleParagraph
		style.ColorName, style.SizeName, style.TextStyle.Bold = tone, size, bold
		segments = append(segments, &widget.TextSegment{Text: text, Style: style})
	}
	head, tone := headline(&e)
	add(head, tone, true, theme.SizeNameSubHeadingText)
	if x != nil {
		if text := say(x.Meaning); text != "" {
			add(text, theme.ColorNameForeground, false, theme.SizeNameText)
		}
		for _, s := range x.Evidence {
			add("• "+say(s), theme.ColorNameForeground, false, theme.SizeNameText)
		}
	}
	if text := p.waits(&e); text != "" {
		add(text, theme.ColorNameForeground, false, theme.SizeNameText)
	}
	for _, h := range p.hazards(e.Seq) {
		add("▲ "+say(h.Text), theme.ColorNameWarning, false, theme.SizeNameText)
	}
	add(describe(&e), colorMuted, false, theme.SizeNameCaptionText)
	p.words.Segments = segments
	p.words.Refresh()
	p.reader.update()
}

// headline says what an operation was, and how it ended.
func headline(e *oplog.Event) (text string, tone fyne.ThemeColorName) {
	switch {
	case e.Flags&oplog.InFlight != 0:
		return e.Op.String() + " " + tr("in flight"), cmp.Or(ageTone(time.Duration(e.Duration)), theme.ColorNameForeground)
	case failed(e):
		return outcome(e), theme.ColorNameError
	case e.Errno != 0:
		return outcome(e), theme.ColorNameWarning
	default:
		return e.Op.String() + " " + tr("ok"), theme.ColorNameSuccess
	}
}

// text is what the words say, with the file and its handle above them.
func (p *storyPanel) text() string {
	lines := []string{p.title.text.Text, p.name.text.Text}
	for _, s := range p.words.Segments {
		lines = append(lines, s.Textual())
	}
	return strings.Join(lines, "\n") + "\n"
}

// hazards are those that an operation has part in, but for refusals, which the evidence tells of.
func (p *storyPanel) hazards(seq uint64) []activity.Hazard {
	return slices.DeleteFunc(p.ui.window.snap.HazardsAt(seq), func(h activity.Hazard) bool { return h.Kind == activity.RefusedHandle })
}

// say writes a sentence of the model in the person's language.
func say(s activity.Sentence) string {
	if s.Format == "" {
		return ""
	}
	args := make([]any, len(s.Args))
	for i, a := range s.Args {
		args[i] = a
		switch a := a.(type) {
		case string:
			args[i] = visible(a)
		case activity.Who:
			args[i] = who(a)
		case activity.Span:
			args[i] = number(a.String())
		case activity.Bytes:
			args[i] = number(a.String())
		}
	}
	return fmt.Sprintf(tr(s.Format), args...)
}

// who writes a process in a sentence.
func who(w activity.Who) string {
	switch {
	case w.PID == 0:
		return tr("the kernel")
	case w.Proc == "":
		return fmt.Sprintf(tr("process %d"), w.PID)
	default:
		return fmt.Sprintf("%s (%d)", visible(w.Proc), w.PID)
	}
}

// storyColumns puts the words to the right of the picture.
type storyColumns struct{}

func (storyColumns) MinSize(o []fyne.CanvasObject) fyne.Size {
	picture, words := o[0].MinSize(), o[1].MinSize()
	return fyne.NewSize(picture.Width+storyWordsLeast, max(picture.Height, words.Height))
}

func (storyColumns) Layout(o []fyne.CanvasObject, s fyne.Size) {
	words := max(storyWordsLeast, min(s.Width*storyWordsPart, storyWordsMost))
	o[0].Resize(fyne.NewSize(s.Width-words, s.Height))
	o[1].Move(fyne.NewPos(s.Width-words, 0))
	o[1].Resize(fyne.NewSize(words, s.Height))
}

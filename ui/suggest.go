package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// suggestionsShown is how many suggestions are offered at a time.
const suggestionsShown = 8

// suggestion is a way to go on with what is being typed.
type suggestion struct {
	text string
	note string // what it means
	take func() // puts it into the text
}

// suggestions float below an entry, which keeps the focus and hands the keys on.
type suggestions struct {
	layer *fyne.Container // covers the window's content
	back  *sheet
	fault *widget.Label // what is wrong with the text, above the suggestions
	list  *fyne.Container
	items []suggestion
	at    int  // the chosen one, -1 for none
	over  bool // the mouse is over it
}

func newSuggestions() *suggestions {
	s := &suggestions{back: newSheet(theme.ColorNameOverlayBackground, theme.ColorNameInputBorder, 0xff, 4), fault: widget.NewLabel(""), list: container.New(stacked{})}
	s.fault.Importance, s.fault.Wrapping = widget.DangerImportance, fyne.TextWrapWord
	s.layer = container.NewWithoutLayout(s.back, s.fault, s.list)
	s.layer.Hide()
	return s
}

func (s *suggestions) open() bool { return s.layer.Visible() }

// show offers items below o, and says above them what is wrong, if anything is.
func (s *suggestions) show(o fyne.CanvasObject, fault string, items []suggestion) {
	if fault == "" && len(items) == 0 {
		s.hide()
		return
	}
	s.items, s.at = items[:min(len(items), suggestionsShown)], -1
	s.fault.SetText(fault)
	s.list.RemoveAll()
	for i, item := range s.items {
		s.list.Add(newChoice(s, i, item))
	}
	s.layer.Show()
	s.place(o)
	s.layer.Refresh()
}

// place puts the box below o, as wide.
func (s *suggestions) place(o fyne.CanvasObject) {
	d := fyne.CurrentApp().Driver()
	at := d.AbsolutePositionForObject(o).Subtract(d.AbsolutePositionForObject(s.layer)).AddXY(0, o.Size().Height+2)
	width, y := o.Size().Width, float32(0)
	s.fault.Hide()
	if s.fault.Text != "" {
		s.fault.Show()
		s.fault.Resize(fyne.NewSize(width, 0))
		y = s.fault.MinSize().Height
		s.fault.Resize(fyne.NewSize(width, y))
		s.fault.Move(at)
	}
	height := s.list.MinSize().Height
	s.list.Resize(fyne.NewSize(width, height))
	s.list.Move(at.AddXY(0, y))
	s.back.Resize(fyne.NewSize(width, y+height))
	s.back.Move(at)
}

func (s *suggestions) hide() {
	s.over = false
	if s.layer.Visible() {
		s.layer.Hide()
	}
}

// move chooses the next suggestion in a direction.
func (s *suggestions) move(step int) {
	if len(s.items) == 0 {
		return
	}
	s.choose((s.at + step + len(s.items) + 1) % (len(s.items) + 1))
	if s.at == len(s.items) {
		s.choose(map[bool]int{true: 0, false: len(s.items) - 1}[step > 0])
	}
}

func (s *suggestions) choose(i int) {
	s.at = i
	for k, o := range s.list.Objects {
		o.(*choice).mark(k == i)
	}
}

// take puts the chosen suggestion into the text, or the first one where first is set. It says whether there was one.
func (s *suggestions) take(first bool) bool {
	if s.at < 0 && first && len(s.items) > 0 {
		s.at = 0
	}
	if s.at < 0 || s.at >= len(s.items) {
		return false
	}
	s.items[s.at].take()
	return true
}

// choice is a suggestion in the list.
type choice struct {
	widget.BaseWidget
	s          *suggestions
	i          int
	back       *sheet
	text, note *line
}

var (
	_ fyne.Tappable     = (*choice)(nil)
	_ desktop.Hoverable = (*choice)(nil)
)

func newChoice(s *suggestions, i int, item suggestion) *choice {
	c := &choice{s: s, i: i, back: newSheet(theme.ColorNameSelection, "", 0, 0)}
	c.text = newLine(item.text, sizeCell, theme.ColorNameForeground, fyne.TextStyle{Monospace: true})
	c.note = newLine(item.note, sizeCaption, colorMuted, fyne.TextStyle{})
	c.ExtendBaseWidget(c)
	return c
}

func (c *choice) CreateRenderer() fyne.WidgetRenderer {
	row := container.NewBorder(nil, nil, nil, container.NewCenter(c.note), c.text)
	return widget.NewSimpleRenderer(container.NewStack(c.back, padded(3, 3, 8, 8, row)))
}

func (c *choice) mark(on bool) {
	c.back.alpha = 0
	if on {
		c.back.alpha = 0xff
	}
	c.back.Refresh()
}

func (c *choice) Tapped(*fyne.PointEvent) { c.s.items[c.i].take() }

func (c *choice) MouseIn(*desktop.MouseEvent) {
	c.s.over = true
	c.s.choose(c.i)
}
func (c *choice) MouseMoved(*desktop.MouseEvent) {}
func (c *choice) MouseOut()                      { c.s.over = false }

// stacked puts objects below each other without room between them.
type stacked struct{}

func (stacked) MinSize(o []fyne.CanvasObject) (s fyne.Size) {
	for _, c := range o {
		m := c.MinSize()
		s = fyne.NewSize(max(s.Width, m.Width), s.Height+m.Height)
	}
	return s
}

func (stacked) Layout(o []fyne.CanvasObject, s fyne.Size) {
	y := float32(0)
	for _, c := range o {
		h := c.MinSize().Height
		c.Resize(fyne.NewSize(s.Width, h))
		c.Move(fyne.NewPos(0, y))
		y += h
	}
}

// underline marks a part of the text of an entry as wrong.
type underline struct{ rect *canvas.Rectangle }

func newUnderline() *underline {
	u := &underline{canvas.NewRectangle(nil)}
	u.rect.Hide()
	return u
}

// show marks length bytes of text from offset on, as far as they are in sight; an end beyond the text is marked by a letter's
// width.
func (u *underline) show(e *filterEntry, text string, offset, length int) {
	measure := func(s string) float32 {
		return fyne.MeasureText(s, theme.TextSize(), e.TextStyle).Width
	}
	offset = min(max(offset, 0), len(text))
	end := min(offset+max(length, 0), len(text))
	from, width := measure(text[:offset]), measure(text[offset:end])
	if width == 0 {
		width = measure("n")
	}
	left, right := theme.InnerPadding(), e.Size().Width-theme.InnerPadding()
	from += left
	if e.view != nil {
		from -= e.view.Offset.X
		right = e.view.Size().Width
	}
	to := min(from+width, right)
	from = max(from, left/2)
	if from >= to {
		u.rect.Hide()
		return
	}
	u.rect.FillColor = shade(theme.ColorNameError)
	u.rect.Move(fyne.NewPos(from, e.Size().Height-6))
	u.rect.Resize(fyne.NewSize(to-from, 2))
	u.rect.Show()
	u.rect.Refresh()
}

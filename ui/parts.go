package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// line is a single line of text in a colour and size of the theme.
type line struct {
	widget.BaseWidget
	text *canvas.Text
	tone fyne.ThemeColorName
}

func newLine(text string, size float32, tone fyne.ThemeColorName, style fyne.TextStyle) *line {
	l := &line{text: canvas.NewText(text, nil), tone: tone}
	l.text.TextSize, l.text.TextStyle = size, style
	l.text.Color = shade(tone)
	l.ExtendBaseWidget(l)
	return l
}

func muted(text string) *line { return newLine(text, sizeCaption, colorMuted, fyne.TextStyle{}) }

func (l *line) set(text string, tone fyne.ThemeColorName) {
	if l.text.Text != text || l.tone != tone {
		l.text.Text, l.tone = text, tone
		l.Refresh()
	}
}

func (l *line) CreateRenderer() fyne.WidgetRenderer { return &lineRenderer{l} }

// stand moves the line so that its letters stand at y, in units.
func (l *line) stand(x, y float32) {
	_, baseline := fyne.CurrentApp().Driver().RenderedTextSize(l.text.Text, l.text.TextSize, l.text.TextStyle, nil)
	l.Resize(l.MinSize())
	l.Move(fyne.NewPos(x, y-baseline))
}

type lineRenderer struct{ l *line }

func (r *lineRenderer) Destroy()                     {}
func (r *lineRenderer) Layout(s fyne.Size)           { r.l.text.Resize(s) }
func (r *lineRenderer) MinSize() fyne.Size           { return r.l.text.MinSize() }
func (r *lineRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.l.text} }
func (r *lineRenderer) Refresh() {
	r.l.text.Color = shade(r.l.tone)
	r.l.text.Refresh()
}

// caption is small text that goes on in a next line where it has no room.
type caption struct {
	text string
	tone fyne.ThemeColorName
	rich *widget.RichText
	box  *fyne.Container
}

func newCaption(text string, tone fyne.ThemeColorName) *caption {
	c := &caption{rich: widget.NewRichText()}
	c.rich.Wrapping = fyne.TextWrapWord
	inner := -theme.InnerPadding() // of every RichText
	c.box = padded(inner, inner, inner, inner, c.rich)
	c.set(text, tone)
	return c
}

func (c *caption) set(text string, tone fyne.ThemeColorName) {
	if c.text == text && c.tone == tone {
		return
	}
	c.text, c.tone = text, tone
	style := widget.RichTextStyle{ColorName: tone, SizeName: theme.SizeNameCaptionText}
	c.rich.Segments = []widget.RichTextSegment{&widget.TextSegment{Text: text, Style: style}}
	c.rich.Refresh()
}

// tappable makes anything answer to a click.
type tappable struct {
	widget.BaseWidget
	content fyne.CanvasObject
	do      func()
}

func newTappable(content fyne.CanvasObject, do func()) *tappable {
	t := &tappable{content: content, do: do}
	t.ExtendBaseWidget(t)
	return t
}

func (t *tappable) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(t.content) }
func (t *tappable) Tapped(*fyne.PointEvent)             { t.do() }
func (t *tappable) Cursor() desktop.Cursor              { return desktop.PointerCursor }

// iconButton is a button without a word, which says under the mouse what it does.
type iconButton struct {
	widget.Button
	does string
	tip  *tip
}

// newIconButton makes an iconButton; key is what does the same on the keyboard.
func newIconButton(icon fyne.Resource, does, key string, t *tip, do func()) *iconButton {
	b := &iconButton{does: does + " (" + key + ")", tip: t}
	b.Icon, b.OnTapped, b.Importance = icon, do, widget.LowImportance
	b.ExtendBaseWidget(b)
	return b
}

// MouseIn says what the button does.
func (b *iconButton) MouseIn(e *desktop.MouseEvent) {
	b.Button.MouseIn(e)
	b.tip.show(b.does, e.AbsolutePosition)
}

// MouseOut takes that away.
func (b *iconButton) MouseOut() {
	b.Button.MouseOut()
	b.tip.hide()
}

// Tapped does it; what the button was over may be gone then.
func (b *iconButton) Tapped(e *fyne.PointEvent) {
	b.tip.hide()
	b.Button.Tapped(e)
}

// sheet is a rectangle in a colour of the theme, to lie below other things.
type sheet struct {
	widget.BaseWidget
	rect         *canvas.Rectangle
	fill, stroke fyne.ThemeColorName
	alpha        uint8 // of the filling
}

func newSheet(fill, stroke fyne.ThemeColorName, alpha uint8, radius float32) *sheet {
	s := &sheet{rect: canvas.NewRectangle(nil), fill: fill, stroke: stroke, alpha: alpha}
	s.rect.CornerRadius = radius
	s.ExtendBaseWidget(s)
	return s
}

func (s *sheet) CreateRenderer() fyne.WidgetRenderer {
	s.paint()
	return widget.NewSimpleRenderer(s.rect)
}

func (s *sheet) Refresh() {
	s.paint()
	s.rect.Refresh()
}

func (s *sheet) paint() {
	s.rect.FillColor = faded(shade(s.fill), s.alpha)
	if s.stroke != "" {
		s.rect.StrokeColor, s.rect.StrokeWidth = shade(s.stroke), 1
	}
}

func faded(c color.Color, alpha uint8) color.Color {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	n.A = uint8(uint16(n.A) * uint16(alpha) / 255)
	return n
}

// pill is a short word on a rounded patch of colour.
type pill struct {
	box  *fyne.Container
	back *sheet
	text *line
}

func newPill(text string, tone fyne.ThemeColorName) *pill {
	p := &pill{back: newSheet(tone, tone, 0x30, 9), text: newLine(text, 12, tone, fyne.TextStyle{Bold: true})}
	p.box = container.NewStack(p.back, container.New(layout.NewCustomPaddedLayout(1, 2, 10, 10), p.text))
	return p
}

func (p *pill) set(text string, tone fyne.ThemeColorName) {
	if p.text.text.Text == text && p.text.tone == tone {
		return
	}
	p.back.fill, p.back.stroke = tone, tone
	p.back.Refresh()
	p.text.set(text, tone)
	p.box.Refresh()
}

// card is a raised area with a border.
func card(content fyne.CanvasObject) *fyne.Container {
	return container.NewStack(newSheet(colorPanel, colorLine, 0xff, 6), content)
}

// padded leaves a margin around content.
func padded(top, bottom, left, right float32, content fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedLayout(top, bottom, left, right), content)
}

// emptyState stands where a table has no rows: what that means, and what would fill it.
type emptyState struct {
	box   *fyne.Container
	title *line
	help  *widget.RichText
}

func newEmptyState() *emptyState {
	e := &emptyState{title: newLine("", 15, theme.ColorNameForeground, fyne.TextStyle{Bold: true}), help: widget.NewRichText()}
	e.title.text.Alignment = fyne.TextAlignCenter
	e.help.Wrapping = fyne.TextWrapWord
	e.box = container.New(&centred{width: 460}, container.NewVBox(e.title, e.help))
	return e
}

func (e *emptyState) set(title, help string) {
	e.title.set(title, theme.ColorNameForeground)
	if e.help.String() == help {
		return
	}
	style := widget.RichTextStyleParagraph
	style.ColorName, style.Alignment = colorMuted, fyne.TextAlignCenter
	e.help.Segments = []widget.RichTextSegment{&widget.TextSegment{Text: help, Style: style}}
	e.help.Refresh()
}

// centred puts one object into the middle, no wider than width.
type centred struct{ width float32 }

func (c *centred) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(100, o[0].MinSize().Height)
}

func (c *centred) Layout(o []fyne.CanvasObject, s fyne.Size) {
	w := min(c.width, s.Width)
	o[0].Resize(fyne.NewSize(w, o[0].MinSize().Height))
	h := o[0].MinSize().Height
	o[0].Resize(fyne.NewSize(w, h))
	o[0].Move(fyne.NewPos((s.Width-w)/2, max(0, (s.Height-h)/2-8)))
}

// leastSize gives its objects at least a size, so that a button keeps its place when its label changes.
type leastSize struct{ size fyne.Size }

func (l leastSize) MinSize(o []fyne.CanvasObject) fyne.Size { return o[0].MinSize().Max(l.size) }

func (l leastSize) Layout(o []fyne.CanvasObject, s fyne.Size) {
	for _, c := range o {
		c.Resize(s)
	}
}

// reader shows text that scrolls, and a sign at its lower edge as long as there is more to read below it.
type reader struct {
	box    *fyne.Container
	scroll *container.Scroll
	more   *moreSign
}

// newReader makes a reader of content on a background of some colour.
func newReader(content fyne.CanvasObject, back fyne.ThemeColorName) *reader {
	r := &reader{scroll: container.NewVScroll(content), more: newMoreSign(back)}
	r.scroll.OnScrolled = func(fyne.Position) { r.showSign() }
	r.box = container.New(r, r.scroll, r.more)
	return r
}

// MinSize is that of the scrolled text, which is little.
func (r *reader) MinSize([]fyne.CanvasObject) fyne.Size { return r.scroll.MinSize() }

// Layout puts the sign over the last line in sight.
func (r *reader) Layout(_ []fyne.CanvasObject, s fyne.Size) {
	r.scroll.Resize(s)
	height := r.more.MinSize().Height
	r.more.Move(fyne.NewPos(0, s.Height-height))
	r.more.Resize(fyne.NewSize(s.Width, height))
	r.showSign()
}

// update is called after the text changed.
func (r *reader) update() {
	r.scroll.Refresh()
	r.showSign()
}

func (r *reader) showSign() { showIf(r.below() > 1, r.more) }

// below is how much of the text is out of sight below the last line in sight, in units.
func (r *reader) below() float32 {
	return r.scroll.Content.MinSize().Height - r.scroll.Offset.Y - r.scroll.Size().Height
}

// readOn is how much of what is in sight of a text a key scrolls by.
const readOn = 0.6

// turn scrolls by a part of what is in sight: down, or up where that is negative.
func (r *reader) turn(part float32) {
	s := r.scroll
	lowest := max(0, s.Content.MinSize().Height-s.Size().Height)
	s.ScrollToOffset(fyne.NewPos(0, max(0, min(s.Offset.Y+part*s.Size().Height, lowest))))
	r.showSign()
}

// pressed scrolls by the keys that do so in a list.
func (r *reader) pressed(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyDown:
		r.turn(0.1)
	case fyne.KeyUp:
		r.turn(-0.1)
	case fyne.KeyPageDown:
		r.turn(0.9)
	case fyne.KeyPageUp:
		r.turn(-0.9)
	}
}

// moreSign fades the last line in sight of a text and points down.
type moreSign struct {
	widget.BaseWidget
	fade  *canvas.LinearGradient
	cover *canvas.Rectangle
	arrow *canvas.Text
	back  fyne.ThemeColorName
}

func newMoreSign(back fyne.ThemeColorName) *moreSign {
	m := &moreSign{fade: canvas.NewVerticalGradient(color.Transparent, nil), cover: canvas.NewRectangle(nil), arrow: canvas.NewText("▾", nil), back: back}
	m.arrow.TextSize, m.arrow.Alignment = 16, fyne.TextAlignCenter
	m.ExtendBaseWidget(m)
	return m
}

func (m *moreSign) CreateRenderer() fyne.WidgetRenderer {
	m.paint()
	return &moreSignRenderer{m}
}

func (m *moreSign) paint() {
	back := shade(m.back)
	m.fade.StartColor, m.fade.EndColor, m.cover.FillColor = faded(back, 0), back, back
	m.arrow.Color = shade(theme.ColorNamePrimary)
}

type moreSignRenderer struct{ m *moreSign }

func (r *moreSignRenderer) Destroy()           {}
func (r *moreSignRenderer) MinSize() fyne.Size { return fyne.NewSize(20, 36) }
func (r *moreSignRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.m.fade, r.m.cover, r.m.arrow}
}

func (r *moreSignRenderer) Layout(s fyne.Size) {
	const cover = 15
	r.m.fade.Resize(fyne.NewSize(s.Width, s.Height-cover))
	r.m.cover.Move(fyne.NewPos(0, s.Height-cover))
	r.m.cover.Resize(fyne.NewSize(s.Width, cover))
	height := r.m.arrow.MinSize().Height
	r.m.arrow.Move(fyne.NewPos(0, s.Height-(cover+height)/2))
	r.m.arrow.Resize(fyne.NewSize(s.Width, height))
}

func (r *moreSignRenderer) Refresh() {
	r.m.paint()
	r.m.fade.Refresh()
	r.m.cover.Refresh()
	r.m.arrow.Refresh()
}

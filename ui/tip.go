package ui

import (
	"sort"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// tip is text that floats above a window's content while the mouse rests on something. It lies above all and takes no
// events.
type tip struct {
	layer *fyne.Container // covers the window's content
	box   *canvas.Rectangle
	lines []*canvas.Text
}

func newTip() *tip {
	t := &tip{box: canvas.NewRectangle(nil), layer: container.NewWithoutLayout()}
	t.box.StrokeWidth, t.box.CornerRadius = 1, 4
	t.hide()
	return t
}

// show shows the whole of s near p, a position in the window.
func (t *tip) show(s string, p fyne.Position) {
	const pad = 6
	area := t.layer.Size()
	t.box.FillColor, t.box.StrokeColor = shade(theme.ColorNameOverlayBackground), shade(theme.ColorNameInputBorder)
	t.layer.Objects = append(t.layer.Objects[:0], t.box)
	size := fyne.NewSize(0, 0)
	for i, text := range wrapped(s, area.Width-4*pad, sizeCell) {
		line := t.line(i)
		line.Text, line.Color = text, shade(theme.ColorNameForeground)
		least := line.MinSize()
		line.Resize(least)
		line.Move(fyne.NewPos(0, size.Height))
		size = fyne.NewSize(max(size.Width, least.Width), size.Height+least.Height)
		t.layer.Objects = append(t.layer.Objects, line)
	}
	size = size.Add(fyne.NewSize(2*pad, pad))
	at := p.Subtract(fyne.CurrentApp().Driver().AbsolutePositionForObject(t.layer)).AddXY(12, 18)
	at.X = max(pad, min(at.X, area.Width-size.Width-pad))
	if at.Y+size.Height > area.Height {
		at.Y = max(0, at.Y-size.Height-28)
	}
	t.box.Resize(size)
	t.box.Move(at)
	for _, line := range t.layer.Objects[1:] {
		line.Move(line.Position().Add(at.AddXY(pad, pad/2)))
	}
	t.layer.Show()
	t.layer.Refresh()
}

func (t *tip) line(i int) *canvas.Text {
	for len(t.lines) <= i {
		line := canvas.NewText("", nil)
		line.TextSize = sizeCell
		t.lines = append(t.lines, line)
	}
	return t.lines[i]
}

// wrapped breaks s into lines that fit into a width, in units: behind a slash or a space where there is one not too far
// back, as names have none.
func wrapped(s string, width, size float32) (lines []string) {
	letters := []rune(s)
	for len(letters) > 0 {
		n := sort.Search(len(letters), func(n int) bool {
			return fyne.MeasureText(string(letters[:n+1]), size, fyne.TextStyle{}).Width > width
		})
		n = max(n, 1)
		if n < len(letters) {
			for back := n; back > n/2; back-- {
				if letters[back-1] == '/' || letters[back-1] == ' ' {
					n = back
					break
				}
			}
		}
		lines = append(lines, string(letters[:n]))
		letters = letters[n:]
	}
	return lines
}

func (t *tip) hide() {
	if t.layer.Visible() {
		t.layer.Hide()
	}
}

// fitText shortens s in the middle until it fits into a width, in units.
func fitText(s string, width, size float32, style fyne.TextStyle) string {
	fits := func(s string) bool { return fyne.MeasureText(s, size, style).Width <= width }
	if fits(s) {
		return s
	}
	low, high := 1, len([]rune(s)) // middle(s, low) may fit, middle(s, high) does not
	for high-low > 1 {
		if n := (low + high) / 2; fits(middle(s, n)) {
			low = n
		} else {
			high = n
		}
	}
	return middle(s, low)
}

// pathText is a path in one line that is shortened in its middle where it is too long; what is left out is shown
// under the mouse, and a tap copies the whole.
type pathText struct {
	widget.BaseWidget
	full string
	text *canvas.Text
	tone fyne.ThemeColorName
	size float32
	tip  *tip
}

func newPathText(t *tip, tone fyne.ThemeColorName, bold bool) *pathText {
	p := &pathText{text: canvas.NewText("", nil), tone: tone, size: sizeText, tip: t}
	p.text.TextStyle.Bold = bold
	p.ExtendBaseWidget(p)
	return p
}

func (p *pathText) set(path string) {
	if p.full != path {
		p.full = path
		p.Refresh()
	}
}

// say sets a text in a tone of its own.
func (p *pathText) say(text string, tone fyne.ThemeColorName) {
	if p.full != text || p.tone != tone {
		p.full, p.tone = text, tone
		p.Refresh()
	}
}

// wanted is the width at which nothing is left out.
func (p *pathText) wanted() float32 {
	return fyne.MeasureText(p.full, p.size, p.text.TextStyle).Width + 1
}

func (p *pathText) CreateRenderer() fyne.WidgetRenderer { return &pathTextRenderer{p} }

type pathTextRenderer struct{ p *pathText }

func (r *pathTextRenderer) Destroy()                     {}
func (r *pathTextRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.p.text} }
func (r *pathTextRenderer) MinSize() fyne.Size {
	return fyne.NewSize(24, fyne.MeasureText("M", r.p.size, r.p.text.TextStyle).Height)
}

func (r *pathTextRenderer) Layout(s fyne.Size) {
	r.p.text.Text = fitText(r.p.full, s.Width, r.p.size, r.p.text.TextStyle)
	r.p.text.Resize(s)
}

func (r *pathTextRenderer) Refresh() {
	r.p.text.Color, r.p.text.TextSize = shade(r.p.tone), r.p.size
	r.Layout(r.p.Size())
	r.p.text.Refresh()
}

func (p *pathText) MouseIn(e *desktop.MouseEvent) { p.MouseMoved(e) }

func (p *pathText) MouseMoved(e *desktop.MouseEvent) {
	if p.full != p.text.Text {
		p.tip.show(p.full, e.AbsolutePosition)
	}
}

func (p *pathText) MouseOut() { p.tip.hide() }

func (p *pathText) Tapped(*fyne.PointEvent) {
	fyne.CurrentApp().Clipboard().SetContent(p.full)
}

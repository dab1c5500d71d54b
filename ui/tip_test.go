package ui

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"

	"vitrine/fusefs/activity"
)

// said is what a tip says.
func (t *tip) said() (text string) {
	for _, o := range t.layer.Objects {
		if line, ok := o.(*canvas.Text); ok {
			text += line.Text
		}
	}
	return text
}

// TestWholeNamesUnderTheMouse rests the mouse on names that are cut short, the longest that a disk takes among them.
func TestWholeNamesUnderTheMouse(t *testing.T) {
	b := newBench(t, newFake())
	b.become(func(s *Status) { s.State = Mounted })
	w := b.window
	w.win.Resize(fyne.NewSize(800, 500))
	names := []string{"/" + strings.Repeat("a-name-", 36) + "255", "/" + strings.Repeat("日本", 42) + ".t", "/short"}
	a := &activity.Snapshot{}
	for i, name := range names {
		file := activity.OpenFile{OpenHandle: opened(name, 0, 0)}
		file.Handle = uint64(i)
		a.Open = append(a.Open, file)
	}
	w.shown = true
	w.showActivity(a)
	g := w.panels[0].grid()
	for i, name := range names {
		at := fyne.NewPos(gridEdge+5, float32(i)*gridRow+5)
		g.body.MouseMoved(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: at, AbsolutePosition: at.AddXY(0, 300)}})
		for _, o := range w.tip.layer.Objects {
			if end := o.Position().X + o.Size().Width; end > 800 {
				t.Errorf("a part of the tip for %s ends at %v", name, end)
			}
		}
		shown := w.tip.said()
		if whole := shown == name; whole != (name != "/short") && w.tip.layer.Visible() {
			t.Errorf("of %q is shown %q", name, shown)
		}
		if w.tip.layer.Visible() == (name == "/short") {
			t.Errorf("%q: the tip is there: %v", name, w.tip.layer.Visible())
		}
	}
}

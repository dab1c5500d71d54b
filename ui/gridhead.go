package ui

import (
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// gridHead is the invisible sheet over the titles: a click sorts, a drag of an edge makes a column wider.
type gridHead struct {
	widget.BaseWidget
	g *grid

	held  int     // the column that is being resized, -1 for none
	sign  int     // how its width follows the mouse
	chars float32 // its width while it is dragged, in letters
	over  bool    // the mouse is over an edge
}

var (
	_ desktop.Hoverable  = (*gridHead)(nil)
	_ desktop.Cursorable = (*gridHead)(nil)
	_ fyne.Tappable      = (*gridHead)(nil)
	_ fyne.Draggable     = (*gridHead)(nil)
)

func newGridHead(g *grid) *gridHead {
	h := &gridHead{g: g, held: -1}
	h.ExtendBaseWidget(h)
	return h
}

func (h *gridHead) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(newSheet(colorPanel, "", 0, 0))
}

// Cursor shows where an edge can be dragged.
func (h *gridHead) Cursor() desktop.Cursor {
	if h.over || h.held >= 0 {
		return desktop.HResizeCursor
	}
	return desktop.DefaultCursor
}

func (h *gridHead) MouseIn(e *desktop.MouseEvent) { h.MouseMoved(e) }

func (h *gridHead) MouseMoved(e *desktop.MouseEvent) {
	col, _ := h.g.edgeAt(e.Position.X + h.g.seen.left)
	h.over = col >= 0
}

func (h *gridHead) MouseOut() { h.over = false }

// Tapped sorts by the column under the mouse.
func (h *gridHead) Tapped(e *fyne.PointEvent) {
	x := e.Position.X + h.g.seen.left
	if col, _ := h.g.edgeAt(x); col < 0 {
		h.g.sortBy(h.g.columnAt(x))
	}
}

// Dragged makes a column wider or narrower.
func (h *gridHead) Dragged(e *fyne.DragEvent) {
	g := h.g
	if h.held < 0 {
		col, sign := g.edgeAt(e.Position.X - e.Dragged.DX + g.seen.left)
		if col < 0 {
			return
		}
		h.held, h.sign, h.chars = col, sign, float32(g.chars(g.cols[col]))
	}
	h.chars += float32(h.sign) * e.Dragged.DX / letterWidth()
	g.resize(h.held, int(math.Round(float64(h.chars))))
}

// DragEnd has the new width remembered.
func (h *gridHead) DragEnd() {
	if h.held >= 0 {
		h.held = -1
		h.g.tellArranged()
	}
}

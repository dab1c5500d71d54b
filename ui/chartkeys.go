package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// chartKeys is how the keys select a time in the chart: a slot is chosen, the arrows go to another, with Shift they take
// along those between.
type chartKeys struct {
	cursor, anchor int64 // the chosen slot and that where the selection began, in seconds since 1970 UTC
	shift          bool  // held down now

	left    func()               // the keys go back to where they were
	typed   func(rune)           // a letter that means nothing here
	pressed func(*fyne.KeyEvent) // a key that means nothing here
}

var (
	_ fyne.Focusable  = (*chart)(nil)
	_ desktop.Keyable = (*chart)(nil)
)

// FocusGained selects the newest slot that is over.
func (c *chart) FocusGained() {
	if !c.span.chosen() {
		c.anchor = c.newest()
		c.move(c.anchor)
	}
}

// FocusLost leaves what is selected.
func (c *chart) FocusLost() { c.shift = false }

// KeyDown notes whether Shift is held down.
func (c *chart) KeyDown(e *fyne.KeyEvent) { c.hold(e.Name, true) }

// KeyUp notes the same.
func (c *chart) KeyUp(e *fyne.KeyEvent) { c.hold(e.Name, false) }

func (c *chart) hold(k fyne.KeyName, down bool) {
	if k == desktop.KeyShiftLeft || k == desktop.KeyShiftRight {
		c.shift = down
	}
}

// TypedRune hands a letter on: none means anything to the chart.
func (c *chart) TypedRune(r rune) { c.typed(r) }

// TypedKey moves what is selected, and lets go of it.
func (c *chart) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyLeft:
		c.move(c.cursor - c.period().slot)
	case fyne.KeyRight:
		c.move(c.cursor + c.period().slot)
	case fyne.KeyHome:
		c.move(c.oldest())
	case fyne.KeyEnd:
		c.move(c.newest())
	case fyne.KeyReturn, fyne.KeyEnter:
		c.left()
	case fyne.KeyEscape:
		c.choose(timeSpan{})
		c.left()
	default:
		c.pressed(e)
	}
}

// newest is the newest slot of the period shown that is over, and oldest the oldest.
func (c *chart) newest() int64 { return c.slotOf(c.at.Unix()) - c.period().slot }
func (c *chart) oldest() int64 { return c.slotOf(c.at.Unix() - int64(c.period().seconds)) }

func (c *chart) slotOf(unix int64) int64 { return unix - unix%c.period().slot }

// move chooses a slot, alone or with Shift up to where the selection began.
func (c *chart) move(to int64) {
	c.cursor = c.slotOf(max(c.oldest(), min(to, c.newest())))
	if !c.shift {
		c.anchor = c.cursor
	}
	from, last := min(c.anchor, c.cursor), max(c.anchor, c.cursor)
	c.choose(timeSpan{from: from, to: last + c.period().slot, columns: c.period().heat})
}

package draw

import (
	"image"
	"image/color"
)

// Glyph is what the tray icon says.
type Glyph int

const (
	Empty    Glyph = iota // nothing is mounted: an empty glass bell
	Filled                // mounted: a solid bell around a folder
	Flowing               // data flows: two arrows between the base and where the bell was
	Broken                // something is wrong: a warning triangle on the base
	NumGlyph              // one past the last
)

// The colours lie in the middle between black and white, so that each stands out from a light and from a dark panel.
// No glyph needs its colour to be told from another.
var glyphColor = [NumGlyph]color.NRGBA{
	Empty:   {0x82, 0x8a, 0x93, 0xff},
	Filled:  {0x10, 0x9a, 0x90, 0xff},
	Flowing: {0x2f, 0x84, 0xea, 0xff},
	Broken:  {0xe5, 0x45, 0x3a, 0xff},
}

// Tray draws a tray icon of size pixels, square.
func Tray(g Glyph, size int) *image.NRGBA { return glyph(g, size, glyphColor[g]) }

// Template draws the same in black, for the menu bar of macOS: it takes the shape and chooses the colour itself.
func Template(g Glyph, size int) *image.NRGBA { return glyph(g, size, color.NRGBA{A: 0xff}) }

func glyph(g Glyph, size int, c color.NRGBA) *image.NRGBA {
	base := roundRect(0.06, 0.83, 0.94, 0.97, 0.05)
	knob := circle(0.5, 0.085, 0.075)
	bell := dome(0.13, 0.13, 0.87, 0.77)
	switch g {
	case Filled:
		folder := or(rect(0.29, 0.42, 0.49, 0.52), rect(0.29, 0.47, 0.71, 0.68))
		return render(size, []layer{fill(or(base, knob, bell), c), cut(folder)})
	case Flowing:
		in := or(rect(0.205, 0.06, 0.345, 0.46), polygon(0.04, 0.42, 0.51, 0.42, 0.275, 0.74))
		out := or(rect(0.655, 0.34, 0.795, 0.74), polygon(0.49, 0.38, 0.96, 0.38, 0.725, 0.06))
		return render(size, []layer{fill(or(base, in, out), c)})
	case Broken:
		sign := polygon(0.5, 0.02, 0.97, 0.77, 0.03, 0.77)
		mark := or(rect(0.435, 0.27, 0.565, 0.54), rect(0.435, 0.60, 0.565, 0.71))
		return render(size, []layer{fill(or(base, sign), c), cut(mark)})
	default:
		glass := not(dome(0.13, 0.13, 0.87, 0.84), dome(0.235, 0.235, 0.765, 0.85))
		return render(size, []layer{fill(or(base, knob, glass), c)})
	}
}

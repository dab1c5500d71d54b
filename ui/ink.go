package ui

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"unicode"

	"fyne.io/fyne/v2/theme"
	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// pen draws monospaced text into an image. Fyne keeps each text that was ever shown as a texture for a minute: tables
// whose every cell changes many times a second would hold hundreds of megabytes. A pen keeps one mask per letter.
type pen struct {
	face   font.Face
	font   *opentype.Font
	width  float64 // of a letter, in pixels
	ascent int     // of a line, in pixels
	height int     // of a line, in pixels
	masks  map[rune]letter
}

// letter is a glyph's mask, positioned relative to the left end of the base line.
type letter struct {
	mask  *image.Alpha
	at    image.Point
	known bool
}

// newPen returns a pen in Fyne's monospaced font, pixels high.
func newPen(pixels float64) *pen {
	f, err := opentype.Parse(theme.DefaultTextMonospaceFont().Content())
	if err != nil {
		panic(err) // the font is compiled in
	}
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: pixels, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		panic(err) // only for a nil font
	}
	advance, _ := face.GlyphAdvance('0')
	m := face.Metrics()
	return &pen{
		face: face, font: f, masks: map[rune]letter{},
		width:  float64(advance) / 64,
		ascent: m.Ascent.Round(),
		height: m.Ascent.Round() + m.Descent.Round(),
	}
}

// knows says whether the font has all letters of s, each of the usual width.
func (p *pen) knows(s string) bool {
	for _, r := range s {
		if r >= 0x80 && !p.letter(r).known {
			return false
		}
	}
	return true
}

// left returns where the i-th letter of a text begins, in pixels from the text's begin.
func (p *pen) left(i int) int { return int(math.Round(float64(i) * p.width)) }

// write draws s with its top left at x, y. It stays within the bounds of dst, which may be a part of a larger image.
func (p *pen) write(dst *image.RGBA, x, y int, s string, c color.Color) {
	ink := image.NewUniform(c)
	i := 0
	for _, r := range s {
		if l := p.letter(r); l.mask != nil {
			b := l.mask.Bounds()
			to := b.Add(image.Pt(x+p.left(i), y+p.ascent)).Add(l.at)
			draw.DrawMask(dst, to, ink, image.Point{}, l.mask, b.Min, draw.Over)
		}
		i++
	}
}

func (p *pen) letter(r rune) letter {
	l, ok := p.masks[r]
	if !ok {
		l = p.cut(r)
		p.masks[r] = l
	}
	return l
}

// joined are the scripts that a pen cannot write although it may have their letters: they are written from right to
// left, or a letter's form depends on its neighbours.
var joined = []*unicode.RangeTable{unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana, unicode.Nko, unicode.Devanagari, unicode.Mn}

// cut makes the mask of r. The face reuses its own mask at the next letter, so it is copied.
func (p *pen) cut(r rune) letter {
	if unicode.In(r, joined...) {
		return letter{}
	}
	index, err := p.font.GlyphIndex(nil, r)
	if err != nil || index == 0 {
		return letter{}
	}
	box, mask, from, advance, ok := p.face.Glyph(fixed.Point26_6{}, r)
	if !ok || math.Abs(float64(advance)/64-p.width) > 0.5 {
		return letter{}
	}
	l := letter{known: true}
	if box.Empty() {
		return l
	}
	l.at, l.mask = box.Min, image.NewAlpha(image.Rectangle{Max: box.Size()})
	draw.Draw(l.mask, l.mask.Bounds(), mask, from, draw.Src)
	return l
}

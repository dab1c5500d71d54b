// Package assets holds the pictures of the program: the application icon, embedded, and the tray icons, drawn when
// they are first asked for. All are PNG, because tray hosts do not read SVG.
package assets

import (
	"bytes"
	_ "embed"
	"image"
	"image/png"
	"sync"

	"vitrine/assets/draw"
)

//go:generate go run ./gen

// AppIcon is the application icon: a PNG of 512 by 512 pixels.
//
//go:embed icon.png
var AppIcon []byte

// The tray icons, PNG, each with a shape of its own. Their size is three times 16 and twice 24 pixels, so that the
// usual panels scale them down evenly.
var (
	TrayUnmounted = icon(draw.Tray, draw.Empty)
	TrayMounted   = icon(draw.Tray, draw.Filled)
	TrayBusy      = icon(draw.Tray, draw.Flowing)
	TrayError     = icon(draw.Tray, draw.Broken)
)

// The same as templates for the menu bar of macOS: black, as far as they are not transparent.
var (
	TemplateUnmounted = icon(draw.Template, draw.Empty)
	TemplateMounted   = icon(draw.Template, draw.Filled)
	TemplateBusy      = icon(draw.Template, draw.Flowing)
	TemplateError     = icon(draw.Template, draw.Broken)
)

const traySize = 48

func icon(as func(draw.Glyph, int) *image.NRGBA, g draw.Glyph) func() []byte {
	return sync.OnceValue(func() []byte {
		var b bytes.Buffer
		if err := png.Encode(&b, as(g, traySize)); err != nil {
			panic(err) // a buffer takes every write, and the picture's size is fixed
		}
		return b.Bytes()
	})
}

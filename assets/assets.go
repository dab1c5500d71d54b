// Package assets holds the pictures of the program: the application icon, embedded, and the tray icons, drawn when
// they are first asked for. All are PNG, because tray hosts do not read SVG.
package assets

import (
	"bytes"
	_ "embed"
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
	TrayUnmounted = trayIcon(draw.Empty)
	TrayMounted   = trayIcon(draw.Filled)
	TrayBusy      = trayIcon(draw.Flowing)
	TrayError     = trayIcon(draw.Broken)
)

const traySize = 48

func trayIcon(g draw.Glyph) func() []byte {
	return sync.OnceValue(func() []byte {
		var b bytes.Buffer
		if err := png.Encode(&b, draw.Tray(g, traySize)); err != nil {
			panic(err) // a buffer takes every write, and the picture's size is fixed
		}
		return b.Bytes()
	})
}

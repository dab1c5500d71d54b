package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// Colours of our own beside those of Fyne.
const (
	colorMuted  fyne.ThemeColorName = "vitrine-muted"  // text that explains
	colorRead   fyne.ThemeColorName = "vitrine-read"   // bytes out of the mount
	colorWrite  fyne.ThemeColorName = "vitrine-write"  // bytes into the mount
	colorPanel  fyne.ThemeColorName = "vitrine-panel"  // raised areas: tables, chart
	colorLine   fyne.ThemeColorName = "vitrine-line"   // hairlines
	colorStripe fyne.ThemeColorName = "vitrine-stripe" // every other row
)

// look is a compact theme on top of Fyne's: its fonts and icons, our colours and measures.
type look struct{ fyne.Theme }

func newTheme() fyne.Theme { return look{theme.DefaultTheme()} }

type shades struct{ light, dark uint32 }

var palette = map[fyne.ThemeColorName]shades{
	theme.ColorNameBackground:          {0xf4f6f8ff, 0x1a1d21ff},
	theme.ColorNameForeground:          {0x1a2027ff, 0xe7eaeeff},
	theme.ColorNamePrimary:             {0x0b7a75ff, 0x35bfb3ff},
	theme.ColorNameForegroundOnPrimary: {0xffffffff, 0x06211fff},
	theme.ColorNameHyperlink:           {0x0b6f8aff, 0x5cc8dcff},
	theme.ColorNameFocus:               {0x0b7a7555, 0x35bfb355},
	theme.ColorNameSelection:           {0x0b7a7538, 0x35bfb340},
	theme.ColorNameButton:              {0xe3e8ecff, 0x2e343bff},
	theme.ColorNameDisabledButton:      {0xe9edf0ff, 0x262b31ff},
	theme.ColorNameDisabled:            {0x717b87ff, 0x7f8995ff},
	theme.ColorNameHover:               {0x1a202712, 0xffffff14},
	theme.ColorNamePressed:             {0x1a202726, 0xffffff26},
	theme.ColorNameInputBackground:     {0xffffffff, 0x23282eff},
	theme.ColorNameInputBorder:         {0x84909dff, 0x6b7682ff},
	theme.ColorNamePlaceHolder:         {0x66717dff, 0x8d97a3ff},
	theme.ColorNameSeparator:           {0xd8dee4ff, 0x333a42ff},
	theme.ColorNameOverlayBackground:   {0xffffffff, 0x23282eff},
	theme.ColorNameMenuBackground:      {0xffffffff, 0x23282eff},
	theme.ColorNameScrollBar:           {0x1a202766, 0xffffff66},
	theme.ColorNameShadow:              {0x00000018, 0x00000030},
	theme.ColorNameError:               {0xc0281fff, 0xff7d74ff},
	theme.ColorNameWarning:             {0x9a5b00ff, 0xf0b23eff},
	theme.ColorNameSuccess:             {0x156b34ff, 0x4fc475ff},
	colorMuted:                         {0x56616dff, 0x9aa5b1ff},
	colorRead:                          {0x2a6fdbff, 0x62a4ffff},
	colorWrite:                         {0xb85c00ff, 0xf59e3dff},
	colorPanel:                         {0xffffffff, 0x21262bff},
	colorLine:                          {0xdde3e8ff, 0x343b43ff},
	colorStripe:                        {0xf1f4f7ff, 0x282e35ff},
}

func (l look) Color(name fyne.ThemeColorName, v fyne.ThemeVariant) color.Color {
	s, ok := palette[name]
	switch {
	case !ok:
		return l.Theme.Color(name, v)
	case v == theme.VariantLight:
		return rgba(s.light)
	default:
		return rgba(s.dark)
	}
}

func rgba(c uint32) color.NRGBA {
	return color.NRGBA{R: uint8(c >> 24), G: uint8(c >> 16), B: uint8(c >> 8), A: uint8(c)}
}

// Sizes of text, in Fyne's units.
const (
	sizeText    = 13
	sizeCaption = 11
	sizeCell    = 12
	sizeFigure  = 19 // the large numbers above the chart
)

func (l look) Size(name fyne.ThemeSizeName) float32 {
	switch name {
	case theme.SizeNameText:
		return sizeText
	case theme.SizeNameCaptionText:
		return sizeCaption
	case theme.SizeNameInnerPadding:
		return 7
	case theme.SizeNameInlineIcon:
		return 17
	case theme.SizeNameSubHeadingText:
		return 16
	case theme.SizeNameHeadingText:
		return 20
	default:
		return l.Theme.Size(name)
	}
}

// shade returns a colour of the theme in the present variant.
func shade(name fyne.ThemeColorName) color.Color {
	s := fyne.CurrentApp().Settings()
	return s.Theme().Color(name, s.ThemeVariant())
}

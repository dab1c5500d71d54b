package draw

import (
	"image"
	"image/color"
)

// App draws the application icon of size pixels, square: a folder on show under a bell of glass.
func App(size int) *image.NRGBA {
	var (
		tileTop    = color.NRGBA{0x14, 0x6c, 0x78, 0xff}
		tileBottom = color.NRGBA{0x08, 0x2f, 0x4a, 0xff}
		glass      = color.NRGBA{0xd8, 0xf6, 0xf4, 0x38}
		rim        = color.NRGBA{0xe6, 0xfb, 0xf9, 0xff}
		shine      = color.NRGBA{0xff, 0xff, 0xff, 0x8c}
		wood       = color.NRGBA{0xf3, 0xf7, 0xf8, 0xff}
		woodShade  = color.NRGBA{0xb4, 0xcb, 0xd2, 0xff}
		folderBack = color.NRGBA{0xd9, 0x87, 0x12, 0xff}
		folderTop  = color.NRGBA{0xff, 0xc8, 0x4a, 0xff}
		folderLow  = color.NRGBA{0xf5, 0xa0, 0x1d, 0xff}
		paper      = color.NRGBA{0xff, 0xff, 0xff, 0xff}
	)
	tile := roundRect(0.03, 0.03, 0.97, 0.97, 0.21)
	outer := dome(0.21, 0.20, 0.79, 0.75)
	inner := dome(0.243, 0.233, 0.757, 0.76)
	return render(size, []layer{
		gradient(tile, tileTop, tileBottom),
		fill(outer, glass),
		fill(or(roundRect(0.33, 0.445, 0.50, 0.60, 0.025), roundRect(0.33, 0.48, 0.67, 0.70, 0.025)), folderBack),
		fill(rect(0.37, 0.455+0.035, 0.63, 0.60), paper),
		gradient(roundRect(0.315, 0.53, 0.685, 0.715, 0.028), folderTop, folderLow),
		fill(not(outer, inner), rim),
		fill(circle(0.5, 0.165, 0.048), rim),
		fill(and(not(dome(0.285, 0.275, 0.80, 0.66), dome(0.325, 0.31, 0.86, 0.80)), rect(0.2, 0.28, 0.45, 0.66)), shine),
		fill(roundRect(0.15, 0.745, 0.85, 0.815, 0.022), wood),
		fill(roundRect(0.22, 0.815, 0.78, 0.855, 0.014), woodShade),
	})
}

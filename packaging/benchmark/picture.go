package main

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"os"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// The picture is a grid of charts, one for each row of the table, with a bar for each server on one scale for all.
const (
	columns    = 3
	margin     = 36 // pixels, like all that follow
	heading    = 58
	chartWidth = 500
	chartHead  = 34
	barPitch   = 21
	barHeight  = 15
	chartFoot  = 26
	nameWidth  = 190
	valueWidth = 52
)

var (
	paper    = color.NRGBA{0xff, 0xff, 0xff, 0xff}
	ink      = color.NRGBA{0x1f, 0x29, 0x33, 0xff}
	faint    = color.NRGBA{0x6b, 0x76, 0x80, 0xff}
	line     = color.NRGBA{0xe3, 0xe7, 0xea, 0xff}
	one      = color.NRGBA{0x7b, 0x87, 0x94, 0xff}
	ours     = color.NRGBA{0x10, 0x9a, 0x90, 0xff}
	oursPale = color.NRGBA{0x86, 0xcc, 0xc6, 0xff}
	others   = color.NRGBA{0xb4, 0xbe, 0xc8, 0xff}
)

var barColors = map[string]color.NRGBA{vitrine: ours, vitrine + " --log": oursPale, vitrine + " --fast": oursPale}

// gridlines are the ratios that a line is drawn for, as far as the scale goes.
var gridlines = []float64{0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000}

// canvas draws with two faces of one font.
type canvas struct {
	*image.NRGBA
	plain, bold, title font.Face
	low, high          float64 // ends of the scale
}

// draw writes the picture of the report's ratios as PNG.
func (r *report) draw(path string) error {
	picture, err := r.picture()
	if err != nil {
		return err
	}
	return writePicture(path, picture)
}

func writePicture(path string, picture image.Image) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := png.Encode(file, picture); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}

func (r *report) picture() (image.Image, error) {
	servers := r.Servers[1:]
	chartHeight := chartHead + len(servers)*barPitch + chartFoot
	height := margin
	for _, s := range r.Storages {
		height += heading + chartHeight*((len(s.Rows)+columns-1)/columns)
	}
	c, err := newCanvas(2*margin+columns*chartWidth, height)
	if err != nil {
		return nil, err
	}
	c.low, c.high = r.scale()
	top := margin / 2
	for _, s := range r.Storages {
		c.text(c.title, ink, margin, top+28, fmt.Sprintf("Time as a multiple of the plain folder's, on %s: shorter is faster", s.Name))
		for i, row := range s.Rows {
			c.chart(row, servers, margin+i%columns*chartWidth, top+heading+i/columns*chartHeight)
		}
		top += heading + chartHeight*((len(s.Rows)+columns-1)/columns)
	}
	return c, nil
}

func newCanvas(width, height int) (*canvas, error) {
	c := &canvas{NRGBA: image.NewNRGBA(image.Rect(0, 0, width, height))}
	for _, face := range []struct {
		into   *font.Face
		source []byte
		size   float64
	}{{&c.plain, goregular.TTF, 14}, {&c.bold, gobold.TTF, 15}, {&c.title, gobold.TTF, 20}} {
		parsed, err := opentype.Parse(face.source)
		if err != nil {
			return nil, err
		}
		if *face.into, err = opentype.NewFace(parsed, &opentype.FaceOptions{Size: face.size, DPI: 72, Hinting: font.HintingFull}); err != nil {
			return nil, err
		}
	}
	c.fill(c.Bounds(), paper)
	return c, nil
}

// scale returns the ends of the scale: gridlines around all ratios, and 1 in any case.
func (r *report) scale() (low, high float64) {
	least, most := 1.0, 2.0
	for _, s := range r.Storages {
		for _, row := range s.Rows {
			for _, name := range r.Servers[1:] {
				if median := spreadOf(row.ratios(name)).median; !math.IsNaN(median) {
					least, most = min(least, median), max(most, median)
				}
			}
		}
	}
	low, high = least, most
	for _, g := range gridlines {
		if g <= least {
			low = g
		}
		if g >= most {
			high = g
			break
		}
	}
	return low, high
}

func (c *canvas) chart(r *row, servers []string, left, top int) {
	c.text(c.bold, ink, left, top+18, r.Name)
	begin := left + nameWidth
	c.text(c.plain, faint, begin, top+18, "plain folder "+milliseconds(spreadOf(r.of(native).seconds()).median))
	bottom := top + chartHead + len(servers)*barPitch
	for _, g := range gridlines {
		if g >= c.low && g <= c.high {
			c.gridline(g, begin, top+chartHead-4, bottom)
		}
	}
	for i, name := range servers {
		c.bar(name, spreadOf(r.ratios(name)), left, top+chartHead+i*barPitch)
	}
}

func (c *canvas) gridline(g float64, begin, top, bottom int) {
	colour := line
	if g == 1 {
		colour = one
	}
	x := begin + c.x(g)
	c.fill(image.Rect(x, top, x+1, bottom), colour)
	label := fmt.Sprint(g)
	c.text(c.plain, faint, x-c.width(c.plain, label)/2, bottom+13, label)
}

// bar reaches from the plain folder's time to the server's: to the right where the server is slower.
func (c *canvas) bar(name string, ratio spread, left, top int) {
	face, colour := c.plain, others
	if own, found := barColors[name]; found {
		face, colour = c.bold, own
	}
	begin, base := left+nameWidth, top+barHeight-3
	c.text(face, ink, begin-8-c.width(face, name), base, name)
	if math.IsNaN(ratio.median) {
		c.text(c.plain, faint, begin+c.x(1)+5, base, "failed")
		return
	}
	bar := image.Rect(begin+c.x(1), top, begin+c.x(ratio.median), top+barHeight) // its ends in order, whichever they are
	c.fill(bar, colour)
	c.text(face, ink, bar.Max.X+5, base, number(ratio.median))
}

// x returns where a ratio lies, in pixels from the begin of the scale.
func (c *canvas) x(ratio float64) int {
	wide := float64(chartWidth - nameWidth - valueWidth - margin/2)
	return int(math.Round(wide * math.Log(ratio/c.low) / math.Log(c.high/c.low)))
}

func (c *canvas) fill(r image.Rectangle, colour color.Color) {
	draw.Draw(c, r, image.NewUniform(colour), image.Point{}, draw.Src)
}

func (c *canvas) text(face font.Face, colour color.Color, x, base int, text string) {
	d := font.Drawer{Dst: c, Src: image.NewUniform(colour), Face: face, Dot: fixed.P(x, base)}
	d.DrawString(text)
}

func (c *canvas) width(face font.Face, text string) int { return font.MeasureString(face, text).Ceil() }

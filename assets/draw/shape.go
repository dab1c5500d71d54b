// Package draw draws Vitrine's own pictures, the application icon and the tray icons, from shapes given as data. It
// knows nothing but geometry and colours, so that every picture can be made in any size.
package draw

import (
	"image"
	"image/color"
	"math"
)

// shape says whether a point lies inside. Points are in the unit square, y grows downwards.
type shape func(x, y float64) bool

// layer is a shape and what it is filled with.
type layer struct {
	in    shape
	paint func(x, y float64) color.NRGBA
	erase bool // cuts the shape out of what lies below instead
}

func fill(in shape, c color.NRGBA) layer {
	return layer{in: in, paint: func(float64, float64) color.NRGBA { return c }}
}

func gradient(in shape, top, bottom color.NRGBA) layer {
	return layer{in: in, paint: func(_, y float64) color.NRGBA { return mix(top, bottom, y) }}
}

func cut(in shape) layer { return layer{in: in, erase: true} }

func mix(a, b color.NRGBA, t float64) color.NRGBA {
	m := func(a, b uint8) uint8 { return uint8(math.Round(float64(a) + (float64(b)-float64(a))*t)) }
	return color.NRGBA{m(a.R, b.R), m(a.G, b.G), m(a.B, b.B), m(a.A, b.A)}
}

// samples per pixel and axis: the square of it is the number of grey levels of an edge.
const samples = 5

// render draws the layers, lowest first, into a square of size pixels.
func render(size int, layers []layer) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, size, size))
	for py := range size {
		for px := range size {
			img.SetNRGBA(px, py, pixel(px, py, size, layers))
		}
	}
	return img
}

func pixel(px, py, size int, layers []layer) color.NRGBA {
	var r, g, b, a float64 // colour multiplied by alpha
	for _, l := range layers {
		covered, x, y := coverage(l.in, px, py, size)
		if covered == 0 {
			continue
		}
		if l.erase {
			r, g, b, a = r*(1-covered), g*(1-covered), b*(1-covered), a*(1-covered)
			continue
		}
		c := l.paint(x, y)
		ca := covered * float64(c.A) / 255
		r, g, b = r*(1-ca)+float64(c.R)*ca, g*(1-ca)+float64(c.G)*ca, b*(1-ca)+float64(c.B)*ca
		a = a*(1-ca) + ca
	}
	if a == 0 {
		return color.NRGBA{}
	}
	return color.NRGBA{uint8(r/a + 0.5), uint8(g/a + 0.5), uint8(b/a + 0.5), uint8(a*255 + 0.5)}
}

// coverage returns which part of the pixel lies inside, and the pixel's centre in the unit square.
func coverage(in shape, px, py, size int) (part, x, y float64) {
	hits := 0
	for sy := range samples {
		for sx := range samples {
			x := (float64(px) + (float64(sx)+0.5)/samples) / float64(size)
			y := (float64(py) + (float64(sy)+0.5)/samples) / float64(size)
			if in(x, y) {
				hits++
			}
		}
	}
	return float64(hits) / (samples * samples), (float64(px) + 0.5) / float64(size), (float64(py) + 0.5) / float64(size)
}

func rect(x0, y0, x1, y1 float64) shape {
	return func(x, y float64) bool { return x >= x0 && x < x1 && y >= y0 && y < y1 }
}

func roundRect(x0, y0, x1, y1, radius float64) shape {
	return func(x, y float64) bool {
		dx := math.Max(math.Max(x0+radius-x, x-(x1-radius)), 0)
		dy := math.Max(math.Max(y0+radius-y, y-(y1-radius)), 0)
		return dx*dx+dy*dy < radius*radius
	}
}

func circle(cx, cy, radius float64) shape {
	return func(x, y float64) bool { return (x-cx)*(x-cx)+(y-cy)*(y-cy) < radius*radius }
}

// polygon is inside by the even-odd rule; points are x, y pairs.
func polygon(points ...float64) shape {
	return func(x, y float64) bool {
		in := false
		for i, j := 0, len(points)-2; i < len(points); i, j = i+2, i {
			xi, yi, xj, yj := points[i], points[i+1], points[j], points[j+1]
			if (yi > y) != (yj > y) && x < (xj-xi)*(y-yi)/(yj-yi)+xi {
				in = !in
			}
		}
		return in
	}
}

// dome is a bell of glass: straight sides below, half an ellipse above.
func dome(x0, top, x1, bottom float64) shape {
	cx, rx := (x0+x1)/2, (x1-x0)/2
	shoulder := top + rx
	return func(x, y float64) bool {
		if y >= bottom || math.Abs(x-cx) >= rx {
			return false
		}
		dx, dy := (x-cx)/rx, (y-shoulder)/rx
		return y >= shoulder || dx*dx+dy*dy < 1
	}
}

func and(a, b shape) shape { return func(x, y float64) bool { return a(x, y) && b(x, y) } }
func not(a, b shape) shape { return func(x, y float64) bool { return a(x, y) && !b(x, y) } }
func or(shapes ...shape) shape {
	return func(x, y float64) bool {
		for _, s := range shapes {
			if s(x, y) {
				return true
			}
		}
		return false
	}
}

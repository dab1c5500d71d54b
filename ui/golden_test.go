package ui

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
)

// scene is a state of the window to look at.
type scene struct {
	name string
	tab  string
	make func(f *fake)  // what the controller has
	then func(b *bench) // what the person did, nil for nothing
}

var scenes = []scene{
	{"unmounted", "open", nothingMounted, nil},
	{"empty", "open", mounted, nil},
	{"one-copy", "open", oneCopy, nil},
	{"writers", "inflight", writers, nil},
	{"many-files", "open", manyFiles, nil},
	{"long-names", "open", longNames, nil},
	{"scripts", "open", scripts, nil},
	{"errors", "log", errorStorm, nil},
	{"story", "log", races, openStory},
	{"latency", "latency", timings, nil},
	{"heat", "processes", timings, func(b *bench) { b.window.chart.setHeat(true) }},
	{"filter", "log", errorStorm, func(b *bench) { typeFilter(b, "wriet") }},
	{"help", "processes", timings, func(b *bench) { b.window.selectTab(2); b.panel("processes").grid().body.TypedRune('?') }},
	{"german-help", "files", timings, func(b *bench) { b.window.showHelp() }},
	{"german", "log", races, openStory},
	{"stuck", "inflight", stuckOps, nil},
	{"saved", "log", savedLog, nil},
	{"in-use", "inflight", refusedEject, nil},
	{"welcome", "open", nothingMounted, func(b *bench) { b.window.welcome.ask() }},
}

// looks are the ways in which each scene is drawn. Twice the scale is seen in one theme only: to keep the pictures few.
var looks = []struct {
	name  string
	dark  bool
	scale float32
}{{"light", false, 1}, {"dark", true, 1}, {"dark-2x", true, 2}}

// twice are the scenes that are seen at twice the scale, too.
var twice = []string{"one-copy", "errors", "story", "scripts"}

// TestLooks compares states of the window with pictures. Where a change is meant, move the new picture from
// testdata/failed over the old one, after a look at it.
func TestLooks(t *testing.T) {
	for _, s := range scenes {
		for _, l := range looks {
			if l.scale > 1 && !slices.Contains(twice, s.name) {
				continue
			}
			t.Run(s.name+"-"+l.name, func(t *testing.T) {
				compare(t, s.name+"-"+l.name+".png", s.picture(t, l.dark, l.scale))
			})
		}
	}
}

// picture draws the window of a scene, 800 by 500 units.
func (s *scene) picture(t *testing.T, dark bool, scale float32) image.Image {
	if strings.HasPrefix(s.name, "german") {
		speak(t, "de")
	}
	f := newFake()
	s.make(f)
	b := newBench(t, f)
	b.app.Settings().SetTheme(variant{newTheme(), dark})
	w := b.window
	w.win.Canvas().(test.WindowlessCanvas).SetScale(scale)
	w.win.Resize(fyne.NewSize(800, 500))
	w.tabs.SelectIndex(w.tabIndex(s.tab))
	w.show()
	w.showActivity(f.snap)
	b.showStatus()
	w.log.noted = pace{}
	w.refresh()
	if s.then != nil {
		s.then(b)
	}
	return w.win.Canvas().Capture()
}

// variant is a theme that is light or dark whatever the desktop is.
type variant struct {
	fyne.Theme
	dark bool
}

func (v variant) Color(name fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	if v.dark {
		return v.Theme.Color(name, theme.VariantDark)
	}
	return v.Theme.Color(name, theme.VariantLight)
}

// compare says where a picture differs from the one in testdata, and writes it beside it.
func compare(t *testing.T, name string, got image.Image) {
	t.Helper()
	img := plainImage(got)
	where := differs(filepath.Join("testdata", name), img)
	if where == "" {
		return
	}
	failed := filepath.Join("testdata", "failed", name)
	if err := writePNG(failed, img); err != nil {
		t.Fatal(err)
	}
	t.Errorf("%s: %s; the new picture is %s", name, where, failed)
}

func differs(path string, got *image.NRGBA) string {
	f, err := os.Open(path)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	want, err := png.Decode(f)
	if err != nil {
		return err.Error()
	}
	if want.Bounds() != got.Rect {
		return fmt.Sprintf("the size is %v, want %v", got.Rect.Size(), want.Bounds().Size())
	}
	expected := plainImage(want)
	if bytes.Equal(expected.Pix, got.Pix) {
		return ""
	}
	n, area := 0, image.Rectangle{}
	for i := 0; i < len(got.Pix); i += 4 {
		if !bytes.Equal(got.Pix[i:i+4], expected.Pix[i:i+4]) {
			at := image.Pt(i/4%got.Rect.Dx(), i/4/got.Rect.Dx())
			area = area.Union(image.Rectangle{at, at.Add(image.Pt(1, 1))})
			n++
		}
	}
	return fmt.Sprintf("%d pixels differ within %v", n, area)
}

func plainImage(src image.Image) *image.NRGBA {
	img := image.NewNRGBA(image.Rectangle{Max: src.Bounds().Size()})
	draw.Draw(img, img.Rect, src, src.Bounds().Min, draw.Src)
	return img
}

func writePNG(path string, img image.Image) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(f, img)
	return errors.Join(err, f.Close())
}

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
	"os/exec"
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
	{"fast", "open", func(f *fake) { oneCopy(f); f.status.Fast = true }, nil},
	{"writers", "inflight", writers, nil},
	{"many-files", "open", manyFiles, nil},
	{"long-names", "open", longNames, nil},
	{"scripts", "open", scripts, nil},
	{"errors", "log", errorStorm, nil},
	{"story", "log", races, openStory},
	{"story-stuck", "inflight", stuckWrite, openStuckStory},
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
	{"helper-missing", "open", helperMissing, nil},
	{"folder-missing", "open", folderMissing, nil},
	{"disk-trouble", "files", diskTrouble, nil},
	{"no-tray", "open", mounted, func(b *bench) {
		b.window.say("There is no tray icon: nobody on the session bus shows any. This window does everything it would.")
	}},
	{"selected-time", "latency", timings, func(b *bench) { b.window.typedRune('r'); b.window.chart.move(b.window.chart.at.Unix() - 20) }},
	{"save-menu", "log", errorStorm, func(b *bench) { b.window.saveLog() }},
	{"save-file", "log", errorStorm, askForFile},
	{"choose-folder", "open", nothingMounted, askForFolder},
	{"settings", "open", mounted, openSettings},
	{"german-settings", "open", mounted, openSettings},
	{"settings-wrong", "open", wrongSettings, openSettings},
	{"german-in-use", "inflight", refusedEjectSaid, nil},
	{"german-settings-wrong", "open", wrongSettingsSaid, openSettings},
}

// manner is a way in which scenes are drawn: all, or those that are named.
type manner struct {
	name  string
	dark  bool
	scale float32
	size  fyne.Size
	only  []string
}

// states are those that a person is most likely to see, or to remember: they are drawn in every manner.
var states = []string{"unmounted", "empty", "one-copy", "writers", "many-files", "long-names", "scripts", "errors", "story", "stuck"}

var looks = []manner{
	{"light", false, 1, fyne.NewSize(800, 500), nil},
	{"dark", true, 1, fyne.NewSize(800, 500), nil},
	{"light-2x", false, 2, fyne.NewSize(800, 500), append([]string{"latency", "welcome", "settings"}, states...)},
	{"dark-2x", true, 2, fyne.NewSize(800, 500), append([]string{"heat"}, states...)},
	{"full-light", false, 1, fyne.NewSize(1920, 1080), states},
	{"full-dark", true, 1, fyne.NewSize(1920, 1080), append([]string{"latency"}, states...)},
}

// TestLooks compares states of the window with pictures. Where a change is meant, move the new picture from
// testdata/failed over the old one, after a look at it. With VITRINE_SCREENSHOTS=FOLDER all are kept there. The race detector would make the drawing five times as slow and has
// nothing to find in it, which is one goroutine: the pictures are drawn by a program without it.
func TestLooks(t *testing.T) {
	if raced {
		cmd := exec.Command("go", "test", "-count=1", "-run", "^TestLooks$", ".")
		cmd.Env = outside
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	for _, s := range scenes {
		for _, l := range looks {
			if l.only != nil && !slices.Contains(l.only, s.name) {
				continue
			}
			t.Run(s.name+"-"+l.name, func(t *testing.T) {
				compare(t, s.name+"-"+l.name+".png", s.picture(t, &l))
			})
		}
	}
}

// picture draws the window of a scene, or that of the settings where they are open.
func (s *scene) picture(t *testing.T, l *manner) image.Image {
	if strings.HasPrefix(s.name, "german") {
		speak(t, "de")
	}
	f := newFake()
	s.make(f)
	b := newBench(t, f)
	b.app.Settings().SetTheme(variant{newTheme(), l.dark})
	w := b.window
	w.win.Canvas().(test.WindowlessCanvas).SetScale(l.scale)
	w.win.Resize(l.size)
	w.tabs.SelectIndex(w.tabIndex(s.tab))
	w.show()
	w.showActivity(f.snap)
	b.showStatus()
	w.log.noted = pace{}
	w.refresh()
	if s.then != nil {
		s.then(b)
	}
	if b.settings != nil {
		b.settings.win.Canvas().(test.WindowlessCanvas).SetScale(l.scale)
		return arrangedPicture(b.settings.win)
	}
	return arrangedPicture(w.win)
}

// arrangedPicture draws a window after its parts found their places: on a screen that happens by itself when one of them is
// shown or hidden.
func arrangedPicture(w fyne.Window) image.Image {
	size := w.Canvas().Size()
	w.Resize(size.AddWidthHeight(1, 0))
	w.Resize(size)
	return w.Canvas().Capture()
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
	if folder := os.Getenv("VITRINE_SCREENSHOTS"); folder != "" {
		if err := writePNG(filepath.Join(folder, name), img); err != nil {
			t.Fatal(err)
		}
	}
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

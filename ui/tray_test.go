package ui

import (
	"bytes"
	"image"
	_ "image/png"
	"testing"
	"time"

	"vitrine/assets"
	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
)

// mask returns the alpha of a PNG, averaged over size by size fields.
func mask(t *testing.T, png []byte, size int) []float64 {
	t.Helper()
	img, _, err := image.Decode(bytes.NewReader(png))
	if err != nil {
		t.Fatal(err)
	}
	b := img.Bounds()
	out, n := make([]float64, size*size), make([]float64, size*size)
	for y := range b.Dy() {
		for x := range b.Dx() {
			_, _, _, a := img.At(x, y).RGBA()
			i := y*size/b.Dy()*size + x*size/b.Dx()
			out[i] += float64(a) / 0xffff
			n[i]++
		}
	}
	for i := range out {
		out[i] /= n[i]
	}
	return out
}

// Two states must be told apart by the shape alone: at least an eighth of all pixels differs clearly.
func TestTrayIconsDifferByShape(t *testing.T) {
	icons := map[string][]byte{
		"unmounted": assets.TrayUnmounted(), "mounted": assets.TrayMounted(), "busy": assets.TrayBusy(), "error": assets.TrayError(),
	}
	for _, size := range []int{16, 22, 24} {
		for a, pa := range icons {
			for b, pb := range icons {
				if a >= b {
					continue
				}
				ma, mb := mask(t, pa, size), mask(t, pb, size)
				differ := 0
				for i := range ma {
					if d := ma[i] - mb[i]; d > 0.5 || d < -0.5 {
						differ++
					}
				}
				if differ*8 < size*size {
					t.Errorf("%s and %s differ in %d of %d pixels at %d", a, b, differ, size*size, size)
				}
			}
		}
	}
}

func TestTrayFace(t *testing.T) {
	flowing := &activity.Snapshot{WriteRate: 45.6e6, Open: make([]activity.OpenFile, 2)}
	stuckOp := &activity.Snapshot{InFlight: []oplog.Event{{Duration: int64(2 * time.Second)}}}
	mounted := Status{State: Mounted, MountPoint: "/home/ada/Vitrine"}
	for _, c := range []struct {
		name    string
		s       Status
		a       *activity.Snapshot
		icon    trayIcon
		action  string
		enabled bool
		folder  bool
		tooltip string
	}{
		{"unmounted", Status{}, nil, iconUnmounted, "Mount", true, false, "Vitrine – nothing is mounted"},
		{"mounting", Status{State: Mounting, Progress: "Waiting"}, nil, iconBusy, "Mounting…", false, false, "Vitrine – mounting: Waiting"},
		{"mounted", mounted, &activity.Snapshot{}, iconMounted, "Eject", true, true, "Vitrine – mounted on ~/Vitrine"},
		{"flowing", mounted, flowing, iconBusy, "Eject", true, true, "Vitrine – mounted on ~/Vitrine · writing 45.6 MB/s · 2 open files"},
		{"stuck", mounted, stuckOp, iconBusy, "Eject", true, true, "Vitrine – mounted on ~/Vitrine · 1 in flight"},
		{"ejecting", Status{State: Ejecting}, flowing, iconBusy, "Ejecting…", false, false, "Vitrine – ejecting"},
		{"failed", Status{State: Failed, Problem: &Problem{What: "No FUSE."}}, nil, iconError, "Mount", true, false, "Vitrine – No FUSE."},
		{"busy eject", Status{State: Mounted, Problem: &Problem{What: "In use."}}, flowing, iconError, "Eject", true, true, "Vitrine – In use."},
	} {
		got := faceOf(c.s, c.a)
		want := trayFace{c.icon, c.tooltip, trayMenu{c.action, !c.enabled, c.folder}}
		if got != want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, want)
		}
	}
}

func TestTrayMenu(t *testing.T) {
	b := newBench(t, newFake())
	items := b.menuItems(menuOf(Status{State: Mounted}))
	var labels []string
	for _, i := range items {
		if !i.IsSeparator {
			labels = append(labels, i.Label)
		}
	}
	want := []string{"Eject", "Open folder", "Activity…", "Settings…", "Quit"}
	if len(labels) != len(want) {
		t.Fatalf("got %q", labels)
	}
	for i := range want {
		if labels[i] != want[i] {
			t.Errorf("item %d is %q, want %q", i, labels[i], want[i])
		}
	}
	if last := items[len(items)-1]; !last.IsQuit {
		t.Error("Fyne would add an item that quits without ejecting")
	}
	items[0].Action()
	if got := b.ctl.last(); got != "mount show" {
		t.Errorf("the first item asked for %q while nothing is mounted", got)
	}
	items[len(items)-1].Action()
	if got := b.ctl.last(); got != "quit" {
		t.Errorf("Quit asked for %q", got)
	}
}

func TestTrayTapped(t *testing.T) {
	b := newBench(t, newFake())
	b.trayTapped()
	if got := b.ctl.last(); got != "mount show" {
		t.Errorf("unmounted: asked for %q", got)
	}
	b.become(func(s *Status) { s.State = Mounted })
	b.trayTapped()
	if !b.window.shown {
		t.Error("mounted: the window is not shown")
	}
	b.trayTapped()
	if b.window.shown {
		t.Error("mounted: the window is not hidden again")
	}
	b.become(func(s *Status) { s.State = Failed })
	b.trayTapped()
	if !b.window.shown {
		t.Error("failed: the window is not shown")
	}
	if got := b.ctl.last(); got != "" {
		t.Errorf("failed: asked for %q", got)
	}
}

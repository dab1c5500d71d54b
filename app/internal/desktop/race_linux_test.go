package desktop

import (
	"strings"
	"testing"
)

const raceReport = `before
==================
WARNING: DATA RACE
Write at 0x01 by main goroutine:
  A
      /src/a.go:177 +0x73
  image.At()
      /src/main.go:1 +0x1

Previous read at 0x01 by goroutine 12:
  runtime.mapaccess1()
      /src/map.go:11 +0x1
  B
      /src/b.go:339 +0x4b

Goroutine 12 (finished) created at:
  fyne.io/systray.Register()
      /src/systray.go:113 +0xf9
==================
after
`

func TestRacesAreOursUnlessTheyAreTheTrayLibrarys(t *testing.T) {
	const library, bus, ours, fyne = "fyne.io/systray.refresh()", "github.com/godbus/dbus/v5.(*Conn).handleCall()", "vitrine/ui.draw()", "fyne.io/fyne/v2.x()"
	for _, c := range []struct {
		a, b string
		want int
	}{
		{library, library, 0}, {library, bus, 0}, {bus, library, 0},
		{library, ours, 1}, {ours, library, 1}, {ours, ours, 1}, {bus, ours, 1}, {fyne, library, 1}, {fyne, fyne, 1}, {bus, bus, 1},
	} {
		report := strings.NewReplacer("  A\n", "  "+c.a+"\n", "  B\n", "  "+c.b+"\n").Replace(raceReport)
		if got := len(races(report + report)); got != 2*c.want {
			t.Errorf("%s and %s: %d races, want %d", c.a, c.b, got, 2*c.want)
		}
	}
	ending := strings.NewReplacer("  A\n", "  fyne.io/fyne/v2/internal/async.(*UnboundedChan[go.shape.struct {}]).closed()\n", "  B\n",
		"  fyne.io/fyne/v2/internal/driver/glfw.runOnMainWithWait()\n      /src/loop.go:52 +0x1\n  C\n").Replace(raceReport)
	for sender, want := range map[string]int{"fyne.io/fyne/v2/internal/app.(*Lifecycle).RunEventQueue()": 0, "vitrine/ui.(*UI).do()": 1, "fyne.io/fyne/v2.Do()": 1} {
		if got := len(races(strings.Replace(ending, "  C\n", "  "+sender+"\n", 1))); got != want {
			t.Errorf("the end of the loop and %s: %d races, want %d", sender, got, want)
		}
	}
	if found := races("no race\n"); found != nil {
		t.Errorf("found %q", found)
	}
}

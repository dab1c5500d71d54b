package ui

import (
	"fmt"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"vitrine/fusefs/activity"
)

// TestLooks compares a few states of the window with pictures. Where a change is meant, copy the new picture from
// testdata/failed over the old one, after a look at it.
func TestLooks(t *testing.T) {
	mounted := Status{State: Mounted, Backing: "/srv/files", MountPoint: "/home/ada/Vitrine", Since: time.Unix(0, 0)}
	refused := mounted
	refused.Problem = inUse
	for name, c := range map[string]struct {
		status Status
		tab    int
	}{
		"unmounted": {Status{Backing: "/srv/files", MountPoint: "/home/ada/Vitrine"}, 0},
		"copying":   {mounted, 0},
		"in-use":    {refused, 1},
		"log":       {mounted, 3},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			f.status = c.status
			if c.status.State == Mounted {
				f.snap = wave()
				f.feed(30)
			}
			b := newBench(t, f)
			b.window.win.Resize(fyne.NewSize(900, 560))
			b.window.tabs.SelectIndex(c.tab)
			b.window.show()
			b.window.showActivity(f.snap)
			b.showStatus()
			test.AssertImageMatches(t, fmt.Sprintf("%s.png", name), b.window.win.Canvas().Capture())
		})
	}
}

// wave is the full snapshot with a minute of traffic.
func wave() *activity.Snapshot {
	a := full()
	for i := range 61 {
		n := int64(i * (61 - i))
		a.Seconds = append(a.Seconds, activity.Second{Unix: 940 + int64(i), Written: n * 8000, Read: n * n * 3})
	}
	return a
}

package ui

import (
	"testing"
	"time"
)

// A nap that nothing ends lasts for an hour here.
func TestDoze(t *testing.T) {
	b := newBench(t, newFake())
	b.showSettings()
	b.wait("the check of the settings", func() bool { return b.settings.checked })
	b.settings.delay = time.Hour // the next one would end a nap
	d := &b.UI.doze
	d.nap, d.on = time.Hour, true // no naps but those below
	b.settings.close()
	nap := func() (over chan struct{}) {
		t.Helper()
		for quiet := false; !quiet; { // what was posted while nobody slept is over
			select {
			case <-d.alarm:
			case <-time.After(200 * time.Millisecond):
				quiet = true
			}
		}
		over = make(chan struct{})
		go func() { d.sleep(); close(over) }()
		select {
		case <-over:
			t.Error("no nap although nothing is to be done")
		case <-time.After(50 * time.Millisecond):
		}
		return over
	}
	ends := func(over chan struct{}, why string) {
		t.Helper()
		select {
		case <-over:
		case <-time.After(10 * time.Second):
			t.Fatal("a nap goes on although " + why)
		}
	}

	over := nap()
	b.do(b.showSettings)
	ends(over, "there is something to do")
	b.wait("the end of the naps once the settings are in sight", func() bool { return !d.on })

	d.on = true
	b.settings.close()
	over = nap()
	b.end()
	ends(over, "the program ends")
}

// A window that goes out of sight begins the naps, and one in sight ends them.
func TestDozeBegins(t *testing.T) {
	b := newBench(t, newFake())
	for range 2 {
		b.window.show()
		b.wait("the end of the naps", func() bool { return !b.UI.doze.on })
		b.window.hide()
		b.pump(3 * awakeTime)
		if !b.UI.doze.on {
			t.Error("no naps although no window is in sight")
		}
	}
}

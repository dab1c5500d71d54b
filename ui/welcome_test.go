package ui

import (
	"errors"
	"strings"
	"testing"

	"fyne.io/fyne/v2/test"
)

func newWelcomeBench(t *testing.T) *bench {
	t.Helper()
	return newWelcomeBenchWith(t, Options{AppID: "test", Welcome: true})
}

func newWelcomeBenchWith(t *testing.T, o Options) *bench {
	t.Helper()
	f := newFake()
	b := newBenchWith(t, f, o)
	b.ctl = f
	b.window.show()
	return b
}

func TestWelcomeMakesADrive(t *testing.T) {
	b := newWelcomeBench(t)
	w := b.window.welcome
	if words := wordsIn(b.window.win.Canvas().Content()); !strings.Contains(words, "~/Vitrine") || strings.Contains(words, "Not mounted") {
		t.Errorf("the window says %q", words)
	}
	if b.window.win.Canvas().Focused() != w.drive {
		t.Error("the answer cannot be given by the keyboard")
	}
	test.Tap(w.drive)
	test.Tap(w.drive)
	b.wait("the mount", func() bool { return b.ctl.last() == "mount show" })
	if w.box.Visible() || !w.body.Visible() {
		t.Error("the question is still there")
	}
	if s := b.ctl.Settings(); s.InPlace || s.Backing != "/srv/files" {
		t.Errorf("saved %+v", s)
	}
}

// TestWelcomeWhereNothingIsMountedInPlace is on a system that cannot mount over a folder.
func TestWelcomeWhereNothingIsMountedInPlace(t *testing.T) {
	b := newWelcomeBenchWith(t, Options{AppID: "test", Welcome: true, NoInPlace: true})
	if words := wordsIn(b.window.win.Canvas().Content()); !strings.Contains(words, "Its files appear at ~/Vitrine too") || strings.Contains(words, "where it is") {
		t.Errorf("the window says %q", words)
	}
	b.window.welcome.watch("/srv/films")
	b.wait("the mount", func() bool { return b.ctl.last() == "mount show" })
	if s := b.ctl.Settings(); s.InPlace || s.Backing != "/srv/films" {
		t.Errorf("saved %+v", s)
	}
	b.showSettings()
	if b.settings.inPlace.Visible() {
		t.Error("the settings offer it")
	}
}

func TestWelcomeWatchesAFolder(t *testing.T) {
	b := newWelcomeBench(t)
	w := b.window.welcome
	test.Tap(w.folder)
	if b.window.win.Canvas().Overlays().Top() == nil {
		t.Error("it does not ask for the folder")
	}
	b.ctl.complain(FieldError{"Backing", "There is no folder /nowhere."})
	w.watch("/nowhere")
	b.wait("the message", func() bool { return w.fault.Visible() && w.fault.Text == "There is no folder /nowhere." })
	b.ctl.complain()
	b.ctl.saveErr = errors.New("disk full")
	w.watch("/srv/films")
	b.wait("the message", func() bool { return strings.Contains(w.fault.Text, "disk full") })
	if got := b.ctl.last(); got != "" || !w.box.Visible() {
		t.Errorf("asked for %q", got)
	}
	b.ctl.saveErr = nil
	w.watch("/srv/films")
	b.wait("the mount", func() bool { return b.ctl.last() == "mount show" })
	if s := b.ctl.Settings(); !s.InPlace || s.Backing != "/srv/films" {
		t.Errorf("saved %+v", s)
	}
}

func TestWelcomeCanWait(t *testing.T) {
	b := newWelcomeBench(t)
	test.Tap(buttonsIn(b.window.welcome.box)["Not now"])
	if b.window.welcome.box.Visible() || !b.window.welcome.body.Visible() {
		t.Error("the question is still there")
	}
	b = newWelcomeBench(t)
	b.become(func(s *Status) { s.State = Mounting })
	if b.window.welcome.box.Visible() {
		t.Error("it asks what to mount while that is mounted")
	}
	if got := b.ctl.last(); got != "" {
		t.Errorf("asked for %q", got)
	}
}

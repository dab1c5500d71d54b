package ui

import (
	"errors"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2/test"
)

func newSettingsBench(t *testing.T) (*bench, *settingsWindow) {
	b := newBench(t, newFake())
	b.showSettings()
	w := b.settings
	w.delay = time.Millisecond
	b.wait("the first check", func() bool { return w.checked })
	return b, w
}

func (f *fake) complain(faults ...FieldError) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = faults
}

func TestSettingsValidation(t *testing.T) {
	b, w := newSettingsBench(t)
	if !w.save.Disabled() {
		t.Error("Save is offered although nothing changed")
	}
	b.ctl.complain(FieldError{"Backing", "There is no folder /nowhere."})
	w.backing.entry.SetText("/nowhere")
	if !w.save.Disabled() {
		t.Error("Save is offered before the check")
	}
	b.wait("the message", func() bool { return w.backing.hint.text == "There is no folder /nowhere." })
	if !w.save.Disabled() {
		t.Error("Save is offered for invalid settings")
	}
	b.ctl.complain()
	w.backing.entry.SetText("/srv/other")
	b.wait("Save", func() bool { return !w.save.Disabled() })
	if got := w.backing.hint.text; got != w.backing.usual {
		t.Errorf("the field still says %q", got)
	}
	w.keep.entry.SetText("many")
	b.wait("the message", func() bool { return strings.Contains(w.keep.hint.text, "whole number") })
	w.keep.entry.SetText("200")
	b.wait("Save", func() bool { return !w.save.Disabled() })
	test.Tap(w.save)
	b.wait("saved", func() bool { return b.ctl.last() == "save" })
	if s := b.ctl.Settings(); s.Backing != "/srv/other" || s.KeepEvents != 200 {
		t.Errorf("saved %+v", s)
	}
}

func TestSettingsInPlace(t *testing.T) {
	b, w := newSettingsBench(t)
	w.inPlace.SetChecked(true)
	if !w.point.entry.Disabled() {
		t.Error("a mount point is asked for that is not used")
	}
	b.wait("Save", func() bool { return !w.save.Disabled() })
	test.Tap(w.save)
	b.wait("saved", func() bool { return b.ctl.Settings().InPlace })
	w.inPlace.SetChecked(false)
	if w.point.entry.Disabled() {
		t.Error("the mount point cannot be entered")
	}
}

func TestOldAnswersAreIgnored(t *testing.T) {
	_, w := newSettingsBench(t)
	w.showFaults(w.edit-1, []FieldError{{"Backing", "old"}})
	if w.backing.hint.text == "old" {
		t.Error("the answer to an older edit is shown")
	}
}

func TestSettingsOfferRemount(t *testing.T) {
	b, w := newSettingsBench(t)
	w.readOnly.SetChecked(true)
	if w.remount.Visible() {
		t.Error("a remount is offered while nothing is mounted")
	}
	b.become(func(s *Status) { s.State = Mounted })
	b.wait("the offer", func() bool { return w.remount.Visible() && !w.remount.Disabled() })
	if !strings.Contains(w.note.Text, "Read-only") || !strings.Contains(w.note.Text, "next mount") {
		t.Errorf("the note says %q", w.note.Text)
	}
	test.Tap(w.remount)
	b.wait("the eject", func() bool { return b.ctl.last() == "eject" })
	if !b.ctl.Settings().ReadOnly {
		t.Error("the settings were not saved before")
	}
	w.fill(b.ctl.Settings())
	w.logFile.entry.SetText("/tmp/log")
	if w.remount.Visible() {
		t.Error("a remount is offered for what applies at once")
	}
}

func TestSettingsNotSaved(t *testing.T) {
	b, w := newSettingsBench(t)
	b.ctl.saveErr = errors.New("disk full")
	w.showFolder.SetChecked(false)
	b.wait("Save", func() bool { return !w.save.Disabled() })
	test.Tap(w.save)
	b.wait("the error", func() bool { return w.win.Canvas().Overlays().Top() != nil })
	if words := wordsIn(w.win.Canvas().Overlays().Top()); !strings.Contains(strings.ToLower(words), "disk full") {
		t.Errorf("the dialog says %q", words)
	}
	if w.showFolder.Checked {
		t.Error("what was entered is lost")
	}
}

func TestStartSwitches(t *testing.T) {
	f := newFake()
	f.atLogin = true
	b := newBench(t, f)
	b.showSettings()
	w := b.settings
	w.delay = time.Millisecond
	b.wait("the truth", func() bool { return w.starts.login.Checked && !w.starts.login.Disabled() && !w.starts.mount.Checked })
	b.wait("the first check", func() bool { return w.checked })
	if !w.save.Disabled() {
		t.Error("Save is offered although nothing changed")
	}
	w.starts.login.SetChecked(false)
	w.starts.mount.SetChecked(true)
	b.wait("Save", func() bool { return !w.save.Disabled() })
	test.Tap(w.save)
	b.wait("saved", func() bool { return !f.startsAtLogin() && f.MountsOnStart() })
	b.wait("the window to close", func() bool { return w.saved == f.Settings() && !w.checked })
	f.SetStartsAtLogin(true) // by the desktop's own settings
	b.showSettings()
	b.wait("the truth", func() bool { return w.starts.login.Checked })
	f.mu.Lock()
	f.loginErr = errors.New("no home folder")
	f.mu.Unlock()
	b.showSettings()
	b.wait("the reason", func() bool {
		return w.starts.fault.Visible() && strings.Contains(w.starts.fault.text.Text, "no home folder")
	})
	if !w.starts.login.Disabled() || w.starts.mount.Disabled() {
		t.Error("what is not known can be changed, or what is known cannot")
	}
}

func (f *fake) startsAtLogin() bool {
	on, _ := f.StartsAtLogin()
	return on
}

func TestNoticeSwitches(t *testing.T) {
	b, w := newSettingsBench(t)
	for i, n := range w.notices {
		n.check.SetChecked(i%2 == 0)
	}
	b.wait("Save", func() bool { return !w.save.Disabled() })
	test.Tap(w.save)
	b.wait("saved", func() bool { return b.ctl.Settings().Notices == Notices{Mounted: true, InUse: true, Errors: true} })
}

// TestSettingsSayWhenTheyApply changes what a mounted drive takes over at once, what it does not, and both.
func TestSettingsSayWhenTheyApply(t *testing.T) {
	b, w := newSettingsBench(t)
	b.become(func(s *Status) { s.State = Mounted })
	said := func(want string, remount bool) {
		t.Helper()
		if w.note.Text != want || w.remount.Visible() != remount {
			t.Errorf("it says %q, and offers a remount: %v; want %q, %v", w.note.Text, w.remount.Visible(), want, remount)
		}
	}
	said("", false)
	w.showFolder.SetChecked(!w.showFolder.Checked)
	said("The change applies at once.", false)
	w.readOnly.SetChecked(!w.readOnly.Checked)
	said("Read-only: the change applies at the next mount. The rest applies at once.", true)
	w.showFolder.SetChecked(!w.showFolder.Checked)
	said("Read-only: the change applies at the next mount.", true)
	b.become(func(s *Status) { s.State = Unmounted })
	said("", false)
}

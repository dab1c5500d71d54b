package ui

import (
	"testing"

	"fyne.io/fyne/v2/theme"

	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
)

// TestSafeToEject says so only where nobody uses the drive, and else who does.
func TestSafeToEject(t *testing.T) {
	b := newBench(t, newFake())
	w := b.window
	w.shown = true
	file := func(pid int32, proc, path string) activity.OpenFile {
		return activity.OpenFile{OpenHandle: oplog.OpenHandle{PID: pid, Proc: proc, Path: path}}
	}
	vim := Holder{PID: 7, Name: "vim", Path: "/home/ada/Vitrine/docs"}
	for want, c := range map[string]struct {
		state    State
		open     []activity.OpenFile
		standing []Holder
	}{
		"":                                       {state: Unmounted},
		"Safe to eject":                          {state: Mounted},
		"In use: cp 42 holds /a.bin":             {Mounted, []activity.OpenFile{file(42, "cp", "/a.bin")}, nil},
		"In use: cp 42 holds 2 files":            {Mounted, []activity.OpenFile{file(42, "cp", "/a.bin"), file(42, "cp", "/b")}, nil},
		"In use: vim 7 stands in ~/Vitrine/docs": {Mounted, nil, []Holder{vim}},
		"In use: vim 7 holds /x":                 {Mounted, []activity.OpenFile{file(7, "vim", "/x")}, []Holder{vim}},
		"In use: 3 open files, cp 42 and 2 more programs": {Mounted, []activity.OpenFile{file(1, "cat", "/x"), file(42, "cp", "/a"), file(42, "cp", "/b")}, []Holder{vim}},
	} {
		b.become(func(s *Status) { s.State = c.state })
		w.header.standing = c.standing
		w.figured = pace{}
		w.showActivity(&activity.Snapshot{Open: c.open})
		if got := w.header.use; got.full != want || (got.tone == theme.ColorNameSuccess) != (want == "Safe to eject") {
			t.Errorf("it says %q in %s, want %q", got.full, got.tone, want)
		}
	}
}

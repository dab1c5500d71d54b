package main

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"vitrine/app/internal/desktop"
	"vitrine/ui"
)

func arranged(filters ...string) ui.Layout {
	return ui.Layout{Tables: map[string]ui.TableLayout{"open": {Widths: map[string]int{"path": 40}, Sort: "path", Down: true}}, Filters: filters}
}

func TestLayoutIsKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "vitrine", "window.json")
	k := &layoutKeeper{file: file, say: func(text string) { t.Error(text) }}
	if l := k.Layout(); l.Tables != nil || l.Filters != nil {
		t.Errorf("at first %+v", l)
	}
	for i := range 100 {
		k.KeepLayout(arranged(strings.Repeat("w", i)))
	}
	want := arranged("write", "err:EBADF")
	k.KeepLayout(want)
	k.wait()
	if got := (&layoutKeeper{file: file}).Layout(); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if left, err := os.ReadDir(filepath.Dir(file)); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestBrokenLayoutIsReplaced(t *testing.T) {
	for _, broken := range []string{"", "{", `{"tables": 7}`, `{"filters": ["a"]} and more`, "\x00\xff"} {
		file := filepath.Join(t.TempDir(), "window.json")
		write(t, file, broken)
		var said []string
		k := &layoutKeeper{file: file, say: func(text string) { said = append(said, text) }}
		if l := k.Layout(); !reflect.DeepEqual(l, ui.Layout{}) {
			t.Errorf("%q: %+v", broken, l)
		}
		if len(said) != 1 || !strings.Contains(said[0], file) || strings.Contains(said[0], "\n") {
			t.Errorf("%q: said %q", broken, said)
		}
		k.KeepLayout(arranged("write"))
		k.wait()
		if l := k.Layout(); !slices.Equal(l.Filters, []string{"write"}) || len(said) != 1 {
			t.Errorf("%q: %+v, %q", broken, l, said)
		}
	}
}

func TestLayoutThatCannotBeKept(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "file"), "in the way")
	var said []string
	k := &layoutKeeper{file: filepath.Join(folder, "file", "window.json"), say: func(text string) { said = append(said, text) }}
	for range 3 {
		k.KeepLayout(arranged())
		k.wait()
	}
	if len(said) != 1 {
		t.Errorf("said %q", said)
	}
}

// TestLayoutOfTheWindow types a filter in one run and finds it in the file that the next begins with.
func TestLayoutOfTheWindow(t *testing.T) {
	s := desktop.New(t)
	s.StartXvfb(1280, 800)
	s.StartWindowManager()
	s.WriteFile(".config/vitrine/config.toml", quiet)
	file := s.WriteFile(".local/state/vitrine/window.json", `{"filters": ["read"], broken`)
	p := s.Start(vitrine)
	s.WaitWindow("Vitrine", soon).Raise()
	p.WaitOutput("the usual arrangement", soon)
	pressUntil(t, s, filepath.Join(s.Home, "Vitrine"), true)
	s.Key("ctrl+f")
	s.Type("err:EBADF")
	s.Key("Return")
	desktop.Until(t, soon, "the filter to be kept", func() error {
		text, err := os.ReadFile(file)
		if err == nil && !strings.Contains(string(text), `"err:EBADF"`) {
			err = os.ErrNotExist
		}
		return err
	})
	p.Signal(os.Interrupt)
	if exit := p.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d:\n%s", exit, p.Output())
	}
}

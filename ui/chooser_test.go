package ui

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
)

// stall lets every folder but one answer at once; that one does not before the returned function is called.
func stall(t *testing.T, b *bench, stuck string) (release func()) {
	t.Helper()
	answer := make(chan struct{})
	release = func() { close(answer) }
	b.folders = func(folder string) ([]string, error) {
		if folder == stuck {
			<-answer
			return []string{"late"}, nil
		}
		return []string{"films"}, nil
	}
	return release
}

// TestChooserWhileAFolderDoesNotAnswer goes elsewhere, and cancels, while the folder that is looked at is stuck.
func TestChooserWhileAFolderDoesNotAnswer(t *testing.T) {
	b, w := newSettingsBench(t)
	release := stall(t, b, "/home/ada/films")
	var got string
	c := b.chooseFolder(w.win, func(folder string) { got = folder })
	b.wait("the folders at home", func() bool { return slices.Equal(c.names, []string{"films"}) })
	c.list.Select(0)
	if c.entry.Text != "/home/ada/films" || len(c.names) != 0 || !strings.Contains(c.note.text.Text, "Waiting for ~/films") {
		t.Errorf("at %q it lists %q and says %q", c.entry.Text, c.names, c.note.text.Text)
	}
	c.entry.OnSubmitted("/srv")
	b.wait("another folder", func() bool { return len(c.names) == 1 })
	release()
	b.pump(100 * time.Millisecond)
	if c.at != "/srv" || !slices.Equal(c.names, []string{"films"}) {
		t.Errorf("the late answer of another folder is shown: at %q %q", c.at, c.names)
	}
	c.entry.OnSubmitted(" .hidden")
	if c.at != "/srv/.hidden" {
		t.Errorf("a name alone led to %q", c.at)
	}
	c.entry.SetText("..")
	c.dialog.Confirm()
	if got != "/srv" {
		t.Errorf("chosen was %q", got)
	}
}

// TestChooserCancelsWhileHomeDoesNotAnswer opens the dialogs of both windows where not even the first folder answers.
func TestChooserCancelsWhileHomeDoesNotAnswer(t *testing.T) {
	b := newWelcomeBench(t)
	release := stall(t, b, "/home/ada")
	defer release()
	test.Tap(b.window.welcome.folder)
	b.showSettings()
	b.settings.pickFolder(b.settings.backing)
	for _, win := range []fyne.Window{b.window.win, b.settings.win} {
		top := win.Canvas().Overlays().Top()
		if top == nil {
			t.Fatal("it does not ask for the folder")
		}
		test.Tap(buttonsIn(top)["Cancel"])
		if win.Canvas().Overlays().Top() != nil {
			t.Error("it cannot be cancelled")
		}
	}
	if got := b.ctl.last(); got != "" || b.settings.backing.entry.Text != "/srv/files" {
		t.Errorf("asked for %q, and the entry says %q", got, b.settings.backing.entry.Text)
	}
}

// TestFoldersInAsksForNamesOnly lists folders and links, also one that leads nowhere, and neither files nor what is hidden.
func TestFoldersInAsksForNamesOnly(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"b", "a", ".hidden"} {
		if err := os.Mkdir(filepath.Join(folder, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/nowhere", filepath.Join(folder, "link")); err != nil {
		t.Fatal(err)
	}
	if names, err := foldersIn(folder); err != nil || !slices.Equal(names, []string{"a", "b", "link"}) {
		t.Errorf("%q, %v", names, err)
	}
	if _, err := foldersIn(filepath.Join(folder, "none")); err == nil || strings.Contains(reason(err), folder) {
		t.Errorf("of a folder that is not there: %v", err)
	}
}

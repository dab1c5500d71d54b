package ui

import (
	"strings"
	"testing"
)

func TestHelpListsEveryShortcut(t *testing.T) {
	b := newBench(t, newFake())
	b.window.show()
	b.window.typedRune('?')
	words := wordsIn(b.window.win.Canvas().Overlays().Top())
	for _, c := range b.window.commands() {
		if !strings.Contains(words, shortcutName(c.key)) || !strings.Contains(words, c.what) {
			t.Errorf("%s (%s) is missing in %q", c.key, c.what, words)
		}
	}
}

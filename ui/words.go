package ui

import (
	"sync"

	"fyne.io/fyne/v2/lang"
)

var words sync.Map // English text → text in the person's language

// tr translates a text for display. The key is our own, not the text alone: Fyne ships translations for words such
// as "Quit", and a window half translated is worse than one in English.
func tr(text string) string {
	if t, ok := words.Load(text); ok {
		return t.(string)
	}
	t := lang.X("vitrine."+text, text)
	words.Store(text, t)
	return t
}

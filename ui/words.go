package ui

import (
	"embed"
	"fmt"
	"sync"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"
)

// translations holds a file for each language but English, which is what stands in the code.
//
//go:embed translation/*.json
var translations embed.FS

// wordPrefix makes the keys our own: Fyne ships translations for words such as "Quit", and a window half translated
// is worse than one in English.
const wordPrefix = "vitrine."

var words sync.Map // English text → text in the person's language

func init() {
	if err := lang.AddTranslationsFS(translations, "translation"); err != nil {
		fyne.LogError("The translations cannot be read; Vitrine speaks English", err)
	}
}

// tr translates a text for display. It takes what stands in the code, so that a test can find every text.
func tr(text string) string {
	if text == "" {
		return ""
	}
	if t, ok := words.Load(text); ok {
		return t.(string)
	}
	t := lang.X(wordPrefix+text, text)
	words.Store(text, t)
	return t
}

// Say puts a text that the controller shows into the person's language: format is the English one, in the form of
// fmt.Sprintf. It may be called from any goroutine.
func Say(format string, args ...any) string { return fmt.Sprintf(tr(format), args...) }

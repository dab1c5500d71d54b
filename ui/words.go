package ui

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
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

// SaySentence puts a sentence of the model into the person's language. It may be called from any goroutine.
func SaySentence(s activity.Sentence) string { return say(s) }

// Meaning says what an error of the system means, in the person's language: a clause that can follow a colon. It is ""
// where only the system has words for it, as in English. It may be called from any goroutine.
func Meaning(err error) string {
	var path *fs.PathError
	var call *os.SyscallError
	switch {
	case errors.As(err, &path):
		err = path.Err
	case errors.As(err, &call):
		err = call.Err
	}
	errno, ok := err.(syscall.Errno)
	if !ok {
		return ""
	}
	meaning := activity.Explain(oplog.Event{Errno: errno}, nil, nil).Meaning
	if text := say(meaning); text != meaning.String() {
		return strings.TrimSuffix(text, ".")
	}
	return ""
}

// Count is a whole number with the person's mark between the thousands. It may be called from any goroutine.
func Count(n int) string { return count(n) }

// marks are the signs that a language writes in numbers.
type marks struct{ thousands, decimal rune }

var (
	englishMarks = marks{',', '.'}
	ownMarks     atomic.Pointer[marks] // of the person's language; nil until they are asked for
)

func marksInUse() marks {
	m := ownMarks.Load()
	if m == nil {
		m = marksOf(tr("1,234.5"))
		ownMarks.Store(m)
	}
	return *m
}

// marksOf takes them from that one number, as a language writes it.
func marksOf(sample string) *marks {
	r := []rune(sample)
	return &marks{thousands: r[1], decimal: r[5]}
}

// number puts the marks of the person's language into a number that is written with the English ones.
func number(english string) string {
	m := marksInUse()
	if m == englishMarks {
		return english
	}
	return strings.Map(func(r rune) rune {
		switch r {
		case englishMarks.thousands:
			return m.thousands
		case englishMarks.decimal:
			return m.decimal
		default:
			return r
		}
	}, english)
}

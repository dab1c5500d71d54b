package filter

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"
)

// word is a part of the text between spaces, as places in it.
type word struct {
	begin, end int // of the whole, with the "-"
	body       int // begin of what follows the "-"
	quote      int // the quote that is not closed, -1 where there is none
}

func (w *word) negated() bool { return w.body > w.begin }

// words splits the text at spaces that are not in quotes.
func words(text string) iter.Seq[word] {
	return func(yield func(word) bool) {
		for at := 0; at < len(text); {
			r, n := utf8.DecodeRuneInString(text[at:])
			if unicode.IsSpace(r) {
				at += n
				continue
			}
			w := wordAt(text, at)
			if at = w.end; !yield(w) {
				return
			}
		}
	}
}

func wordAt(text string, begin int) word {
	w := word{begin: begin, body: begin, quote: -1}
	if text[begin] == '-' {
		w.body++
	}
	for w.end = w.body; w.end < len(text); {
		r, n := utf8.DecodeRuneInString(text[w.end:])
		switch {
		case w.quote < 0 && unicode.IsSpace(r):
			return w
		case w.quote < 0 && r == '"':
			w.quote = w.end
		case w.quote >= 0 && r == '\\' && w.end+1 < len(text):
			_, more := utf8.DecodeRuneInString(text[w.end+1:])
			n += more
		case r == '"':
			w.quote = -1
		}
		w.end += n
	}
	return w
}

// unquote takes the quotes out of a word, and the backslashes that protect something in them.
func unquote(s string) string {
	if !strings.Contains(s, `"`) {
		return s
	}
	var b strings.Builder
	inside := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			inside = !inside
		case inside && s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

var quoting = strings.NewReplacer(`"`, `\"`, `\`, `\\`)

func quote(s string) string { return `"` + quoting.Replace(s) + `"` }

func quoteIfNeeded(s string) string {
	if s == "" || strings.ContainsRune(s, '"') || strings.ContainsFunc(s, unicode.IsSpace) {
		return quote(s)
	}
	return s
}

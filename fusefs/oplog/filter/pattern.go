package filter

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// pattern is what a text must look like: its characters in lower case, and wildcards.
type pattern struct {
	runes []rune
	free  bool // may begin at any name of a path: runes begin with anyText and a slash, for that
}

// Wildcards; no character has these numbers.
const (
	anyText rune = -1 - iota
	anyRune
)

// pathPattern is the pattern of the key path.
func pathPattern(text string) pattern {
	if !strings.ContainsAny(text, "*?") {
		return partPattern(text)
	}
	p := pattern{runes: runesOf(text, true)}
	if p.free = text[0] != '/' && text[0] != '*'; p.free {
		p.runes = append([]rune{anyText, '/'}, p.runes...)
	}
	return p
}

// partPattern matches whatever contains the text.
func partPattern(text string) pattern {
	runes := append([]rune{anyText}, runesOf(text, false)...)
	return pattern{runes: append(runes, anyText)}
}

// wholePattern is the pattern of the key proc.
func wholePattern(text string) pattern { return pattern{runes: runesOf(text, true)} }

func runesOf(text string, wild bool) (runes []rune) {
	for len(text) > 0 {
		r, n := next(text)
		switch {
		case wild && r == '*':
			r = anyText
		case wild && r == '?':
			r = anyRune
		}
		runes = append(runes, r)
		text = text[n:]
	}
	return runes
}

// next returns the character that s begins with, in lower case, and its length in bytes. A byte that is no part of UTF-8
// is a character of its own.
func next(s string) (r rune, n int) {
	if c := s[0]; c < utf8.RuneSelf {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		return rune(c), 1
	}
	r, n = utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && n == 1 {
		return unicode.MaxRune + 1 + rune(s[0]), 1
	}
	return unicode.ToLower(r), n
}

func (p *pattern) match(s string) bool {
	return s != "" && (covers(p.runes, s) || p.free && covers(p.runes[2:], s))
}

// covers reports whether the pattern matches all of s. Where that fails behind a star, only the last star is tried with
// one character more: those before it may as well stay as they are.
func covers(pattern []rune, s string) bool {
	star, reach := -1, 0 // the last star's place, and up to which byte it stands for s
	place, at := 0, 0
	for at < len(s) {
		r, n := next(s[at:])
		switch {
		case place < len(pattern) && pattern[place] == anyText:
			star, reach = place, at
			place++
		case place < len(pattern) && (pattern[place] == anyRune || pattern[place] == r):
			place++
			at += n
		case star < 0:
			return false
		default:
			_, n = next(s[reach:])
			reach += n
			place, at = star+1, reach
		}
	}
	for place < len(pattern) && pattern[place] == anyText {
		place++
	}
	return place == len(pattern)
}

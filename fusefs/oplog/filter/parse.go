package filter

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"vitrine/fusefs/oplog"
)

// SyntaxError says what in the text is no filter, and what would be right.
type SyntaxError struct {
	Offset, Length int // of what is wrong, in bytes of the text
	Message        string
	Phrases        []Phrase // that the message is made of, to put it into another language
}

func (e *SyntaxError) Error() string { return e.Message }

// Phrase is a part of a message: Format is the English one, in the form of fmt.Sprintf, and the key to look a translation up
// by. Args are strings.
type Phrase struct {
	Format string
	Args   []any
}

// String returns the phrase in English.
func (p Phrase) String() string { return fmt.Sprintf(p.Format, p.Args...) }

func phrase(format string, args ...any) Phrase { return Phrase{format, args} }

// Parse reads a filter; see the package for the language. The error is a *SyntaxError. An empty text is a filter that
// lets everything pass.
func Parse(text string) (*Filter, error) {
	f := new(Filter)
	for w := range words(text) {
		t, err := parseWord(text, &w)
		if err != nil {
			return nil, err
		}
		f.terms = append(f.terms, t)
	}
	return f, nil
}

func parseWord(text string, w *word) (t term, err error) {
	body := text[w.body:w.end]
	switch i := strings.IndexAny(body, `:<>="`); {
	case w.quote >= 0:
		err = wrong(w.quote, w.end, phrase(`the quote is not closed: put a " at the end of the text`))
	case body == "":
		err = wrong(w.begin, w.end, phrase(`"-" stands before a word, without a space: -proc:cp`))
	case body[0] == '"':
		t, err = parseText(body, w)
	case i < 0 || body[i] == '"':
		t, err = parseOp(body, w.body, w)
	default:
		t, err = parseKey(body, i, w)
	}
	t.not = w.negated()
	return t, err
}

func wrong(begin, end int, phrases ...Phrase) error {
	e := &SyntaxError{Offset: begin, Length: end - begin, Phrases: phrases}
	for _, p := range phrases {
		e.Message += p.String()
	}
	return e
}

func parseText(body string, w *word) (term, error) {
	text := unquote(body)
	if text == "" {
		return term{}, wrong(w.body, w.end, phrase(`there is nothing in the quotes: write a part of a path, as in "my film"`))
	}
	return term{key: &keys[keyPath], literal: true, text: text, pattern: partPattern(text)}, nil
}

// parseOp reads the name of an operation, which begins at begin.
func parseOp(name string, begin int, w *word) (term, error) {
	op, ok := oplog.ParseOp(strings.ToLower(name))
	switch {
	case ok:
		return term{key: &keys[keyOp], number: int64(op)}, nil
	case begin > w.body:
		return term{}, wrong(begin, w.end, phrase("there is no operation %q", name), orElse(nearest(name, opNames())))
	default:
		return term{}, wrong(begin, w.end, phrase("unknown word %q", name), orElse(suggest(name)),
			phrase(" A word is an operation, or begins with %s or %s; a part of a path stands in double quotes", listOfKeys()...))
	}
}

// orElse ends a sentence, with a suggestion if there is one.
func orElse(suggestion string) Phrase {
	if suggestion == "" {
		return phrase(".")
	}
	return phrase(": did you mean %s?", suggestion)
}

// listOfKeys names all keys, as they are written: all but the last, and the last.
func listOfKeys() []any {
	var names []string
	for i := range keys {
		name := keys[i].name
		if !keys[i].isOrdered() {
			name += ":"
		}
		names = append(names, name)
	}
	return []any{strings.Join(names[:len(names)-1], ", "), names[len(names)-1]}
}

// parseKey reads a word whose key ends at byte i of body.
func parseKey(body string, i int, w *word) (term, error) {
	k := keyNamed(strings.ToLower(body[:i]))
	if k == nil {
		return term{}, wrong(w.body, w.body+max(i, 1), phrase("there is no %q", body[:i]), orElse(nearest(body[:i], keyNames())),
			phrase(" What can stand there is %s or %s", listOfKeys()...))
	}
	compare, n := parseComparison(body[i:], k.isOrdered())
	value := unquote(body[i+n:])
	switch {
	case compare != equal && !k.isOrdered():
		return term{}, wrong(w.body+i, w.body+i+n, phrase("%s has no order: write %s", k.name, k.example))
	case value == "":
		return term{}, wrong(w.body, w.end, phrase("%s needs a value, as in %s", body[:i+n], k.example))
	}
	return parseValue(term{key: k, compare: compare}, value, w.body+i+n, w)
}

// parseComparison reads a comparison and returns its length. A colon before one means nothing: "size:>1M".
func parseComparison(s string, ordered bool) (c comparison, n int) {
	if s[0] == ':' && ordered && len(s) > 1 && strings.IndexByte("<>=", s[1]) >= 0 {
		c, n = parseComparison(s[1:], true)
		return c, n + 1
	}
	for _, c := range []comparison{atMost, atLeast, below, above, equal} {
		if strings.HasPrefix(s, c.String()) {
			return c, len(c.String())
		}
	}
	return equal, len("=")
}

// parseValue completes t with the value, which begins at begin.
func parseValue(t term, value string, begin int, w *word) (term, error) {
	var err error
	switch t.key.id {
	case keyOp:
		return parseOp(value, begin, w)
	case keyPath:
		t.text, t.pattern = value, pathPattern(value)
	case keyProc:
		t.text, t.pattern = value, wholePattern(value)
	case keyErr:
		t.number, err = parseErr(value, begin, w)
	case keyIs:
		t.number, err = parseState(value, begin, w)
	default:
		t.number, err = parseNumber(t.key, value, begin, w)
	}
	return t, err
}

func parseErr(value string, begin int, w *word) (int64, error) {
	switch strings.ToLower(value) {
	case "*":
		return errAny, nil
	case "none":
		return errNone, nil
	}
	if e, ok := oplog.ParseErrno(strings.ToUpper(value)); ok {
		return int64(e), nil
	}
	n, err := plain.parse(value)
	if err != nil || n < 0 {
		return 0, wrong(begin, w.end, phrase("there is no error %q", value), orElse(nearest(strings.ToUpper(value), errNames())),
			phrase(" err:* is any error, err:none success"))
	}
	return n, nil
}

func errText(number int64) string {
	if number == errAny {
		return "*"
	}
	if number == errNone {
		return "none"
	}
	return oplog.ErrnoText(syscall.Errno(number))
}

func parseState(value string, begin int, w *word) (int64, error) {
	for i, name := range stateNames {
		if name == strings.ToLower(value) {
			return int64(i), nil
		}
	}
	return 0, wrong(begin, w.end, phrase("is: knows no %q", value), orElse(nearest(value, stateNames)),
		phrase(" What can stand there is %s", strings.Join(stateNames, ", ")))
}

func parseNumber(k *key, value string, begin int, w *word) (int64, error) {
	n, err := k.units.parse(value)
	isID := k.id == keyPID || k.id == keyHandle
	switch {
	case err == nil && (n >= 0 || !isID):
		return n, nil
	case errors.Is(err, errTooLarge):
		return 0, wrong(begin, w.end, phrase("%s is too large a number", value))
	case errors.Is(err, errNoUnit):
		return 0, wrong(begin, w.end, k.units.hint(value))
	default:
		return 0, wrong(begin, w.end, phrase("%q is no number: write %s", value, k.example))
	}
}

// hint names the units to write behind a number.
func (us units) hint(number string) Phrase {
	var names []string
	for _, u := range us {
		if u.names[0] != "" {
			names = append(names, u.names[0])
		}
	}
	if len(names) == 0 {
		return phrase("%s has a unit, and is a plain number here", number)
	}
	return phrase("%s needs a unit: %s", number, strings.Join(names, ", "))
}

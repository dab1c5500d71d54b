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
}

func (e *SyntaxError) Error() string { return e.Message }

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
		err = wrong(w.quote, w.end, `the quote is not closed: put a " at the end of the text`)
	case body == "":
		err = wrong(w.begin, w.end, `"-" stands before a word, without a space: -proc:cp`)
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

func wrong(begin, end int, format string, args ...any) error {
	return &SyntaxError{Offset: begin, Length: end - begin, Message: fmt.Sprintf(format, args...)}
}

func parseText(body string, w *word) (term, error) {
	text := unquote(body)
	if text == "" {
		return term{}, wrong(w.body, w.end, `there is nothing in the quotes: write a part of a path, as in "my film"`)
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
		return term{}, wrong(begin, w.end, "there is no operation %q%s", name, orElse(nearest(name, opNames())))
	default:
		return term{}, wrong(begin, w.end, "unknown word %q%s A word is an operation, or begins with %s; "+
			`a part of a path stands in double quotes`, name, orElse(suggest(name)), listOfKeys())
	}
}

// orElse ends a sentence, with a suggestion if there is one.
func orElse(suggestion string) string {
	if suggestion == "" {
		return "."
	}
	return ": did you mean " + suggestion + "?"
}

// listOfKeys names all keys, as they are written.
func listOfKeys() string {
	var names []string
	for i := range keys {
		name := keys[i].name
		if !keys[i].isOrdered() {
			name += ":"
		}
		names = append(names, name)
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

// parseKey reads a word whose key ends at byte i of body.
func parseKey(body string, i int, w *word) (term, error) {
	k := keyNamed(strings.ToLower(body[:i]))
	if k == nil {
		return term{}, wrong(w.body, w.body+max(i, 1), "there is no %q%s What can stand there is %s",
			body[:i], orElse(nearest(body[:i], keyNames())), listOfKeys())
	}
	compare, n := parseComparison(body[i:], k.isOrdered())
	value := unquote(body[i+n:])
	switch {
	case compare != equal && !k.isOrdered():
		return term{}, wrong(w.body+i, w.body+i+n, "%s has no order: write %s", k.name, k.example)
	case value == "":
		return term{}, wrong(w.body, w.end, "%s needs a value, as in %s", body[:i+n], k.example)
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
		return 0, wrong(begin, w.end, "there is no error %q%s err:* is any error, err:none success",
			value, orElse(nearest(strings.ToUpper(value), errNames())))
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
	return 0, wrong(begin, w.end, "is: knows no %q%s What can stand there is %s",
		value, orElse(nearest(value, stateNames)), strings.Join(stateNames, ", "))
}

func parseNumber(k *key, value string, begin int, w *word) (int64, error) {
	n, err := k.units.parse(value)
	isID := k.id == keyPID || k.id == keyHandle
	switch {
	case err == nil && (n >= 0 || !isID):
		return n, nil
	case errors.Is(err, errTooLarge):
		return 0, wrong(begin, w.end, "%s is too large a number", value)
	case errors.Is(err, errNoUnit):
		return 0, wrong(begin, w.end, "%s needs a unit: %s", value, k.units.hint())
	default:
		return 0, wrong(begin, w.end, "%q is no number: write %s", value, k.example)
	}
}

// hint names the units to write.
func (us units) hint() string {
	var names []string
	for _, u := range us {
		if u.names[0] != "" {
			names = append(names, u.names[0])
		}
	}
	if len(names) == 0 {
		return "none, it is a plain number"
	}
	return strings.Join(names, ", ")
}

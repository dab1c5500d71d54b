package filter

import (
	"strconv"
	"strings"
)

// Known is what was seen so far, the likeliest first.
type Known struct {
	Procs, Paths []string
	PIDs         []int32
	Handles      []uint64
}

// Completion is a way to go on with a text: put Text in place of Length bytes from Offset on.
type Completion struct {
	Text           string
	Help           string // what it means, "" where that is plain
	Offset, Length int
}

// Complete returns the ways to go on with the word at the cursor, a place in bytes: keys and operations, or the values of
// the key that is there already. It does not mind errors elsewhere in the text.
func Complete(text string, cursor int, known Known) []Completion {
	cursor = min(max(cursor, 0), len(text))
	w := word{begin: cursor, end: cursor, body: cursor}
	for other := range words(text) {
		if other.begin <= cursor && cursor <= other.end {
			w = other
		}
	}
	c := completer{known: known, word: w}
	c.complete(text[w.body:max(cursor, w.body)])
	return c.found
}

// completer gathers completions of a word.
type completer struct {
	known Known
	word  word
	found []Completion
}

func (c *completer) add(text, help string) {
	c.found = append(c.found, Completion{Text: text, Help: help, Offset: c.word.body, Length: c.word.end - c.word.body})
}

// complete goes on with what was typed of the word.
func (c *completer) complete(typed string) {
	i := strings.IndexAny(typed, `:<>="`)
	switch {
	case i < 0:
		c.completeBare(strings.ToLower(typed))
	case i == 0 && typed[0] == '"':
		c.addThoseWith(unquote(typed), c.known.Paths, quote)
	case typed[i] != '"':
		if k := keyNamed(strings.ToLower(typed[:i])); k != nil {
			compare, n := parseComparison(typed[i:], k.isOrdered())
			c.completeValue(k, k.name+compare.String(), unquote(typed[i+n:]))
		}
	}
}

func (c *completer) completeBare(typed string) {
	for i := range keys {
		k := &keys[i]
		if strings.HasPrefix(k.name, typed) {
			sign := equal
			if k.isOrdered() {
				sign = above
			}
			c.add(k.name+sign.String(), k.help)
		}
	}
	for _, name := range opNames() {
		if strings.HasPrefix(name, typed) {
			c.add(name, "")
		}
	}
}

// sizes and durations are round numbers to begin with.
var (
	sizes     = []string{"4K", "64K", "1M", "16M", "1G"}
	durations = []string{"100us", "1ms", "10ms", "100ms", "1s"}
)

func (c *completer) completeValue(k *key, head, typed string) {
	switch k.id {
	case keyOp:
		c.addThoseFrom(typed, opNames(), head)
	case keyPath:
		c.addThoseWith(typed, c.known.Paths, func(s string) string { return head + quoteIfNeeded(s) })
	case keyProc:
		c.addThoseWith(typed, c.known.Procs, func(s string) string { return head + quoteIfNeeded(s) })
	case keyPID:
		c.addThoseFrom(typed, decimals(c.known.PIDs), head)
	case keyHandle:
		c.addThoseFrom(typed, decimals(c.known.Handles), head)
	case keyErr:
		c.addThoseFrom(typed, append([]string{"*", "none"}, errNames()...), head)
	case keyIs:
		c.addThoseFrom(typed, stateNames, head)
	case keyDur, keyWait:
		c.addThoseFrom(typed, durations, head)
	default:
		c.addThoseFrom(typed, sizes, head)
	}
}

func decimals[N int32 | uint64](numbers []N) (texts []string) {
	for _, n := range numbers {
		texts = append(texts, strconv.FormatUint(uint64(n), 10))
	}
	return texts
}

// addThoseFrom adds the values that begin with what was typed.
func (c *completer) addThoseFrom(typed string, values []string, head string) {
	for _, v := range values {
		if len(v) >= len(typed) && strings.EqualFold(v[:len(typed)], typed) {
			c.add(head+v, "")
		}
	}
}

// addThoseWith adds the texts that contain what was typed.
func (c *completer) addThoseWith(typed string, texts []string, write func(string) string) {
	part := partPattern(typed)
	for _, s := range texts {
		if part.match(s) {
			c.add(write(s), "")
		}
	}
}

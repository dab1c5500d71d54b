package config

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"vitrine/app/config/failure"
)

// maxFile is far more than any configuration needs, and little enough to read whole.
const maxFile = 1 << 20

// maxProblems is how many mistakes are looked for in one file; more would help nobody.
const maxProblems = 20

// Problem is one mistake in a configuration file.
type Problem struct {
	Line   int    // 1 for the first line, 0 where no line is to blame
	Key    string // "" where no key is to blame
	Reason Reason // one clause for people; names the key
}

// FileError is everything that is wrong with a configuration file.
type FileError struct {
	Path     string
	Problems []Problem // by line, at least one
}

// Error is Reason in English.
func (e *FileError) Error() string { return e.Reason().String() }

// Reason lists every problem with its line, and says what to do.
func (e *FileError) Reason() Reason {
	if len(e.Problems) == 1 {
		return textf("%s %s. Correct it in a text editor, or move the file away to start with the defaults.", e.Path, e.Problems[0].where())
	}
	list := Reason{Format: strings.Repeat("  %s.\n", len(e.Problems))}
	for _, p := range e.Problems {
		list.Args = append(list.Args, p.where())
	}
	return textf("%s has %d problems:\n%sCorrect them in a text editor, or move the file away to start with the defaults.", e.Path, len(e.Problems), list)
}

func (p Problem) String() string { return p.where().String() }

// where is the reason with the line before it.
func (p Problem) where() Reason {
	if p.Line == 0 {
		return p.Reason
	}
	return textf("line %d: %s", p.Line, p.Reason)
}

// Load reads the configuration at path. A missing file gives the defaults, and so does a key that the file does not
// set. A file with any mistake gives a *FileError that names them (at least the first 20), and no configuration.
func Load(path string) (Config, error) {
	text, err := readFile(path)
	if err != nil {
		return Config{}, err
	}
	doc, err := parse(path, text)
	if err != nil {
		return Config{}, err
	}
	return doc.config, nil
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, unreadable(path, err)
	case !info.Mode().IsRegular():
		return nil, failure.Textf("cannot read the settings: %s is not a file; move it away to start with the defaults", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, unreadable(path, err)
	}
	if len(text) > maxFile {
		return nil, failure.Textf("cannot read the settings: %s is larger than 1 MiB, so it can hardly be a configuration; move it away to start with the defaults", path)
	}
	return text, nil
}

func unreadable(path string, err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	return failure.Textf("cannot read the settings in %s: %v; make the file readable for you, or move it away to start with the defaults", path, err)
}

// document is a configuration file and where each key stands in it.
type document struct {
	text     []byte
	breaks   []int // offsets of the line breaks
	config   Config
	entries  map[string]entry
	problems []Problem
}

// entry is one "key = value".
type entry struct {
	line       int
	start, end int // of the value, in bytes
	value      any // as TOML has it; nil where it cannot be read
}

// parse reads text. It walks the syntax tree and not the decoded values, because only the tree has a line for every
// kind of mistake, for unknown keys too, and lets all of them be told at once.
func parse(path string, text []byte) (*document, error) {
	d := &document{text: bytes.TrimPrefix(text, []byte("\ufeff")), config: Default(), entries: map[string]entry{}}
	d.breaks = lineBreaks(d.text)
	d.scan()
	if v, newer := d.newerVersion(); newer {
		return nil, failure.Textf("%s line %d: the file has version %d, of a newer Vitrine; this one knows version %d. "+
			"Update Vitrine, or move the file away to start with the defaults", path, d.entries[versionKey].line, v, Version)
	}
	d.assign()
	if len(d.problems) > 0 {
		slices.SortStableFunc(d.problems, func(a, b Problem) int { return a.Line - b.Line })
		return nil, &FileError{path, d.problems}
	}
	return d, nil
}

func (d *document) blame(line int, key string, reason Reason) {
	d.problems = append(d.problems, Problem{line, key, reason})
}

// line returns the number of the line that holds the byte at offset.
func (d *document) line(offset int) int { return 1 + sort.SearchInts(d.breaks, offset) }

func lineBreaks(text []byte) []int {
	var at []int
	for i, b := range text {
		if b == '\n' {
			at = append(at, i)
		}
	}
	return at
}

// scan finds the keys with their values, up to the first mistake of syntax or too many others.
func (d *document) scan() {
	if bad := invalidUTF8(d.text); bad >= 0 {
		d.blame(d.line(bad), "", textf("the text is not valid UTF-8; save the file as UTF-8"))
		return
	}
	var p unstable.Parser
	p.Reset(d.text)
	section := false
	for len(d.problems) < maxProblems && p.NextExpression() {
		switch node := p.Expression(); node.Kind {
		case unstable.Table, unstable.ArrayTable:
			section = true
			name, start, _ := dottedKey(node)
			d.blame(d.line(start), name, textf("[%s] is not known; there are no sections, every key stands by itself", show(name)))
		case unstable.KeyValue:
			if !section {
				d.add(node)
			}
		}
	}
	var syntax *unstable.ParserError
	if errors.As(p.Error(), &syntax) {
		d.blameSyntax(int(p.Range(syntax.Highlight).Offset), syntax.Message)
	} else if p.Error() != nil {
		d.blame(0, "", textf("this is not TOML: %v", p.Error()))
	}
}

// blameSyntax names the key too, where the mistake is in the value of one, such as text without quotes.
func (d *document) blameSyntax(at int, message string) {
	line := d.line(at)
	start := 1 + bytes.LastIndexByte(d.text[:at], '\n')
	text, _, _ := strings.Cut(string(d.text[start:]), "\n")
	name, value, isValue := strings.Cut(text, "=")
	k := keyNamed(strings.TrimSpace(name))
	if k == nil || !isValue || at-start < len(name) {
		d.blame(line, "", textf("this is not TOML: %s", message))
		return
	}
	d.blame(line, k.name, textf("%s is %s; %s (%s)", k.name, clip(strings.TrimSpace(value)), k.takes, message))
}

func invalidUTF8(text []byte) int {
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

// dottedKey returns the name of a key or section, and where it begins and ends.
func dottedKey(node *unstable.Node) (name string, start, end int) {
	var parts []string
	start = -1
	for it := node.Key(); it.Next(); {
		part := it.Node()
		if start < 0 {
			start = int(part.Raw.Offset)
		}
		end = int(part.Raw.Offset + part.Raw.Length)
		parts = append(parts, string(part.Data))
	}
	return strings.Join(parts, "."), start, end
}

func (d *document) add(node *unstable.Node) {
	name, start, end := dottedKey(node)
	line := d.line(start)
	if first, twice := d.entries[name]; twice {
		d.blame(line, name, textf("%s is set a second time; line %d sets it already", show(name), first.line))
		return
	}
	if keyNamed(name) == nil && name != versionKey {
		d.blame(line, name, unknownKey(name))
		return
	}
	e := entry{line: line, end: int(node.Raw.Offset + node.Raw.Length)}
	e.start = end + bytes.IndexByte(d.text[end:], '=') + 1
	for d.text[e.start] == ' ' || d.text[e.start] == '\t' {
		e.start++
	}
	e.value = decodeValue(d.text[e.start:e.end])
	d.entries[name] = e
}

func unknownKey(name string) Reason {
	if near := nearestKey(name); near != "" {
		return textf("%s is not a known key; did you mean %s?", show(name), near)
	}
	return textf("%s is not a known key; the keys are %s", show(name), strings.Join(keyNames(), ", "))
}

func decodeValue(source []byte) any {
	var doc map[string]any
	if toml.Unmarshal(slices.Concat([]byte("value = "), source), &doc) != nil {
		return nil
	}
	return doc["value"]
}

// newerVersion returns the file's version where it is newer than this package knows.
func (d *document) newerVersion() (int64, bool) {
	v, _ := d.entries[versionKey].value.(int64)
	return v, v > Version
}

func isVersion(value any) bool {
	v, ok := value.(int64)
	return ok && v == Version
}

// assign takes the values over into the configuration and checks them.
func (d *document) assign() {
	if e, set := d.entries[versionKey]; set && !isVersion(e.value) {
		d.blame(e.line, versionKey, textf("version is %s; it takes %d", d.source(e), Version))
	}
	wrong := map[string]bool{}
	for i := range keys {
		k := &keys[i]
		e, set := d.entries[k.name]
		if !set || k.set(&d.config, e.value) {
			continue
		}
		wrong[k.name] = true
		d.blame(e.line, k.name, textf("%s is %s; %s", k.name, d.source(e), k.takes))
	}
	for _, p := range d.config.wrongFields() {
		if !wrong[p.key.name] {
			d.blameValue(p)
		}
	}
	if len(d.problems) == 0 { // else a path may be another than it is meant to be
		for _, p := range d.config.overlaps() {
			d.blameValue(p)
		}
	}
}

func (d *document) blameValue(p problem) {
	e, set := d.entries[p.key.name]
	if set {
		d.blame(e.line, p.key.name, textf("%s is %s; %s", p.key.name, d.source(e), p.reason))
		return
	}
	d.blame(0, p.key.name, textf("%s is not set, so it is %s; %s", p.key.name, p.key.text(d.config), p.reason))
}

// source returns the value of an entry as it is written, cut to what fits in a message.
func (d *document) source(e entry) string { return clip(string(d.text[e.start:e.end])) }

// show returns a name as it can stand in a message.
func show(name string) string {
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return clip(quote(name))
	}
	return clip(name)
}

func clip(s string) string {
	const most = 60
	if line, _, cut := strings.Cut(s, "\n"); cut {
		s = strings.TrimSuffix(line, "\r") + "…"
	}
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}

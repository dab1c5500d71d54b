// Package filter is the one line in which a person says which operations to see:
//
//	write path:*.bin -proc:cp err:* dur>10ms size>=1M
//
// An operation is shown if every word holds. Words of one key are alternatives, though: "read write" shows both, and so
// does "pid:1 pid:2". Not so what bounds a number: of "size>=4K size<1M" both must hold. A "-" before a word turns it
// round, and every word that is turned round must hold.
//
//	write, op:write   the operation, by the name that the log gives it
//	path:*.bin        a path of the operation, the second one of a rename too. "*" is any text, slashes too, and "?" is
//	                  one character; such a pattern covers the whole path, or with no slash before it the end of the path
//	                  from some name on. Without wildcards, any part of the path. Case does not matter.
//	"my film"         a part of the path, in which "*" and "?" are nothing particular
//	proc:cp           the whole name of the process, or a pattern; case does not matter
//	pid:4242          the process
//	handle:7          the handle
//	err:EBADF         the error, by name or number; err:* is any, err:none is success
//	dur>10ms          how long it took: ns, us, ms, s. Likewise wait, for the time spent waiting for the handle
//	size>=1M          bytes asked for: K, M, G and T count by 1024. Likewise off, the offset, and result, the bytes moved
//	is:refused        what is particular: refused, waited, panicked, exchanged, inflight, hazard
//
// Numbers are compared by <, <=, =, >= and >. A value with spaces stands in double quotes, in which \" is a quote and \\
// a backslash.
package filter

import (
	"slices"
	"strings"

	"vitrine/fusefs/oplog"
)

// Filter says which operations to see. It is safe for concurrent use. A nil Filter lets everything pass.
type Filter struct {
	// Hazards tells which events, by their sequence numbers, are part of a hazard. Set it before the first Match;
	// without it is:hazard matches nothing.
	Hazards func(seq uint64) bool

	terms []term
}

// term is one word.
type term struct {
	key     *key
	not     bool
	literal bool   // text in quotes, without a key
	text    string // as a person wrote it: of path and proc
	pattern pattern
	compare comparison
	number  int64 // of every other key
}

// Of the key err, numbers that are no error's.
const (
	errAny  = -1
	errNone = 0
)

// Match reports whether e is to be seen. It allocates nothing.
func (f *Filter) Match(e *oplog.Event) bool {
	if f == nil {
		return true
	}
	var wanted, met uint32 // bits of keys
	for i := range f.terms {
		t := &f.terms[i]
		bit := uint32(1) << t.key.id
		hit := f.hit(t, e)
		switch {
		case t.not && hit, t.isBound() && !t.not && !hit:
			return false
		case t.not || t.isBound():
		default:
			wanted |= bit
			if hit {
				met |= bit
			}
		}
	}
	return met == wanted
}

// IsEmpty reports whether the filter lets everything pass.
func (f *Filter) IsEmpty() bool { return f == nil || len(f.terms) == 0 }

// AsksForHazards reports whether the filter depends on Hazards.
func (f *Filter) AsksForHazards() bool {
	return f != nil && slices.ContainsFunc(f.terms, func(t term) bool { return t.key.id == keyIs && t.number == isHazard })
}

// isBound tells a word that must hold whatever others of its key say.
func (t *term) isBound() bool { return t.compare != equal }

func (f *Filter) hit(t *term, e *oplog.Event) bool {
	switch t.key.id {
	case keyPath:
		return t.pattern.match(e.Path) || t.pattern.match(e.Path2)
	case keyProc:
		return t.pattern.match(e.Proc)
	case keyErr:
		return int64(e.Errno) == t.number || t.number == errAny && e.Errno != 0
	case keyIs:
		return f.is(t.number, e)
	default:
		return t.compare.holds(t.key.number(e), t.number)
	}
}

// Of the key is.
const (
	isRefused = iota
	isWaited
	isPanicked
	isExchanged
	isInFlight
	isHazard
)

var stateNames = []string{"refused", "waited", "panicked", "exchanged", "inflight", "hazard"}

func (f *Filter) is(state int64, e *oplog.Event) bool {
	switch state {
	case isRefused:
		return e.Flags&oplog.Refused != 0
	case isWaited:
		return e.Wait > 0
	case isPanicked:
		return e.Flags&oplog.Panicked != 0
	case isExchanged:
		return e.Flags&oplog.Exchanged != 0
	case isInFlight:
		return e.Flags&oplog.InFlight != 0
	default:
		return f.Hazards != nil && e.Seq != 0 && f.Hazards(e.Seq)
	}
}

// String returns the filter as text that parses to the same.
func (f *Filter) String() string {
	if f == nil {
		return ""
	}
	words := make([]string, len(f.terms))
	for i := range f.terms {
		words[i] = f.terms[i].String()
	}
	return strings.Join(words, " ")
}

func (t *term) String() string {
	word := t.key.name + t.compare.String() + t.value()
	if t.literal {
		word = quote(t.text)
	} else if t.key.id == keyOp {
		word = oplog.Op(t.number).String()
	}
	if t.not {
		return "-" + word
	}
	return word
}

func (t *term) value() string {
	switch {
	case t.key.isText():
		return quoteIfNeeded(t.text)
	case t.key.id == keyErr:
		return errText(t.number)
	case t.key.id == keyIs:
		return stateNames[t.number]
	default:
		return t.key.units.format(t.number)
	}
}

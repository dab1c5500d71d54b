package activity

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"vitrine/fusefs/oplog"
)

// Sentence is a sentence for people that can be put into another language: Format is the English one, in the form of
// fmt.Sprintf, and the key to look a translation up by. Args are strings, whole numbers, and the types Span, Bytes and
// Who, each of which is written in English by its String.
type Sentence struct {
	Format string
	Args   []any
}

// String returns the sentence in English.
func (s Sentence) String() string { return fmt.Sprintf(s.Format, s.Args...) }

func sentence(format string, args ...any) Sentence { return Sentence{format, args} }

// Span is a length of time in ns.
type Span int64

// String writes the span in the unit that suits it, with three digits at most before the unit changes.
func (s Span) String() string {
	for _, u := range []struct {
		name string
		ns   int64
	}{{"s", 1e9}, {"ms", 1e6}, {"µs", 1e3}} {
		if n := float64(s) / float64(u.ns); n >= 0.9995 || n <= -0.9995 {
			return significant(n) + " " + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10) + " ns"
}

// significant writes two digits of a number below 10, and whole numbers beyond.
func significant(n float64) string {
	if n < 9.95 {
		return strings.TrimSuffix(strconv.FormatFloat(n, 'f', 1, 64), ".0")
	}
	return strconv.FormatFloat(n, 'f', 0, 64)
}

// Bytes is a number of bytes.
type Bytes int64

// String writes the number with a binary unit.
func (b Bytes) String() string { return humanize.IBytes(uint64(max(b, 0))) }

// Who is a process. PID 0 is the kernel by itself.
type Who struct {
	PID  int32
	Proc string
}

func whoOf(e *oplog.Event) Who { return Who{e.PID, e.Proc} }

// String returns the process as "cp (4242)".
func (w Who) String() string {
	switch {
	case w.PID == 0:
		return "the kernel"
	case w.Proc == "":
		return fmt.Sprintf("process %d", w.PID)
	default:
		return fmt.Sprintf("%s (%d)", w.Proc, w.PID)
	}
}

package main

import (
	"fmt"
	"io"
	"os"

	"github.com/dustin/go-humanize"
	"github.com/mattn/go-isatty"

	"vitrine/fusefs/activity"
)

// statusLine is the live line of a drive without a window. On a terminal it is drawn over itself once a second;
// elsewhere, as in a service's journal, a line is written only when what it says about open files or errors changes.
type statusLine struct {
	out      io.Writer
	engine   *engine
	terminal bool
	last     string
}

func newStatusLine(out io.Writer, e *engine) *statusLine {
	file, ok := out.(*os.File)
	return &statusLine{out: out, engine: e, terminal: ok && isatty.IsTerminal(file.Fd())}
}

func (l *statusLine) show() {
	s := l.engine.activity()
	if l.terminal {
		fmt.Fprintf(l.out, "\r\x1b[K%s", statusText(s))
		return
	}
	if key := fmt.Sprint(len(s.Open), s.Errors); key != l.last {
		fmt.Fprintln(l.out, statusText(s))
		l.last = key
	}
}

// end leaves the terminal on a fresh line.
func (l *statusLine) end() {
	if l.terminal {
		fmt.Fprintln(l.out)
	}
}

func statusText(s *activity.Snapshot) string {
	return fmt.Sprintf("in %s/s  out %s/s  %.0f ops/s  %d open  %d in flight  %d errors  (Ctrl-C ejects)",
		humanize.Bytes(uint64(s.WriteRate)), humanize.Bytes(uint64(s.ReadRate)), s.OpRate, len(s.Open), len(s.InFlight), s.Errors)
}

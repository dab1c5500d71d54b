// Package doctor looks at all that Vitrine needs of a machine, and says for each thing that it is well, or the cure. It
// changes nothing.
package doctor

import (
	"fmt"
	"strings"
	"time"
)

// State says how a thing is.
type State string

const (
	OK   State = "ok"
	Note State = "note" // something works differently because of it
	Bad  State = "bad"  // something does not work because of it
)

// Finding is what came of looking at one thing.
type Finding struct {
	Name    string // of the thing, e.g. "FUSE device"
	State   State
	Text    string // one clause: how it is
	Cure    string // one or two sentences, "" where nothing is to be done
	Command string // a command that cures it, "" where there is none
}

// String returns a finding as people read it, in one line or more.
func (f Finding) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-4s  %-14s  %s\n", f.State, f.Name, strings.ReplaceAll(f.Text, "\n", "\n"+indent))
	if f.Cure != "" {
		b.WriteString(indent + strings.ReplaceAll(f.Cure, "\n", "\n"+indent) + "\n")
	}
	if f.Command != "" {
		b.WriteString(indent + "  " + f.Command + "\n")
	}
	return b.String()
}

const indent = "                      "

func ok(name, format string, args ...any) Finding {
	return Finding{Name: name, State: OK, Text: fmt.Sprintf(format, args...)}
}

// patience is how long a filesystem may take to answer.
const patience = 3 * time.Second

// ask asks a filesystem, which may hang: the answer is nil, false then.
func ask(question func() error) (err error, answered bool) {
	answer := make(chan error, 1)
	go func() { answer <- question() }()
	select {
	case err := <-answer:
		return err, true
	case <-time.After(patience):
		return nil, false
	}
}

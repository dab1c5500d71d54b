package main

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"

	"vitrine/fusefs"
	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
	"vitrine/ui"
)

func textf(format string, args ...any) fusefs.Text { return fusefs.Text{Format: format, Args: args} }

// failure is an error that can be put into the person's language.
type failure struct {
	fusefs.Text
	cause error // nil where there is none
}

func (f failure) Error() string { return f.String() }
func (f failure) Unwrap() error { return f.cause }

// sayError writes an error in the person's language, as far as its text is known there.
func sayError(err error) string {
	var f failure
	if errors.As(err, &f) {
		return say(f.Text)
	}
	return err.Error()
}

// say writes a text in the person's language.
func say(t fusefs.Text) string {
	args := make([]any, len(t.Args))
	for i, a := range t.Args {
		args[i] = a
		switch a := a.(type) {
		case string:
			args[i] = printable(a)
		case fusefs.Text:
			args[i] = say(a)
		case fusefs.Holder:
			args[i] = sayHolder(a)
		case fusefs.State:
			args[i] = ui.Say(a.String())
		case error:
			args[i] = sayCause(a)
		}
	}
	return ui.Say(t.Format, args...)
}

func sayHolder(h fusefs.Holder) string {
	if h.Name == "" {
		return say(textf("process %d", h.PID))
	}
	return printable(h.String())
}

// sayCause writes the system's error as a clause that can follow a colon. Where the person does not read English, that is
// what the error means; the system has no words in other languages here.
func sayCause(err error) string {
	cause := err
	if path, ok := cause.(*fs.PathError); ok {
		cause = path.Err
	}
	if errno, ok := cause.(syscall.Errno); ok {
		meaning := activity.Explain(oplog.Event{Errno: errno}, nil, nil).Meaning
		if text := ui.Say(meaning.Format, meaning.Args...); text != meaning.String() {
			return strings.TrimSuffix(text, ".")
		}
	}
	return printable(err.Error())
}

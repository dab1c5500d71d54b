package main

import (
	"errors"

	"vitrine/app/config"
	"vitrine/app/config/failure"
	"vitrine/fusefs"
	"vitrine/ui"
)

func textf(format string, args ...any) fusefs.Text { return fusefs.Text{Format: format, Args: args} }

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
		case config.Reason:
			args[i] = say(fusefs.Text(a))
		case config.Count:
			args[i] = ui.Count(int(a))
		case error:
			args[i] = sayError(a)
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

// sayError writes an error in the person's language, as far as its text is known there: as a clause that can follow a
// colon, or whatever the error is by itself.
func sayError(err error) string {
	var known *failure.Error
	var file *config.FileError
	var problem *fusefs.Problem
	switch {
	case errors.As(err, &known):
		return say(fusefs.Text(*known))
	case errors.As(err, &file):
		return say(fusefs.Text(file.Reason()))
	case errors.As(err, &problem):
		return say(problem.What)
	}
	if meaning := ui.Meaning(err); meaning != "" {
		return meaning
	}
	return printable(err.Error())
}

// spoken is an error for the window, which shows its text as it is; nil for nil.
func spoken(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(sayError(err))
}

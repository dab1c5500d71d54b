// Package failure makes errors that can be put into the person's language.
package failure

import "fmt"

// Error is an error as a text for people: Format is the English one, in the form of fmt.Sprintf, and the key to look a
// translation up by. Args are those of fusefs.Text, and whole numbers of config.
type Error struct {
	Format string
	Args   []any
}

// Textf makes an error. Errors among the arguments, which are written with %v, are its causes.
func Textf(format string, args ...any) error { return &Error{format, args} }

// Error returns the text in English.
func (e *Error) Error() string { return fmt.Sprintf(e.Format, e.Args...) }

// Unwrap returns the causes.
func (e *Error) Unwrap() []error {
	var causes []error
	for _, a := range e.Args {
		if err, ok := a.(error); ok {
			causes = append(causes, err)
		}
	}
	return causes
}

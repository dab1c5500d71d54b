package fusefs

import (
	"fmt"
	"strings"
)

// Text is a text for people that can be put into another language: Format is the English one, in the form of fmt.Sprintf,
// and the key to look a translation up by. Args are strings, runes, whole numbers, errors, oplog.Op, State, Holder and Text,
// each of which is written in English as fmt does.
type Text struct {
	Format string
	Args   []any
}

// String returns the text in English.
func (t Text) String() string { return fmt.Sprintf(t.Format, t.Args...) }

func textf(format string, args ...any) Text { return Text{format, args} }

// joined lists texts after each other.
func joined(texts []Text) Text {
	list := Text{Format: strings.TrimSuffix(strings.Repeat("%s; ", len(texts)), "; ")}
	for _, t := range texts {
		list.Args = append(list.Args, t)
	}
	return list
}

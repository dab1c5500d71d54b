package main

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"vitrine/fusefs/oplog"
	"vitrine/fusefs/oplog/filter"
)

// parseFilter returns what tells the operations that a filter lets through. The error points at what is wrong.
func parseFilter(text string) (func(*oplog.Event) bool, error) {
	f, err := filter.Parse(text)
	var wrong *filter.SyntaxError
	if errors.As(err, &wrong) {
		before := utf8.RuneCountInString(text[:wrong.Offset])
		marked := utf8.RuneCountInString(text[wrong.Offset : wrong.Offset+wrong.Length])
		return nil, fmt.Errorf("%s\n  %s\n  %s%s", wrong.Message, printable(text), strings.Repeat(" ", before), strings.Repeat("^", max(marked, 1)))
	}
	if err != nil {
		return nil, err
	}
	return f.Match, nil
}

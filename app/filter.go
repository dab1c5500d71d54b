package main

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"vitrine/fusefs/oplog/filter"
)

// parseFilter reads a filter. The error points at what is wrong.
func parseFilter(text string) (*filter.Filter, error) {
	f, err := filter.Parse(text)
	var wrong *filter.SyntaxError
	if errors.As(err, &wrong) {
		before := utf8.RuneCountInString(text[:wrong.Offset])
		marked := utf8.RuneCountInString(text[wrong.Offset : wrong.Offset+wrong.Length])
		return nil, fmt.Errorf("%s\n  %s\n  %s%s", wrong.Message, printable(text), strings.Repeat(" ", before), strings.Repeat("^", max(marked, 1)))
	}
	return f, err
}

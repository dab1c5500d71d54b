package export

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// printable returns s as UTF-8: each byte that is no part of it stands as \xff. Readers of CSV and of traces refuse
// other bytes, and lone surrogates too.
func printable(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, `\x%02x`, s[0])
		} else {
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

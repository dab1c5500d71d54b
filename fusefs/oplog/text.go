package oplog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// text is a string of any bytes in JSON; quote writes it, see there.
type text string

// quote returns s as a JSON string in which each byte that is no part of UTF-8 stands as \udc00 plus the byte.
func quote(s string) []byte {
	q := []byte{'"'}
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			q = fmt.Appendf(q, `\udc%02x`, s[0])
		case r == '"' || r == '\\':
			q = append(q, '\\', s[0])
		case r < ' ' || r == 0x7f:
			q = fmt.Appendf(q, `\u%04x`, r)
		default:
			q = append(q, s[:n]...)
		}
		s = s[n:]
	}
	return append(q, '"')
}

// UnmarshalJSON reads a JSON string back into the bytes that it was made from.
func (t *text) UnmarshalJSON(b []byte) error {
	if !bytes.Contains(bytes.ToLower(b), []byte(`\udc`)) {
		return json.Unmarshal(b, (*string)(t))
	}
	*t = text(unquote(b[1 : len(b)-1]))
	return nil
}

// unquote decodes the inside of a valid JSON string.
func unquote(b []byte) (s []byte) {
	for len(b) > 0 {
		if b[0] != '\\' {
			s, b = append(s, b[0]), b[1:]
		} else if b[1] != 'u' {
			s, b = append(s, unescape(b[1])), b[2:]
		} else {
			var n int
			s, n = appendUnit(s, b)
			b = b[n:]
		}
	}
	return s
}

func unescape(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	default:
		return c
	}
}

// appendUnit decodes the \u escape that b begins with, together with a second one where both make a pair. It returns
// how many bytes of b it used.
func appendUnit(s, b []byte) ([]byte, int) {
	const escape = len(`\u0000`)
	first := unit(b)
	if len(b) >= 2*escape && b[escape] == '\\' && b[escape+1] == 'u' {
		if r := utf16.DecodeRune(first, unit(b[escape:])); r != utf8.RuneError {
			return utf8.AppendRune(s, r), 2 * escape
		}
	}
	if 0xdc80 <= first && first <= 0xdcff {
		return append(s, byte(first)), escape
	}
	return utf8.AppendRune(s, first), escape
}

// unit returns the number in the \u escape that b begins with.
func unit(b []byte) rune {
	n, _ := strconv.ParseUint(string(b[2:6]), 16, 16)
	return rune(n)
}

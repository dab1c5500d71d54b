//go:build unix

package fusefs

import "strings"

// quote makes a path one word of a shell's command line, for a person to copy. Nothing here runs a shell.
func quote(path string) string {
	plain := func(r rune) bool {
		return r > 127 || strings.ContainsRune("/._-+:@%,=", r) ||
			'0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
	}
	if path != "" && strings.TrimFunc(path, plain) == "" {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

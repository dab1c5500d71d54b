package fusefs

import (
	"strings"
	"syscall"
)

// reserved are the characters that Windows has in no name. WinFsp gives POSIX names that hold them to us as they are,
// and shows them to programs of Windows from reservedAt on, as Cygwin does; so they are kept in the backing folder.
const (
	reserved   = `"*:<>?|\`
	reservedAt = 0xF000
)

// nativePath turns a path relative to the root, "a/b", into one that NtCreateFile takes, `a\b`. It refuses names that
// lead elsewhere or cannot be: "..", an empty one, one with a NUL.
func nativePath(rel string) (string, error) {
	if rel == "." {
		return "", nil
	}
	names := strings.Split(rel, "/")
	for i, name := range names {
		if name == "" || name == "." || name == ".." || strings.ContainsRune(name, 0) {
			return "", syscall.EINVAL
		}
		names[i] = nativeName(name)
	}
	return strings.Join(names, `\`), nil
}

// nativeName moves what Windows has in no name to where Cygwin has it. A trailing dot or space would be lost: programs
// of Windows never see one.
func nativeName(name string) string {
	moved := strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(reserved, r) {
			return r + reservedAt
		}
		return r
	}, name)
	if last := len(moved) - 1; moved[last] == '.' || moved[last] == ' ' {
		moved = moved[:last] + string(rune(moved[last])+reservedAt)
	}
	return moved
}

// posixName undoes nativeName, but for a trailing dot or space.
func posixName(native string) string {
	return strings.Map(func(r rune) rune {
		if c := r - reservedAt; c > 0 && (c < ' ' || c < 0x80 && strings.ContainsRune(reserved, c)) {
			return c
		}
		return r
	}, native)
}

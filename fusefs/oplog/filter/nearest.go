package filter

import (
	"strconv"
	"strings"
	"syscall"

	"vitrine/fusefs/oplog"
)

func opNames() (names []string) {
	for op := oplog.Op(1); op < oplog.NumOps; op++ {
		names = append(names, op.String())
	}
	return names
}

func keyNames() (names []string) {
	for i := range keys {
		names = append(names, keys[i].name)
	}
	return names
}

// beyondErrno is past the numbers of errors that have names.
const beyondErrno = 512

func errNames() (names []string) {
	for e := syscall.Errno(1); e < beyondErrno; e++ {
		if name := oplog.ErrnoName(e); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// suggest returns what may have been meant by a word without a key, "" for no idea.
func suggest(word string) string {
	if _, err := strconv.ParseUint(word, 10, 31); err == nil {
		return "pid:" + word
	}
	if _, ok := oplog.ParseErrno(strings.ToUpper(word)); ok {
		return "err:" + strings.ToUpper(word)
	}
	if strings.ContainsAny(word, "/.*?") {
		return "path:" + quoteIfNeeded(word)
	}
	if k := keyNamed(strings.ToLower(word)); k != nil {
		return k.example
	}
	if name := nearest(word, append(opNames(), stateNames...)); name != "" {
		if _, ok := oplog.ParseOp(name); ok {
			return name
		}
		return "is:" + name
	}
	if name := nearest(word, keyNames()); name != "" {
		return keyNamed(name).example
	}
	return ""
}

// nearest returns the name that the word is most like, "" where it is like none.
func nearest(word string, names []string) string {
	best, limit := "", 1+len(word)/4
	if len(word) > 40 {
		return ""
	}
	for _, name := range names {
		d := distance(word, name)
		if len(word) > 1 && (strings.HasPrefix(word, name) || strings.HasPrefix(name, word)) {
			d = 1
		}
		if d <= limit && d < max(len(word), 2) {
			best, limit = name, d-1
		}
	}
	return best
}

// distance counts the letters to insert, take away, replace or swap with their neighbours to make a out of b.
func distance(a, b string) int {
	var older, old []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		older, old, row = old, row, make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(old[j]+cost, old[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], older[j-1]+1)
			}
		}
	}
	return row[len(b)]
}

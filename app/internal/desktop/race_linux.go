package desktop

import (
	"slices"
	"strings"
)

const trayLibrary = "fyne.io/systray."

// races returns the reports of the race detector in a program's output, but for those that are Fyne's tray library's
// own: it sets up and changes its menu, its icon and its connection while D-Bus reads them; and for that of Fyne's loop, which
// at its end closes the queue that another goroutine of Fyne's may still be sending to.
func races(output string) []string {
	var found []string
	for block := range strings.SplitSeq(output, "==================\n") {
		if strings.Contains(block, "WARNING: DATA RACE") && !ofTrayLibrary(block) && !ofEndingLoop(block) {
			found = append(found, block)
		}
	}
	return found
}

// ofTrayLibrary says whether one side of a race is the tray library and the other is the same, or D-Bus sending what
// the library handed to it.
func ofTrayLibrary(report string) bool {
	sides := owners(report)
	return slices.Contains(sides, trayLibrary) && !slices.ContainsFunc(sides, func(owner string) bool {
		return owner != trayLibrary && owner != ""
	})
}

// ofEndingLoop says whether a race is between the end of Fyne's loop and its own events of the program's life, with no function
// of ours on either side.
func ofEndingLoop(report string) bool {
	accesses, _, _ := strings.Cut(report, "\nGoroutine ")
	return strings.Contains(accesses, "fyne.io/fyne/v2/internal/async.(*UnboundedChan[") && strings.Contains(accesses, ".closed()") &&
		strings.Contains(accesses, "fyne.io/fyne/v2/internal/app.(*Lifecycle).RunEventQueue()") && !strings.Contains(accesses, "vitrine/")
}

// owners names, for each access of a report, who made it: the tray library, "" where it was made for nobody we know,
// or else the function of ours or of Fyne's that did it.
func owners(report string) []string {
	var found []string
	inAccess := false
	for line := range strings.Lines(report) {
		line = strings.TrimSpace(line)
		switch {
		case isAccess(line):
			found = append(found, "")
			inAccess = true
		case line == "":
			inAccess = false
		case inAccess && strings.HasPrefix(line, trayLibrary):
			found[len(found)-1] = trayLibrary
			inAccess = false
		case inAccess && hasPrefix(line, "vitrine/", "main.", "fyne.io/"):
			found[len(found)-1] = line
			inAccess = false
		}
	}
	return found
}

func isAccess(line string) bool {
	return hasPrefix(line, "Read at ", "Write at ", "Previous read at ", "Previous write at ",
		"Atomic read at ", "Atomic write at ", "Previous atomic read at ", "Previous atomic write at ")
}

func hasPrefix(line string, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(line, prefix) })
}

package ui

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/dustin/go-humanize"
)

// size writes a number of bytes in decimal units: 1 kB = 1000 B.
func size(bytes float64) string {
	units := [...]string{"B", "kB", "MB", "GB", "TB", "PB"}
	i := 0
	for bytes >= 999.5 && i < len(units)-1 {
		bytes /= 1000
		i++
	}
	if i == 0 {
		return fmt.Sprintf("%.0f B", bytes)
	}
	return three(bytes) + " " + units[i]
}

// rate writes bytes per second in decimal units.
func rate(bytesPerSecond float64) string { return size(bytesPerSecond) + "/s" }

// rateOrDash writes a rate, and a dash where nothing flows.
func rateOrDash(bytesPerSecond float64) string {
	if bytesPerSecond < 0.5 {
		return "–"
	}
	return rate(bytesPerSecond)
}

// three writes a number below 1000 with three digits.
func three(v float64) string {
	switch {
	case v < 9.995:
		return decimal(v, 2)
	case v < 99.95:
		return decimal(v, 1)
	default:
		return decimal(v, 0)
	}
}

// decimal writes a number with so many digits after the mark.
func decimal(v float64, digits int) string { return number(strconv.FormatFloat(v, 'f', digits, 64)) }

// count writes a number with separators between the thousands.
func count[N int | int64 | uint64](n N) string { return number(humanize.Comma(int64(n))) }

// perSecond writes how many of something happen in a second.
func perSecond(v float64) string {
	if v > 0 && v < 9.95 {
		return decimal(v, 1)
	}
	return count(int64(math.Round(v)))
}

// duration writes how long an operation took, with three digits and the fitting unit.
func duration(d time.Duration) string {
	switch {
	case d < 0:
		return "–"
	case d < time.Microsecond:
		return fmt.Sprintf("%d ns", d)
	case d < 999500*time.Nanosecond:
		return three(float64(d)/1e3) + " µs"
	case d < 999500*time.Microsecond:
		return three(float64(d)/1e6) + " ms"
	case d < time.Minute:
		return three(d.Seconds()) + " s"
	default:
		return age(d)
	}
}

// gap writes how long after another operation one began, with a minus where it began before that.
func gap(d time.Duration) string {
	if d < 0 {
		return "−" + duration(-d)
	}
	return duration(d)
}

// age writes how long ago something began, to the second.
func age(d time.Duration) string {
	s := int64(max(d, 0) / time.Second)
	switch {
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return fmt.Sprintf("%d min %02d s", s/60, s%60)
	case s < 86400:
		return fmt.Sprintf("%d h %02d min", s/3600, s/60%60)
	default:
		return fmt.Sprintf("%d d %02d h", s/86400, s/3600%24)
	}
}

// countdown writes how long something will take, to the second that has begun.
func countdown(d time.Duration) string {
	s := int64((d + time.Second - 1) / time.Second)
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// clock writes the time of day of a wall clock reading in ns since 1970 UTC, to the microsecond.
func clock(wall int64) string { return number(time.Unix(0, wall).Format("15:04:05.000000")) }

// moment is clock with the day before it.
func moment(wall int64) string { return time.Unix(0, wall).Format(time.DateOnly) + " " + clock(wall) }

// process writes who did something.
func process(name string, pid int32) string {
	switch {
	case pid == 0:
		return tr("kernel")
	case name == "":
		return fmt.Sprintf("%d", pid)
	default:
		return fmt.Sprintf("%s %d", name, pid)
	}
}

// mode writes how a file was opened, from the flags given to open(2).
func mode(flags uint32) string {
	words := [...]string{"r", "w", "rw", "rw"}
	m := words[flags&3]
	if flags&syscall.O_APPEND != 0 {
		return m + " " + tr("append")
	}
	return m
}

// handle writes an opaque handle.
func handle(h uint64) string {
	if h == 0 {
		return ""
	}
	return strconv.FormatUint(h, 10)
}

// visible replaces what cannot be seen in a name: control characters by what a shell writes for them, bytes that are
// no letter and marks that turn the direction of writing around (which can make one name look like another) by "�".
func visible(s string) string {
	if !strings.ContainsFunc(s, isInvisible) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r < 0x20 || r == 0x7f:
			q := strconv.QuoteRune(r)
			b.WriteString(q[1 : len(q)-1])
		case isInvisible(r):
			b.WriteRune(utf8.RuneError)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func isInvisible(r rune) bool {
	return r < 0x20 || r >= 0x7f && r < 0xa0 || r == utf8.RuneError ||
		r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f || r == 0x2028 || r == 0x2029
}

// middle shortens s to n characters by leaving out some of its middle: the beginning says where, the end says what.
func middle(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	if n <= 1 {
		return "…"
	}
	tail := (n - 1) * 3 / 5
	return string(r[:n-1-tail]) + "…" + string(r[len(r)-tail:])
}

// tilde writes the home folder as "~".
func tilde(path string) string {
	home := homeFolder()
	if home == "/" {
		return path
	}
	if rest, ok := strings.CutPrefix(path, home); ok && (rest == "" || rest[0] == os.PathSeparator) {
		return "~" + rest
	}
	return path
}

// untilde is what tilde abbreviates.
func untilde(path string) string {
	if rest, ok := strings.CutPrefix(path, "~"); ok && (rest == "" || rest[0] == os.PathSeparator) {
		return filepath.Join(homeFolder(), rest)
	}
	return path
}

func homeFolder() string {
	home, err := os.UserHomeDir()
	if err != nil || home == "" {
		return "/"
	}
	return home
}

package filter

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// units are what a number may be counted in.
type units []unit

type unit struct {
	names  []string // in lower case; the first is the one to write
	factor int64
}

var (
	plain = units{{[]string{""}, 1}}
	times = units{
		{[]string{"s"}, 1e9}, {[]string{"ms"}, 1e6}, {[]string{"us", "µs", "μs"}, 1e3}, {[]string{"ns"}, 1},
	}
	bytes = units{
		{[]string{"T", "tb", "tib", "t"}, 1 << 40}, {[]string{"G", "gb", "gib", "g"}, 1 << 30},
		{[]string{"M", "mb", "mib", "m"}, 1 << 20}, {[]string{"K", "kb", "kib", "k"}, 1 << 10}, {[]string{"", "b"}, 1},
	}
)

// format writes the number in the largest unit that it is a multiple of.
func (us units) format(n int64) string {
	for _, u := range us {
		if n != 0 && n%u.factor == 0 || u.factor == 1 {
			return strconv.FormatInt(n/u.factor, 10) + u.names[0]
		}
	}
	return strconv.FormatInt(n, 10)
}

var (
	errNoNumber = errors.New("no number")
	errNoUnit   = errors.New("no unit")
	errTooLarge = errors.New("too large")
)

// parse reads a number with its unit, and maybe a fraction.
func (us units) parse(text string) (int64, error) {
	digits := len(text) - len(strings.TrimLeft(text, "-0123456789."))
	factor, ok := us.factor(strings.ToLower(text[digits:]))
	whole, err := strconv.ParseInt(text[:digits], 10, 64)
	switch {
	case err == nil && whole == 0 && digits == len(text):
		return 0, nil // of whatever
	case err == nil && !ok:
		return 0, errNoUnit
	case err == nil && !fits(whole, factor), errors.Is(err, strconv.ErrRange):
		return 0, errTooLarge
	case err == nil:
		return whole * factor, nil
	default:
		return us.parseFraction(text[:digits], factor)
	}
}

func fits(n, factor int64) bool { return n <= math.MaxInt64/factor && n >= math.MinInt64/factor }

func (us units) parseFraction(digits string, factor int64) (int64, error) {
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil || factor == 1 && us[len(us)-1].names[0] == "" {
		return 0, errNoNumber // nor is there a fraction of a byte, or of a process
	}
	if factor == 0 {
		return 0, errNoUnit
	}
	if n = math.Round(n * float64(factor)); math.Abs(n) >= math.MaxInt64 {
		return 0, errTooLarge
	}
	return int64(n), nil
}

func (us units) factor(name string) (factor int64, ok bool) {
	for _, u := range us {
		for _, n := range u.names {
			if strings.ToLower(n) == name {
				return u.factor, true
			}
		}
	}
	return 0, false
}

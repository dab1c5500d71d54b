package main

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// example is a report of two rows, with a server that is missing and one that failed a row.
func example() *report {
	of := func(seconds ...float64) *series {
		s := new(series)
		for i, t := range seconds {
			s.Samples = append(s.Samples, sample{Round: i, Seconds: t, CPU: t / 10})
		}
		return s
	}
	return &report{
		header: header{When: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), Kernel: "6.18", CPU: "Z80", Cores: 2, Load: [2]string{"0 0 0", "1 0 0"},
			Size: "small", Rounds: 3, Servers: []string{native, vitrine, "slowfs"},
			Notes:   map[string]string{"slowfs": "it is slow"},
			Missing: map[string]string{"nofs": "not found"}},
		Storages: []*storage{{Name: "tmpfs", Folder: "/dev/shm", Rows: []*row{
			{Name: "write", Series: map[string]*series{native: of(0.01, 0.02, 0.01), vitrine: of(0.02, 0.04, 0.03), "slowfs": of(1, 1, 1)}},
			{Name: "git status ×3", Series: map[string]*series{native: of(0.1, 0.1, 0.1), vitrine: of(0.05, 0.1, 0.1), "slowfs": {Failure: "git: exit status 128"}}},
		}}},
	}
}

func TestTable(t *testing.T) {
	var out strings.Builder
	example().print(&out)
	const want = `2026-11-23 12:00, as a user, 2 cores of Z80, Linux 6.18
size small, rounds: 3, load 0 0 0 at the beginning and 1 0 0 at the end

Time as a multiple of the plain folder's on tmpfs (/dev/shm): median of the rounds, in brackets the interquartile range.

|                |  native |     vitrine |     slowfs |
|:---------------|--------:|------------:|-----------:|
| write          | 10.0 ms | 2.00 (0.50) | 100 (25.0) |
| git status ×3  |  100 ms | 1.00 (0.25) |     failed |
| geometric mean |         |        1.41 |        100 |

CPU time of the server on tmpfs, in ms: median of the rounds.

|               | vitrine | slowfs |
|:--------------|--------:|-------:|
| write         |    3.00 |    100 |
| git status ×3 |    10.0 |      – |

- slowfs: it is slow
- missing: nofs: not found
- failed: slowfs, git status ×3 on tmpfs: git: exit status 128
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

// TestPrices has Vitrine without its record, and with a window, which failed a row.
func TestPrices(t *testing.T) {
	r := example()
	s := r.Storages[0]
	if r.priced() {
		t.Error("there is a price without Vitrine unobserved")
	}
	r.Servers = []string{native, "slowfs", unobserved, vitrine, withWindow}
	for _, row := range s.Rows {
		row.Series[unobserved] = &series{Samples: []sample{{Round: 0, Seconds: 0.02}, {Round: 1, Seconds: 0.05}, {Round: 2, Seconds: 0.02}}}
		row.Series[withWindow] = &series{Samples: []sample{{Round: 2, Seconds: 0.04}}}
	}
	s.Rows[1].Series[withWindow] = &series{Failure: "no screen"}
	var out strings.Builder
	printTable(&out, s.prices(r.Servers))
	const want = `|               |     vitrine | vitrine + window |
|:--------------|------------:|-----------------:|
| write         | 1.00 (0.35) |      2.00 (0.00) |
| git status ×3 | 2.50 (1.50) |           failed |
`
	if !r.priced() || out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestNumber(t *testing.T) {
	for f, want := range map[float64]string{0.004: "0.00", 1: "1.00", 9.994: "9.99", 9.996: "10.0", 99.94: "99.9", 99.96: "100", 1234.5: "1234"} {
		if got := number(f); got != want {
			t.Errorf("%v: %s, want %s", f, got, want)
		}
	}
}

func TestFailureIsOfOursOnly(t *testing.T) {
	r := example()
	if err := r.failure(); err != nil {
		t.Errorf("a peer's failure is %v", err)
	}
	r.Storages[0].Rows[0].Series[vitrine].Failure = "broken"
	if err := r.failure(); err == nil || !strings.Contains(err.Error(), "vitrine failed at write on tmpfs: broken") {
		t.Errorf("%v", err)
	}
}

// TestPicture looks for the bars: Vitrine's are as long, on the scale of ratios, as the table says.
func TestPicture(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.png")
	r := example()
	if err := r.draw(path); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	picture, err := png.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	c := &canvas{}
	c.low, c.high = r.scale()
	if c.low != 1 || c.high != 100 {
		t.Errorf("scale from %v to %v, want 1 to 100", c.low, c.high)
	}
	if got, want := painted(picture, 0), c.x(2); got != want {
		t.Errorf("the bar of ratio 2 is %d pixels long, want %d", got, want)
	}
	if got := painted(picture, 1); got != 0 {
		t.Errorf("the bar of ratio 1 is %d pixels long", got)
	}
}

// painted returns how long a bar of Vitrine is in the first row of charts, in pixels.
func painted(picture image.Image, column int) int {
	longest := 0
	for y := range picture.Bounds().Dy() {
		n := 0
		for x := range chartWidth {
			if color.NRGBAModel.Convert(picture.At(margin+column*chartWidth+x, y)) == ours {
				n++
			}
		}
		longest = max(longest, n)
	}
	return longest
}

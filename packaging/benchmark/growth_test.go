package main

import (
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// grown is a report of one axis, with a server that failed its last step.
func grown() *growthReport {
	of := func(memory float64, perSecond ...float64) *growthSeries {
		s := new(growthSeries)
		for i, f := range perSecond {
			s.Points = append(s.Points, growthPoint{Round: i, Memory: memory, Operations: map[string]figures{
				"open": {Count: 1, PerSecond: f, Median: 1 / f, P99: 10 / f},
			}})
		}
		return s
	}
	return &growthReport{
		header: header{
			When: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), Kernel: "6.18", CPU: "Z80", Cores: 2, Load: [2]string{"0 0 0", "1 0 0"},
			Root: true, Size: "small", Rounds: 3, Servers: []string{native, vitrine, "slowfs"}, Notes: map[string]string{"slowfs": "it is slow"},
		},
		Axes: []*growthAxis{{
			Name: "open files", Title: "Open files", Operations: []string{"open"}, Stopped: "It stops there.",
			Steps: []*growthStep{
				{N: 1, Series: map[string]*growthSeries{native: of(0, 1e6, 2e6, 3e6), vitrine: of(50e6, 1e4, 5e4, 2e4), "slowfs": of(5e6, 10, 10, 10)}},
				{N: 1000, Series: map[string]*growthSeries{native: of(0, 1e6), vitrine: of(60e6, 1e4), "slowfs": {Failure: "too many open files"}}},
			},
		}},
	}
}

func TestGrowthTable(t *testing.T) {
	var out strings.Builder
	grown().print(&out)
	const want = `2026-11-23 12:00, as root, 2 cores of Z80, Linux 6.18
size small, rounds: 3, load 0 0 0 at the beginning and 1 0 0 at the end

Open files: how many a second, and how long one takes: median and 99th percentile. Median of the rounds.

| open files |            |               native |                vitrine |              slowfs |
|:-----------|-----------:|---------------------:|-----------------------:|--------------------:|
| 1          |       open | 2M/s · 0.5 µs · 5 µs | 20k/s · 50 µs · 500 µs | 10/s · 100 ms · 1 s |
| 1          | memory, MB |                      |                   50.0 |                5.00 |
| 1,000      |       open |  1M/s · 1 µs · 10 µs |  10k/s · 100 µs · 1 ms |              failed |
| 1,000      | memory, MB |                      |                   60.0 |                   – |

It stops there.

- slowfs: it is slow
- failed: slowfs, 1,000 open files: too many open files
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestGrowthFailureIsOfOursOnly(t *testing.T) {
	r := grown()
	if err := r.failure(); err != nil {
		t.Errorf("a peer's failure is %v", err)
	}
	r.Axes[0].Steps[1].of(vitrine).fail(os.ErrClosed)
	if err := r.failure(); err == nil || !strings.Contains(err.Error(), "vitrine failed at 1,000 open files: file already closed") {
		t.Errorf("%v", err)
	}
}

func TestFiguresOf(t *testing.T) {
	if got, want := figuresOf(6, 2, []float64{0.3, 0.1, 0.2}), (figures{Count: 6, PerSecond: 3, Median: 0.2, P99: 0.298}); math.Abs(got.P99-want.P99) > 1e-9 || got.Median != want.Median || got.PerSecond != want.PerSecond || got.Count != want.Count {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := figuresOf(0, 0, nil); got != (figures{}) {
		t.Errorf("of nothing: %+v", got)
	}
}

func TestUnits(t *testing.T) {
	for f, want := range map[float64]string{1: "1", 10: "10", 999: "999", 999.7: "1k", 20_000: "20k", 999_700: "1M", 1.5e6: "1.5M"} {
		if got := short(f); got != want {
			t.Errorf("%v: %s, want %s", f, got, want)
		}
	}
	for f, want := range map[float64]string{5e-7: "0.5 µs", 1e-6: "1 µs", 9.999e-4: "1 ms", 0.12: "120 ms", 0.9999: "1 s", 2.5: "2.5 s"} {
		if got := duration(f); got != want {
			t.Errorf("%v s: %s, want %s", f, got, want)
		}
	}
	file := &growthAxis{Bytes: true}
	if got := file.label(1 << 30); got != "1 GiB" {
		t.Errorf("%s", got)
	}
}

func TestScaleOfCurves(t *testing.T) {
	for f, want := range map[float64]float64{1: 1, 1.9: 1, 2: 2, 4.9: 2, 5: 5, 9.9: 5, 0.03: 0.02, 1000: 1000} {
		if got := roundDown(f); math.Abs(got/want-1) > 1e-9 {
			t.Errorf("%v: %v, want %v", f, got, want)
		}
	}
	p := plot{curves: []curve{{values: []float64{30, math.NaN(), 150}}}}
	low, high := p.scale()
	if low != 20 || math.Abs(high-200) > 1e-9 {
		t.Errorf("from %v to %v, want 20 to 200", low, high)
	}
	if lines := p.lines(low, high); len(lines) != 4 { // 20, 50, 100, 200
		t.Errorf("lines at %v", lines)
	}
	p.linear, p.goal = true, 250
	if low, high := p.scale(); low != 0 || high < 250 {
		t.Errorf("from %v to %v, want the goal of 250 between them", low, high)
	}
}

// TestGrowthPicture looks for Vitrine's memory: it lies as high as the scale says.
func TestGrowthPicture(t *testing.T) {
	path := filepath.Join(t.TempDir(), "g.png")
	r := grown()
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
	plots := r.plots(r.Axes[0])
	if len(plots) != 3 {
		t.Fatalf("%d charts, want 3", len(plots))
	}
	left, top := margin+2*chartWidth, margin/2+legendHeight+heading-16
	area := image.Rect(left+plotLeft, top+plotTop, left+chartWidth-plotRight, top+curvesHeight-plotBottom)
	low, high := plots[2].scale()
	for step, megabytes := range []float64{50, 60} {
		at := image.Pt(plots[2].x(area, step), plots[2].y(area, megabytes, low, high))
		if got := color.NRGBAModel.Convert(picture.At(at.X, at.Y)); got != ours {
			t.Errorf("step %d, %v MB at %v: %v", step, megabytes, at, got)
		}
	}
}

func TestStepsThatDoNotFit(t *testing.T) {
	a := axis{fits: func(n int64, descriptors uint64) bool { return uint64(n)+spareDescriptors <= descriptors }}
	g := new(growthAxis)
	got := g.fitting([]int64{1, 1000, 100_000, 1_000_000}, a, 20_000)
	if len(got) != 3 || got[2] != 19_000 || !strings.Contains(g.Stopped, "stops at 19,000: a process may have 20,000 descriptors") {
		t.Errorf("%v, %q", got, g.Stopped)
	}
	g = new(growthAxis)
	if got := g.fitting([]int64{1, 1000}, a, 20_000); len(got) != 2 || g.Stopped != "" {
		t.Errorf("%v, %q", got, g.Stopped)
	}
}

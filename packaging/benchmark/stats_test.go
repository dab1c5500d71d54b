package main

import (
	"math"
	"testing"
)

func TestSpreadOf(t *testing.T) {
	for _, c := range []struct {
		figures []float64
		want    spread
	}{
		{[]float64{7}, spread{7, 7, 7}},
		{[]float64{3, 1}, spread{1.5, 2, 2.5}},
		{[]float64{9, 1, 5}, spread{3, 5, 7}},
		{[]float64{4, 1, 3, 2}, spread{1.75, 2.5, 3.25}},
		{[]float64{100, 1, 2, 3, 4}, spread{2, 3, 4}},
	} {
		if got := spreadOf(c.figures); got != c.want {
			t.Errorf("%v: %v, want %v", c.figures, got, c.want)
		}
	}
	if got := spreadOf(nil); !math.IsNaN(got.median) || !math.IsNaN(got.width()) {
		t.Errorf("of nothing: %v", got)
	}
	if got := spreadOf([]float64{100, 1, 2, 3, 4}).width(); got != 2 {
		t.Errorf("width %v, want 2", got)
	}
}

func TestSpreadOfLeavesItsFiguresAlone(t *testing.T) {
	figures := []float64{3, 1, 2}
	spreadOf(figures)
	if figures[0] != 3 || figures[1] != 1 {
		t.Errorf("%v", figures)
	}
}

func TestGeometricMean(t *testing.T) {
	if got := geometricMean([]float64{1, 2, 4}); math.Abs(got-2) > 1e-12 {
		t.Errorf("%v, want 2", got)
	}
	if got := geometricMean(nil); !math.IsNaN(got) {
		t.Errorf("of nothing: %v", got)
	}
}

// TestRatiosAreOfTheSameRound has a round in which the plain folder failed, and one in which the server did.
func TestRatiosAreOfTheSameRound(t *testing.T) {
	r := &row{Series: map[string]*series{
		native: {Samples: []sample{{Round: 0, Seconds: 1}, {Round: 2, Seconds: 2}, {Round: 3, Seconds: 4}}},
		"x":    {Samples: []sample{{Round: 0, Seconds: 3}, {Round: 1, Seconds: 100}, {Round: 3, Seconds: 2}}},
	}}
	got := r.ratios("x")
	if len(got) != 2 || got[0] != 3 || got[1] != 0.5 {
		t.Errorf("%v, want [3 0.5]", got)
	}
}

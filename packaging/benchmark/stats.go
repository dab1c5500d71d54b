package main

import (
	"math"
	"slices"
)

// spread is where the middle half of some figures lies.
type spread struct{ low, median, high float64 }

// spreadOf returns the quartiles, between two figures in proportion; NaN of none.
func spreadOf(figures []float64) spread {
	sorted := slices.Sorted(slices.Values(figures))
	return spread{quantile(sorted, 0.25), quantile(sorted, 0.5), quantile(sorted, 0.75)}
}

// width is the interquartile range.
func (s spread) width() float64 { return s.high - s.low }

func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	at := q * float64(len(sorted)-1)
	below := int(at)
	above := min(below+1, len(sorted)-1)
	return sorted[below] + (at-float64(below))*(sorted[above]-sorted[below])
}

// geometricMean returns the mean of ratios; NaN of none.
func geometricMean(ratios []float64) float64 {
	if len(ratios) == 0 {
		return math.NaN()
	}
	sum := 0.0
	for _, r := range ratios {
		sum += math.Log(r)
	}
	return math.Exp(sum / float64(len(ratios)))
}

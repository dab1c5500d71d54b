package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
)

// growthReport is the outcome of a run with --growth. It is what --json writes.
type growthReport struct {
	header
	Axes []*growthAxis `json:"axes"`
}

// growthAxis is what was measured while one thing grew.
type growthAxis struct {
	Name       string        `json:"name"`
	Title      string        `json:"title"`
	Bytes      bool          `json:"bytes,omitempty"` // the steps are bytes
	Operations []string      `json:"operations"`
	Steps      []*growthStep `json:"steps"`
	Stopped    string        `json:"stopped,omitempty"` // why it did not grow further
}

// growthStep is one size of it.
type growthStep struct {
	N      int64                    `json:"n"`
	Series map[string]*growthSeries `json:"series"` // by server
}

// growthSeries is one step on one server, round by round.
type growthSeries struct {
	Points  []growthPoint `json:"points"`
	Failure string        `json:"failure,omitempty"` // what went wrong first
}

// growthPoint is one round.
type growthPoint struct {
	Round      int                `json:"round"`
	Memory     float64            `json:"memory_bytes"` // most that the server had in memory during the step
	Operations map[string]figures `json:"operations"`
}

// figures are those of one operation.
type figures struct {
	Count     int     `json:"count"`
	PerSecond float64 `json:"per_second"`
	Median    float64 `json:"median_seconds"`
	P99       float64 `json:"p99_seconds"`
}

// figuresOf returns the figures of count things that were done in some seconds by calls that took so long each.
func figuresOf(count int, seconds float64, took []float64) figures {
	sorted := slices.Sorted(slices.Values(took))
	f := figures{Count: count, PerSecond: float64(count) / seconds, Median: quantile(sorted, 0.5), P99: quantile(sorted, 0.99)}
	if count == 0 || seconds <= 0 {
		return figures{}
	}
	return f
}

// of returns the series of a server, a new one at first.
func (s *growthStep) of(server string) *growthSeries {
	found := s.Series[server]
	if found == nil {
		found = new(growthSeries)
		s.Series[server] = found
	}
	return found
}

func (s *growthSeries) fail(err error) {
	if s.Failure == "" {
		s.Failure = err.Error()
	}
}

// median returns the median of the rounds of one figure of an operation; NaN of none.
func (s *growthSeries) median(operation string, of func(figures) float64) float64 {
	var found []float64
	for _, p := range s.Points {
		if f, ok := p.Operations[operation]; ok {
			found = append(found, of(f))
		}
	}
	return spreadOf(found).median
}

// memory returns the median of the rounds in MB; NaN of none.
func (s *growthSeries) memory() float64 {
	var found []float64
	for _, p := range s.Points {
		found = append(found, p.Memory/1e6)
	}
	return spreadOf(found).median
}

func perSecond(f figures) float64 { return f.PerSecond }
func median(f figures) float64    { return f.Median }
func p99(f figures) float64       { return f.P99 }

// print writes the report for people, its tables in Markdown.
func (r *growthReport) print(w io.Writer) {
	r.header.print(w)
	for _, a := range r.Axes {
		fmt.Fprintf(w, "\n%s: how many a second, and how long one takes: median and 99th percentile. Median of the rounds.\n\n", a.Title)
		printTable(w, a.table(r.Servers))
		if a.Stopped != "" {
			fmt.Fprintf(w, "\n%s\n", a.Stopped)
		}
	}
	printRemarks(w, append(r.remarks(), r.failures()...))
}

func (a *growthAxis) table(servers []string) [][]string {
	table := [][]string{append([]string{a.Name, ""}, servers...)}
	for _, s := range a.Steps {
		label := a.label(s.N)
		for _, operation := range a.Operations {
			line := []string{label, operation}
			for _, name := range servers {
				line = append(line, s.of(name).cell(operation))
			}
			table = append(table, line)
		}
		line := []string{label, "memory, MB"}
		for _, name := range servers {
			line = append(line, s.of(name).memoryCell(name))
		}
		table = append(table, line)
	}
	return table
}

func (a *growthAxis) label(n int64) string {
	if a.Bytes {
		return strings.Replace(humanize.IBytes(uint64(n)), ".0 ", " ", 1)
	}
	return humanize.Comma(n)
}

func (s *growthSeries) cell(operation string) string {
	many := s.median(operation, perSecond)
	if math.IsNaN(many) {
		return "failed"
	}
	return fmt.Sprintf("%s/s · %s · %s", short(many), duration(s.median(operation, median)), duration(s.median(operation, p99)))
}

func (s *growthSeries) memoryCell(server string) string {
	if server == native {
		return ""
	}
	return number(s.memory())
}

// short writes a number with a letter for thousands or millions.
func short(f float64) string {
	switch {
	case f < 999.5:
		return fmt.Sprintf("%.3g", f)
	case f < 999_500:
		return fmt.Sprintf("%.3gk", f/1e3)
	}
	return fmt.Sprintf("%.3gM", f/1e6)
}

// duration writes seconds in the unit that suits them.
func duration(seconds float64) string {
	switch {
	case seconds < 0.9995e-3:
		return fmt.Sprintf("%.3g µs", seconds*1e6)
	case seconds < 0.9995:
		return fmt.Sprintf("%.3g ms", seconds*1e3)
	}
	return fmt.Sprintf("%.3g s", seconds)
}

func (r *growthReport) failures() (remarks []string) {
	r.eachFailure(func(a *growthAxis, s *growthStep, server, what string) {
		remarks = append(remarks, fmt.Sprintf("failed: %s, %s %s: %s", server, a.label(s.N), a.Name, what))
	})
	return remarks
}

func (r *growthReport) eachFailure(f func(a *growthAxis, s *growthStep, server, what string)) {
	for _, a := range r.Axes {
		for _, s := range a.Steps {
			for _, name := range r.Servers {
				if what := s.of(name).Failure; what != "" {
					f(a, s, name, what)
				}
			}
		}
	}
}

// failure is an error if the plain folder or Vitrine failed a step.
func (r *growthReport) failure() (err error) {
	r.eachFailure(func(a *growthAxis, s *growthStep, server, what string) {
		if err == nil && (server == native || ofOurs(server)) {
			err = fmt.Errorf("%s failed at %s %s: %s", server, a.label(s.N), a.Name, what)
		}
	})
	return err
}

package main

import (
	"fmt"
	"strings"
	"time"
)

const (
	native  = "native"  // the name of the plain folder: no server at all
	vitrine = "vitrine" // the name of our own, with which those of its variants begin

	unobserved = vitrine + " unobserved"
	withWindow = vitrine + " + window"
)

// priced are the servers that the price of observing is made of.
var priced = []string{vitrine, unobserved, withWindow}

// header says when and where a run was, and who took part.
type header struct {
	When    time.Time         `json:"when"`
	Kernel  string            `json:"kernel"`
	CPU     string            `json:"cpu"`
	Cores   int               `json:"cores"`
	Root    bool              `json:"root"`
	Load    [2]string         `json:"load"` // of one, five and fifteen minutes; at the beginning and at the end
	Size    string            `json:"size"`
	Rounds  int               `json:"rounds"`
	Servers []string          `json:"servers"`           // those that ran; the first is the plain folder
	Notes   map[string]string `json:"notes,omitempty"`   // what is to be known of a server
	Missing map[string]string `json:"missing,omitempty"` // why a server did not run
}

// report is the outcome of a run. It is what --json writes.
type report struct {
	header
	Storages []*storage `json:"storages"`
}

// storage is what was measured where the backing folders lay on one filesystem.
type storage struct {
	Name   string `json:"name"`
	Folder string `json:"folder"`
	Rows   []*row `json:"rows"`
}

// row is one workload.
type row struct {
	Name   string             `json:"name"`
	Series map[string]*series `json:"series"` // by server
}

// series is one workload on one server, round by round.
type series struct {
	Samples []sample `json:"samples"`
	Failure string   `json:"failure,omitempty"` // what went wrong first
}

// sample is one round.
type sample struct {
	Round   int     `json:"round"`
	Seconds float64 `json:"seconds"`
	CPU     float64 `json:"cpu_seconds"` // of the server, user and system
}

// of returns the series of a server, a new one at first.
func (r *row) of(server string) *series {
	s := r.Series[server]
	if s == nil {
		s = new(series)
		r.Series[server] = s
	}
	return s
}

func (s *series) fail(err error) {
	if s.Failure == "" {
		s.Failure = err.Error()
	}
}

// ratios returns the times as multiples of the plain folder's in the same round.
func (r *row) ratios(server string) []float64 { return r.ratiosTo(native, server) }

// ratiosTo returns the times of a server as multiples of another's in the same round.
func (r *row) ratiosTo(base, server string) []float64 {
	times := make(map[int]float64)
	for _, s := range r.of(base).Samples {
		times[s.Round] = s.Seconds
	}
	var found []float64
	for _, s := range r.of(server).Samples {
		if p := times[s.Round]; p > 0 {
			found = append(found, s.Seconds/p)
		}
	}
	return found
}

func (s *series) seconds() []float64 { return s.figures(func(s sample) float64 { return s.Seconds }) }
func (s *series) cpu() []float64     { return s.figures(func(s sample) float64 { return s.CPU }) }

func (s *series) figures(of func(sample) float64) []float64 {
	found := make([]float64, len(s.Samples))
	for i, sample := range s.Samples {
		found[i] = of(sample)
	}
	return found
}

// ofOurs reports whether a server is Vitrine, in whichever variant.
func ofOurs(name string) bool { return strings.HasPrefix(name, vitrine) }

// failure is an error if the plain folder or Vitrine failed a row. Those of others are theirs, and in the table.
func (r *report) failure() error {
	for _, s := range r.Storages {
		for _, row := range s.Rows {
			for _, name := range r.Servers {
				if f := row.of(name).Failure; f != "" && (name == native || ofOurs(name)) {
					return fmt.Errorf("%s failed at %s on %s: %s", name, row.Name, s.Name, f)
				}
			}
		}
	}
	return nil
}

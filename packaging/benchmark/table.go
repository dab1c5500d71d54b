package main

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// print writes the report for people, its tables in Markdown.
func (r *report) print(w io.Writer) {
	r.header.print(w)
	for _, s := range r.Storages {
		fmt.Fprintf(w, "\nTime as a multiple of the plain folder's on %s (%s): median of the rounds, in brackets the interquartile range.\n\n", s.Name, s.Folder)
		printTable(w, s.times(r.Servers))
		fmt.Fprintf(w, "\nCPU time of the server on %s, in ms: median of the rounds.\n\n", s.Name)
		printTable(w, s.cpus(r.Servers[1:]))
		if r.priced() {
			fmt.Fprintf(w, "\nThe price of observing on %s: time as a multiple of Vitrine's without the record, median of the rounds.\n\n", s.Name)
			printTable(w, s.prices(r.Servers))
		}
	}
	printRemarks(w, append(r.remarks(), r.failures()...))
}

func (h *header) print(w io.Writer) {
	who := "as a user"
	if h.Root {
		who = "as root"
	}
	fmt.Fprintf(w, "%s, %s, %d cores of %s, Linux %s\n", h.When.Format("2006-01-02 15:04"), who, h.Cores, h.CPU, h.Kernel)
	fmt.Fprintf(w, "size %s, rounds: %d, load %s at the beginning and %s at the end\n", h.Size, h.Rounds, h.Load[0], h.Load[1])
}

// remarks is what is to be known of the servers.
func (h *header) remarks() (remarks []string) {
	for _, name := range h.Servers {
		if note := h.Notes[name]; note != "" {
			remarks = append(remarks, name+": "+note)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(h.Missing)) {
		remarks = append(remarks, "missing: "+name+": "+h.Missing[name])
	}
	return remarks
}

func (r *report) failures() (remarks []string) {
	for _, s := range r.Storages {
		for _, row := range s.Rows {
			for _, name := range r.Servers {
				if failure := row.of(name).Failure; failure != "" {
					remarks = append(remarks, fmt.Sprintf("failed: %s, %s on %s: %s", name, row.Name, s.Name, failure))
				}
			}
		}
	}
	return remarks
}

func printRemarks(w io.Writer, remarks []string) {
	if len(remarks) > 0 {
		fmt.Fprintf(w, "\n- %s\n", strings.Join(remarks, "\n- "))
	}
}

// times is the table of ratios, the first server's times being what the others are compared with.
func (s *storage) times(servers []string) [][]string {
	table := [][]string{slices.Concat([]string{"", servers[0]}, servers[1:])}
	means := make([][]float64, len(servers))
	for _, r := range s.Rows {
		line := []string{r.Name, milliseconds(spreadOf(r.of(servers[0]).seconds()).median)}
		for i, name := range servers[1:] {
			ratio := spreadOf(r.ratios(name))
			line = append(line, cell(ratio))
			if !math.IsNaN(ratio.median) {
				means[i+1] = append(means[i+1], ratio.median)
			}
		}
		table = append(table, line)
	}
	last := []string{"geometric mean", ""}
	for i := range servers[1:] {
		last = append(last, number(geometricMean(means[i+1])))
	}
	return append(table, last)
}

func (s *storage) cpus(servers []string) [][]string {
	table := [][]string{append([]string{""}, servers...)}
	for _, r := range s.Rows {
		line := []string{r.Name}
		for _, name := range servers {
			line = append(line, number(1e3*spreadOf(r.of(name).cpu()).median))
		}
		table = append(table, line)
	}
	return table
}

// priced reports whether there is Vitrine with the record and without.
func (r *report) priced() bool {
	return slices.Contains(r.Servers, vitrine) && slices.Contains(r.Servers, unobserved)
}

// prices is the table of what observing costs: the times of what observes, as multiples of what does not.
func (s *storage) prices(servers []string) [][]string {
	var observing []string
	for _, name := range priced {
		if name != unobserved && slices.Contains(servers, name) {
			observing = append(observing, name)
		}
	}
	table := [][]string{append([]string{""}, observing...)}
	for _, r := range s.Rows {
		line := []string{r.Name}
		for _, name := range observing {
			line = append(line, cell(spreadOf(r.ratiosTo(unobserved, name))))
		}
		table = append(table, line)
	}
	return table
}

func cell(s spread) string {
	if math.IsNaN(s.median) {
		return "failed"
	}
	return fmt.Sprintf("%s (%s)", number(s.median), number(s.width()))
}

func milliseconds(seconds float64) string { return number(1e3*seconds) + " ms" }

// number writes three digits that count, and no more behind the point than two.
func number(f float64) string {
	switch {
	case math.IsNaN(f):
		return "–"
	case f < 9.995:
		return fmt.Sprintf("%.2f", f)
	case f < 99.95:
		return fmt.Sprintf("%.1f", f)
	}
	return fmt.Sprintf("%.0f", f)
}

// printTable writes Markdown that is a table to the eye too. The first line is the head.
func printTable(w io.Writer, table [][]string) {
	widths := make([]int, len(table[0]))
	for _, line := range table {
		for i, text := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(text))
		}
	}
	rule := make([]string, len(widths))
	for i, width := range widths {
		rule[i] = strings.Repeat("-", width+1) + ":"
	}
	rule[0] = ":" + rule[0][1:len(rule[0])-1] + "-"
	for i, line := range table {
		printLine(w, line, widths)
		if i == 0 {
			fmt.Fprintf(w, "|%s|\n", strings.Join(rule, "|"))
		}
	}
}

// printLine aligns the first column to the left and figures to the right.
func printLine(w io.Writer, line []string, widths []int) {
	fmt.Fprintf(w, "| %-*s |", widths[0], line[0])
	for i, text := range line[1:] {
		fmt.Fprintf(w, " %*s |", widths[i+1], text)
	}
	fmt.Fprintln(w)
}

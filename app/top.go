package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"vitrine/app/control"
)

func topCommand() *cobra.Command {
	var once bool
	cmd := &cobra.Command{
		Use:   "top",
		Short: "Show open files, operations in flight and latencies, live",
		Long: `Shows for every running Vitrine what its window would: open files and by whom, operations in flight, and how long
each kind of operation takes. On a terminal it is drawn anew in place once a second, elsewhere one frame follows the
other. Ctrl-C ends it, and so does the end of the last drive.`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := untilSignal(cmd.Context())
			defer stop()
			t := newTop(cmd.OutOrStdout(), cmd.ErrOrStderr())
			if once {
				t.screen = nil
				return t.frame(ctx)
			}
			return t.run(ctx)
		},
	}
	cmd.Flags().BoolVar(&once, "once", false, "print one frame and end")
	return cmd
}

// top draws frames.
type top struct {
	out, errOut io.Writer
	screen      *os.File // the terminal, nil where out is none
}

func newTop(out, errOut io.Writer) *top {
	t := &top{out: out, errOut: errOut}
	if file, ok := out.(*os.File); ok && isatty.IsTerminal(file.Fd()) {
		t.screen = file
	}
	return t
}

const (
	screenOn  = "\x1b[?1049h\x1b[?25l" // the other screen, no cursor; see ctlseqs of xterm
	screenOff = "\x1b[?25h\x1b[?1049l"
	frameHome = "\x1b[H"
	lineEnd   = "\x1b[K"
	frameEnd  = "\x1b[J"
)

// run draws a frame a second until ctx ends, or the last drive.
func (t *top) run(ctx context.Context) error {
	if t.screen != nil {
		fmt.Fprint(t.out, screenOn)
		defer fmt.Fprint(t.out, screenOff)
	}
	ticks := time.NewTicker(time.Second)
	defer ticks.Stop()
	for drawn := false; ; drawn = true {
		err := t.frame(ctx)
		switch {
		case ctx.Err() != nil, drawn && errors.Is(err, errNotRunning):
			return nil
		case err != nil:
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticks.C:
		}
	}
}

// frame asks every running Vitrine and draws what they answer.
func (t *top) frame(ctx context.Context) error {
	found, err := peers(t.errOut)
	if err != nil {
		return err
	}
	var lines []string
	for _, a := range askAll(ctx, found, control.DoTop) {
		if a.Frame != nil {
			lines = append(lines, frameLines(a.Frame)...)
		}
		if a.err != nil {
			lines = append(lines, a.err.Error(), "")
		}
	}
	return t.draw(lines)
}

func (t *top) draw(lines []string) error {
	if t.screen == nil {
		_, err := fmt.Fprintln(t.out, strings.Join(lines, "\n"))
		return err
	}
	width, height := 80, 24
	if w, h := terminalSize(t.screen); w > 0 && h > 0 {
		width, height = w, h
	}
	var b strings.Builder
	b.WriteString(frameHome)
	for i, line := range lines[:min(len(lines), height-1)] {
		if i > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString(cut(line, width) + lineEnd)
	}
	b.WriteString(frameEnd)
	_, err := fmt.Fprint(t.out, b.String())
	return err
}

// cut shortens a line to so many characters.
func cut(line string, width int) string {
	if runes := []rune(line); len(runes) > width {
		return string(runes[:width-1]) + "…"
	}
	return line
}

// frameLines writes one drive: what it is, then a table for each of the panels that has something to show.
func frameLines(f *control.Frame) []string {
	lines := strings.Split(strings.TrimSuffix(statusLines(f.Status), "\n"), "\n")
	lines = append(lines, table(f.Open, "open files", []string{"PROCESS", "READ", "WRITTEN", "IN", "OUT", "FILE"}, fileRows(f.Files))...)
	lines = append(lines, table(f.InFlight, "in flight", []string{"PROCESS", "OPERATION", "FOR", "FILE"}, busyRows(f.Busy))...)
	lines = append(lines, table(len(f.Ops), "operations", []string{"OPERATION", "COUNT", "ERRORS", "P50", "P95", "P99", "MAX"}, latencyRows(f.Ops))...)
	return append(lines, "")
}

func fileRows(files []control.File) [][]string {
	var rows [][]string
	for _, f := range files {
		rows = append(rows, []string{process(f.Process, f.PID), humanize.Bytes(uint64(f.Read)), humanize.Bytes(uint64(f.Written)),
			humanize.Bytes(uint64(f.WriteRate)) + "/s", humanize.Bytes(uint64(f.ReadRate)) + "/s", printable(f.Path)})
	}
	return rows
}

func busyRows(busy []control.Operation) [][]string {
	var rows [][]string
	for _, o := range busy {
		file := printable(o.Path)
		if o.Waits != "" {
			file += "  waits for " + printable(o.Waits)
		}
		rows = append(rows, []string{process(o.Process, o.PID), o.Op, age(o.Age), file})
	}
	return rows
}

func latencyRows(ops []control.Latency) [][]string {
	var rows [][]string
	for _, l := range ops {
		rows = append(rows, []string{l.Op, humanize.Comma(int64(l.Count)), humanize.Comma(int64(l.Errors)), age(l.P50), age(l.P95), age(l.P99), age(l.Max)})
	}
	return rows
}

func process(name string, pid int32) string {
	if pid == 0 {
		return "kernel"
	}
	return fmt.Sprintf("%s(%d)", printable(name), pid)
}

// table writes rows below their heads: the first column and the last to the left, those between, which are mostly
// figures, to the right. Of total rows some may be left out.
func table(total int, what string, heads []string, rows [][]string) []string {
	if len(rows) == 0 {
		return nil
	}
	all := slices.Concat([][]string{heads}, rows)
	widths := make([]int, len(heads))
	for _, row := range all {
		for i, cell := range row {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	lines := []string{""}
	for _, row := range all {
		lines = append(lines, strings.TrimRight(tableLine(row, widths), " "))
	}
	if total > len(rows) {
		lines = append(lines, fmt.Sprintf("… %s more %s", humanize.Comma(int64(total-len(rows))), what))
	}
	return lines
}

func tableLine(row []string, widths []int) string {
	var b strings.Builder
	for i, cell := range row {
		pad := strings.Repeat(" ", widths[i]-len([]rune(cell)))
		switch {
		case i == 0:
			b.WriteString(cell + pad)
		case i == len(row)-1 && strings.HasPrefix(cell, "/") || cell == "FILE":
			b.WriteString("  " + cell)
		default:
			b.WriteString("  " + pad + cell)
		}
	}
	return b.String()
}

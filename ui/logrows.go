package ui

import (
	"cmp"
	"math"
	"slices"

	"vitrine/fusefs/oplog"
)

// record is where the log takes its operations from: the history, or a copy of it while the log is paused.
type record interface {
	Bounds() (first, next uint64)
	Read(dst []oplog.Event, pos uint64) (from uint64, n int)
}

// kept is a copy of a part of the history, whose first event has the position from.
type kept struct {
	events []oplog.Event
	from   uint64
}

// Bounds returns the positions held, as History does.
func (k *kept) Bounds() (first, next uint64) { return k.from, k.from + uint64(len(k.events)) }

// Read copies events from position pos on into dst, as History does.
func (k *kept) Read(dst []oplog.Event, pos uint64) (from uint64, n int) {
	first, next := k.Bounds()
	from = min(max(pos, first), next)
	return from, copy(dst, k.events[from-first:])
}

// readAll returns a copy of everything that a record holds, oldest first.
func readAll(r record) []oplog.Event {
	first, next := r.Bounds()
	events := make([]oplog.Event, next-first)
	_, n := r.Read(events, first)
	return events[:n]
}

// selection says which positions of a record are rows, and in which order. The slice that it holds is never changed
// in place, so that it can be read off the UI goroutine.
type selection struct {
	first, next uint64   // all positions in this range, unless listed
	list        []uint64 // the positions; ascending, unless sorted
	gaps        []int64  // of the rows, while sorted
	listed      bool
	sorted      bool
}

func (s *selection) len() int {
	if s.listed {
		return len(s.list)
	}
	return int(s.next - s.first)
}

func (s *selection) position(row int) uint64 {
	if s.listed {
		return s.list[row]
	}
	return s.first + uint64(row)
}

// positions returns the positions of all rows, in their order.
func (s *selection) positions() []uint64 {
	out := make([]uint64, s.len())
	for row := range out {
		out[row] = s.position(row)
	}
	return out
}

// row returns the row of a position, -1 where it is none.
func (s *selection) row(pos uint64) int {
	switch {
	case s.sorted:
		return slices.Index(s.list, pos)
	case s.listed:
		if i, ok := slices.BinarySearch(s.list, pos); ok {
			return i
		}
		return -1
	case pos < s.first || pos >= s.next:
		return -1
	default:
		return int(pos - s.first)
	}
}

// cutBefore takes the rows before a position away and returns how many those were.
func (s *selection) cutBefore(pos uint64) int {
	before := s.len()
	if s.listed && !s.sorted {
		i, _ := slices.BinarySearch(s.list, pos)
		s.list = s.list[i:]
	}
	s.first = max(s.first, pos)
	s.next = max(s.next, s.first)
	return before - s.len()
}

// scanPiece is how many operations are matched before the rows found are shown.
const scanPiece = 65536

// scan returns the positions from … to-1 whose event matches.
func scan(r record, match func(*oplog.Event) bool, from, to uint64) (found []uint64) {
	if to <= from {
		return nil
	}
	buf := make([]oplog.Event, min(to-from, 2048))
	for pos := from; pos < to; {
		at, n := r.Read(buf[:min(uint64(len(buf)), to-pos)], pos)
		for i := range n {
			if match(&buf[i]) {
				found = append(found, at+uint64(i))
			}
		}
		if pos = at + uint64(n); n == 0 {
			break
		}
	}
	return found
}

// logRow is a row as it is sorted.
type logRow struct {
	oplog.Event
	pos  uint64
	gap  int64 // ns from the begin of the row before it in the order of time, noGap for the first
	mark int   // how it is marked, the most first
}

// noGap stands for the gap before the first row.
const noGap = math.MinInt64

// rowsAt reads the rows at positions, in the order of time. Those that have fallen out are left away.
func rowsAt(r record, positions []uint64, mark func(*oplog.Event, uint64) int) []logRow {
	positions = slices.Sorted(slices.Values(positions))
	rows := make([]logRow, 0, len(positions))
	var e [1]oplog.Event
	for _, pos := range positions {
		if at, n := r.Read(e[:], pos); n != 1 || at != pos {
			continue
		}
		gap := int64(noGap)
		if n := len(rows); n > 0 {
			gap = e[0].Mono - rows[n-1].Mono
		}
		rows = append(rows, logRow{e[0], pos, gap, mark(&e[0], pos)})
	}
	return rows
}

// sortRows brings rows into an order; equal ones stay in that of time. It returns their positions and gaps.
func sortRows(rows []logRow, compare func(a, b *logRow) int, down bool) (positions []uint64, gaps []int64) {
	slices.SortStableFunc(rows, func(a, b logRow) int {
		if down {
			return compare(&b, &a)
		}
		return compare(&a, &b)
	})
	positions, gaps = make([]uint64, len(rows)), make([]int64, len(rows))
	for i := range rows {
		positions[i], gaps[i] = rows[i].pos, rows[i].gap
	}
	return positions, gaps
}

// seek goes from row on in steps of 1 or -1 to the next row whose event is wanted, and returns its position.
func seek(r record, s selection, row, step int, wanted func(*oplog.Event, uint64) bool) (pos uint64, ok bool) {
	var e [1]oplog.Event
	for i := row; i >= 0 && i < s.len(); i += step {
		pos = s.position(i)
		if at, n := r.Read(e[:], pos); n == 1 && at == pos && wanted(&e[0], pos) {
			return pos, true
		}
	}
	return 0, false
}

// logOrder compares rows by the columns of the log.
var logOrder = map[string]func(a, b *logRow) int{
	"mark":      by(func(r *logRow) int { return r.mark }),
	"time":      by(func(r *logRow) uint64 { return r.Seq }),
	"gap":       by(func(r *logRow) int64 { return r.gap }),
	"operation": by(func(r *logRow) string { return r.Op.String() }),
	"file":      by(func(r *logRow) string { return paths(&r.Event) }),
	"handle":    by(func(r *logRow) uint64 { return r.Handle }),
	"offset":    by(func(r *logRow) int64 { return r.Offset }),
	"size":      by(func(r *logRow) int64 { return r.Size }),
	"result": func(a, b *logRow) int {
		return cmp.Or(cmp.Compare(a.Errno, b.Errno), cmp.Compare(a.Result, b.Result))
	},
	"took":    by(func(r *logRow) int64 { return r.Duration }),
	"process": by(func(r *logRow) string { return process(r.Proc, r.PID) }),
}

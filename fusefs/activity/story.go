package activity

import (
	"cmp"
	"slices"

	"vitrine/fusefs/oplog"
)

// Story is the life of a handle, or where an operation had none, what happened to its file around it. Times are ns of the
// monotonic clock of events.
type Story struct {
	Handle     uint64 // 0 for none
	Path       string // of the file, as it was called last
	Deleted    bool   // the file lost its name meanwhile
	Begin, End int64  // of everything in Bars

	Open, Release *oplog.Event // nil where the events hold none
	Truncated     bool         // the open may have happened, but the events do not go back to it, or it was dropped
	Lost          uint64       // operations, of whatever handle, that the record had to drop between the first bar and the last

	Bars   []Bar // operations on the handle, in the order of their begins
	Lanes  int   // that the bars need side by side
	Gaps   []Gap // in which nothing was in flight on the handle, in their order
	Others []Bar // what else touched the same file meanwhile: through other handles, or by name
}

// Bar is one operation in a story.
type Bar struct {
	oplog.Event
	Lane     int  // 0, 1, 2 …: operations that overlap have different ones
	Overlaps int  // how many others of its list were in flight at the same time
	Moved    bool // the operation renamed the file, replaced or unlinked it
}

// Gap is a time between operations.
type Gap struct {
	Begin, Length int64  // ns
	After, Before uint64 // the operations at its ends, by sequence number
}

// around is how far a story without a handle looks, in ns to both sides.
const around = int64(1e9)

// NewStory returns the story of the operation with the sequence number seq: of the handle that it was on or gave out.
// Events are those of a history, in the order of their sequence numbers, with or without those in flight: see WithInFlight. The
// story keeps copies of those that it tells of. It returns nil where seq is not among them.
func NewStory(events []oplog.Event, seq uint64) *Story {
	at, found := slices.BinarySearchFunc(events, seq, func(e oplog.Event, seq uint64) int { return cmp.Compare(e.Seq, seq) })
	if !found {
		return nil
	}
	e := &events[at]
	s := &Story{Handle: e.Handle, Path: e.Path}
	if e.Handle == 0 {
		s.aroundName(events, e)
	} else {
		s.ofHandle(events)
	}
	s.Lanes = arrange(s.Bars)
	arrange(s.Others)
	s.findGaps()
	return s
}

// absentBetween counts the sequence numbers that are missing. Those in flight have none in the record.
func absentBetween(events []oplog.Event) uint64 {
	for len(events) > 0 && events[len(events)-1].Flags&oplog.InFlight != 0 {
		events = events[:len(events)-1]
	}
	if len(events) == 0 {
		return 0
	}
	return events[len(events)-1].Seq - events[0].Seq + 1 - uint64(len(events))
}

// lostBetween counts those of them that no filter left out.
func lostBetween(events []oplog.Event) (lost uint64) {
	for i := 1; i < len(events); i++ {
		if events[i].Flags&oplog.Filtered == 0 {
			lost += absentBetween(events[i-1 : i+1])
		}
	}
	return lost
}

// ofHandle gathers what happened on the handle, then what else happened to its file.
func (s *Story) ofHandle(events []oplog.Event) {
	first, last := -1, 0
	for i := range events {
		e := &events[i]
		if e.Handle != s.Handle {
			continue
		}
		if first < 0 {
			first = i
		}
		last = i
		s.Bars = append(s.Bars, Bar{Event: *e})
		switch {
		case e.Opens():
			s.Open = &events[i]
		case e.Releases():
			s.Release = &events[i]
		}
	}
	s.Open, s.Release = copyOf(s.Open), copyOf(s.Release)
	s.Lost = lostBetween(events[first : last+1])
	s.Truncated = s.Open == nil && (events[0].Seq > 1 || absentBetween(events[:first+1]) > 0)
	s.span()
	s.findOthers(events)
}

func copyOf(e *oplog.Event) *oplog.Event {
	if e == nil {
		return nil
	}
	c := *e
	return &c
}

// span sets Begin and End.
func (s *Story) span() {
	s.Begin, s.End = s.Bars[0].Mono, ended(&s.Bars[0].Event)
	for i := range s.Bars {
		s.Begin, s.End = min(s.Begin, s.Bars[i].Mono), max(s.End, ended(&s.Bars[i].Event))
	}
}

// findOthers follows the file under its names, and finds it under those that it has beside them. Before the first operation on the handle that is known it is taken to have
// had the name that it has there.
func (s *Story) findOthers(events []oplog.Event) {
	first := &s.Bars[0].Event
	row := oplog.OpenHandle{Path: pathOf(first)}
	for i := range events {
		e := &events[i]
		if e.Handle == s.Handle || e.Mono > s.End {
			continue
		}
		touches := names(e, row.Path) || e.Inode != 0 && e.Inode == first.Inode
		moved := e.Seq > first.Seq && moves(e) && row.Move(e)
		if ended(e) >= s.Begin && (touches || moved) {
			s.Others = append(s.Others, Bar{Event: *e, Moved: moved})
		}
	}
	s.Path, s.Deleted = row.Path, row.Deleted
}

// moves reports whether the operation changed a name: one in flight may yet.
func moves(e *oplog.Event) bool { return e.Flags&oplog.InFlight == 0 && e.Moves() }

// pathOf returns the name of the file that the event's handle is of.
func pathOf(e *oplog.Event) string {
	if e.Op == oplog.CopyFileRange {
		return e.Path2
	}
	return e.Path
}

// names reports whether the operation was asked for by that path. The second one of some operations is not a file's.
func names(e *oplog.Event, path string) bool {
	if e.Path == path {
		return true
	}
	switch e.Op {
	case oplog.Rename, oplog.Link, oplog.CopyFileRange:
		return e.Path2 == path
	default:
		return false
	}
}

// aroundName tells of an operation without a handle: what touched its path shortly before and after.
func (s *Story) aroundName(events []oplog.Event, about *oplog.Event) {
	s.Bars = []Bar{{Event: *about}}
	s.span()
	from, to := s.Begin-around, s.End+around
	for i := range events {
		e := &events[i]
		if e.Seq != about.Seq && e.Mono <= to && ended(e) >= from && touchesToo(e, about) {
			s.Others = append(s.Others, Bar{Event: *e, Moved: moves(e)})
			s.Begin, s.End = min(s.Begin, e.Mono), max(s.End, ended(e))
		}
	}
}

// touchesToo reports whether an operation is of a file that another is of.
func touchesToo(e, about *oplog.Event) bool {
	return names(e, about.Path) || e.Inode != 0 && e.Inode == about.Inode || about.Op == oplog.Rename && names(e, about.Path2)
}

// arrange sorts bars by their begins, gives each the first lane that is free, and counts overlaps. It returns how many
// lanes there are.
func arrange(bars []Bar) int {
	slices.SortStableFunc(bars, func(a, b Bar) int { return cmp.Or(cmp.Compare(a.Mono, b.Mono), cmp.Compare(a.Seq, b.Seq)) })
	var free []int64 // when each lane's last bar ended
	ends := make([]int64, len(bars))
	for i := range bars {
		b := &bars[i]
		ends[i] = b.end()
		for b.Lane < len(free) && free[b.Lane] > b.Mono {
			b.Lane++
		}
		if b.Lane == len(free) {
			free = append(free, 0)
		}
		free[b.Lane] = ends[i]
	}
	slices.Sort(ends)
	for i := range bars {
		bars[i].countOverlaps(bars, ends)
	}
	return len(free)
}

// end is when the bar ends; one that took no time is in flight for 1 ns.
func (b *Bar) end() int64 { return b.Mono + max(b.Duration, 1) }

// countOverlaps takes those that began before b ended, less those that ended until b began, less b. Bars are in the order
// of their begins; ends are sorted.
func (b *Bar) countOverlaps(bars []Bar, ends []int64) {
	begun, _ := slices.BinarySearchFunc(bars, b.end(), func(o Bar, t int64) int { return cmp.Compare(o.Mono, t) })
	over, _ := slices.BinarySearch(ends, b.Mono+1)
	b.Overlaps = begun - over - 1
}

// findGaps looks for times in which no bar is.
func (s *Story) findGaps() {
	last := 0 // the bar that ended last
	for i := 1; i < len(s.Bars); i++ {
		end := ended(&s.Bars[last].Event)
		if b := &s.Bars[i]; b.Mono > end {
			s.Gaps = append(s.Gaps, Gap{Begin: end, Length: b.Mono - end, After: s.Bars[last].Seq, Before: b.Seq})
		}
		if ended(&s.Bars[i].Event) >= end {
			last = i
		}
	}
}

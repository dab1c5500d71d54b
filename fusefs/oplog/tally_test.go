package oplog

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// TestTallyContainsExactlyItsEvents reads rows in the midst of a storm of reads, writes and renames, and then folds
// the record up to each row's sequence number.
func TestTallyContainsExactlyItsEvents(t *testing.T) {
	r := New(Options{})
	sink := new(tape)
	r.Attach(sink)
	tallies := openFiles(r, 3)
	var rows []OpenHandle
	var work, watch sync.WaitGroup
	stop := make(chan struct{})
	for range 6 {
		work.Go(func() { useFiles(r, tallies, 1500) })
	}
	work.Go(func() { renameFolders(r, tallies, 300) })
	watch.Go(func() { rows = readRows(tallies, stop) })
	work.Wait()
	close(stop)
	watch.Wait()
	r.Close()
	if r.Dropped() != 0 {
		t.Fatal("the test needs every event")
	}
	compareRows(t, sink.events, rows)
}

func openFiles(r *Recorder, n uint64) (tallies []*Tally) {
	for id := range n {
		t := new(Tally)
		r.Begin(Event{Op: Open, Path: fmt.Sprintf("/0/%d", id)}).End(Outcome{Handle: id + 1}, t)
		tallies = append(tallies, t)
	}
	return tallies
}

func useFiles(r *Recorder, tallies []*Tally, n int) {
	ops := []Op{Read, Write, Fsync}
	for range n {
		id := rand.IntN(len(tallies))
		p := r.Begin(Event{Op: ops[rand.IntN(3)], Handle: uint64(id + 1)})
		p.End(Outcome{Result: rand.Int64N(9) - 1}, tallies[id])
	}
}

func renameFolders(r *Recorder, tallies []*Tally, n int) {
	for i := range n {
		p := r.Begin(Event{Op: Rename, Path: fmt.Sprint("/", i), Path2: fmt.Sprint("/", i+1)})
		p.EndMove(Outcome{}, tallies)
	}
}

func readRows(tallies []*Tally, stop chan struct{}) (rows []OpenHandle) {
	for {
		for _, t := range tallies {
			row, _ := t.OpenHandle()
			rows = append(rows, row)
		}
		select {
		case <-stop:
			return rows
		default:
		}
	}
}

// compareRows folds the record, plainly, and stops at the sequence number of each row.
func compareRows(t *testing.T, events []Event, rows []OpenHandle) {
	slices.SortFunc(rows, func(a, b OpenHandle) int { return int(a.Seq) - int(b.Seq) })
	handles := make(map[uint64]*OpenHandle)
	for _, row := range rows {
		for len(events) > 0 && events[0].Seq <= row.Seq {
			foldInto(handles, &events[0])
			events = events[1:]
		}
		if want := handles[row.Handle]; row != *want {
			t.Fatalf("got  %+v\nwant %+v", row, *want)
		}
	}
}

func foldInto(handles map[uint64]*OpenHandle, e *Event) {
	switch {
	case e.Opens():
		row := e.OpenHandle()
		handles[e.Handle] = &row
	case e.Handle != 0:
		handles[e.Handle].Add(e)
	case e.Moves():
		for _, row := range handles {
			row.Move(e)
		}
	}
}

func TestTallyLife(t *testing.T) {
	r := New(Options{})
	defer r.Close()
	tally := new(Tally)
	if _, open := tally.OpenHandle(); open {
		t.Error("open before it was opened")
	}
	r.Begin(Event{Op: Open, Path: "/a"}).End(Outcome{Errno: 2}, tally)
	if _, open := tally.OpenHandle(); open {
		t.Error("open after a failed open")
	}
	r.Begin(Event{Op: Create, Path: "/a", Mode: 2}).End(Outcome{Handle: 5}, tally)
	r.Begin(Event{Op: Write, Handle: 5}).End(Outcome{Result: 10}, tally)
	r.Begin(Event{Op: Write, Handle: 5}).End(Outcome{Result: 3, Errno: 28}, tally)
	r.Begin(Event{Op: Write, Handle: 5}).End(Outcome{Errno: 5}, tally)
	r.Begin(Event{Op: Release, Handle: 5}).End(Outcome{Errno: 9, Flags: Refused}, tally)
	row, open := tally.OpenHandle()
	if !open || row.Written != 13 || row.Handle != 5 || row.Mode != 2 || row.Seq != 5 || row.Path != "/a" {
		t.Errorf("open %v, row %+v", open, row)
	}
	r.Begin(Event{Op: Unlink, Path: "/a"}).EndMove(Outcome{}, []*Tally{tally, new(Tally)})
	if path, deleted := tally.Path(); path != "/a" || !deleted {
		t.Errorf("path %q, deleted %v", path, deleted)
	}
	r.Begin(Event{Op: Release, Handle: 5}).End(Outcome{Errno: 5}, tally)
	if _, open := tally.OpenHandle(); open {
		t.Error("open after release")
	}
}

func TestMove(t *testing.T) {
	rename := func(from, to string) Event { return Event{Seq: 7, Op: Rename, Path: from, Path2: to} }
	swap := rename("/a", "/b/c")
	swap.Flags = Exchanged
	for _, c := range []struct {
		name    string
		path    string
		event   Event
		want    string
		deleted bool
	}{
		{"the file", "/a", rename("/a", "/b"), "/b", false},
		{"below a folder", "/a/x/y", rename("/a", "/b/c"), "/b/c/x/y", false},
		{"a longer name", "/ab", rename("/a", "/b"), "/ab", false},
		{"another", "/c", rename("/a", "/b"), "/c", false},
		{"replaced", "/b", rename("/a", "/b"), "/b", true},
		{"below what is replaced", "/b/x", rename("/a", "/b"), "/b/x", false},
		{"to itself", "/a", rename("/a", "/a"), "/a", false},
		{"parked by libfuse", "/d/a", rename("/d/a", "/d/.fuse_hidden0000000300000001"), "/d/a", true},
		{"parked, another", "/d/b", rename("/d/a", "/d/.fuse_hidden0000000300000001"), "/d/b", false},
		{"swapped", "/a/x", swap, "/b/c/x", false},
		{"swapped back", "/b/c", swap, "/a", false},
		{"unlinked", "/a", Event{Seq: 7, Op: Unlink, Path: "/a"}, "/a", true},
		{"folder removed", "/a", Event{Seq: 7, Op: Rmdir, Path: "/a"}, "/a", true},
		{"root", "/a", rename("/", "/b"), "/a", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := OpenHandle{Path: c.path, Seq: 1}
			moved := h.Move(&c.event)
			if h.Path != c.want || h.Deleted != c.deleted {
				t.Errorf("path %q, deleted %v", h.Path, h.Deleted)
			}
			if changed := c.path != c.want || c.deleted; moved != changed || (h.Seq == 7) != changed {
				t.Errorf("moved %v, seq %d", moved, h.Seq)
			}
		})
	}
	gone := OpenHandle{Path: "/a", Deleted: true}
	if e := rename("/a", "/b"); gone.Move(&e) {
		t.Error("a deleted file took part in the renaming of its successor")
	}
}

func TestMovesOnlyOnSuccess(t *testing.T) {
	for _, e := range []Event{
		{Op: Rename, Errno: 2}, {Op: Rename, Flags: Refused}, {Op: Write}, {Op: Link, Path: "/a", Path2: "/b"},
	} {
		if e.Moves() {
			t.Errorf("%+v moves", e)
		}
	}
}

func TestHistoryBounds(t *testing.T) {
	for _, c := range []struct{ keep, events, first, next int }{
		{10, 0, 0, 0}, {10, 3, 0, 3}, {10, 10, 0, 10}, {10, 11, 1, 11}, {10, 35, 25, 35}, {0, 5, 4, 5}, {-1, 5, 4, 5},
	} {
		h := NewHistory(c.keep)
		h.Collect(numbered(1, c.events), 0)
		first, next := h.Bounds()
		if first != uint64(c.first) || next != uint64(c.next) {
			t.Errorf("keep %d, %d events: bounds %d, %d", c.keep, c.events, first, next)
		}
		if from, n := h.Read(make([]Event, 9), next); n != 0 || from != next {
			t.Errorf("beyond the end: %d events at %d", n, from)
		}
	}
}

func numbered(first, n int) (events []Event) {
	for i := range n {
		events = append(events, Event{Seq: uint64(first + i)})
	}
	return events
}

// TestHistoryAgainstModel compares it with a slice that is never cut.
func TestHistoryAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keep := rapid.IntRange(1, 20).Draw(t, "keep")
		h := NewHistory(keep)
		var all []Event
		first := 0
		t.Repeat(map[string]func(*rapid.T){
			"collect": func(t *rapid.T) {
				batch := numbered(len(all)+1, rapid.IntRange(0, 45).Draw(t, "n"))
				all = append(all, batch...)
				for range rapid.IntRange(0, 3).Draw(t, "begins") {
					at := rapid.IntRange(0, len(batch)).Draw(t, "at")
					batch = slices.Insert(batch, at, Event{Flags: InFlight})
				}
				h.Collect(batch, 0)
				first = max(first, len(all)-keep)
			},
			"resize": func(t *rapid.T) {
				keep = rapid.IntRange(1, 20).Draw(t, "keep")
				h.Resize(keep)
				first = max(first, len(all)-keep)
			},
			"read": func(t *rapid.T) {
				pos := rapid.IntRange(0, len(all)+3).Draw(t, "pos")
				dst := make([]Event, rapid.IntRange(0, 30).Draw(t, "len"))
				from, n := h.Read(dst, uint64(pos))
				want := all[min(max(pos, first), len(all)):]
				want = want[:min(len(want), len(dst))]
				if from != uint64(max(pos, first)) || !slices.Equal(dst[:n], want) {
					t.Fatalf("read %d events at %d", n, from)
				}
			},
			"": func(t *rapid.T) {
				events, from := h.All()
				if from != uint64(first) || !slices.Equal(events, all[first:]) {
					t.Fatalf("holds %d events from %d, want %d from %d", len(events), from, len(all)-first, first)
				}
			},
		})
	})
}

package export

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"pgregory.net/rapid"

	"vitrine/fusefs/oplog"
)

// hostile is what names may look like.
const hostile = "/a,\"b\"\n;\t\\x\xff\u2028<é>"

func randomEvents(t *rapid.T) []oplog.Event {
	text := rapid.SampledFrom([]string{"", "/a", "/b c", hostile, "\xed\xb3\xbf", "\x00\x7f"})
	events := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) oplog.Event {
		return oplog.Event{
			Wall: rapid.Int64Range(0, 4e18).Draw(t, "wall"), Mono: rapid.Int64Range(0, 20_000).Draw(t, "mono"),
			Duration: rapid.Int64Range(0, 9_000).Draw(t, "duration"), Op: oplog.Op(rapid.IntRange(1, int(oplog.NumOps)-1).Draw(t, "op")),
			Errno: rapid.SampledFrom([]syscall.Errno{0, 0, syscall.EBADF, 4000}).Draw(t, "errno"),
			PID:   rapid.Int32Range(0, 2).Draw(t, "pid"), Proc: text.Draw(t, "proc"), Path: text.Draw(t, "path"), Path2: text.Draw(t, "path2"),
			Handle: rapid.Uint64Range(0, 2).Draw(t, "handle"), Offset: rapid.Int64().Draw(t, "offset"), Size: 7, Result: -1,
			Detail: text.Draw(t, "detail"), Wait: rapid.Int64Range(0, 3).Draw(t, "wait"),
			Flags: rapid.SampledFrom([]oplog.Flag{0, 0, oplog.Refused, oplog.Panicked}).Draw(t, "flags"),
		}
	}), 0, 40).Draw(t, "events")
	for i := range events {
		events[i].Seq = uint64(i + 1)
	}
	return events
}

func TestCSVAsDocumented(t *testing.T) {
	var b strings.Builder
	err := CSV(&b, slices.Values([]oplog.Event{
		{Seq: 7, Wall: 1767323045678901234, Mono: 12, Duration: 34, Wait: 5, Op: oplog.Write, Path: "/a,b\n\"c\"", Path2: "\xffé", Handle: 3, Inode: 9, Offset: 1, Size: 2, Result: -3, Errno: syscall.EBADF, Flags: oplog.Refused, Mode: 577, PID: 42, UID: 1000, Proc: "cp", Detail: "x"},
		{Op: oplog.Read, Errno: 4000},
	}))
	want := "seq,time,mono_ns,duration_ns,wait_ns,op,path,path2,handle,offset,size,result,errno,flags,mode,pid,process,detail,uid,inode\r\n" +
		"7,2026-01-02T03:04:05.678901234Z,12,34,5,write,\"/a,b\n\"\"c\"\"\",\\xffé,3,1,2,-3,EBADF,refused,577,42,cp,x,1000,9\r\n" +
		"0,1970-01-01T00:00:00.000000000Z,0,0,0,read,,,0,0,0,0,4000,,0,0,,,0,0\r\n"
	if err != nil || b.String() != want {
		t.Errorf("%v\n%s\nwant\n%s", err, b.String(), want)
	}
}

// TestCSVOfAnything reads back what was written with another implementation.
func TestCSVOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := randomEvents(t)
		var b bytes.Buffer
		if err := CSV(&b, slices.Values(events)); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&b).ReadAll()
		if err != nil || len(rows) != len(events)+1 {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		for i, e := range events {
			if row := rows[i+1]; row[6] != printable(e.Path) || row[17] != printable(e.Detail) || !utf8.ValidString(strings.Join(row, "")) {
				t.Fatalf("%q of %+v", row, e)
			}
		}
	})
}

// record is what a viewer reads.
type record struct {
	Name, Cat, Ph *string
	TS, Dur       *float64
	PID, TID      *int
	Args          map[string]any
}

func readTrace(t interface{ Fatalf(string, ...any) }, events []oplog.Event) []record {
	var b bytes.Buffer
	if err := Trace(&b, slices.Values(events)); err != nil {
		t.Fatalf("%v", err)
	}
	var file struct {
		DisplayTimeUnit string
		TraceEvents     []record
	}
	if err := json.Unmarshal(b.Bytes(), &file); err != nil || file.DisplayTimeUnit != "ns" || !utf8.Valid(b.Bytes()) {
		t.Fatalf("%v in %s", err, b.Bytes())
	}
	return file.TraceEvents
}

// TestTraceSchema checks what the format asks for: the keys of each phase, names of processes and threads before their
// use, and that in one thread no operation begins before the one before it ended.
func TestTraceSchema(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := randomEvents(t)
		processes, threads, ends, seen := map[int]bool{}, map[int]int{}, map[int]float64{}, map[float64]bool{}
		for _, r := range readTrace(t, events) {
			if r.Name == nil || r.Ph == nil || r.PID == nil || r.Args == nil {
				t.Fatalf("a key is missing: %+v", r)
			}
			switch {
			case *r.Ph == "M" && *r.Name == "process_name" && r.Args["name"] != "":
				if processes[*r.PID] {
					t.Fatalf("process %d has two names", *r.PID)
				}
				processes[*r.PID] = true
			case *r.Ph == "M" && *r.Name == "thread_name" && r.Args["name"] != "":
				if _, named := threads[*r.TID]; named {
					t.Fatalf("thread %d has two names", *r.TID)
				}
				threads[*r.TID] = *r.PID
			case *r.Ph == "M" && *r.Name == "thread_sort_index":
			case *r.Ph == "X":
				checkOperation(t, &r, events, ends)
				if !processes[*r.PID] || threads[*r.TID] != *r.PID {
					t.Fatalf("no name of process %d, or of its thread %d", *r.PID, *r.TID)
				}
				seen[r.Args["seq"].(float64)] = true
			default:
				t.Fatalf("unexpected %+v", r)
			}
		}
		if len(seen) != len(events) {
			t.Fatalf("%d of %d operations", len(seen), len(events))
		}
	})
}

func checkOperation(t *rapid.T, r *record, events []oplog.Event, ends map[int]float64) {
	e := events[int(r.Args["seq"].(float64))-1]
	if *r.TS*1000 != float64(e.Mono) && int64(*r.TS*1000+0.5) != e.Mono || int64(*r.Dur*1000+0.5) != e.Duration {
		t.Fatalf("at %v for %v of %+v", *r.TS, *r.Dur, e)
	}
	if end, any := ends[*r.TID]; any && *r.TS < end {
		t.Fatalf("begins at %v, before %v", *r.TS, end)
	}
	ends[*r.TID] = *r.TS + *r.Dur
	if r.Args["file"] != printable(e.Path) || *r.PID != int(e.PID) || r.Cat == nil {
		t.Fatalf("%+v of %+v", r, e)
	}
	errno, has := r.Args["errno"]
	if has != (e.Errno != 0) || has && (errno != oplog.ErrnoText(e.Errno) || !strings.HasSuffix(*r.Name, errno.(string))) {
		t.Fatalf("errno %v of %+v", errno, e)
	}
}

// TestTraceLanes sees that the release which waits for a write gets a lane of its own, and the operation after it none.
func TestTraceLanes(t *testing.T) {
	lanes := map[string]int{}
	for _, r := range readTrace(t, []oplog.Event{
		{Seq: 1, Op: oplog.Write, Handle: 7, PID: 1, Mono: 100, Duration: 900, Path: "/a"},
		{Seq: 2, Op: oplog.Release, Handle: 7, PID: 1, Mono: 500, Duration: 600, Path: "/a", Wait: 500},
		{Seq: 3, Op: oplog.Read, Handle: 7, PID: 1, Mono: 1200, Duration: 600, Path: "/a", Errno: syscall.EBADF, Flags: oplog.Refused},
		{Seq: 4, Op: oplog.Getattr, PID: 1, Mono: 1200, Path: "/a"},
		{Seq: 5, Op: oplog.Open, Handle: 8, PID: 2, Mono: 1200, Path: "/a"},
	}) {
		if *r.Ph == "X" {
			lanes[*r.Name] = *r.TID
		}
	}
	if lanes["write"] != lanes["read EBADF"] || lanes["write"] == lanes["release"] || len(lanes) != 5 || lanes["getattr"] == lanes["write"] {
		t.Errorf("%v", lanes)
	}
}

// TestTraceOfUnended has an operation that a log announced and that ended later, and one that never did.
func TestTraceOfUnended(t *testing.T) {
	begun := oplog.Event{Op: oplog.Open, PID: 1, Mono: 100, Duration: 1000, Path: "/a", Flags: oplog.InFlight}
	ended := oplog.Event{Seq: 1, Op: oplog.Open, PID: 1, Mono: 100, Duration: 1500, Path: "/a", Handle: 7}
	stuck := oplog.Event{Op: oplog.Write, PID: 1, Handle: 7, Mono: 2000, Duration: 1000, Path: "/a", Flags: oplog.InFlight}
	after := oplog.Event{Seq: 2, Op: oplog.Read, PID: 1, Handle: 7, Mono: 5000, Duration: 10, Path: "/a"}
	phases, threads := "", map[int]bool{}
	for _, r := range readTrace(t, []oplog.Event{begun, ended, stuck, after}) {
		if *r.Ph != "M" {
			phases += *r.Ph
			threads[*r.TID] = true
		}
		if (*r.Ph == "X") != (r.Dur != nil) {
			t.Errorf("%s has duration %v", *r.Ph, r.Dur)
		}
	}
	if phases != "XBX" || len(threads) != 2 {
		t.Errorf("%s in %d threads", phases, len(threads))
	}
}

func TestMicros(t *testing.T) {
	for ns, want := range map[int64]string{0: "0.000", 7: "0.007", 1234567: "1234.567", -1500: "-1.500"} {
		if got := micros(ns); string(got) != want {
			t.Errorf("%d is %s", ns, got)
		}
	}
}

func TestWritersError(t *testing.T) {
	for name, write := range map[string]func(io.Writer, iter.Seq[oplog.Event]) error{"CSV": CSV, "Trace": Trace} {
		if err := write(full{}, slices.Values(make([]oplog.Event, 1000))); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := randomEvents(t)
		var b bytes.Buffer
		if err := oplog.WriteNDJSON(&b, events); err != nil {
			t.Fatal(err)
		}
		i := 0
		for e, err := range Read(iotest.OneByteReader(&b)) {
			if err != nil || e != events[i] {
				t.Fatalf("%+v, %v, want %+v", e, err, events[i])
			}
			i++
		}
		if i != len(events) {
			t.Fatalf("%d of %d", i, len(events))
		}
	})
}

func TestReadErrors(t *testing.T) {
	const good = `{"time":"2026-01-02T03:04:05Z","op":"write"}`
	for _, c := range []struct {
		text  string
		good  int
		want  []string // errors, in their order
		isCut bool
	}{
		{"", 0, nil, false}, {good, 1, nil, false}, {good + "\r\n\n" + good + "\n", 2, nil, false},
		{good + "\n" + good[:20], 1, []string{"line 2, the last, is cut: the log was still being written"}, true},
		{good + "\nhello\n" + good, 2, []string{"line 2: not a line of a log: invalid character 'h' looking for beginning of value. Take the line out, or choose a file that was written with --log"}, false},
		{"a\nb\n", 0, []string{"line 1: not", "line 2: not"}, false},
		{good + "\n" + strings.Repeat("x", longestLine+1), 1, []string{"line 2 is longer than 16 MiB"}, false},
	} {
		n, got := 0, []error{}
		for _, err := range Read(strings.NewReader(c.text)) {
			if err == nil {
				n++
			} else {
				got = append(got, err)
			}
		}
		if n != c.good || len(got) != len(c.want) {
			t.Errorf("%.80s: %d lines, errors %v", c.text, n, got)
			continue
		}
		for i, err := range got {
			var wrong *LineError
			if !strings.HasPrefix(err.Error(), c.want[i]) || !errors.As(err, &wrong) || wrong.Cut != c.isCut {
				t.Errorf("%.80s: %v", c.text, err)
			}
		}
	}
}

func TestReadersError(t *testing.T) {
	r := io.MultiReader(strings.NewReader(`{"time":"2026-01-02T03:04:05Z","op":"write"}`+"\n"+`{"ti`), iotest.ErrReader(syscall.EIO))
	n := 0
	for _, err := range Read(r) {
		if n++; n == 2 && (!errors.Is(err, syscall.EIO) || !strings.Contains(err.Error(), "beyond line 1")) {
			t.Error(err)
		}
	}
	if n != 2 {
		t.Errorf("%d", n)
	}
	for range Read(strings.NewReader("a\nb\n")) {
		break
	}
}

func BenchmarkTrace(b *testing.B) {
	events := make([]oplog.Event, 65_536)
	for i := range events {
		events[i] = oplog.Event{Seq: uint64(i + 1), Op: oplog.Write, Handle: uint64(i%50) + 1, Mono: int64(i) * 1000, Duration: 20_000, PID: 7, Proc: "cp", Path: "/films/a.mov", Size: 4096, Result: 4096}
	}
	for b.Loop() {
		Trace(io.Discard, slices.Values(events))
	}
}

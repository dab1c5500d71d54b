package export

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"strconv"

	"vitrine/fusefs/oplog"
)

// Trace writes the events in the Trace Event Format, which Perfetto (ui.perfetto.dev) and chrome://tracing open. Each
// process has one track for each handle that it used, and one for what it did without a handle. Operations of one track
// that overlap go to further lanes of it: in such a viewer one bar below another means a call within a call. An operation
// that had not ended has no end there either. It keeps all events in memory, because a trace is in the order of the
// begins and the record in that of the ends. It returns w's error.
func Trace(w io.Writer, events iter.Seq[oplog.Event]) error {
	sorted := slices.Collect(events)
	slices.SortStableFunc(sorted, byBegin)
	t := tracer{w: bufio.NewWriterSize(w, bufferSize), ended: endedOf(sorted), processes: make(map[int32]bool), tracks: make(map[track]*lanes)}
	t.w.WriteString(`{"displayTimeUnit":"ns","traceEvents":[`)
	for i := range sorted {
		t.add(&sorted[i])
	}
	t.w.WriteString("\n]}\n")
	return cmp.Or(t.err, t.w.Flush())
}

func byBegin(a, b oplog.Event) int {
	return cmp.Or(cmp.Compare(a.Mono, b.Mono), cmp.Compare(b.Duration, a.Duration))
}

// begin tells operations apart by how they began: a begin event has no sequence number.
type begin struct {
	mono   int64
	op     oplog.Op
	pid    int32
	offset int64
	path   string
}

func beginOf(e *oplog.Event) begin { return begin{e.Mono, e.Op, e.PID, e.Offset, e.Path} }

// endedOf returns the operations that have both a begin event and an end event.
func endedOf(events []oplog.Event) map[begin]bool {
	ended := make(map[begin]bool)
	for i := range events {
		if events[i].Flags&oplog.InFlight != 0 {
			ended[beginOf(&events[i])] = false
		}
	}
	for i := range events {
		b := beginOf(&events[i])
		if _, announced := ended[b]; announced && events[i].Flags&oplog.InFlight == 0 {
			ended[b] = true
		}
	}
	return ended
}

// track is what a process did through a handle.
type track struct {
	pid    int32
	handle uint64
}

// lanes are the threads of a track, as the viewer calls them, and when the last operation of each ended.
type lanes struct {
	ids  []int
	free []int64 // mono
}

type tracer struct {
	w         *bufio.Writer
	err       error
	any       bool
	ended     map[begin]bool
	processes map[int32]bool
	tracks    map[track]*lanes
	threads   int
}

const (
	// firstThread is past every process id of Linux: a thread with a process's number would be its main thread.
	firstThread = 1<<22 + 1
	// laneGap is between the operations of a lane, in ns: viewers count µs in floating point and round.
	laneGap = 2
)

func (t *tracer) add(e *oplog.Event) {
	open := e.Flags&oplog.InFlight != 0
	if open && t.ended[beginOf(e)] {
		return
	}
	t.process(e)
	record := traceEvent{
		Name: e.Op.String(), Category: e.Op.String(), Phase: "X", Time: micros(e.Mono), Duration: micros(e.Duration),
		PID: e.PID, Thread: t.lane(e, open), Args: argsOf(e),
	}
	if open {
		record.Phase, record.Duration = "B", ""
	}
	if e.Errno != 0 {
		record.Name += " " + oplog.ErrnoText(e.Errno)
		record.Category += ",error"
	}
	t.write(record)
}

// micros writes ns as µs with three digits behind the point.
func micros(ns int64) json.Number {
	sign := ""
	if ns < 0 {
		sign, ns = "-", -ns
	}
	return json.Number(fmt.Sprintf("%s%d.%03d", sign, ns/1000, ns%1000))
}

// process names the event's process, once.
func (t *tracer) process(e *oplog.Event) {
	if t.processes[e.PID] {
		return
	}
	t.processes[e.PID] = true
	name := printable(e.Proc)
	if e.PID == 0 {
		name = "kernel"
	} else if name == "" {
		name = "process " + strconv.Itoa(int(e.PID))
	}
	t.write(traceEvent{Name: "process_name", Phase: "M", PID: e.PID, Args: map[string]any{"name": name}})
}

// lane returns the thread that the operation is to be drawn in.
func (t *tracer) lane(e *oplog.Event, open bool) int {
	key := track{e.PID, e.Handle}
	l := t.tracks[key]
	if l == nil {
		l = new(lanes)
		t.tracks[key] = l
	}
	end := e.Mono + max(e.Duration, 0)
	if open {
		end = math.MaxInt64 - laneGap
	}
	for i := range l.free {
		if l.free[i]+laneGap <= e.Mono {
			l.free[i] = end
			return l.ids[i]
		}
	}
	l.free = append(l.free, end)
	l.ids = append(l.ids, t.thread(e, len(l.ids)))
	return l.ids[len(l.ids)-1]
}

// thread makes a new thread and names it.
func (t *tracer) thread(e *oplog.Event, lane int) int {
	id := firstThread + t.threads
	t.threads++
	name := "without a handle"
	if e.Handle != 0 {
		name = fmt.Sprintf("handle %d %s", e.Handle, printable(e.Path))
	}
	if lane > 0 {
		name += fmt.Sprintf(" (at the same time, %d)", lane+1)
	}
	t.write(traceEvent{Name: "thread_name", Phase: "M", PID: e.PID, Thread: id, Args: map[string]any{"name": name}})
	t.write(traceEvent{Name: "thread_sort_index", Phase: "M", PID: e.PID, Thread: id, Args: map[string]any{"sort_index": e.Handle}})
	return id
}

// traceEvent is one record; see "Trace Event Format" by Google.
type traceEvent struct {
	Name     string         `json:"name"`
	Category string         `json:"cat,omitempty"`
	Phase    string         `json:"ph"`
	Time     json.Number    `json:"ts,omitempty"`  // µs
	Duration json.Number    `json:"dur,omitempty"` // µs
	PID      int32          `json:"pid"`
	Thread   int            `json:"tid,omitempty"`
	Args     map[string]any `json:"args"`
}

func argsOf(e *oplog.Event) map[string]any {
	args := map[string]any{"file": printable(e.Path), "seq": e.Seq}
	for name, n := range map[string]int64{"offset": e.Offset, "size": e.Size, "result": e.Result, "wait_ns": e.Wait, "mode": int64(e.Mode)} {
		if n != 0 || name != "wait_ns" && name != "mode" && (e.Op == oplog.Read || e.Op == oplog.Write) {
			args[name] = n
		}
	}
	for name, s := range map[string]string{"file2": e.Path2, "flags": e.Flags.String(), "process": e.Proc, "detail": e.Detail} {
		if s != "" {
			args[name] = printable(s)
		}
	}
	if e.Errno != 0 {
		args["errno"] = oplog.ErrnoText(e.Errno)
	}
	if e.Handle != 0 {
		args["handle"] = e.Handle
	}
	return args
}

func (t *tracer) write(e traceEvent) {
	if t.err != nil {
		return
	}
	line, err := json.Marshal(e)
	t.err = err
	if t.any {
		t.w.WriteByte(',')
	}
	t.any = true
	t.w.WriteByte('\n')
	t.w.Write(line)
}

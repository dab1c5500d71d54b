package oplog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/rs/zerolog"
)

// An operation is one line of JSON:
//
//	{"time":"2026-01-02T03:04:05.678901234Z","seq":7,"mono":1200345,"dur_ns":2100,"op":"write","path":"/a",
//	 "handle":3,"inode":12,"offset":0,"size":4096,"result":4096,"pid":4242,"uid":1000,"proc":"cp"}
//
// Seq, mono, dur_ns, op and path are always there, offset, size and result for reads and writes; every other field
// is left out where it is zero. Errno is the name as errno(3) lists it (its number where the system has no name),
// flags are names joined by "|". Handles are counters, so they stay below 2^53 and safe as JSON numbers.
//
// Names of files need not be UTF-8. A byte that is no part of it is written as a lone surrogate, \udc00 plus the byte.
// Python calls this surrogateescape: json.loads and os.fsencode restore the name there.

// TimeLayout is RFC 3339 with all nine digits, so that lines align.
const TimeLayout = "2006-01-02T15:04:05.000000000Z07:00"

// MarshalZerologObject writes the event's fields.
func (e *Event) MarshalZerologObject(z *zerolog.Event) {
	var buf [len(TimeLayout) + 2]byte
	z.RawJSON("time", time.Unix(0, e.Wall).UTC().AppendFormat(buf[:0], `"`+TimeLayout+`"`))
	z.Uint64("seq", e.Seq).Int64("mono", e.Mono).Int64("dur_ns", e.Duration)
	z.Str("op", opText(e.Op))
	addText(z, "path", e.Path)
	e.marshalArguments(z)
	e.marshalOutcome(z)
}

func (e *Event) marshalArguments(z *zerolog.Event) {
	if e.Path2 != "" {
		addText(z, "path2", e.Path2)
	}
	if e.Handle != 0 {
		z.Uint64("handle", e.Handle)
	}
	if e.Inode != 0 {
		z.Uint64("inode", e.Inode)
	}
	moves := e.Op == Read || e.Op == Write
	addInt(z, "offset", e.Offset, moves)
	addInt(z, "size", e.Size, moves)
	addInt(z, "mode", int64(e.Mode), false)
	addInt(z, "pid", int64(e.PID), false)
	addInt(z, "uid", int64(e.UID), false)
	if e.Proc != "" {
		addText(z, "proc", e.Proc)
	}
}

func (e *Event) marshalOutcome(z *zerolog.Event) {
	addInt(z, "result", e.Result, e.Op == Read || e.Op == Write)
	if e.Errno != 0 {
		z.Str("errno", ErrnoText(e.Errno))
	}
	addInt(z, "wait_ns", e.Wait, false)
	if e.Flags != 0 {
		z.Str("flags", e.Flags.String())
	}
	if e.Detail != "" {
		addText(z, "detail", e.Detail)
	}
}

func addInt(z *zerolog.Event, key string, n int64, always bool) {
	if n != 0 || always {
		z.Int64(key, n)
	}
}

func addText(z *zerolog.Event, key, s string) {
	if utf8.ValidString(s) {
		z.Str(key, s)
	} else {
		z.RawJSON(key, quote(s))
	}
}

// WriteNDJSON writes one line for each event, in writes of some ten kilobytes. It returns w's error.
func WriteNDJSON(w io.Writer, events []Event) error {
	const chunk = 64 << 10
	var buf bytes.Buffer
	log := zerolog.New(&buf)
	for i := range events {
		log.Log().EmbedObject(&events[i]).Send()
		if buf.Len() >= chunk || i == len(events)-1 {
			if _, err := buf.WriteTo(w); err != nil {
				return err
			}
		}
	}
	return nil
}

// line is the JSON of an event.
type line struct {
	Time   *string `json:"time"`
	Seq    uint64  `json:"seq"`
	Mono   int64   `json:"mono"`
	Dur    int64   `json:"dur_ns"`
	Op     *string `json:"op"`
	Path   text    `json:"path"`
	Path2  text    `json:"path2"`
	Handle uint64  `json:"handle"`
	Inode  uint64  `json:"inode"`
	Offset int64   `json:"offset"`
	Size   int64   `json:"size"`
	Mode   uint32  `json:"mode"`
	PID    int32   `json:"pid"`
	UID    uint32  `json:"uid"`
	Proc   text    `json:"proc"`
	Result int64   `json:"result"`
	Errno  string  `json:"errno"`
	Wait   int64   `json:"wait_ns"`
	Flags  string  `json:"flags"`
	Detail text    `json:"detail"`
}

// ParseLine reads an event back from the line that it was written as. Fields that it does not know are ignored. The
// error says what is wrong with the line.
func ParseLine(b []byte) (Event, error) {
	var l line
	if err := json.Unmarshal(b, &l); err != nil {
		return Event{}, fmt.Errorf("not a line of a log: %w", err)
	}
	e := Event{
		Seq: l.Seq, Mono: l.Mono, Duration: l.Dur, Wait: l.Wait, PID: l.PID, UID: l.UID, Mode: l.Mode, Proc: string(l.Proc),
		Path: string(l.Path), Path2: string(l.Path2), Handle: l.Handle, Inode: l.Inode, Offset: l.Offset, Size: l.Size,
		Result: l.Result, Detail: string(l.Detail),
	}
	return e, errors.Join(e.parseTime(l.Time), e.parseOp(l.Op), e.parseErrno(l.Errno), e.parseFlags(l.Flags))
}

func (e *Event) parseTime(s *string) error {
	if s == nil {
		return errors.New("not a line of a log: no time")
	}
	t, err := time.Parse(time.RFC3339Nano, *s)
	e.Wall = t.UnixNano()
	return err
}

func (e *Event) parseOp(s *string) (err error) {
	if s == nil {
		return errors.New("not a line of a log: no op")
	}
	e.Op, err = parseOpText(*s)
	return err
}

func (e *Event) parseErrno(s string) (err error) {
	if s != "" {
		e.Errno, err = parseErrnoText(s)
	}
	return err
}

func (e *Event) parseFlags(s string) (err error) {
	e.Flags, err = ParseFlags(s)
	return err
}

// opText is the operation's name, or its number where it has none.
func opText(o Op) string {
	if o == 0 || o >= NumOps {
		return strconv.Itoa(int(o))
	}
	return o.String()
}

func parseOpText(s string) (Op, error) {
	if o, ok := ParseOp(s); ok {
		return o, nil
	}
	n, err := strconv.ParseUint(s, 10, 8)
	if err != nil {
		return 0, fmt.Errorf("unknown operation %q", s)
	}
	return Op(n), nil
}

// ErrnoText returns the name of the error, its number where it has none.
func ErrnoText(e syscall.Errno) string {
	if name := ErrnoName(e); name != "" {
		return name
	}
	return strconv.FormatUint(uint64(e), 10)
}

func parseErrnoText(s string) (syscall.Errno, error) {
	if e, ok := ParseErrno(s); ok {
		return e, nil
	}
	n, err := strconv.ParseUint(s, 10, strconv.IntSize)
	if err != nil {
		return 0, fmt.Errorf("unknown error name %q", s)
	}
	return syscall.Errno(n), nil
}

var flagNames = []string{"inflight", "refused", "panicked", "exchanged", "filtered"} // in the order of their bits

// String returns the names of the flags joined by "|", "" for none.
func (f Flag) String() string {
	var names []string
	for bit := range 8 {
		if f&(1<<bit) == 0 {
			continue
		}
		if bit < len(flagNames) {
			names = append(names, flagNames[bit])
		} else {
			names = append(names, strconv.Itoa(1<<bit))
		}
	}
	return strings.Join(names, "|")
}

// ParseFlags reads what Flag.String wrote.
func ParseFlags(s string) (f Flag, err error) {
	if s == "" {
		return 0, nil
	}
	for name := range strings.SplitSeq(s, "|") {
		bit, err := parseFlag(name)
		if err != nil {
			return 0, err
		}
		f |= bit
	}
	return f, nil
}

func parseFlag(s string) (Flag, error) {
	for bit, name := range flagNames {
		if s == name {
			return 1 << bit, nil
		}
	}
	n, err := strconv.ParseUint(s, 10, 8)
	if err != nil {
		return 0, fmt.Errorf("unknown flag %q", s)
	}
	return Flag(n), nil
}

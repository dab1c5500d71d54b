package oplog

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"
)

func TestLineAsDocumented(t *testing.T) {
	for _, c := range []struct {
		event Event
		want  string
	}{
		{
			Event{Wall: 1767323045678901234, Seq: 7, Mono: 1200345, Duration: 2100, Op: Write, Path: "/a", Handle: 3, Inode: 12, Size: 4096, Result: 4096, PID: 4242, UID: 1000, Proc: "cp"},
			`{"time":"2026-01-02T03:04:05.678901234Z","seq":7,"mono":1200345,"dur_ns":2100,"op":"write","path":"/a","handle":3,"inode":12,"offset":0,"size":4096,"pid":4242,"uid":1000,"proc":"cp","result":4096}`,
		},
		{
			Event{Wall: 1, Seq: 8, Op: Open, Path: "/caf\xe9 \"x\"\n", Mode: 577, Errno: syscall.EACCES, Flags: Panicked | InFlight, Detail: "é"},
			`{"time":"1970-01-01T00:00:00.000000001Z","seq":8,"mono":0,"dur_ns":0,"op":"open","path":"/caf\udce9 \"x\"\u000a","mode":577,"errno":"EACCES","flags":"inflight|panicked","detail":"é"}`,
		},
	} {
		var b strings.Builder
		if err := WriteNDJSON(&b, []Event{c.event}); err != nil {
			t.Fatal(err)
		}
		if b.String() != c.want+"\n" {
			t.Errorf("got  %swant %s", b.String(), c.want)
		}
		if e, err := ParseLine([]byte(c.want)); err != nil || e != c.event {
			t.Errorf("read back %+v, %v", e, err)
		}
	}
}

func TestParseLineErrors(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{``, "not a line"},
		{`{"time":"2026-01-02T03:04:05Z","op":"write"`, "not a line"},
		{`{"op":"write"}`, "no time"},
		{`{"time":"2026-01-02T03:04:05Z"}`, "no op"},
		{`{"time":"yesterday","op":"write"}`, "yesterday"},
		{`{"time":"2026-01-02T03:04:05Z","op":"scribble"}`, `unknown operation "scribble"`},
		{`{"time":"2026-01-02T03:04:05Z","op":"write","errno":"EWHAT"}`, `unknown error name "EWHAT"`},
		{`{"time":"2026-01-02T03:04:05Z","op":"write","flags":"red"}`, `unknown flag "red"`},
		{`{"time":"2026-01-02T03:04:05Z","op":"write","path":7}`, "not a line"},
		{`{"time":"2026-01-02T03:04:05Z","op":"write"} {}`, "not a line"},
	} {
		if _, err := ParseLine([]byte(c.line)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v", c.line, err)
		}
	}
}

// TestParseLineOfOthers reads lines that went through other programs.
func TestParseLineOfOthers(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`/a\/b\ud83d\ude00\udcffA\b\f\n\r\t\\\"`, "/a/b😀\xffA\b\f\n\r\t\\\""},
		{`\uDCFF\ud83d\udcff`, "\xff\U0001f4ff"},
		{`\ud83dx\udcff`, "�x\xff"},
		{`\\udcff`, `\udcff`},
		{`\ud83d`, "�"},
	} {
		e, err := ParseLine([]byte(`{"time":"2026-01-02T03:04:05+02:00","op":"read","new":[1],"path":"` + c.text + `"}`))
		if err != nil || e.Path != c.want || e.Wall != 1767315845e9 {
			t.Errorf("%s: %q at %d, %v", c.text, e.Path, e.Wall, err)
		}
	}
}

func TestErrnoNames(t *testing.T) {
	for name, want := range map[string]syscall.Errno{
		"EBADF": syscall.EBADF, "ENOATTR": errnoNumbers()["ENODATA"], "EOPNOTSUPP": syscall.ENOTSUP, "EWOULDBLOCK": syscall.EAGAIN,
	} {
		if got, ok := ParseErrno(name); !ok || got != want {
			t.Errorf("%s: %d %v", name, got, ok)
		}
	}
	if _, ok := ParseErrno(""); ok {
		t.Error("no name is an error")
	}
}

// FuzzLine: every event is read back from its line exactly, and the line is JSON.
func FuzzLine(f *testing.F) {
	f.Add(uint64(7), int64(1767323045678901234), int64(12), int64(34), int64(5), uint8(Write), uint8(0), uint64(0), int32(4242), uint32(0o644), "cp", "/films/a.mov", "", uint64(3), int64(0), int64(4096), int64(4096), "")
	f.Add(uint64(0), int64(-1), int64(-2), int64(-3), int64(-4), uint8(0), uint8(255), uint64(9), int32(-1), uint32(1<<31), "\xff", "/\x80\xc0\xed\xb2\x80", "\"\\\x00\x1f\x7f", uint64(1<<63), int64(-1<<63), int64(1<<62), int64(-5), "goroutine 1\n\t\u2028")
	f.Add(uint64(1), int64(0), int64(0), int64(0), int64(0), uint8(200), uint8(16), uint64(4095), int32(0), uint32(0), "", `/\udcff`, "\u00e9\U0001f600", uint64(1), int64(0), int64(0), int64(0), "\xf0\x9f\x98")
	f.Add(uint64(1), int64(0), int64(0), int64(0), int64(0), uint8(Read), uint8(8), uint64(1<<40), int32(0), uint32(0), "\ufffd", "\xf0\x9f\x98\x80\xed\xa0\xbd\xff", "<>&", uint64(1), int64(0), int64(0), int64(0), "")
	f.Fuzz(func(t *testing.T, seq uint64, wall, mono, dur, wait int64, op, flags uint8, errno uint64, pid int32, mode uint32,
		proc, path, path2 string, handle uint64, offset, size, result int64, detail string) {
		e := Event{
			Seq: seq, Wall: wall, Mono: mono, Duration: dur, Wait: wait, Op: Op(op), Flags: Flag(flags), Errno: syscall.Errno(errno),
			PID: pid, Mode: mode, Proc: proc, Path: path, Path2: path2, Handle: handle, Offset: offset, Size: size,
			Result: result, Detail: detail,
		}
		var b bytes.Buffer
		if err := WriteNDJSON(&b, []Event{e}); err != nil {
			t.Fatal(err)
		}
		line := b.Bytes()
		if !json.Valid(line) || !utf8.Valid(line) || bytes.IndexByte(line, '\n') != len(line)-1 {
			t.Fatalf("not a line of JSON: %q", line)
		}
		if got, err := ParseLine(line); err != nil || got != e {
			t.Fatalf("%s\ngot  %+v\nwant %+v\n%v", line, got, e, err)
		}
	})
}

// FuzzParseLine: no input breaks the parser, and what it accepts is written and read the same.
func FuzzParseLine(f *testing.F) {
	f.Add([]byte(`{"time":"2026-01-02T03:04:05Z","op":"write","path":"/\udc80\ud83d"}`))
	f.Add([]byte(`{"time":"2026-01-02T03:04:05Z","op":"0","errno":"0","flags":"3|inflight"}`))
	f.Add([]byte(`{"time":"0001-01-01T00:00:00Z","op":"77","path":null}`))
	f.Add([]byte(`{"time":null,"op":null}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := ParseLine(line)
		if err != nil {
			return
		}
		var b bytes.Buffer
		WriteNDJSON(&b, []Event{e})
		if again, err := ParseLine(b.Bytes()); err != nil || again != e {
			t.Fatalf("%q\nread %+v\nthen %+v\n%v", line, e, again, err)
		}
	})
}

// TestPythonRestoresNames shows that the escape is what Python calls surrogateescape.
func TestPythonRestoresNames(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 here")
	}
	name := "/caf\xe9/\xff\xfe😀\xed\xb2\x80"
	var b bytes.Buffer
	WriteNDJSON(&b, []Event{{Op: Open, Path: name}})
	cmd := exec.Command(python, "-c", "import sys,json; sys.stdout.buffer.write(json.loads(sys.stdin.readline())['path'].encode('utf-8','surrogateescape'))")
	cmd.Stdin = &b
	if out, err := cmd.Output(); err != nil || string(out) != name {
		t.Errorf("%q, %v", out, err)
	}
}

func TestManyLines(t *testing.T) {
	events := make([]Event, 5000)
	for i := range events {
		events[i] = Event{Seq: uint64(i + 1), Op: Read, Path: strings.Repeat("x", i%200)}
	}
	var b bytes.Buffer
	if err := WriteNDJSON(&b, events); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(&b)
	for i := 0; lines.Scan(); i++ {
		if e, err := ParseLine(lines.Bytes()); err != nil || e != events[i] {
			t.Fatalf("line %d: %+v, %v", i, e, err)
		}
	}
	if err := WriteNDJSON(brokenWriter{}, events); err != syscall.ENOSPC {
		t.Errorf("error %v", err)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func BenchmarkWriteNDJSON(b *testing.B) {
	events := make([]Event, 1000)
	for i := range events {
		events[i] = benchEvent()
	}
	var out bytes.Buffer
	b.ReportAllocs()
	for b.Loop() {
		out.Reset()
		WriteNDJSON(&out, events)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(events)), "ns/event")
}

func BenchmarkParseLine(b *testing.B) {
	var out bytes.Buffer
	WriteNDJSON(&out, []Event{benchEvent()})
	b.ReportAllocs()
	for b.Loop() {
		ParseLine(out.Bytes())
	}
}

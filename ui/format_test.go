package ui

import (
	"syscall"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
)

func TestFormat(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{size(0), "0 B"}, {size(999), "999 B"}, {size(999.6), "1.00 kB"}, {size(1000), "1.00 kB"},
		{size(131072), "131 kB"}, {size(999_499), "999 kB"}, {size(999_500), "1.00 MB"},
		{size(12_345_678), "12.3 MB"}, {size(1.5e9), "1.50 GB"}, {size(9.996e6), "10.0 MB"}, {size(99.96e6), "100 MB"},
		{rate(45.6e6), "45.6 MB/s"}, {rateOrDash(0.2), "–"}, {rateOrDash(20), "20 B/s"},
		{perSecond(0), "0"}, {perSecond(0.52), "0.5"}, {perSecond(9.97), "10"}, {perSecond(12345), "12,345"},
		{duration(0), "0 ns"}, {duration(999), "999 ns"}, {duration(1240 * time.Microsecond), "1.24 ms"},
		{duration(999_400), "999 µs"}, {duration(999_600), "1.00 ms"}, {duration(12300 * time.Millisecond), "12.3 s"},
		{duration(125 * time.Second), "2 min 05 s"}, {duration(-1), "–"},
		{age(0), "0 s"}, {age(-time.Second), "0 s"}, {age(61 * time.Second), "1 min 01 s"},
		{age(3 * time.Hour), "3 h 00 min"}, {age(50 * time.Hour), "2 d 02 h"},
		{clock(1_700_000_000_123_456_789), "22:13:20.123456"},
		{process("cp", 12), "cp 12"}, {process("", 12), "12"}, {process("", 0), "kernel"},
		{mode(syscall.O_RDONLY), "r"}, {mode(syscall.O_WRONLY), "w"}, {mode(syscall.O_RDWR), "rw"},
		{mode(syscall.O_WRONLY | syscall.O_APPEND), "w append"},
		{handle(0), ""}, {handle(7), "7"},
		{middle("/short", 10), "/short"}, {middle("/a/long/path/name.txt", 11), "/a/l…me.txt"}, {middle("/abc", 1), "…"},
		{middle("äöüäöüäöü", 5), "äö…öü"},
		{tilde("/home/ada/Vitrine"), "~/Vitrine"}, {tilde("/home/ada"), "~"}, {tilde("/home/adam/x"), "/home/adam/x"},
		{errno(syscall.ENOSPC), "ENOSPC"}, {errno(99999), "errno 99999"},
		{scaleLabel(scaleTop(0)), "1 kB/s"}, {scaleLabel(scaleTop(43e6)), "50 MB/s"}, {scaleLabel(scaleTop(110e6)), "200 MB/s"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestGermanNumbers(t *testing.T) {
	speak(t, "de")
	explained := activity.Sentence{Format: "It moved %s of the %s that were asked for.", Args: []any{activity.Bytes(1536), activity.Span(1_500_000)}}
	for _, c := range []struct{ got, want string }{
		{count(1_204), "1.204"}, {count(12_345_678), "12.345.678"}, {count(999), "999"}, {Count(-1_000), "-1.000"},
		{size(1000), "1,00 kB"}, {rate(2.73e6), "2,73 MB/s"}, {rate(273e6), "273 MB/s"},
		{perSecond(0.52), "0,5"}, {perSecond(12345), "12.345"},
		{duration(1240 * time.Microsecond), "1,24 ms"}, {gap(-12300 * time.Microsecond), "−12,3 ms"}, {age(61 * time.Second), "1 min 01 s"},
		{clock(1_700_000_000_123_456_789), "22:13:20,123456"}, {moment(1_700_000_000_123_456_789), "2023-11-14 22:13:20,123456"},
		{tickLabel(1_500_000, 500_000), "1,5 ms"}, {scaleLabel(scaleTop(0)), "1 kB/s"}, {scaleLabel(scaleTop(1.4e6)), "2 MB/s"},
		{say(explained), "Sie bewegte 1,5 KiB der 1,5 ms, um die gebeten wurde."},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestMiddleKeepsLength(t *testing.T) {
	s := "/photos/2026/11/23/IMG_20261123_110203.dng"
	for n := 1; n <= len(s); n++ {
		if got := len([]rune(middle(s, n))); got != n {
			t.Errorf("middle to %d has %d letters", n, got)
		}
	}
}

func TestFitText(t *testing.T) {
	test.NewTempApp(t)
	s := "/photos/2026/11/23/IMG_20261123_110203.dng"
	for _, width := range []float32{20, 100, 200, 1000} {
		got := fitText(s, width, sizeText, fyne.TextStyle{})
		if w := fyne.MeasureText(got, sizeText, fyne.TextStyle{}).Width; w > width {
			t.Errorf("%q is %v wide, more than %v", got, w, width)
		}
		if width == 1000 && got != s {
			t.Errorf("%q was shortened without need", got)
		}
	}
}

func TestResult(t *testing.T) {
	for _, c := range []struct {
		e    oplog.Event
		text string
		bad  bool
	}{
		{oplog.Event{Op: oplog.Write, Size: 4096, Result: 4096}, "4,096", false},
		{oplog.Event{Op: oplog.Write, Size: 4096, Result: 100}, "100", true},
		{oplog.Event{Op: oplog.Write, Size: 4096, Errno: syscall.ENOSPC}, "ENOSPC", true},
		{oplog.Event{Op: oplog.Getattr, Errno: syscall.ENOENT}, "ENOENT", true},
		{oplog.Event{Op: oplog.Flush}, "ok", true},
		{oplog.Event{Op: oplog.Read, Errno: syscall.EIO, Flags: oplog.Panicked}, "panic EIO", true},
	} {
		got := result(&c.e)
		if got.text != c.text || (got.tone != "") != c.bad {
			t.Errorf("%v: got %q %q, want %q", c.e.Op, got.text, got.tone, c.text)
		}
	}
	plainError := result(&oplog.Event{Op: oplog.Write, Errno: syscall.ENOENT})
	asked := result(&oplog.Event{Op: oplog.Getattr, Errno: syscall.ENOENT})
	if plainError.tone == asked.tone {
		t.Error("a question whether a file is there looks like a failure")
	}
}

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"/plain.txt": "/plain.txt", "/ä日🎬": "/ä日🎬", "/a\nb\x1b": `/a\nb\x1b`, "/invoice\u202efdp": "/invoice\ufffdfdp", "/\xff": "/\ufffd",
	} {
		if got := visible(in); got != want {
			t.Errorf("visible(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestModeIsTranslated(t *testing.T) {
	speak(t, "de")
	if got := mode(syscall.O_WRONLY | syscall.O_APPEND); got != "w anfügen" {
		t.Errorf("a file opened to append is %q", got)
	}
}

package metrics

import (
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"vitrine/fusefs/oplog"
)

func source() Source {
	return Source{
		Flush:   func() {},
		Mounted: func() bool { return true }, Open: func() int { return 3 }, InFlight: func() int { return 2 },
		Dropped: func() uint64 { return 7 }, DroppedBytes: func() (read, written int64) { return 10, 20 },
	}
}

func get(t *testing.T, url string) (status int, text string) {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

func TestWhatPrometheusReads(t *testing.T) {
	m := NewSink("1.2.3", source())
	m.Collect([]oplog.Event{
		{Op: oplog.Write, Result: 4096, Duration: int64(3 * time.Millisecond)},
		{Op: oplog.Write, Errno: syscall.ENOSPC, Duration: int64(time.Millisecond)},
		{Op: oplog.Read, Result: 100},
		{Op: oplog.Getattr, Errno: syscall.ENOENT},              // an ordinary answer
		{Op: oplog.Write, Flags: oplog.InFlight, Duration: 1e9}, // will be counted when it ends
		{Op: oplog.NumOps},
	}, 0)
	s, err := Serve("127.0.0.1:0", m)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, text := get(t, "http://"+s.Addr()+"/metrics")
	for _, line := range []string{
		`vitrine_operation_duration_seconds_count{op="write"} 2`,
		`vitrine_operation_duration_seconds_sum{op="write"} 0.004`,
		`vitrine_operation_duration_seconds_count{op="getattr"} 1`,
		`vitrine_operation_duration_seconds_bucket{op="write",le="0.00256"} 1`,
		`vitrine_operation_duration_seconds_bucket{op="write",le="+Inf"} 2`,
		`vitrine_errors_total{errno="ENOSPC",op="write"} 1`,
		`# TYPE go_goroutines gauge`,
		`# TYPE go_gc_heap_live_bytes gauge`,
		`# TYPE process_open_fds gauge`,
		`vitrine_read_bytes_total 110`,
		`vitrine_written_bytes_total 4116`,
		`vitrine_dropped_events_total 7`,
		`vitrine_open_files 3`,
		`vitrine_in_flight 2`,
		`vitrine_mounted 1`,
		`vitrine_build_info{version="1.2.3"} 1`,
	} {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("%q is missing in:\n%s", line, text)
		}
	}
	if strings.Contains(text, "ENOENT") {
		t.Error("an ordinary answer counts as an error")
	}
	if status, _ := get(t, "http://"+s.Addr()+"/debug/pprof/"); status != http.StatusNotFound {
		t.Errorf("it serves more than metrics: %d", status)
	}
}

func TestAddressInUse(t *testing.T) {
	m := NewSink("1", source())
	first, err := Serve("127.0.0.1:0", m)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if _, err := Serve(first.Addr(), m); err == nil || !strings.Contains(err.Error(), first.Addr()) || !strings.Contains(err.Error(), "in use") {
		t.Errorf("%v", err)
	}
}

func BenchmarkCollect(b *testing.B) {
	m := NewSink("1", source())
	batch := []oplog.Event{{Op: oplog.Write, Result: 4096, Duration: 20_000}}
	for b.Loop() {
		m.Collect(batch, 0)
	}
}

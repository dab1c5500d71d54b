// Package metrics tells Prometheus what passes through a drive: how many operations of each kind, how long they took,
// what failed, how many bytes moved. It tells no names of files or programs.
package metrics

import (
	"errors"
	"net"
	"net/http"
	"regexp"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"vitrine/app/config/failure"
	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
)

// Source is what is known of a drive beside its operations. The functions are called from any goroutine.
type Source struct {
	Flush        func() // returns when what was recorded before has been collected
	Mounted      func() bool
	Open         func() int                   // open files and folders
	InFlight     func() int                   // operations that have not ended
	Dropped      func() uint64                // operations that are missing in the record
	DroppedBytes func() (read, written int64) // what those had moved
}

// buckets reach from what the page cache answers to what a sleeping network disk does, in seconds.
var buckets = prometheus.ExponentialBuckets(1e-5, 4, 11)

// liveHeap is what a garbage collection left: the one size of a heap that tells a leak from garbage.
var liveHeap = regexp.MustCompile(`^/gc/heap/live:bytes$`)

// Sink counts operations. It is attached to a record.
type Sink struct {
	registry      *prometheus.Registry
	flush         func()
	durations     [oplog.NumOps]prometheus.Observer
	failed        *prometheus.CounterVec
	read, written atomic.Int64
}

// NewSink returns a sink that has counted nothing yet.
func NewSink(version string, s Source) *Sink {
	m := &Sink{registry: prometheus.NewRegistry(), flush: s.Flush}
	durations := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "vitrine_operation_duration_seconds", Help: "How long operations took, by kind.", Buckets: buckets,
	}, []string{"op"})
	for op := oplog.Op(1); op < oplog.NumOps; op++ {
		m.durations[op] = durations.WithLabelValues(op.String())
	}
	m.failed = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "vitrine_errors_total", Help: "Operations that failed unexpectedly, by kind and error.",
	}, []string{"op", "errno"})
	m.registry.MustRegister(durations, m.failed, collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(collectors.GoRuntimeMetricsRule{Matcher: liveHeap})))
	m.registerTotals(s)
	m.gauge("vitrine_build_info", "The version that runs; always 1.", prometheus.Labels{"version": version}, func() float64 { return 1 })
	return m
}

func (m *Sink) registerTotals(s Source) {
	bytes := func(ours *atomic.Int64, dropped func() int64) func() float64 {
		return func() float64 { return float64(ours.Load() + dropped()) }
	}
	m.counter("vitrine_read_bytes_total", "Bytes that programs read.", bytes(&m.read, func() int64 { n, _ := s.DroppedBytes(); return n }))
	m.counter("vitrine_written_bytes_total", "Bytes that programs wrote.", bytes(&m.written, func() int64 { _, n := s.DroppedBytes(); return n }))
	m.counter("vitrine_dropped_events_total", "Operations that are missing in the record, and in the histograms.", func() float64 { return float64(s.Dropped()) })
	m.gauge("vitrine_open_files", "Files and folders that programs hold open.", nil, func() float64 { return float64(s.Open()) })
	m.gauge("vitrine_in_flight", "Operations that have not ended.", nil, func() float64 { return float64(s.InFlight()) })
	m.gauge("vitrine_mounted", "1 while the drive is mounted.", nil, func() float64 {
		if s.Mounted() {
			return 1
		}
		return 0
	})
}

func (m *Sink) counter(name, help string, f func() float64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, f))
}

func (m *Sink) gauge(name, help string, labels prometheus.Labels, f func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, f))
}

// Collect counts what ended.
func (m *Sink) Collect(batch []oplog.Event, _ uint64) {
	for i := range batch {
		if e := &batch[i]; e.Flags&oplog.InFlight == 0 && e.Op > 0 && e.Op < oplog.NumOps {
			m.count(e)
		}
	}
}

func (m *Sink) count(e *oplog.Event) {
	m.durations[e.Op].Observe(time.Duration(e.Duration).Seconds())
	read, written := e.Bytes()
	m.read.Add(read)
	m.written.Add(written)
	if activity.IsError(*e) {
		m.failed.WithLabelValues(e.Op.String(), errorName(e)).Inc()
	}
}

func errorName(e *oplog.Event) string {
	switch {
	case e.Flags&oplog.Panicked != 0:
		return "panic"
	case e.Errno == 0:
		return "refused"
	}
	if name := oplog.ErrnoName(e.Errno); name != "" {
		return name
	}
	return "other"
}

// Server serves the metrics over HTTP, at /metrics.
type Server struct {
	http *http.Server
	addr net.Addr
}

// Serve serves what the sink counts at an address such as 127.0.0.1:9464, until Close.
func Serve(address string, m *Sink) (*Server, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, failure.Textf("the metrics cannot be served at %s: %v. Choose another port, or end what uses it", address, reason(err))
	}
	metrics := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		m.flush()
		metrics.ServeHTTP(w, r)
	})
	s := &Server{addr: l.Addr(), http: &http.Server{
		Handler: mux, ReadTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
	}}
	go s.http.Serve(l) // returns when it is closed
	return s, nil
}

// reason is the system's error without the address, which the message has.
func reason(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

// Addr returns where it serves: with port 0 the system chose one.
func (s *Server) Addr() string { return s.addr.String() }

// Close ends the service at once.
func (s *Server) Close() error { return s.http.Close() }

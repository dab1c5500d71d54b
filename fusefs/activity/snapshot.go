// Package activity folds the record of operations into what a person wants to know: which files are open and by
// whom, what is in flight, and how long operations take. It knows the record (oplog) and nothing of FUSE.
package activity

import (
	"time"

	"vitrine/fusefs/oplog"
)

// Snapshot is the state of the model at one instant. It is never changed after it was made.
type Snapshot struct {
	At       time.Time
	Open     []OpenFile    // oldest first
	InFlight []oplog.Event // oldest first; Duration is the age
	Ops      []OpStats     // those that occurred at least once, in the order of oplog.Op

	ReadRate  float64 // bytes per second, over the last second
	WriteRate float64 // bytes per second, over the last second
	OpRate    float64 // operations per second, over the last second
	Read      int64   // bytes, all time
	Written   int64   // bytes, all time
	Count     uint64  // operations ended, all time, the dropped ones among them
	Errors    uint64  // operations that failed unexpectedly, all time: see IsError
	LastError *oplog.Event

	Seconds []Second // the last 60 full seconds and the running one, oldest first, no gaps

	Dropped uint64 // events that the ring had to drop, all time
	Resyncs uint64 // how often the model was rebuilt from the handle table because of that
}

// OpenFile is a file or folder that some process holds open through the mount.
type OpenFile struct {
	oplog.OpenHandle
	InFlight            int     // operations in flight on this handle
	ReadRate, WriteRate float64 // bytes per second, over the last second
}

// OpStats sums up one kind of operation.
type OpStats struct {
	Op     oplog.Op
	All    Latency // all time
	Recent Latency // last 10 s
}

// Latency is the distribution of durations of one kind of operation. Quantiles come from an HDR histogram and are
// within 1 % of the true value.
type Latency struct {
	Count, Errors      uint64
	P50, P95, P99, Max time.Duration
}

// Second is what happened in one second of wall-clock time.
type Second struct {
	Unix          int64 // the second, since 1970 UTC
	Read, Written int64 // bytes
	Ops, Errors   uint64
}

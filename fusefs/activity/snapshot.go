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
	Waits    []Sentence    // what each of InFlight waits for; zero where it is young, or nobody knows; nil where none is old
	Ops      []OpStats     // those that occurred at least once, in the order of oplog.Op

	ReadRate  float64 // bytes per second, over the last second
	WriteRate float64 // bytes per second, over the last second
	OpRate    float64 // operations per second, over the last second
	Read      int64   // bytes, all time
	Written   int64   // bytes, all time
	Count     uint64  // operations ended, all time, the dropped ones among them
	Errors    uint64  // operations that failed unexpectedly, all time: see IsError
	LastError *oplog.Event

	Seconds    []Second // the last 60 full seconds and the running one, oldest first, no gaps
	TenMinutes []Second // likewise in slots of 10 s
	Hour       []Second // likewise in slots of 60 s
	Heat       Heat     // durations of all operations

	Processes      []ProcessTotal // in no order, for the caller to sort; a part of all, if there were very many
	OtherProcesses Others         // the rest
	Files          []FileTotal    // likewise
	OtherFiles     Others

	Hazards       []Hazard               // the newest, oldest first
	HazardCounts  [NumHazardKinds]uint64 // all time
	HazardChanges uint64                 // grows where InHazard and HazardsAt may answer otherwise than before
	marked        map[uint64][]int       // places in Hazards, by operation

	Dropped uint64 // events that the ring had to drop, all time
	Resyncs uint64 // how often the model was rebuilt from the handle table because of that
}

// OpenFile is a file or folder that some process holds open through the mount.
type OpenFile struct {
	oplog.OpenHandle
	InFlight            int     // operations in flight on this handle
	ReadRate, WriteRate float64 // bytes per second, over the last second

	// How far writing has come. Reached is the end of the farthest write through this handle; Expected is the size that
	// the file is going to have, in bytes, 0 where nobody can know: programs that know it reserve the space (fallocate)
	// or set the size (truncate) before they write, and of a copy its source tells: see Options.Source. Left is the time that the rest is going to take at the mean rate so
	// far, 0 where Expected is 0 or nothing was written in the last second.
	Reached, Expected int64
	Left              time.Duration
}

// OpStats sums up one kind of operation.
type OpStats struct {
	Op     oplog.Op
	All    Latency // all time
	Recent Latency // last 10 s

	Buckets [NumBuckets]uint64 // all time, by duration: see BucketBounds
	Heat    Heat
}

// Latency is the distribution of durations of one kind of operation. Quantiles come from an HDR histogram and are
// within 1 % of the true value.
type Latency struct {
	Count, Errors      uint64
	P50, P95, P99, Max time.Duration
}

// Second is what happened in one second, or one longer slot, of wall-clock time.
type Second struct {
	Unix          int64 // when it begins, in seconds since 1970 UTC
	Read, Written int64 // bytes
	Ops, Errors   uint64
}

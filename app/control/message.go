// Package control is how a running Vitrine is spoken to: a socket per process, in a folder of the user's own, over
// which one request is asked and answered in lines of JSON.
//
// A connection carries one request and its replies, each one line:
//
//	→ {"v":1,"do":"status"}
//	← {"v":1,"status":{…}}
//	← {"v":1,"end":true}
//
// The last reply has end, or error where it did not work. Between them, replies with progress say what is waited for.
// Only the user whom the process belongs to is answered, and root. Lines and waiting times are bounded at both ends.
package control

import (
	"encoding/json"
	"time"
)

// Version is the version of the protocol. A request of another one is refused, in words.
const Version = 1

// What can be asked.
const (
	DoStatus = "status" // one reply with Status
	DoOpen   = "open"   // shows the window
	DoEject  = "eject"  // unmounts
	DoTail   = "tail"   // a reply with Event for each operation, until the caller hangs up or the process ends
	DoTop    = "top"    // one reply with Frame
)

// Request is what a caller asks.
type Request struct {
	Version int    `json:"v"`
	Do      string `json:"do"`
	Force   bool   `json:"force,omitempty"`  // with DoEject
	Filter  string `json:"filter,omitempty"` // with DoTail, "" for all operations
}

// Reply is one line of an answer. One field beside Version is set.
type Reply struct {
	Version  int             `json:"v"`
	Status   *Status         `json:"status,omitempty"`
	Frame    *Frame          `json:"frame,omitempty"`
	Event    json.RawMessage `json:"event,omitempty"`    // an operation as a line of the log has it
	Missed   uint64          `json:"missed,omitempty"`   // so many operations are missing here, because the caller was too slow
	Progress string          `json:"progress,omitempty"` // what is waited for
	Error    *Failure        `json:"error,omitempty"`
	End      bool            `json:"end,omitempty"`
}

// Failure is an error that crosses the socket.
type Failure struct {
	Kind    string `json:"kind,omitempty"` // as fusefs.Kind, "" for others
	Message string `json:"message"`        // for people, with what to do next; may have several lines
}

// Error makes a Failure an error.
func (f *Failure) Error() string { return f.Message }

// Status is what a process says of itself and its drive.
type Status struct {
	PID        int       `json:"pid"`
	Vitrine    string    `json:"vitrine"` // version of the program
	Window     bool      `json:"window"`  // it has a window, which DoOpen shows
	State      string    `json:"state"`   // unmounted, mounting, mounted, ejecting or failed
	Since      time.Time `json:"since"`   // when it entered the state
	Backing    string    `json:"backing"`
	MountPoint string    `json:"mount_point"`
	ReadOnly   bool      `json:"read_only"`
	Fast       bool      `json:"fast"`
	Progress   string    `json:"progress,omitempty"`
	Problem    string    `json:"problem,omitempty"`
	Totals
}

// Totals are the figures of a drive since it was mounted.
type Totals struct {
	Open       int     `json:"open"`       // open files and folders
	InFlight   int     `json:"in_flight"`  // operations that have not ended
	ReadRate   float64 `json:"read_rate"`  // bytes per second, over the last second
	WriteRate  float64 `json:"write_rate"` // likewise
	OpRate     float64 `json:"op_rate"`    // operations per second, over the last second
	Read       int64   `json:"read"`       // bytes
	Written    int64   `json:"written"`    // bytes
	Operations uint64  `json:"operations"`
	Errors     uint64  `json:"errors"`  // operations that failed unexpectedly
	Dropped    uint64  `json:"dropped"` // operations that are counted and missing in the record
}

// Frame is the live panel at one instant.
type Frame struct {
	Status
	Files []File      `json:"files"`      // oldest first, at most MaxRows
	Busy  []Operation `json:"operations"` // in flight, oldest first, at most MaxRows
	Ops   []Latency   `json:"latency"`    // those that occurred, in the order of the FUSE documentation
}

// MaxRows bounds the tables of a Frame.
const MaxRows = 200

// File is an open file.
type File struct {
	Path      string  `json:"path"`
	PID       int32   `json:"pid"`
	Process   string  `json:"process"`
	Read      int64   `json:"read"`       // bytes
	Written   int64   `json:"written"`    // bytes
	ReadRate  float64 `json:"read_rate"`  // bytes per second
	WriteRate float64 `json:"write_rate"` // likewise
}

// Operation is one that has not ended.
type Operation struct {
	Op      string        `json:"op"`
	Path    string        `json:"path"`
	PID     int32         `json:"pid"`
	Process string        `json:"process"`
	Age     time.Duration `json:"age_ns"`
	Waits   string        `json:"waits_for,omitempty"` // what it waits for, where it takes long and that is known
}

// Latency tells how long one kind of operation took, since the mount.
type Latency struct {
	Op     string        `json:"op"`
	Count  uint64        `json:"count"`
	Errors uint64        `json:"errors"`
	P50    time.Duration `json:"p50_ns"`
	P95    time.Duration `json:"p95_ns"`
	P99    time.Duration `json:"p99_ns"`
	Max    time.Duration `json:"max_ns"`
}

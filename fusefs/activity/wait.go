package activity

import (
	"slices"
	"time"

	"vitrine/fusefs/oplog"
)

// Wait is what the system says of the thread that carries out an operation.
type Wait struct {
	Call    string  // system call that it is in, e.g. "pwrite64"; "" where it is in none, or that is unknown
	Kernel  string  // function of the kernel that it sleeps in; "" where it does not sleep, or that is unknown
	Storage Storage // what is behind the backing folder
	Type    string  // of the backing folder's filesystem, e.g. "ext4"
	Locks   []Who   // processes that hold locks on the file, asked for where the operation is a lock
}

// Storage is what keeps the files of a backing folder.
type Storage uint8

const (
	Disk Storage = iota
	Server
	Program // that serves a filesystem of its own by FUSE
)

const (
	asksAfter = int64(time.Second) // in flight, until it is asked what an operation waits for
	mostAsked = 64                 // operations, the oldest ones
)

// waits says for each operation in flight, the oldest first, what it waits for: the zero Sentence for one that is young, or
// of which that is not known.
func (o *Options) waits(inFlight []oplog.Event, open []OpenFile) []Sentence {
	old := 0
	for old < min(len(inFlight), mostAsked) && inFlight[old].Duration >= asksAfter {
		old++
	}
	if old == 0 {
		return nil
	}
	waits := make([]Sentence, len(inFlight))
	for i := range old {
		waits[i] = o.waitOf(&inFlight[i], inFlight, open)
	}
	return waits
}

func (o *Options) waitOf(e *oplog.Event, inFlight []oplog.Event, open []OpenFile) Sentence {
	if e.Op == oplog.Release || e.Op == oplog.Releasedir {
		if s, found := onItsHandle(e, inFlight); found {
			return s
		}
	}
	var w Wait
	if o.Wait != nil {
		w = o.Wait(*e)
	}
	switch {
	case e.Op == oplog.Lock || e.Op == oplog.Flock:
		return lockWait(e, w.Locks, open)
	case w.Call == "futex":
		return behind(e, inFlight)
	case w.Kernel != "":
		return storageWait(&w)
	case w.Call != "":
		return sentence("nothing: it is at work in %s", w.Call)
	}
	return Sentence{}
}

// onItsHandle is what a release waits for: all other operations on its handle.
func onItsHandle(e *oplog.Event, inFlight []oplog.Event) (s Sentence, found bool) {
	var others []*oplog.Event
	for i := range inFlight {
		if o := &inFlight[i]; o.Handle == e.Handle && *o != *e {
			others = append(others, o)
		}
	}
	switch len(others) {
	case 0:
		return Sentence{}, false
	case 1:
		return sentence("%s on its handle, by %s", others[0].Op.String(), whoOf(others[0])), true
	}
	return sentence("%d operations on its handle, the oldest of them %s by %s", len(others), others[0].Op.String(), whoOf(others[0])), true
}

// behind is what an operation waits for that has not come to a system call of its own: as far as the record shows, an
// older one on the same file.
func behind(e *oplog.Event, inFlight []oplog.Event) Sentence {
	for i := range inFlight {
		o := &inFlight[i]
		if o.Mono < e.Mono && (o.Path == e.Path || o.Handle != 0 && o.Handle == e.Handle) {
			return sentence("%s of the same file, by %s", o.Op.String(), whoOf(o))
		}
	}
	return sentence("another operation")
}

// lockWait names who holds the lock: for sure where the system tells, else who has the file open too.
func lockWait(e *oplog.Event, holders []Who, open []OpenFile) Sentence {
	if len(holders) > 0 {
		return sentence("a lock of %s on the file", holders[0])
	}
	var others []Who
	for i := range open {
		f := &open[i]
		if who := (Who{f.PID, f.Proc}); f.Path == e.Path && f.Handle != e.Handle && !slices.Contains(others, who) {
			others = append(others, who)
		}
	}
	switch len(others) {
	case 0:
		return sentence("a lock on the file")
	case 1:
		return sentence("a lock on the file, which %s has open too", others[0])
	}
	return sentence("a lock on the file, which %s and %d others have open too", others[0], len(others)-1)
}

func storageWait(w *Wait) Sentence {
	in := w.Kernel
	if w.Call != "" {
		in = w.Call + ", " + in
	}
	switch w.Storage {
	case Server:
		return sentence("the server (%s: %s)", w.Type, in)
	case Program:
		return sentence("the FUSE program (%s: %s)", w.Type, in)
	default:
		return sentence("the disk (%s: %s)", w.Type, in)
	}
}

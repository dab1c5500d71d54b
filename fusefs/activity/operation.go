package activity

import (
	"time"

	"vitrine/fusefs/oplog"
)

// operation is an event that is being folded, with what several parts of the state ask of it.
type operation struct {
	*oplog.Event
	does          does
	failed        bool  // as IsError has it
	end           int64 // mono
	unix          int64 // second of wall-clock time in which it ended
	read, written int64 // bytes
}

// does is what an operation does to handles and names.
type does uint8

const (
	usesHandle does = iota // or nothing of all this
	isRefused
	opensHandle
	releasesHandle
	movesFiles
)

func operationOf(e *oplog.Event) operation {
	o := operation{Event: e, does: doesOf(e), failed: isError(e), end: ended(e), unix: (e.Wall + e.Duration) / int64(time.Second)}
	o.read, o.written = e.Bytes()
	return o
}

func doesOf(e *oplog.Event) does {
	switch {
	case e.Flags&oplog.Refused != 0:
		return isRefused
	case e.Op == oplog.Write || e.Op == oplog.Read:
		return usesHandle // as most do
	case e.Opens():
		return opensHandle
	case e.Releases():
		return releasesHandle
	case e.Moves():
		return movesFiles
	default:
		return usesHandle
	}
}

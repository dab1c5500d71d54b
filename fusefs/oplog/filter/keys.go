package filter

import "vitrine/fusefs/oplog"

// key is what a word speaks of.
type key struct {
	id      keyID
	name    string
	units   units                      // of a number; nil for texts and names
	number  func(e *oplog.Event) int64 // nil for texts, err and is
	example string
	help    string
}

type keyID uint8

const (
	keyOp keyID = iota
	keyPath
	keyProc
	keyPID
	keyHandle
	keyErr
	keyIs
	keyDur
	keyWait
	keySize
	keyOff
	keyResult
)

var keys = []key{
	keyOp: {name: "op", number: func(e *oplog.Event) int64 { return int64(e.Op) },
		example: "op:write", help: "the operation"},
	keyPath: {name: "path", example: "path:*.bin", help: "a part of the path, or a pattern with * and ?"},
	keyProc: {name: "proc", example: "proc:cp", help: "the name of the process, or a pattern with * and ?"},
	keyPID: {name: "pid", units: plain, number: func(e *oplog.Event) int64 { return int64(e.PID) },
		example: "pid:4242", help: "the number of the process"},
	keyHandle: {name: "handle", units: plain, number: func(e *oplog.Event) int64 { return int64(e.Handle) },
		example: "handle:7", help: "the handle"},
	keyErr: {name: "err", example: "err:EBADF", help: "the error, err:* for any, err:none for success"},
	keyIs:  {name: "is", example: "is:refused", help: "what is particular about the operation"},
	keyDur: {name: "dur", units: times, number: func(e *oplog.Event) int64 { return e.Duration },
		example: "dur>10ms", help: "how long it took"},
	keyWait: {name: "wait", units: times, number: func(e *oplog.Event) int64 { return e.Wait },
		example: "wait>1ms", help: "how long it waited for the handle"},
	keySize: {name: "size", units: bytes, number: func(e *oplog.Event) int64 { return e.Size },
		example: "size>=1M", help: "bytes asked for"},
	keyOff: {name: "off", units: bytes, number: func(e *oplog.Event) int64 { return e.Offset },
		example: "off>=1G", help: "the offset in the file"},
	keyResult: {name: "result", units: bytes, number: func(e *oplog.Event) int64 { return e.Result },
		example: "result<4K", help: "bytes moved"},
}

func init() {
	for i := range keys {
		keys[i].id = keyID(i)
	}
}

func keyNamed(name string) *key {
	for i := range keys {
		if keys[i].name == name {
			return &keys[i]
		}
	}
	return nil
}

// isText tells keys whose value is a pattern.
func (k *key) isText() bool { return k.id == keyPath || k.id == keyProc }

// isOrdered tells keys whose values < and > compare.
func (k *key) isOrdered() bool { return k.id >= keyDur }

// comparison is how a number stands to the word's.
type comparison uint8

const (
	equal comparison = iota
	below
	atMost
	above
	atLeast
)

var comparisonText = []string{equal: ":", below: "<", atMost: "<=", above: ">", atLeast: ">="}

func (c comparison) String() string { return comparisonText[c] }

func (c comparison) holds(a, b int64) bool {
	switch c {
	case below:
		return a < b
	case atMost:
		return a <= b
	case above:
		return a > b
	case atLeast:
		return a >= b
	default:
		return a == b
	}
}

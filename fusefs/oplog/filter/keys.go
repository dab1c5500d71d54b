package filter

import "vitrine/fusefs/oplog"

// key is what a word speaks of.
type key struct {
	id      keyID
	name    string
	units   units                      // of a number; nil for texts and names
	number  func(e *oplog.Event) int64 // nil for texts, err and is
	example string
	help    string // a Phrase without values
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
		example: "op:write", help: phrase("the operation").Format},
	keyPath: {name: "path", example: "path:*.bin", help: phrase("a part of the path, or a pattern with * and ?").Format},
	keyProc: {name: "proc", example: "proc:cp", help: phrase("the name of the process, or a pattern with * and ?").Format},
	keyPID: {name: "pid", units: plain, number: func(e *oplog.Event) int64 { return int64(e.PID) },
		example: "pid:4242", help: phrase("the number of the process").Format},
	keyHandle: {name: "handle", units: plain, number: func(e *oplog.Event) int64 { return int64(e.Handle) },
		example: "handle:7", help: phrase("the handle").Format},
	keyErr: {name: "err", example: "err:EBADF", help: phrase("the error, err:* for any, err:none for success").Format},
	keyIs:  {name: "is", example: "is:refused", help: phrase("what is particular about the operation").Format},
	keyDur: {name: "dur", units: times, number: func(e *oplog.Event) int64 { return e.Duration },
		example: "dur>10ms", help: phrase("how long it took").Format},
	keyWait: {name: "wait", units: times, number: func(e *oplog.Event) int64 { return e.Wait },
		example: "wait>1ms", help: phrase("how long it waited for the handle").Format},
	keySize: {name: "size", units: bytes, number: func(e *oplog.Event) int64 { return e.Size },
		example: "size>=1M", help: phrase("bytes asked for").Format},
	keyOff: {name: "off", units: bytes, number: func(e *oplog.Event) int64 { return e.Offset },
		example: "off>=1G", help: phrase("the offset in the file").Format},
	keyResult: {name: "result", units: bytes, number: func(e *oplog.Event) int64 { return e.Result },
		example: "result<4K", help: phrase("bytes moved").Format},
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

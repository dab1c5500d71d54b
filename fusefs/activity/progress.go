package activity

import (
	"time"

	"vitrine/fusefs/oplog"
)

// progress is how far the writing of an open file has come.
type progress struct {
	reached  int64 // bytes
	expected int64 // bytes; 0 for unknown
	written  int64 // bytes, since began
	began    int64 // mono of the first write since the size became known; 0 before it
}

// fallocKeepSize is the one flag of fallocate(2) with which the space is still reserved for what comes: the others take
// space away, move it or fill it.
const fallocKeepSize = 1

func (p *progress) follow(e *oplog.Event) {
	switch e.Op {
	case oplog.Write, oplog.CopyFileRange:
		if e.Result > 0 {
			p.write(e)
		}
	case oplog.Fallocate:
		if e.Errno == 0 && e.Mode&^fallocKeepSize == 0 {
			p.expect(max(p.expected, e.Offset+e.Size))
		}
	case oplog.Truncate:
		if e.Errno == 0 {
			p.reached = min(p.reached, e.Size)
			p.expect(e.Size)
		}
	}
}

func (p *progress) write(e *oplog.Event) {
	if p.began == 0 {
		p.began = e.Mono
	}
	p.reached = max(p.reached, e.Offset+e.Result)
	p.written += e.Result
	if p.reached > p.expected {
		p.expected = 0 // so it was not the end
	}
}

// expect sets the size that the file is going to have. What is written already is no end to come.
func (p *progress) expect(size int64) {
	p.expected, p.began, p.written = size, 0, 0
	if size <= p.reached {
		p.expected = 0
	}
}

// left returns how long the rest will take; rate is that of the last second.
func (p *progress) left(now int64, rate float64) time.Duration {
	if p.expected == 0 || rate <= 0 || p.written == 0 || now <= p.began {
		return 0
	}
	return time.Duration(float64(p.expected-p.reached) / float64(p.written) * float64(now-p.began))
}

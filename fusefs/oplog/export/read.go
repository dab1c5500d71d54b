package export

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"

	"vitrine/fusefs/oplog"
)

// LineError says which line of a log could not be read, why, and what to do.
type LineError struct {
	Line int  // 1 is the first
	Cut  bool // it is the last line and has no end: what comes before it is all there
	Err  error
}

// CutFormat is what there is to say of a line that is cut, in the form of fmt.Sprintf for its number.
const CutFormat = "line %d, the last, is cut: the log was still being written, or the disk was full. Everything before it was read"

func (e *LineError) Error() string {
	switch {
	case e.Cut:
		return fmt.Sprintf(CutFormat, e.Line)
	case errors.Is(e.Err, errTooLong):
		return fmt.Sprintf("line %d is longer than %d MiB: this is no log of operations. Choose a file that was written "+
			"with --log or saved from the log", e.Line, longestLine>>20)
	default:
		return fmt.Sprintf("line %d: %v. Take the line out, or choose a file that was written with --log or saved from "+
			"the log", e.Line, e.Err)
	}
}

func (e *LineError) Unwrap() error { return e.Err }

var errTooLong = errors.New("too long a line")

// longestLine is far more than the stack of a panic.
const longestLine = 16 << 20

// Read returns the events of a saved NDJSON log, in the order of its lines. With each error, a *LineError or one of r,
// comes no event; whoever goes on after a *LineError gets the lines behind it. Empty lines are passed over.
func Read(r io.Reader) iter.Seq2[oplog.Event, error] {
	return func(yield func(oplog.Event, error) bool) {
		b := bufio.NewReaderSize(r, bufferSize)
		for n := 1; ; n++ {
			line, err := readLine(b)
			if len(bytes.TrimSpace(line)) > 0 && !yield(parse(line, n, err == io.EOF)) {
				return
			}
			if err != nil {
				if wrong := lineError(err, n); wrong != nil {
					yield(oplog.Event{}, wrong)
				}
				return
			}
		}
	}
}

func parse(line []byte, n int, last bool) (oplog.Event, error) {
	e, err := oplog.ParseLine(line)
	if err != nil {
		return oplog.Event{}, &LineError{Line: n, Cut: last, Err: err}
	}
	return e, nil
}

// lineError makes an error of what ended the reading at line n; the end of the file is none.
func lineError(err error, n int) error {
	switch err {
	case io.EOF:
		return nil
	case errTooLong:
		return &LineError{Line: n, Err: err}
	default:
		return fmt.Errorf("the log could not be read beyond line %d: %w", n-1, err)
	}
}

// readLine returns the next line with its end. The error is io.EOF where the line has none; where it is another one,
// there is no line.
func readLine(b *bufio.Reader) (line []byte, err error) {
	for {
		part, err := b.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > longestLine:
			return nil, errTooLong
		case err == bufio.ErrBufferFull:
		case err == nil || err == io.EOF:
			return line, err
		default:
			return nil, err
		}
	}
}

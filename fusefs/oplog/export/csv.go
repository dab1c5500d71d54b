// Package export writes the record of operations for other programs, and reads a saved one back. NDJSON itself is
// written by oplog.WriteNDJSON and is the one form that loses nothing.
package export

import (
	"bufio"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"vitrine/fusefs/oplog"
)

// columns of CSV, in their order. Programs depend on it: new ones come at the end.
var columns = []string{
	"seq", "time", "mono_ns", "duration_ns", "wait_ns", "op", "path", "path2", "handle", "offset", "size", "result",
	"errno", "flags", "mode", "pid", "process", "detail", "uid", "inode",
}

// CSV writes the events as RFC 4180 has it, UTF-8 with CRLF, after a row that names the columns. Times are RFC 3339 in
// UTC with nine digits of a second, offsets and sizes are bytes, errno is a name and empty on success. In names that are
// not UTF-8, each byte that is not stands as \xff. It returns w's error.
func CSV(w io.Writer, events iter.Seq[oplog.Event]) error {
	b := bufio.NewWriterSize(w, bufferSize)
	row(b, columns)
	fields := make([]string, len(columns))
	for e := range events {
		fields = appendFields(fields[:0], &e)
		row(b, fields)
	}
	return b.Flush()
}

const bufferSize = 64 << 10

func appendFields(fields []string, e *oplog.Event) []string {
	errno := ""
	if e.Errno != 0 {
		errno = oplog.ErrnoText(e.Errno)
	}
	return append(fields,
		strconv.FormatUint(e.Seq, 10), time.Unix(0, e.Wall).UTC().Format(oplog.TimeLayout), decimal(e.Mono),
		decimal(e.Duration), decimal(e.Wait), e.Op.String(), printable(e.Path), printable(e.Path2),
		strconv.FormatUint(e.Handle, 10), decimal(e.Offset), decimal(e.Size), decimal(e.Result), errno, e.Flags.String(),
		decimal(int64(e.Mode)), decimal(int64(e.PID)), printable(e.Proc), printable(e.Detail), decimal(int64(e.UID)), strconv.FormatUint(e.Inode, 10))
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

// row writes one record. The bufio.Writer keeps the first error until it is flushed.
func row(b *bufio.Writer, fields []string) {
	for i, f := range fields {
		if i > 0 {
			b.WriteByte(',')
		}
		if strings.ContainsAny(f, "\",\r\n") {
			f = `"` + strings.ReplaceAll(f, `"`, `""`) + `"`
		}
		b.WriteString(f)
	}
	b.WriteString("\r\n")
}

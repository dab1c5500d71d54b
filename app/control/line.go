package control

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

const (
	maxRequest = 64 << 10 // bytes in the line of a request
	maxReply   = 4 << 20  // bytes in the line of a reply
)

var errLong = errors.New("the line is longer than the protocol allows")

// readLine reads one line of JSON of at most size bytes into v.
func readLine(r *bufio.Reader, size int, v any) error {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > size {
			return errLong
		}
		if err == nil {
			break
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
	if err := json.Unmarshal(line, v); err != nil {
		return fmt.Errorf("the line is not JSON of the protocol: %w", err)
	}
	return nil
}

// writeLine writes v as one line of JSON, within the limit.
func writeLine(conn net.Conn, limit time.Duration, v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if len(line) >= maxReply {
		return errLong
	}
	if err := conn.SetWriteDeadline(time.Now().Add(limit)); err != nil {
		return err
	}
	_, err = conn.Write(append(line, '\n'))
	return err
}

// trusted says whether a user may speak with this process.
func trusted(uid int) bool { return uid == os.Geteuid() || uid == 0 }

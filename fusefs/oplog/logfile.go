package oplog

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"gopkg.in/natefinch/lumberjack.v2"
)

// LogOptions say how a log file is kept.
type LogOptions struct {
	MaxSize  int         // MiB; a file that would grow beyond is set aside and a new one begun; 64 if 0
	MaxFiles int         // files set aside that are kept, the newest; 4 if 0
	OnError  func(error) // called once when writing begins to fail, again only after it worked in between; may be nil
}

const (
	logQueue = 65_536          // events that may wait for the disk
	logChunk = 64 << 10        // bytes written at once
	logClose = 5 * time.Second // how long Close waits for the disk
)

// LogWriter is a Sink that writes each event as a line of a file. It has a goroutine and a bounded queue of its own:
// a slow or failing disk delays nobody, and costs lines, which are counted.
type LogWriter struct {
	name string
	opts LogOptions
	lost atomic.Uint64
	wake chan struct{} // a token: the queue has something or closing is set
	done chan struct{} // closed when the writing goroutine ended

	mu      sync.Mutex // guards queue and closing
	queue   []Event
	closing bool

	// The writing goroutine's own.
	out     io.WriteCloser
	buf     bytes.Buffer
	spare   []Event
	torn    bool // the file ends within a line
	failing bool
	err     error // of closing the file
}

// OpenLog opens a log file for appending, mode 0600 where it is new. Only regular files are rotated. The error is the
// system's, e.g. that the folder does not exist.
func OpenLog(path string, o LogOptions) (*LogWriter, error) {
	out, err := openLogFile(path, o)
	if err != nil {
		return nil, err
	}
	return newLogWriter(path, out, o), nil
}

func newLogWriter(name string, out io.WriteCloser, o LogOptions) *LogWriter {
	w := &LogWriter{name: name, opts: o, out: out, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go w.run()
	return w
}

// openLogFile opens the file itself first: lumberjack would set aside what it cannot open, and rename devices.
func openLogFile(path string, o LogOptions) (io.WriteCloser, error) {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return f, err
	}
	f.Close()
	path, err = filepath.EvalSymlinks(path)
	return &lumberjack.Logger{
		Filename: path, MaxSize: orDefault(o.MaxSize, 64), MaxBackups: orDefault(o.MaxFiles, 4),
	}, err
}

// Collect queues the batch for writing; what finds the queue full is lost.
func (w *LogWriter) Collect(batch []Event, _ uint64) {
	w.mu.Lock()
	n := min(len(batch), logQueue-len(w.queue))
	if w.closing {
		n = 0
	}
	w.queue = append(w.queue, batch[:n]...)
	w.mu.Unlock()
	w.lost.Add(uint64(len(batch) - n))
	w.signal()
}

// Lost returns how many events are missing in the file because the disk was slow or failed.
func (w *LogWriter) Lost() uint64 { return w.lost.Load() }

// Close writes what is queued and closes the file. Detach the writer first. It waits a few seconds at most: the
// error then says that the disk does not answer, otherwise it is that of closing the file.
func (w *LogWriter) Close() error {
	w.mu.Lock()
	w.closing = true
	w.mu.Unlock()
	w.signal()
	select {
	case <-w.done:
		return w.err
	case <-time.After(logClose):
		return fmt.Errorf("log %s: the disk does not answer, its last lines are missing", w.name)
	}
}

func (w *LogWriter) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *LogWriter) run() {
	defer close(w.done)
	for range w.wake {
		events, closing := w.next()
		w.write(events)
		w.recycle(events)
		if closing {
			w.err = w.out.Close()
			return
		}
	}
}

// next takes the queue and leaves an empty one.
func (w *LogWriter) next() (events []Event, closing bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	events, w.queue = w.queue, w.spare
	return events, w.closing
}

// recycle keeps the space of events for the queue after next, unless a flood made it large.
func (w *LogWriter) recycle(events []Event) {
	clear(events)
	w.spare = events[:0]
	if cap(events) > 4*batchSize {
		w.spare = nil
	}
}

func (w *LogWriter) write(events []Event) {
	log := zerolog.New(&w.buf)
	for i := range events {
		log.Log().EmbedObject(&events[i]).Send()
		if w.buf.Len() >= logChunk {
			w.flush()
		}
	}
	w.flush()
}

// flush writes the lines that are encoded. Lines that did not get to the file whole are lost.
func (w *LogWriter) flush() {
	if w.buf.Len() == 0 {
		return
	}
	err := w.mend()
	if err == nil {
		var n int
		n, err = w.put(w.buf.Bytes())
		w.buf.Next(n)
	}
	w.lost.Add(uint64(bytes.Count(w.buf.Bytes(), []byte{'\n'})))
	w.report(err)
	w.buf.Reset()
}

// mend ends a line that a failed write left torn.
func (w *LogWriter) mend() error {
	if !w.torn {
		return nil
	}
	_, err := w.put([]byte{'\n'})
	return err
}

// put writes b and notes where the file ends then.
func (w *LogWriter) put(b []byte) (n int, err error) {
	n, err = w.out.Write(b)
	if n > 0 {
		w.torn = b[n-1] != '\n'
	}
	return n, err
}

func (w *LogWriter) report(err error) {
	if err != nil && !w.failing && w.opts.OnError != nil {
		w.opts.OnError(fmt.Errorf("log %s: %w", w.name, err))
	}
	w.failing = err != nil
}

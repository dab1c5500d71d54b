package oplog

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

func readLog(t *testing.T, path string) (events []Event) {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		e, err := ParseLine(lines.Bytes())
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		events = append(events, e)
	}
	return events
}

func TestLogFollowsTheRecord(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.ndjson")
	for run := range 2 {
		w, err := OpenLog(path, LogOptions{OnError: func(err error) { t.Error(err) }})
		if err != nil {
			t.Fatal(err)
		}
		r := New(Options{})
		r.Attach(w)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 1000 {
					r.Begin(benchEvent()).End(Outcome{Result: 131072}, nil)
				}
			})
		}
		wg.Wait()
		r.Close()
		if err := w.Close(); err != nil || w.Lost() != 0 {
			t.Fatalf("lost %d, %v", w.Lost(), err)
		}
		w.Collect(make([]Event, 3), 0)
		if w.Lost() != 3 {
			t.Errorf("%d counted as lost after the close", w.Lost())
		}
		events := readLog(t, path)
		kept, _ := r.History().All()
		if len(events) != 4000*(run+1) || len(kept) != 4000 {
			t.Fatalf("run %d: %d lines, %d kept", run, len(events), len(kept))
		}
		for i, e := range events[4000*run:] {
			if e != kept[i] {
				t.Fatalf("line %d: %+v\nhistory %+v", i, e, kept[i])
			}
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// TestLogRotates writes some 5 MiB into files of 1 MiB, of which two are kept beside the current one.
func TestLogRotates(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log.ndjson")
	target := filepath.Join(dir, "link")
	if err := os.Symlink(path, target); err != nil {
		t.Fatal(err)
	}
	os.WriteFile(path, nil, 0o600)
	w, err := OpenLog(target, LogOptions{MaxSize: 1, MaxFiles: 2})
	if err != nil {
		t.Fatal(err)
	}
	const n = 20_000
	for i := range n {
		w.Collect([]Event{{Seq: uint64(i + 1), Op: Read, Path: strings.Repeat("p", 150)}}, 0)
		if i%500 == 0 {
			settle(w)
		}
	}
	if err := w.Close(); err != nil || w.Lost() != 0 {
		t.Fatalf("lost %d, %v", w.Lost(), err)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "log*"))
	if len(files) < 3 {
		t.Fatalf("files: %v", files)
	}
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			continue // the oldest, being removed
		}
		if info.Size() > 1<<20 || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %d bytes, %v", file, info.Size(), info.Mode())
		}
		readLog(t, file)
	}
	if last := readLog(t, path); last[len(last)-1].Seq != n {
		t.Errorf("the last line is %d", last[len(last)-1].Seq)
	}
	if info, err := os.Lstat(target); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link was set aside")
	}
}

// settle waits until the writer has taken the queue, so that a test that is faster than the disk loses nothing.
func settle(w *LogWriter) {
	for {
		w.mu.Lock()
		n := len(w.queue)
		w.mu.Unlock()
		if n < logQueue/2 {
			return
		}
	}
}

func TestLogOnFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full here")
	}
	var told []error
	w, err := OpenLog("/dev/full", LogOptions{OnError: func(err error) { told = append(told, err) }})
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		w.Collect(make([]Event, 100), 0)
	}
	w.Close()
	if len(told) != 1 || !errors.Is(told[0], syscall.ENOSPC) || !strings.Contains(told[0].Error(), "/dev/full") {
		t.Errorf("told %v", told)
	}
	if w.Lost() != 1000 {
		t.Errorf("lost %d", w.Lost())
	}
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Fatal("the device was set aside")
	}
}

// smallDisk is a file on a disk that takes some more bytes, then fails, then has room again.
type smallDisk struct {
	text  strings.Builder
	room  int
	after int // failures until there is room
}

func (d *smallDisk) Write(p []byte) (int, error) {
	if d.after <= 0 || len(p) <= d.room {
		return d.text.Write(p)
	}
	n, _ := d.text.Write(p[:d.room])
	d.room, d.after = 0, d.after-1
	return n, syscall.ENOSPC
}

func (d *smallDisk) Close() error { return syscall.EIO }

// TestLogAfterFullDisk sees that a torn line spoils no other, and that each failure is told of once.
func TestLogAfterFullDisk(t *testing.T) {
	disk := &smallDisk{room: 250, after: 3}
	told := 0
	w := &LogWriter{name: "x", out: disk, opts: LogOptions{OnError: func(error) { told++ }}}
	for i := range 6 {
		w.write([]Event{{Seq: uint64(i + 1), Op: Read, Path: "/abc"}, {Seq: uint64(i + 100), Op: Read, Path: "/abc"}})
	}
	lines := strings.Split(strings.TrimSuffix(disk.text.String(), "\n"), "\n")
	whole := 0
	for _, l := range lines {
		if _, err := ParseLine([]byte(l)); err == nil {
			whole++
		}
	}
	if whole != len(lines)-1 || whole+int(w.Lost()) != 12 || told != 1 {
		t.Errorf("%d lines, %d whole, %d lost, told %d times\n%s", len(lines), whole, w.Lost(), told, disk.text.String())
	}
	disk.after, disk.room = 1, 5
	w.write([]Event{{Seq: 50}})
	if told != 2 {
		t.Errorf("told %d times of two failures", told)
	}
}

// stalledDisk never answers.
type stalledDisk struct{ until chan struct{} }

func (d stalledDisk) Write(p []byte) (int, error) { <-d.until; return len(p), nil }
func (d stalledDisk) Close() error                { return nil }

func TestStalledDiskDelaysNobody(t *testing.T) {
	disk := stalledDisk{make(chan struct{})}
	w := newLogWriter("x", disk, LogOptions{})
	r := New(Options{})
	r.Attach(w)
	const n = 3 * logQueue
	for i := range n {
		r.Begin(Event{Op: Read}).End(Outcome{}, nil)
		if i%1000 == 0 {
			r.Flush()
		}
	}
	r.Close()
	if _, next := r.History().Bounds(); next != n {
		t.Errorf("%d events kept", next)
	}
	if w.Lost() < n-2*logQueue || w.Lost() > n-logQueue {
		t.Errorf("%d lines lost of %d", w.Lost(), n)
	}
	close(disk.until)
	w.Close()
}

func TestOpenLogErrors(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{dir, filepath.Join(dir, "none", "log"), ""} {
		if _, err := OpenLog(path, LogOptions{}); err == nil {
			t.Errorf("%q was opened", path)
		}
	}
}

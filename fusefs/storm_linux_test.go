package fusefs

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"vitrine/fusefs/oplog"
)

const (
	stormWriters = 4
	stormBlock   = 64 // bytes a write
)

// interleavings is how many times writes and other operations meet a release in TestStorm.
func interleavings() int {
	if testing.Short() {
		return 40_000
	}
	return 100_000
}

// TestStorm lets writers, readers and others run into the release of their handle, again and again on several files
// at once. An operation that was admitted must not meet a closed descriptor, and every byte that was reported as
// written when Release returned must be in its own file.
func TestStorm(t *testing.T) {
	k, record, folder := openFS(t, false)
	faults := new(faultCounter)
	record.Attach(faults)
	rounds := interleavings() / (stormWriters + 3) // each of these operations meets the release
	var files sync.WaitGroup
	const parallel = 4
	for f := range parallel {
		files.Go(func() {
			name := fmt.Sprintf("file%d", f)
			for round := range rounds / parallel {
				if t.Failed() {
					return
				}
				stormRound(t, k, folder, name, uint64(f)<<32|uint64(round))
			}
		})
	}
	files.Wait()
	record.Flush()
	if n := faults.badf.Load(); n > 0 {
		t.Errorf("%d admitted operations met a closed descriptor (EBADF)", n)
	}
	if record.Dropped() > 0 {
		t.Logf("%d events were dropped and not looked at", record.Dropped())
	}
}

// faultCounter counts operations that were admitted to a handle and failed with EBADF all the same.
type faultCounter struct{ badf atomic.Int64 }

func (c *faultCounter) Collect(batch []oplog.Event, _ uint64) {
	for _, e := range batch {
		if e.Errno == unix.EBADF && e.Flags&oplog.Refused == 0 {
			c.badf.Add(1)
		}
	}
}

// stormRound opens a file, writes to it from several goroutines until a release overtakes them, and compares.
func stormRound(t *testing.T, k *kernel, folder, name string, mark uint64) {
	f, errc := k.create("/"+name, os.O_RDWR|os.O_TRUNC, 0o600)
	if errc != 0 {
		t.Errorf("create %s: %v", name, unix.Errno(-errc))
		return
	}
	var written [stormWriters]int // writes that were reported as done
	var running sync.WaitGroup
	start := make(chan struct{})
	run := func(op func() int) {
		running.Go(func() {
			<-start
			for {
				if n := op(); n == -int(unix.EBADF) {
					return
				} else if n < 0 {
					t.Errorf("%s: %v", name, unix.Errno(-n))
					return
				}
			}
		})
	}
	for w := range stormWriters {
		run(func() int {
			n := f.write(stormData(mark, w, written[w]), stormOffset(w))
			if n == stormBlock {
				written[w]++
			}
			return n
		})
	}
	buf := make([]byte, stormBlock)
	run(func() int { return f.read(buf, 0) })
	run(func() int { return f.fsync() })
	run(func() int { return f.truncate(stormOffset(stormWriters)) }) // beyond every write
	close(start)
	spin(rand.IntN(20_000))
	if errc := f.release(); errc != 0 {
		t.Errorf("release: %v", unix.Errno(-errc))
	}
	running.Wait()
	stormCompare(t, filepath.Join(folder, name), mark, written[:])
}

// spin passes a little time without giving the processor away.
func spin(n int) {
	for i := range n {
		spun.Store(int64(i))
	}
}

var spun atomic.Int64

func stormOffset(writer int) int64 { return int64(writer) * stormBlock }

// stormData is a block that says whose it is.
func stormData(mark uint64, writer, i int) []byte {
	block := binary.BigEndian.AppendUint64(nil, mark)
	block = binary.BigEndian.AppendUint32(block, uint32(writer))
	return bytes.Repeat(binary.BigEndian.AppendUint32(block, uint32(i)), stormBlock/16)
}

func stormCompare(t *testing.T, path string, mark uint64, written []int) {
	data, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
		return
	}
	for w, n := range written {
		from := int(stormOffset(w))
		if n > 0 && (len(data) < from+stormBlock || !bytes.Equal(data[from:from+stormBlock], stormData(mark, w, n-1))) {
			t.Errorf("%s: the block at %d was reported written and is lost", path, from)
		}
	}
}

// TestStormThroughMount is the storm as applications make it: several threads share one open file through duplicates of
// its descriptor and each closes its own, while other files see the same. No call may fail, and every byte must be in
// the backing folder after the last close.
func TestStormThroughMount(t *testing.T) {
	p := mountChild(t)
	const parallel, callsEach = 8, 9 // files at once; calls of each writer
	rounds := interleavings() / parallel / stormWriters / callsEach
	var files sync.WaitGroup
	for f := range parallel {
		files.Go(func() {
			for round := range rounds {
				if t.Failed() {
					return
				}
				stormShared(t, p, fmt.Sprintf("file%d", f), uint64(f)<<32|uint64(round))
			}
		})
	}
	files.Wait()
	for _, e := range p.ask("flush").Events {
		if e.Errno == unix.EBADF || e.Flags&oplog.Refused != 0 {
			t.Errorf("%+v", e)
		}
	}
	p.ejects()
}

func stormShared(t *testing.T, p *child, name string, mark uint64) {
	fd, err := unix.Open(p.file(name), unix.O_CREAT|unix.O_TRUNC|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err != nil {
		t.Errorf("open %s: %v", name, err)
		return
	}
	var writers sync.WaitGroup
	for w := range stormWriters {
		own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			t.Error(err)
			return
		}
		writers.Go(func() {
			buf := make([]byte, stormBlock)
			for _, call := range []func() error{
				func() error { _, err := unix.Pwrite(own, stormData(mark, w, 0), stormOffset(w)); return err },
				func() error { return unix.Fsync(own) },
				func() error {
					return unix.FcntlFlock(uintptr(own), unix.F_SETLK, &unix.Flock_t{Type: unix.F_WRLCK, Start: int64(w)})
				},
				func() error { return unix.Ftruncate(own, stormOffset(stormWriters)) },
				func() error { _, err := unix.Pread(own, buf, stormOffset(w)); return err },
				func() error { return unix.Fdatasync(own) },
				func() error { _, err := unix.Pwrite(own, stormData(mark, w, 1), stormOffset(w)); return err },
				func() error { return unix.Fstat(own, new(unix.Stat_t)) },
				func() error { return unix.Close(own) },
			} {
				if err := retry(call); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			if !bytes.Equal(buf, stormData(mark, w, 0)) {
				t.Errorf("%s: read back something else", name)
			}
		})
	}
	if err := unix.Close(fd); err != nil {
		t.Error(err)
	}
	writers.Wait()
	stormCompare(t, p.behind(name), mark, []int{2, 2, 2, 2})
}

// TestReleaseWaits holds an operation on a handle while it is released: the release waits for it, says so in the
// record, and the operation's handle still works.
func TestReleaseWaits(t *testing.T) {
	k, record, folder := openFS(t, false)
	f, _ := k.create("/f", os.O_RDWR, 0o600)
	h := k.fs.handles.hold(f.fh)
	if h == nil {
		t.Fatal("no handle")
	}
	released := make(chan int)
	go func() { released <- f.release() }()
	for k.fs.handles.hold(f.fh) != nil { // until Release has begun; then nobody else is admitted
		h.letGo()
	}
	if _, err := unix.Pwrite(h.fd, []byte("late"), 0); err != nil {
		t.Fatalf("the admitted write failed: %v", err)
	}
	select {
	case <-released:
		t.Fatal("released while an operation held the handle")
	default:
	}
	h.letGo()
	if errc := <-released; errc != 0 {
		t.Fatal(errc)
	}
	if got, _ := os.ReadFile(filepath.Join(folder, "f")); string(got) != "late" {
		t.Fatalf("%q", got)
	}
	record.Flush()
	events, _ := record.History().All()
	if last := events[len(events)-1]; last.Op != oplog.Release || last.Wait <= 0 || last.Wait > last.Duration {
		t.Fatalf("the record of the release: %+v", last)
	}
}

// TestAttributesWhileClosed asks for a file by its name in the instant after close(2), when the kernel has the handle still
// to be released: the request may use the handle's descriptor or the name, and never a descriptor that is closed.
func TestAttributesWhileClosed(t *testing.T) {
	p := mountChild(t)
	rounds := interleavings() / 20
	var threads sync.WaitGroup
	for i := range 4 {
		threads.Go(func() {
			path := p.file(fmt.Sprintf("file%d", i))
			for range rounds {
				if err := closeAndAsk(path); err != nil {
					t.Errorf("%s: %v", path, err)
					return
				}
			}
		})
	}
	threads.Wait()
	p.ejects()
}

func closeAndAsk(path string) error {
	fd, err := unix.Open(path, unix.O_CREAT|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return err
	}
	if err := unix.Flock(fd, unix.LOCK_EX); err != nil { // its end makes the release longer
		return err
	}
	if err := unix.Close(fd); err != nil {
		return err
	}
	for _, value := range []string{"1", "2"} {
		if err := retry(func() error { return unix.Setxattr(path, "user.a", []byte(value), 0) }); err != nil {
			return fmt.Errorf("setxattr: %w", err)
		}
	}
	if _, err := unix.Getxattr(path, "user.a", make([]byte, 8)); err != nil {
		return fmt.Errorf("getxattr: %w", err)
	}
	return unix.Unlink(path)
}

// TestHandlesAreNeverReused opens and closes many files: no number comes twice, an old one names nothing, and who still
// knows a released handle is not admitted to it.
func TestHandlesAreNeverReused(t *testing.T) {
	k, _, _ := openFS(t, false)
	seen := make(map[uint64]bool)
	for range 1000 {
		f, errc := k.create("/f", os.O_RDWR, 0o600)
		if errc != 0 || seen[f.fh] {
			t.Fatalf("handle %d: errc %d, seen %v", f.fh, errc, seen[f.fh])
		}
		seen[f.fh] = true
		h := k.fs.handles.hold(f.fh)
		h.letGo()
		f.release()
		if h.admit() {
			t.Fatalf("handle %d is admitted although it is released", f.fh)
		}
		if n := f.write([]byte("x"), 0); n != -int(unix.EBADF) {
			t.Fatalf("write on a released handle: %d", n)
		}
	}
}

package fusefs

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"vitrine/fusefs/wire"
)

// server reads the kernel's requests from /dev/fuse and has them answered.
//
// Whoever reads a request serves it, and as a rule one worker does both for all. Its client then often runs before the write of
// the reply has returned, and the next request is there when the worker comes for it, so that nobody has to wake it. Of several
// that wait the kernel wakes one after the other (fs/fuse/dev.c, an exclusive wait). Others help where one is not enough: when several
// threads ask in turn, when requests are waiting already each time that a worker comes back for one, when an operation may take
// long by its nature, and when one takes longer than a tick of the watch. Since more of that is likely to come, two wait for
// requests for a while then. Those that are not needed any more park, and end when enough are parked.
type server struct {
	fs *FS
	fd int // open /dev/fuse

	began    time.Time
	watch    watch
	running  atomic.Int32 // workers that are not parked
	asker    atomic.Int32 // thread that asked last
	busy     atomic.Int64 // when one worker was not enough last, in ns since began
	stopping atomic.Bool

	mu      sync.Mutex // guards what follows
	parked  []*worker
	workers map[*worker]struct{}
	ended   bool // no more workers are to begin

	all sync.WaitGroup // workers

	failed atomic.Pointer[error] // what ended the serving, if not the end of the mount
}

const (
	// maxWrite is the most that one request carries, in bytes: the kernel's own limit is 256 pages by default
	// (fs/fuse/inode.c, fuse_max_pages_limit).
	maxWrite = 1 << 20

	// maxWorkers bounds the threads that stalled operations can hold.
	maxWorkers = 4096

	// idleWorkers is how many parked workers are kept for the next storm.
	idleWorkers = 8

	// waitedFor is about how long it takes at least from a reply until its receiver's next request has been read. Less than
	// that means, where another thread asks, that its request was waiting already.
	waitedFor = 5 * time.Microsecond

	// backlog is how many requests from several threads a worker must find waiting, one right after the other, before it calls
	// another.
	backlog = 32

	// crowd is how many requests must have come in turn from several threads before a worker calls another; of a worker's
	// requests those that came from another thread than the one before count for it, thrice, and the others against it.
	crowd = 48

	// busyFor is for how long two workers wait for requests after one was not enough.
	busyFor = 50 * time.Millisecond

	// maxReaders is how many workers wait for a request at most.
	maxReaders = 2
)

// spareProcessors lets Go run as much beside the waiting workers as there are processors. A worker that waits for a request
// keeps one of Go's, which its scheduler takes away at once where all are in use, only to give it back with the next request.
var spareProcessors = sync.OnceFunc(func() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + maxReaders)
	}
})

func newServer(fs *FS, fd int) *server {
	s := &server{fs: fs, fd: fd, began: time.Now(), watch: newWatch(), workers: make(map[*worker]struct{})}
	s.busy.Store(int64(-busyFor))
	return s
}

// serve answers the kernel until it has ended the connection or stop has been called, and every request in flight is
// answered. It closes the connection.
func (s *server) serve() error {
	defer s.watch.free()
	defer unix.Close(s.fd)
	spareProcessors()
	missing, err := s.watch.begin()
	if err != nil {
		return fmt.Errorf("no thread to watch the others: %w", err)
	}
	quit := make(chan struct{})
	var watching sync.WaitGroup
	s.fs.sentry = newSentry(s.fs)
	vigils := newVigils(s.fs)
	s.fs.vigils = vigils
	prune := newPruner(s.fs)
	s.fs.nodes.grown = prune.grown
	watching.Go(func() { s.guard(missing, quit) })
	watching.Go(s.fs.sentry.run)
	if vigils != nil {
		watching.Go(vigils.run)
	}
	watching.Go(func() { prune.run(quit) })
	s.another()
	s.all.Wait()
	close(quit)
	s.watch.end()
	s.fs.sentry.end()
	if vigils != nil {
		vigils.end()
	}
	watching.Wait()
	if err := s.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// another sets one more worker to reading.
func (s *server) another() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.parked); n > 0 {
		w := s.parked[n-1]
		s.parked = s.parked[:n-1]
		s.watch.reading.Add(1)
		s.running.Add(1)
		w.wake <- true
		return
	}
	if s.ended || len(s.workers) >= maxWorkers {
		return
	}
	w, err := newWorker(s)
	if err != nil {
		if len(s.workers) == 0 {
			s.fail(err)
		}
		return
	}
	s.workers[w] = struct{}{}
	s.watch.reading.Add(1)
	s.running.Add(1)
	s.all.Go(w.run)
}

// now returns the time since the server began.
func (s *server) now() time.Duration { return time.Since(s.began) }

// crowded calls another worker for more requests than one can serve, up to so many.
func (s *server) crowded(most int) {
	s.busy.Store(int64(s.now()))
	if s.watch.reading.Load() == 0 && int(s.running.Load()) < most {
		s.another()
	}
}

// isRead reports whether enough workers wait for a request.
func (s *server) isRead() bool {
	switch n := s.watch.reading.Load(); {
	case n == 0:
		return false
	case n >= maxReaders:
		return true
	default:
		return s.now()-time.Duration(s.busy.Load()) > busyFor
	}
}

func (s *server) fail(err error) { s.failed.CompareAndSwap(nil, &err) }

// end lets the parked workers go, and keeps others from beginning.
func (s *server) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	for _, w := range s.parked {
		w.wake <- false
	}
	s.parked = nil
}

// stop makes serve return though the kernel has not ended the connection. It takes effect on workers that wait for a
// request: call it again until serve has returned.
func (s *server) stop() {
	s.stopping.Store(true)
	s.mu.Lock()
	defer s.mu.Unlock()
	for w := range s.workers {
		if tid := w.tid.Load(); tid != 0 {
			wakeThread(int(tid))
		}
	}
}

// worker reads requests and serves them, one at a time.
type worker struct {
	server  *server
	memory  []byte // backs both buffers
	in      []byte // the request
	call    call
	thread  int32
	tid     atomic.Int32  // thread while it waits in read(2), else 0
	wake    chan bool     // true to read again, false to end
	streak  int           // see backlog
	mixed   int           // see crowd
	since   time.Duration // when it was scheduled last
	replied time.Duration // when it last began to reply
}

func newWorker(s *server) (*worker, error) {
	page := os.Getpagesize()
	// The data of a Write and of a Read begin at a page: what comes before them stands at the end of the page before.
	memory, err := unix.Mmap(-1, 0, 2*(maxWrite+page), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return nil, fmt.Errorf("no memory for a request of %d bytes: %w", maxWrite, err)
	}
	half := len(memory) / 2
	w := &worker{server: s, memory: memory, wake: make(chan bool, 1)}
	w.in = memory[page-wire.HeaderSize-wire.WriteInSize : half]
	w.call.reply = wire.Into(memory[half+page-wire.OutHeaderSize:])
	w.call.fs = s.fs
	return w, nil
}

func (w *worker) run() {
	s := w.server
	w.lock()
	defer w.finish()
	for {
		n, waited := w.read()
		s.watch.reading.Add(-1)
		if n < 0 {
			s.end()
			return
		}
		s.watch.stir()
		reply := w.serve(w.in[:n], waited)
		s.watch.served.Add(1)
		w.replied = s.now()
		enough := waited && s.isRead()
		if !enough {
			s.watch.reading.Add(1) // before the caller goes on: it may ask again at once
		}
		w.reply(reply)
		if enough && !w.park() {
			return
		}
	}
}

// lock keeps the worker on one thread, so that it can be woken.
func (w *worker) lock() {
	runtime.LockOSThread()
	w.thread = int32(unix.Gettid())
	w.call.thread = w.thread
}

func (w *worker) finish() {
	s := w.server
	s.running.Add(-1)
	s.mu.Lock()
	delete(s.workers, w)
	s.mu.Unlock()
	unix.Munmap(w.memory)
	w.call.pipe.close()
	runtime.UnlockOSThread()
}

// yieldAfter is a part of the 10 ms for which Go's scheduler lets a goroutine run (runtime/proc.go, forcePreemptNS).
const yieldAfter = 5 * time.Millisecond

// yield lets the scheduler see that the worker does not run on and on. Else its watch (runtime/proc.go, sysmon) takes the
// processor away from it in each system call, and looks at it every 20 µs for that: a tenth of what a request costs. The
// worker gives its thread up meanwhile: the scheduler would hand the processor of one that is locked to another thread, and back
// (runtime/proc.go, stoplockedm), which wakes the machine's other processors.
func (w *worker) yield() {
	if w.replied-w.since > yieldAfter {
		w.since = w.replied
		runtime.UnlockOSThread()
		runtime.Gosched()
		w.lock()
	}
}

// read waits for a request. It returns its length in bytes, -1 at the end of the mount, and whether it had to wait.
func (w *worker) read() (n int, waited bool) {
	s := w.server
	w.yield()
	w.tid.Store(w.thread)
	defer w.tid.Store(0)
	for !s.stopping.Load() {
		n, err := unix.Read(s.fd, w.in)
		switch err {
		case nil:
			return n, s.now()-w.replied > waitedFor
		case unix.EINTR, unix.EAGAIN, unix.ENOENT: // ENOENT: the request was taken back meanwhile
		case unix.ENODEV, unix.ECONNABORTED:
			return -1, true
		default:
			s.fail(fmt.Errorf("reading from %s: %w", device, err))
			return -1, true
		}
	}
	return -1, true
}

// callHelp sets another worker to reading where the requests are too many for those that do. For an operation that may take
// long by its nature serve does it, and for one that happens to take long the watch. A thread that waits for each reply makes no
// crowd, however quickly it asks again; what the kernel writes by itself does, since it does not wait.
func (w *worker) callHelp(r *wire.InHeader, waited bool) {
	if waited {
		w.streak = 0
	}
	switch {
	case r.PID != 0 && w.server.asker.Swap(int32(r.PID)) == int32(r.PID):
		w.mixed = max(w.mixed-1, 0)
	case r.PID != 0 || r.Opcode == wire.Write:
		w.mixed += 3
		if !waited {
			w.streak++
		}
	}
	if w.mixed >= crowd {
		w.mixed = 0
		w.server.crowded(maxReaders)
	}
	if w.streak >= backlog {
		w.streak = 0
		w.server.crowded(runtime.NumCPU() + 1)
	}
}

// park waits until the worker is needed again. It answers false where it is not.
func (w *worker) park() bool {
	s := w.server
	w.call.pipe.close()
	s.mu.Lock()
	if s.ended || len(s.parked) >= idleWorkers {
		s.mu.Unlock()
		return false
	}
	s.parked = append(s.parked, w)
	s.running.Add(-1)
	s.mu.Unlock()
	if !<-w.wake {
		s.running.Add(1) // finish takes it back
		return false
	}
	return true
}

// serve answers one request, for which the worker had to wait or not, but for sending the reply.
func (w *worker) serve(buf []byte, waited bool) (reply []byte) {
	s := w.server
	request, err := wire.ParseRequest(buf)
	if err != nil {
		s.fail(err)
		return nil
	}
	w.callHelp(request.InHeader, waited)
	if mayWait(request.Opcode) && s.watch.reading.Load() == 0 {
		s.another()
	}
	return w.call.answer(request)
}

// reply sends what serve answered, in memory or in the pipe.
func (w *worker) reply(message []byte) {
	if message != nil {
		w.server.send(message)
	}
	w.call.pipe.empty(w.server.fd)
	w.call.keptWatch()
}

// mayWait reports whether an operation waits by its nature: for another program, or for the disk.
func mayWait(op wire.Opcode) bool {
	switch op {
	case wire.Setlkw, wire.Fsync, wire.Fsyncdir, wire.Syncfs, wire.CopyFileRange, wire.CopyFileRange64, wire.Fallocate:
		return true
	}
	return false
}

// send writes a reply or a notice. That fails where nobody waits for it any more (ENOENT), or the mount has ended.
func (s *server) send(message []byte) error {
	_, err := unix.Write(s.fd, message)
	return err
}

// guard calls another worker when the watch misses a reader.
func (s *server) guard(missing func(), quit <-chan struct{}) {
	for {
		missing()
		select {
		case <-quit:
			return
		default:
			s.busy.Store(int64(s.now()))
			s.another()
		}
	}
}

// invalidate makes the kernel ask for a node's attributes anew, and with off from 0 on drop its cached data too.
func (fs *FS) invalidate(n *node, off int64) { fs.invalidateRange(n, off, 0) }

// invalidateRange is invalidate for length bytes of data, 0 for all that follow. It waits for reads there.
func (fs *FS) invalidateRange(n *node, off, length int64) {
	if s := fs.server.Load(); s != nil {
		s.send(wire.Notice(wire.NotifyInvalInode, wire.InvalInodeOut{Node: n.id, Off: off, Len: length}, ""))
	}
}

// extend makes a file as long for the kernel as it is, by giving it the last byte. It may wait for reads in flight.
func (fs *FS) extend(n *node, size int64, last byte) {
	if s := fs.server.Load(); s != nil {
		s.send(wire.Notice(wire.NotifyStore, wire.StoreOut{Node: n.id, Offset: uint64(size - 1), Size: 1}, string([]byte{last})))
	}
}

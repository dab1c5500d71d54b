// Package fusefs is the filesystem: it passes every operation of a mount through to one backing folder, beneath that
// folder and nowhere else, and records each. It also holds the life of the mount, from preflight to eject.
package fusefs

import (
	"fmt"
	"runtime/debug"
	"sync"
	"syscall"

	"vitrine/fusefs/oplog"
)

// FS is a backing folder as a FUSE filesystem. Its operations may be called from any number of threads.
type FS struct {
	root     int // descriptor of the backing folder
	readOnly bool
	record   *oplog.Recorder
	handles  handleTable
	locks    lockTable
	platform // what the system's way to speak FUSE needs

	startOnce sync.Once
	started   chan struct{} // closed once the kernel has begun to talk to us
	startErr  error         // what was wrong then; valid once started is closed
}

// New returns a filesystem over the open folder root, which stays the caller's to close after Destroy.
func New(root int, readOnly bool, record *oplog.Recorder) *FS {
	fs := &FS{root: root, readOnly: readOnly, record: record, started: make(chan struct{})}
	fs.platform.init(fs)
	return fs
}

// caller is who asks for an operation.
type caller struct {
	tid      int32 // thread, 0 where unknown
	uid, gid uint32
	umask    uint32 // permission bits to leave out where the folder has no default ACL; see umask(2)
	own      bool   // what is made shall be theirs: other users may use the mount, and we are root
}

// start notes that the kernel has begun to talk to the mount, and what is wrong with that, if anything.
func (fs *FS) start(err error) {
	fs.startOnce.Do(func() {
		fs.startErr = err
		close(fs.started)
	})
}

// Destroy is called when the mount has ended. It closes every handle.
func (fs *FS) Destroy() {
	fs.handles.releaseAll()
	fs.locks.dropAll()
	fs.platform.destroy()
}

// Sync writes to disk what was changed through the mount, and has not been since. Its error is an *fs.PathError where it
// is of one file.
func (fs *FS) Sync() error { return fs.platform.sync(fs.root) }

// SyncsFor tells what Sync is about just now.
func (fs *FS) SyncsFor() Text { return fs.platform.syncsFor() }

// OpenHandles returns the handle table, in no particular order.
func (fs *FS) OpenHandles() []oplog.OpenHandle {
	var rows []oplog.OpenHandle
	for _, h := range fs.handles.all() {
		if row, open := h.tally.OpenHandle(); open {
			rows = append(rows, row)
		}
	}
	return rows
}

// call is one operation being served.
type call struct {
	fs *FS
	message
	by      caller
	thread  int32 // of ours, that serves it; 0 where unknown
	pending *oplog.Pending
	out     oplog.Outcome
	tally   *oplog.Tally   // of the handle that the operation is about
	held    *handle        // let go at the end
	moved   bool           // names of files have changed
	movers  []*oplog.Tally // of the handles whose paths may have changed with them
	names   namesLock      // taken for the end of the operation
}

// begin records that an operation begins.
func (c *call) begin(e oplog.Event) {
	e.PID, e.Thread, e.Inode = c.by.tid, c.thread, c.inode(e.Op)
	if e.PID != 0 {
		e.UID = c.by.uid
	}
	c.out, c.tally, c.held, c.moved, c.movers = oplog.Outcome{}, nil, nil, false, nil
	c.pending = c.fs.record.Begin(e)
}

// end records how the operation ended. It is deferred, and answers EIO for a handler that panicked.
func (c *call) end(result *int) {
	if r := recover(); r != nil {
		*result = -int(syscall.EIO)
		c.out.Flags |= oplog.Panicked
		c.out.Detail = fmt.Sprintf("%v\n%s", r, debug.Stack())
	}
	if *result < 0 {
		c.out.Errno = syscall.Errno(-*result)
	} else if *result > 0 {
		c.out.Result = int64(*result)
	}
	if c.moved {
		c.pending.EndMove(c.out, c.movers)
	} else {
		c.pending.End(c.out, c.tally)
	}
	translate(result)
	c.names.unlock()
	if c.held != nil {
		c.held.letGo()
	}
}

// hold admits the operation to its handle until end. It answers EBADF where there is none.
func (c *call) hold(id uint64) (h *handle, errc int) {
	h = c.fs.handles.hold(id)
	if h == nil {
		c.out.Flags |= oplog.Refused
		return nil, -int(syscall.EBADF)
	}
	c.held, c.tally = h, &h.tally
	c.out.Inode = h.inode()
	return h, 0
}

// move calls f until all of buff is moved, f moves nothing more, or it fails. It returns the bytes moved, or the
// error where there are none.
func (c *call) move(buff []byte, ofst int64, f func(b []byte, at int64) (int, error)) (moved int) {
	for moved < len(buff) {
		n, err := f(buff[moved:], ofst+int64(moved))
		switch {
		case err == syscall.EINTR:
		case err != nil && moved == 0:
			return errc(err)
		case err != nil:
			c.out.Errno = posix(err.(syscall.Errno))
			return moved
		case n == 0:
			return moved
		default:
			moved += n
		}
	}
	return moved
}

// refuse answers EROFS for an operation that would change a read-only mount.
func (fs *FS) refuse() int {
	if fs.readOnly {
		return -int(syscall.EROFS)
	}
	return 0
}

// names keeps the paths in the record true. An open file gets its path, and a renaming changes it, in one step with
// taking a place in the record: openings hold the lock for reading, renamings for writing, both only for that step.
type names struct{ sync.RWMutex }

// namesLock is how one operation holds the lock.
type namesLock struct {
	shared, sole *names
}

func (l *namesLock) share(n *names) {
	n.RLock()
	l.shared = n
}

func (l *namesLock) own(n *names) {
	n.Lock()
	l.sole = n
}

func (l *namesLock) unlock() {
	switch {
	case l.shared != nil:
		l.shared.RUnlock()
	case l.sole != nil:
		l.sole.Unlock()
	}
	*l = namesLock{}
}

// Package fusefs is the filesystem: it passes every operation of a mount through to one backing folder, beneath that
// folder and nowhere else, and records each. It also holds the life of the mount, from preflight to eject.
package fusefs

import (
	"fmt"
	"runtime/debug"
	"sync"
	"syscall"

	"github.com/winfsp/cgofuse/fuse"
	"golang.org/x/sys/unix"

	"vitrine/fusefs/oplog"
)

// FS is a backing folder as a FUSE filesystem. Its exported operations are those of cgofuse's FileSystemInterface:
// they take paths that begin with "/", return 0 or a negated errno, and may be called from any number of threads.
type FS struct {
	root     int // descriptor of the backing folder
	readOnly bool
	others   bool // the mount is for all users; the kernel checks permissions
	record   *oplog.Recorder
	handles  handleTable
	locks    lockTable
	caller   func() caller // who asks for the operation being served

	startOnce sync.Once
	started   chan struct{} // closed once the kernel has begun to talk to us
	startErr  error         // what was wrong then; valid once started is closed
}

var _ interface {
	fuse.FileSystemInterface
	fuse.FileSystemOpenEx
	fuse.FileSystemChmod3
	fuse.FileSystemChown3
	fuse.FileSystemUtimens3
	fuse.FileSystemRename3
} = (*FS)(nil)

// noHandle is what cgofuse passes where the kernel named no handle.
const noHandle = ^uint64(0)

// New returns a filesystem over the open folder root, which stays the caller's to close after Destroy.
func New(root int, readOnly bool, record *oplog.Recorder) *FS {
	return &FS{
		root:     root,
		readOnly: readOnly,
		record:   record,
		caller:   func() caller { return caller{} },
		started:  make(chan struct{}),
	}
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
}

// Sync writes everything that the backing folder's filesystem still holds in memory to its disk; see syncfs(2).
func (fs *FS) Sync() error {
	return syncFilesystem(fs.root)
}

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
	fs      *FS
	by      caller
	pending *oplog.Pending
	out     oplog.Outcome
	tally   *oplog.Tally // of the handle that the operation is about
	held    *handle      // let go at the end
	moved   bool         // the paths of open files may have changed
}

// begin records that an operation begins.
func (fs *FS) begin(e oplog.Event) call {
	by := fs.caller()
	e.PID = by.tid
	if e.Handle == noHandle {
		e.Handle = 0
	}
	return call{fs: fs, by: by, pending: fs.record.Begin(e)}
}

// end records how the operation ended. It is deferred, and answers EIO for a handler that panicked.
func (c *call) end(result *int) {
	if r := recover(); r != nil {
		*result = -int(unix.EIO)
		c.out.Flags |= oplog.Panicked
		c.out.Detail = fmt.Sprintf("%v\n%s", r, debug.Stack())
	}
	if *result < 0 {
		c.out.Errno = syscall.Errno(-*result)
	} else if *result > 0 {
		c.out.Result = int64(*result)
	}
	if c.moved {
		c.pending.EndMove(c.out, c.fs.handles.tallies())
	} else {
		c.pending.End(c.out, c.tally)
	}
	if c.held != nil {
		c.held.letGo()
	}
}

// hold admits the operation to its handle until end. It answers EBADF where there is none.
func (c *call) hold(id uint64) (h *handle, errc int) {
	h = c.fs.handles.hold(id)
	if h == nil {
		c.out.Flags |= oplog.Refused
		return nil, -int(unix.EBADF)
	}
	c.held, c.tally = h, &h.tally
	return h, 0
}

// refuse answers EROFS for an operation that would change a read-only mount.
func (fs *FS) refuse() int {
	if fs.readOnly {
		return -int(unix.EROFS)
	}
	return 0
}

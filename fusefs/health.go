package fusefs

import (
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"vitrine/fusefs/oplog"
)

// health reads in the record how the backing folder fares, and has a mounted drive say what is wrong with it. Programs
// get the errno anyway; but few of them show it.
type health struct {
	drive *Drive

	mu    sync.Mutex // guards what follows
	fault *Problem   // that the drive shows, nil for none
	last  int64      // Event.Wall of the last operation that failed so
}

// clearAfter is for how long no operation must have failed before one that succeeds counts as the end of a fault.
const clearAfter = 15 * time.Second

// faults are the errors that are the backing's and not the caller's. What happened is said of the backing folder, the
// operation and its path.
var faults = map[syscall.Errno]struct {
	kind       Kind
	what, cure string
}{
	syscall.ENOSPC: {BackingFull, "The disk behind %s is full: %s of %s failed.",
		"Free some space there, then have the program save once more."},
	syscall.EDQUOT: {OverQuota, "The disk behind %s has reached your quota: %s of %s failed.",
		"Remove what you do not need there, or ask for more; then have the program save once more."},
	syscall.EIO: {BackingFails, "The disk behind %s fails to read or write: %s of %s failed.",
		"Copy what you need from it, and look at the disk's health and cable."},
	syscall.EROFS: {BackingReadOnly, "The disk behind %s has become read-only: %s of %s failed.",
		"Systems do that to a disk with errors: look at its health, and mount it anew."},
	syscall.ENODEV:   {BackingGone, diskGone, "Connect the disk again, then eject and mount anew."},
	syscall.ENXIO:    {BackingGone, diskGone, "Connect the disk again, then eject and mount anew."},
	syscall.ENOTCONN: {BackingGone, diskGone, "Connect to its server again, then eject and mount anew."},
}

const diskGone = "The disk behind %s is gone: %s of %s failed."

// stores are the operations that need the backing's disk.
var stores = []oplog.Op{
	oplog.Open, oplog.Create, oplog.Read, oplog.Write, oplog.Flush, oplog.Fsync, oplog.Fsyncdir, oplog.Truncate, oplog.Fallocate,
	oplog.CopyFileRange, oplog.Mkdir, oplog.Mknod, oplog.Symlink, oplog.Link, oplog.Rename, oplog.Unlink, oplog.Rmdir,
	oplog.Readdir, oplog.Setxattr, oplog.Lookup, oplog.Getattr,
}

// changes are those of them that need room on it.
var changes = []oplog.Op{oplog.Create, oplog.Write, oplog.Mkdir, oplog.Fallocate, oplog.CopyFileRange}

// Collect is a Sink's.
func (h *health) Collect(batch []oplog.Event, _ uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range batch {
		e := &batch[i]
		if e.Errno == 0 && h.fault == nil || e.Flags&(oplog.InFlight|oplog.Refused|oplog.Panicked) != 0 {
			continue
		}
		if slices.Contains(stores, e.Op) {
			h.take(e)
		}
	}
}

// take looks at one operation. The caller holds mu.
func (h *health) take(e *oplog.Event) {
	fault, bad := faults[e.Errno]
	switch {
	case bad:
		h.last = e.Wall
		if h.fault == nil || h.fault.Kind != fault.kind || h.drive.Status().Problem != h.fault {
			h.show(e, fault.kind, fault.what, fault.cure)
		}
	case h.fault != nil && e.Errno == 0 && slices.Contains(changes, e.Op) && e.Wall-h.last > int64(clearAfter):
		h.clear()
	}
}

// show has the drive say what is wrong.
func (h *health) show(e *oplog.Event, kind Kind, what, cure string) {
	h.drive.update(func(s *Status) bool {
		if s.State != Mounted || s.ReadOnly && kind == BackingReadOnly || s.Problem != nil && s.Problem != h.fault {
			return false
		}
		h.fault = &Problem{Kind: kind, Err: e.Errno, What: textf(what, s.Backing, e.Op, e.Path), Cure: textf(cure)}
		s.Problem = h.fault
		return true
	})
}

func (h *health) clear() {
	h.drive.update(func(s *Status) bool {
		if s.Problem != h.fault {
			return false
		}
		s.Problem = nil
		return true
	})
	h.fault = nil
}

// removed has the drive say that its backing folder was deleted.
func (h *health) removed() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drive.update(func(s *Status) bool {
		if s.State != Mounted || s.Problem != nil {
			return false
		}
		s.Problem = &Problem{Kind: BackingGone,
			What: textf("The backing folder %s was deleted.", s.Backing),
			Cure: textf("Files that are open can still be read and saved elsewhere. Then eject.")}
		return true
	})
}

// attendRoot looks every now and then whether the backing folder is still there, until done is closed. A disk that does
// not answer holds up nothing else.
func (h *health) attendRoot(root *os.File, done <-chan struct{}) {
	held, err := root.SyscallConn() // it may be closed at any time, but not while it is looked at
	if err != nil {
		return
	}
	ticker := time.NewTicker(2 * time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-done:
			return
		}
		deleted := false
		err := held.Control(func(fd uintptr) { deleted = nameless(int(fd)) })
		if err != nil {
			return
		}
		if deleted {
			h.removed()
			return
		}
	}
}

package fusefs

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"vitrine/fusefs/oplog"
	"vitrine/fusefs/wire"
)

// lockTable keeps the POSIX locks that processes hold through the mount on the backing files, so that they hold
// against processes there too.
//
// A POSIX lock belongs to a process and an inode, and all of this program is one process. So each owner of locks gets
// a descriptor of its own, with locks that belong to that (fcntl(2), open file description locks), and it is closed
// when the owner closes any descriptor of the file, as POSIX has it.
type lockTable struct {
	mu     sync.Mutex // guards owners, and is held for a look into it only
	owners map[lockOwner]*ownedLocks
}

// lockOwner is who holds locks on which file.
type lockOwner struct {
	dev, ino uint64
	owner    uint64 // as the kernel calls it: fuse_file_info.lock_owner
}

// ownedLocks is an owner's descriptor. Whoever uses it holds use for reading; who closes it takes it for writing, and the
// owner gets another only after that: a lock of its own must never stand in its way.
type ownedLocks struct {
	use    sync.RWMutex // guards fd and closed; taken before lockTable.mu
	fd     int
	closed bool
}

func ownerOf(fd int, owner uint64) (lockOwner, error) {
	var st unix.Stat_t
	err := unix.Fstat(fd, &st)
	return lockOwner{st.Dev, st.Ino, owner}, err
}

// hold returns the owner's locks, to be let go after use, nil where there are none.
func (t *lockTable) hold(key lockOwner) *ownedLocks {
	own := t.find(key)
	if own == nil {
		return nil
	}
	own.use.RLock()
	if own.closed {
		own.use.RUnlock()
		return nil
	}
	return own
}

func (t *lockTable) find(key lockOwner) *ownedLocks {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.owners[key]
}

// holdOrMake is hold for an owner who is about to have locks on the file that fd is of.
func (t *lockTable) holdOrMake(key lockOwner, fd int) (*ownedLocks, error) {
	for {
		if own := t.hold(key); own != nil {
			return own, nil
		}
		another, err := reopen(fd)
		if err != nil {
			return nil, err
		}
		if !t.insert(key, &ownedLocks{fd: another}) {
			unix.Close(another)
		}
	}
}

// insert reports whether the owner had no locks before.
func (t *lockTable) insert(key lockOwner, own *ownedLocks) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.owners[key] != nil {
		return false
	}
	if t.owners == nil {
		t.owners = make(map[lockOwner]*ownedLocks)
	}
	t.owners[key] = own
	return true
}

// reopen opens the file of fd once more, with all the access that locks may need and permissions allow: for both, else as
// fd is. Where that is not allowed any more it is fd's own description: owners who share a handle share their locks then.
func reopen(fd int) (another int, err error) {
	path := "/proc/self/fd/" + strconv.Itoa(fd)
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil {
		return -1, err
	}
	for _, mode := range []int{unix.O_RDWR, flags & unix.O_ACCMODE} {
		if another, err = unix.Open(path, mode|unix.O_CLOEXEC|unix.O_NONBLOCK, 0); err == nil {
			return another, nil
		}
	}
	if err != unix.EACCES {
		return -1, err
	}
	return unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
}

func (t *lockTable) empty() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.owners) == 0
}

// handleLocks are the owners who took locks through a handle. Those of a process are dropped when it closes a
// descriptor; others (fcntl(2), open file description locks) belong to the handle and end with it, of which the kernel
// says nothing.
type handleLocks struct {
	mu     sync.Mutex // guards owners
	owners map[uint64]bool
}

func (l *handleLocks) add(owner uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.owners == nil {
		l.owners = make(map[uint64]bool)
	}
	l.owners[owner] = true
}

func (l *handleLocks) remove(owner uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.owners, owner)
}

func (l *handleLocks) all() []uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Keys(l.owners))
}

// drop lets go of all locks of the owner on the handle's file, by whichever handle they were taken.
func (t *lockTable) drop(h *handle, owner uint64) {
	if t.empty() {
		return
	}
	h.locks.remove(owner)
	if key, err := ownerOf(h.fd, owner); err == nil {
		t.close(key)
	}
}

// dropOwners lets go of the locks that end with the handle.
func (t *lockTable) dropOwners(h *handle) {
	for _, owner := range h.locks.all() {
		t.drop(h, owner)
	}
}

func (t *lockTable) close(key lockOwner) {
	own := t.find(key)
	if own == nil {
		return
	}
	own.use.Lock()
	defer own.use.Unlock()
	if own.closed {
		return
	}
	own.closed = true
	unix.FcntlFlock(uintptr(own.fd), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_UNLCK}) // a duplicate's outlive its close
	unix.Close(own.fd)
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.owners, key)
}

// dropAll lets go of every lock.
func (t *lockTable) dropAll() {
	t.mu.Lock()
	keys := slices.Collect(maps.Keys(t.owners))
	t.mu.Unlock()
	for _, key := range keys {
		t.close(key)
	}
}

// getlk asks for the lock that stands in the way of one; see fcntl(2), F_GETLK.
func (c *call) getlk() int { return c.lock(unix.F_OFD_GETLK, false) }

// setlk takes or drops a lock, and fails where another stands in the way; see fcntl(2), F_SETLK, and flock(2).
func (c *call) setlk() int { return c.lock(unix.F_OFD_SETLK, false) }

// setlkw is setlk that waits; see fcntl(2), F_SETLKW.
func (c *call) setlkw() int { return c.lock(unix.F_OFD_SETLK, true) }

func (c *call) lock(command int, wait bool) int {
	in := wire.Take[wire.LkIn](&c.args)
	if in == nil {
		return malformed
	}
	if in.Flags&wire.LkFlock != 0 {
		return c.flock(in, wait)
	}
	lock := &unix.Flock_t{Type: int16(in.Lock.Type), Whence: unix.SEEK_SET, Start: int64(in.Lock.Start)}
	if in.Lock.End != wire.LockToEnd {
		lock.Len = int64(in.Lock.End-in.Lock.Start) + 1
	}
	e := oplog.Event{Op: oplog.Lock, Handle: in.FH, Offset: lock.Start, Size: lock.Len, Mode: in.Lock.Type}
	return c.onHandle(e, func(h *handle) error {
		key, err := ownerOf(h.fd, in.Owner)
		if err != nil {
			return err
		}
		if command == unix.F_OFD_SETLK && lock.Type != unix.F_UNLCK {
			h.locks.add(in.Owner)
		}
		err = c.await(wait, func() error { return c.fs.locks.fcntl(key, h.fd, command, lock) })
		if err == nil && command == unix.F_OFD_GETLK {
			wire.Put[wire.LkOut](&c.reply).Lock = fileLock(lock)
		}
		return err
	})
}

// fileLock is a lock as the kernel's protocol has it.
func fileLock(lock *unix.Flock_t) wire.FileLock {
	l := wire.FileLock{Start: uint64(lock.Start), End: wire.LockToEnd, Type: uint32(lock.Type), PID: uint32(max(lock.Pid, 0))}
	if lock.Len > 0 {
		l.End = l.Start + uint64(lock.Len) - 1
	}
	return l
}

// flock does what flock(2) does: the lock belongs to the handle and ends with it.
func (c *call) flock(in *wire.LkIn, wait bool) int {
	op := map[uint32]int{unix.F_RDLCK: unix.LOCK_SH, unix.F_WRLCK: unix.LOCK_EX, unix.F_UNLCK: unix.LOCK_UN}[in.Lock.Type]
	return c.onHandle(oplog.Event{Op: oplog.Flock, Handle: in.FH, Mode: uint32(op)}, func(h *handle) error {
		return c.await(wait, func() error { return unix.Flock(h.fd, op|unix.LOCK_NB) })
	})
}

// await tries for a lock, again and again where the caller waits for it. It does not wait in the system call: the
// caller may be interrupted, and only FUSE is told.
func (c *call) await(wait bool, try func() error) error {
	err := retry(try)
	if !wait || err != unix.EAGAIN && err != unix.EACCES {
		return err
	}
	interrupted, end := c.interruptible()
	defer end()
	for pause := time.Millisecond; err == unix.EAGAIN || err == unix.EACCES; pause = min(2*pause, 20*time.Millisecond) {
		if interrupted() {
			return errInterrupted
		}
		time.Sleep(pause)
		err = retry(try)
	}
	return err
}

// errInterrupted is EINTR, but not for retry.
var errInterrupted = fmt.Errorf("the caller was interrupted: %w", unix.EINTR)

// fcntl holds the owner's descriptor for one call only: a close of the file, which takes it away, does not wait for a
// lock to come free.
func (t *lockTable) fcntl(key lockOwner, fd, command int, lock *unix.Flock_t) error {
	if lock.Type == unix.F_UNLCK {
		if lock.Start == 0 && lock.Len == 0 && lock.Whence == unix.SEEK_SET { // all of them, as when a file is closed
			t.close(key)
			return nil
		}
		own := t.hold(key)
		if own == nil {
			return nil
		}
		defer own.use.RUnlock()
		return unix.FcntlFlock(uintptr(own.fd), command, lock)
	}
	own, err := t.holdOrMake(key, fd)
	if err != nil {
		return err
	}
	defer own.use.RUnlock()
	return unix.FcntlFlock(uintptr(own.fd), command, lock)
}

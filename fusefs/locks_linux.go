package fusefs

import (
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"vitrine/fusefs/oplog"
)

// lockTable keeps the POSIX locks that processes hold through the mount on the backing files, so that they hold
// against processes there too.
//
// A POSIX lock belongs to a process and an inode, and all of this program is one process. So each owner of locks gets
// a descriptor of its own, with locks that belong to that (fcntl(2), open file description locks), and it is closed
// when the owner closes any descriptor of the file, as POSIX has it.
type lockTable struct {
	mu     sync.Mutex // guards owners
	owners map[lockOwner]int
}

// lockOwner is who holds locks on which file.
type lockOwner struct {
	dev, ino uint64
	owner    uint64 // as the kernel calls it: fuse_file_info.lock_owner
}

func ownerOf(fd int, owner uint64) (lockOwner, error) {
	var st unix.Stat_t
	err := unix.Fstat(fd, &st)
	return lockOwner{st.Dev, st.Ino, owner}, err
}

// descriptor returns the owner's descriptor for the file that fd is of.
func (t *lockTable) descriptor(fd int, owner uint64) (int, error) {
	key, err := ownerOf(fd, owner)
	if err != nil {
		return -1, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if own, ok := t.owners[key]; ok {
		return own, nil
	}
	own, err := reopen(fd)
	if err != nil {
		return -1, err
	}
	if t.owners == nil {
		t.owners = make(map[lockOwner]int)
	}
	t.owners[key] = own
	return own, nil
}

// reopen opens the file of fd once more, with all the access that locks may need and permissions allow.
func reopen(fd int) (own int, err error) {
	path := "/proc/self/fd/" + strconv.Itoa(fd)
	for _, mode := range []int{unix.O_RDWR, unix.O_RDONLY, unix.O_WRONLY} {
		if own, err = unix.Open(path, mode|unix.O_CLOEXEC|unix.O_NONBLOCK, 0); err == nil {
			return own, nil
		}
	}
	return -1, err
}

// drop lets go of all locks of the owner on the file that fd is of.
func (t *lockTable) drop(fd int, owner uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.owners) == 0 {
		return
	}
	key, err := ownerOf(fd, owner)
	if own, ok := t.owners[key]; err == nil && ok {
		delete(t.owners, key)
		unix.Close(own)
	}
}

// dropAll lets go of every lock.
func (t *lockTable) dropAll() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, own := range t.owners {
		unix.Close(own)
	}
	t.owners = nil
}

// posixLock does what fcntl(2) would with F_GETLK, F_SETLK and F_SETLKW, for an owner.
func (fs *FS) posixLock(path string, fh, owner uint64, command int, lock *unix.Flock_t, interrupted func() bool) (errno int) {
	c := fs.begin(oplog.Event{Op: oplog.Lock, Path: path, Handle: fh, Offset: lock.Start, Size: lock.Len, Mode: uint32(lock.Type)})
	defer c.end(&errno)
	h, errno := c.hold(fh)
	if errno != 0 {
		return errno
	}
	fd, err := fs.locks.descriptor(h.fd, owner)
	if err != nil {
		return errc(err)
	}
	lock.Pid = 0 // as open file description locks want it
	if command == unix.F_GETLK {
		return errc(unix.FcntlFlock(uintptr(fd), unix.F_OFD_GETLK, lock))
	}
	return errc(waitLock(command == unix.F_SETLKW, interrupted, func() error {
		return unix.FcntlFlock(uintptr(fd), unix.F_OFD_SETLK, lock)
	}))
}

// flock does what flock(2) does: the lock belongs to the handle and ends with it.
func (fs *FS) flock(path string, fh uint64, op int, interrupted func() bool) (errno int) {
	c := fs.begin(oplog.Event{Op: oplog.Flock, Path: path, Handle: fh, Mode: uint32(op)})
	defer c.end(&errno)
	h, errno := c.hold(fh)
	if errno != 0 {
		return errno
	}
	return errc(waitLock(op&unix.LOCK_NB == 0, interrupted, func() error {
		return unix.Flock(h.fd, op|unix.LOCK_NB)
	}))
}

// waitLock tries for a lock, again and again where the caller waits for it. It does not wait in the system call: the
// caller may be interrupted, and only FUSE is told.
func waitLock(wait bool, interrupted func() bool, try func() error) error {
	for pause := time.Millisecond; ; pause = min(2*pause, 20*time.Millisecond) {
		err := retry(try)
		if err != unix.EAGAIN && err != unix.EACCES || !wait {
			return err
		}
		if interrupted() {
			return unix.EINTR
		}
		time.Sleep(pause)
	}
}

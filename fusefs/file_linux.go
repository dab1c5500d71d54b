package fusefs

import (
	"os"
	"strconv"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"vitrine/fusefs/oplog"
	"vitrine/fusefs/wire"
)

// handlePlatform is what a handle is beside its descriptor.
type handlePlatform struct {
	node   *node
	dir    *dirStream // of a folder
	locks  handleLocks
	direct bool // its writes do not go through the kernel's pages of the file
}

// inode is what the kernel knows the file by that the handle is of.
func (h *handle) inode() uint64 { return h.node.id }

// openFlags are the flags with which the backing file is opened for a caller's. O_DIRECT stays with the kernel, which
// honours it towards the caller; our buffers have not the alignment that a disk asks for. O_APPEND comes with each write:
// those that the kernel makes of a mapping have their own offset.
func openFlags(flags uint32) int {
	return int(flags) &^ (unix.O_CREAT | unix.O_EXCL | unix.O_NOCTTY | unix.O_DIRECT | unix.O_NOFOLLOW | unix.O_APPEND)
}

// open opens an existing file; see open(2).
func (c *call) open() (errno int) {
	in := wire.Take[wire.OpenIn](&c.args)
	if in == nil {
		return malformed
	}
	c.begin(oplog.Event{Op: oplog.Open, Path: c.path(), Mode: in.Flags})
	defer c.end(&errno)
	if in.Flags&unix.O_ACCMODE != unix.O_RDONLY || in.Flags&unix.O_TRUNC != 0 {
		if errno = c.fs.refuse(); errno != 0 {
			return errno
		}
	}
	var st unix.Stat_t
	fd, unread, err := c.openToGather(in.Flags, &st)
	if err == unix.EPERM && in.Flags&unix.O_APPEND != 0 { // a file that may only grow; see chattr(1), a
		unread = c.fs.fast
		fd, err = c.openNode(openFlags(in.Flags)|unix.O_APPEND, &st)
	}
	if err != nil {
		return errc(err)
	}
	if in.OpenFlags&wire.OpenKillSUIDGID != 0 {
		if err := c.clearSetID(c.node, reference{fd: fd}); err != nil {
			unix.Close(fd)
			return errc(err)
		}
	}
	keep := c.fs.fast || c.refresh(&st, in.Flags&unix.O_TRUNC != 0)
	out := c.opened(c.node, fd, unread || c.fs.writesDirectly(in.Flags))
	if keep {
		out.OpenFlags |= wire.FopenKeepCache
	}
	return 0
}

// writesDirectly reports whether a handle is to go past the kernel's pages of the file. Nobody reads or maps through one
// that is only for writing: its writes come without a copy there, and without a question for the file's capabilities
// before the first.
func (fs *FS) writesDirectly(flags uint32) bool {
	return !fs.fast && flags&unix.O_ACCMODE == unix.O_WRONLY
}

// openNode opens the request's node. By its name first: what another program put there meanwhile is found so, since the
// kernel looks a name up anew upon ESTALE. Whoever asks once more for this very node means the file itself, by a way
// that is no name, as /proc/PID/fd; and so does who may not go by its name any more (EACCES).
func (c *call) openNode(flags int, st *unix.Stat_t) (fd int, err error) {
	err = unix.ESTALE
	if !c.node.isKept() {
		fd, err = c.fs.nodes.openByName(c.node, flags, st)
		if err != unix.EACCES && (err != unix.ESTALE || !c.node.askedAgain(c.by.tid)) {
			return fd, err
		}
	}
	r, ok := c.node.referOpen()
	if !ok {
		return -1, err
	}
	defer r.done()
	fd, err = unix.Open(r.proc(), flags|unix.O_CLOEXEC, 0)
	if err == nil {
		err = unix.Fstat(fd, st)
	}
	return fd, err
}

// isKept reports whether no name leads to the node any more.
func (n *node) isKept() bool { return n.kept.Load() && n.id != wire.RootID }

func (n *node) cachedVersion() fileVersion {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.cached
}

// askedAgain reports whether the thread was the last to be told that the node's name leads elsewhere.
func (n *node) askedAgain(tid int32) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	again := n.refused == tid
	n.refused = tid
	return again
}

// refresh compares an opened file to what the kernel knows of it. It reports whether the cached pages are still true,
// and makes the kernel ask for attributes that are not.
func (c *call) refresh(st *unix.Stat_t, truncated bool) (keep bool) {
	n, now := c.node, versionOf(st)
	n.mu.Lock()
	keep = n.cached == now
	told := n.told == now
	n.cached = now
	n.mu.Unlock()
	if !told && !truncated {
		c.fs.invalidate(n, -1)
	}
	return keep
}

// opened makes a handle of a descriptor and answers with it.
func (c *call) opened(n *node, fd int, direct bool) *wire.OpenOut {
	h := &handle{fd: fd}
	h.node = n
	h.direct = direct
	if n.file.isDir() {
		h.dir = new(dirStream)
	}
	c.fs.nodes.pin(n, h)
	c.fs.handles.add(h)
	if c.fs.sentry != nil && !c.fs.fast && h.dir == nil {
		c.fs.sentry.opened(n)
	}
	c.names.share(&c.fs.names)
	c.out.Path = c.pathNow(n)
	c.tally, c.out.Handle, c.out.Inode = &h.tally, h.id, n.id
	out := wire.Put[wire.OpenOut](&c.reply)
	out.FH = h.id
	if h.direct {
		out.OpenFlags = wire.FopenDirectIO
	}
	return out
}

func (c *call) pathNow(n *node) string {
	path, _ := c.fs.nodes.pathOf(n)
	return path
}

// create creates and opens a file; see open(2), O_CREAT.
func (c *call) create() (errno int) {
	in := wire.Take[wire.CreateIn](&c.args)
	name := c.args.TakeName()
	if in == nil || !name.Entry() {
		return malformed
	}
	at := c.at(c.node, name)
	c.by.umask = in.Umask
	c.begin(oplog.Event{Op: oplog.Create, Path: at.path, Mode: in.Flags})
	defer c.end(&errno)
	if errno = c.fs.refuse(); errno != 0 {
		return errno
	}
	return c.make(at, openFlags(c.fs.gathering(in.Flags))|unix.O_CREAT|unix.O_NOFOLLOW, name, in)
}

// tmpfile creates and opens a file without a name; see open(2), O_TMPFILE.
func (c *call) tmpfile() (errno int) {
	in := wire.Take[wire.CreateIn](&c.args)
	if in == nil {
		return malformed
	}
	c.by.umask = in.Umask
	c.begin(oplog.Event{Op: oplog.Create, Path: c.path(), Mode: in.Flags | unix.O_TMPFILE})
	defer c.end(&errno)
	if errno = c.fs.refuse(); errno != 0 {
		return errno
	}
	return c.make(place{parent: c.node}, openFlags(c.fs.gathering(in.Flags))|unix.O_TMPFILE|int(in.Flags)&unix.O_EXCL, wire.Name(".\x00"), in)
}

// make creates a file and answers with its node and a handle.
func (c *call) make(at place, flags int, name wire.Name, in *wire.CreateIn) int {
	fd, existed, alone := -1, false, flags
	if flags&unix.O_CREAT != 0 {
		alone |= unix.O_EXCL
	}
	errno := c.inFolder(at.parent, func(dir int) (err error) {
		fd, err = createAt(dir, name, alone|unix.O_CLOEXEC, in.Mode, c.by)
		if existed = err == unix.EEXIST && alone != flags && in.Flags&unix.O_EXCL == 0; existed { // by another program, in between
			fd, err = createAt(dir, name, flags|unix.O_CLOEXEC, in.Mode, c.by)
		}
		return err
	})
	if errno != 0 {
		return errno
	}
	var st unix.Stat_t
	err := unix.Fstat(fd, &st)
	if err == nil && st.Mode&unix.S_IFMT != unix.S_IFREG {
		err = unix.ESTALE // created by another program in between, and no file
	}
	if err == nil && existed && in.OpenFlags&wire.OpenKillSUIDGID != 0 {
		err = c.clearSetID(nil, reference{fd: fd})
	}
	if err != nil {
		unix.Close(fd)
		return errc(err)
	}
	if at.name == "" {
		at.name = "#" + strconv.FormatUint(st.Ino, 10) // as the kernel calls it in /proc/PID/fd
	}
	n := c.entry(at, &st)
	c.fs.unsynced.add(at.parent)
	c.fs.unsynced.add(n)
	n.mu.Lock()
	n.cached = versionOf(&st)
	n.mu.Unlock()
	c.opened(n, fd, c.fs.writesDirectly(in.Flags))
	return 0
}

// read reads up to the end of the file. A short read would be taken for that end, so it is continued; see pread(2).
func (c *call) read() (n int) {
	in := wire.Take[wire.ReadIn](&c.args)
	if in == nil {
		return malformed
	}
	c.begin(oplog.Event{Op: oplog.Read, Path: c.path(), Handle: in.FH, Offset: int64(in.Offset), Size: int64(in.Size)})
	defer c.end(&n)
	h, errno := c.hold(in.FH)
	if errno != 0 {
		return errno
	}
	room := c.reply.Room(int(in.Size))
	if room == nil {
		return malformed
	}
	if n = c.pipe.load(h.fd, int64(in.Offset), int(in.Size), c.head.Unique); n == 0 {
		n = c.move(room, int64(in.Offset), func(b []byte, at int64) (int, error) { return unix.Pread(h.fd, b, at) })
		c.reply.Keep(max(n, 0))
	}
	if n > 0 {
		h.node.reaches(int64(in.Offset)+int64(in.Size), h, c.fs)
	}
	return n
}

// reaches looks, after a read up to the end of the file as the kernel knows it, whether another program has made the file
// longer meanwhile: else the caller would see what is new cut at the old size. It gives the kernel the new size before
// the read is answered.
func (n *node) reaches(end int64, h *handle, fs *FS) {
	n.mu.Lock()
	known, ours := n.told.size, n.since != n.changes.Load()
	n.mu.Unlock()
	if fs.fast || ours || end <= known {
		return
	}
	var st unix.Stat_t
	if unix.Fstat(h.fd, &st) != nil || st.Size <= known {
		return
	}
	var last [1]byte
	if n, err := unix.Pread(h.fd, last[:], st.Size-1); n != 1 || err != nil {
		return
	}
	// The kernel takes the size at once, and then waits for the page of that byte: where that is in this very read, it
	// waits for the answer.
	done := make(chan struct{})
	go func() {
		defer close(done)
		fs.extend(n, st.Size, last[0])
	}()
	select {
	case <-done:
	case <-time.After(2 * time.Millisecond):
	}
}

// write writes all of the data, or as much as the backing takes before an error; see pwrite(2). A caller that sees less
// written than it asked for tries the rest and is told the error then. A write with O_APPEND goes to the end of the
// backing file as it is at that instant, whatever the offset.
func (c *call) write() (n int) {
	in := wire.Take[wire.WriteIn](&c.args)
	if in == nil {
		return malformed
	}
	c.begin(oplog.Event{Op: oplog.Write, Path: c.path(), Handle: in.FH, Offset: int64(in.Offset), Size: int64(in.Size)})
	defer c.end(&n)
	if errno := c.fs.refuse(); errno != 0 {
		return errno
	}
	h, errno := c.hold(in.FH)
	if errno != 0 {
		return errno
	}
	data := c.args.TakeBytes(in.Size)
	if data == nil {
		return malformed
	}
	if in.WriteFlags&wire.WriteKillSUIDGID != 0 {
		if err := c.clearSetID(h.node, reference{fd: h.fd}); err != nil {
			return errc(err)
		}
	}
	if in.WriteFlags&(wire.WriteCache|wire.WriteKillSUIDGID) == wire.WriteCache && h.node.toldSetID.Load() {
		defer keepSetID(h.fd)()
	}
	defer c.changed(h.node)
	n = c.writeTo(h, in, data)
	if n >= 0 {
		wire.Put[wire.WriteOut](&c.reply).Size = uint32(n)
	}
	return n
}

// writeTo writes what a program or, of a mapping and in fast mode, the kernel itself wants written.
func (c *call) writeTo(h *handle, in *wire.WriteIn, data []byte) (n int) {
	off, length, write := int64(in.Offset), int64(in.Size), h.pwrite
	switch {
	case in.WriteFlags&wire.WriteCache != 0:
		return c.move(data, off, h.writeBack)
	case in.Flags&unix.O_APPEND != 0:
		length, write = 0, h.append
	}
	if !h.direct {
		return c.move(data, off, write)
	}
	c.pastPages(h, off, length, func() int64 {
		n = c.move(data, off, write)
		return int64(max(n, 0))
	})
	return n
}

func (h *handle) pwrite(b []byte, at int64) (int, error) { return unix.Pwrite(h.fd, b, at) }

func (h *handle) append(b []byte, at int64) (int, error) {
	return unix.Pwritev2(h.fd, [][]byte{b}, at, unix.RWF_APPEND)
}

// keepSetID returns a function that gives a file the set-user-ID and set-group-ID bits back which it has now: writes through a
// mapping do not end them, but those by which we bring them to the backing folder do, unless we are root. It is as good as we may
// change the mode.
func keepSetID(fd int) (restore func()) {
	const setID = unix.S_ISUID | unix.S_ISGID
	var before, after unix.Stat_t
	if unix.Fstat(fd, &before) != nil || before.Mode&setID == 0 {
		return func() {}
	}
	return func() {
		if unix.Fstat(fd, &after) == nil && after.Mode != before.Mode && after.Mode|before.Mode&setID == before.Mode {
			unix.Fchmod(fd, before.Mode&0o7777)
		}
	}
}

// onHandle calls f with the descriptor of a handle.
func (c *call) onHandle(e oplog.Event, f func(h *handle) error) (errno int) {
	e.Path = c.path()
	c.begin(e)
	defer c.end(&errno)
	h, errno := c.hold(e.Handle)
	if errno != 0 {
		return errno
	}
	return errc(retry(func() error { return f(h) }))
}

// flush is called for each close(2) of a descriptor by an application, which lets go of its POSIX locks on the file. On a
// server's filesystem a duplicate is closed in its stead: one that reports lost writes at close, as NFS does, reports them
// to that application.
func (c *call) flush() int {
	in := wire.Take[wire.FlushIn](&c.args)
	if in == nil {
		return malformed
	}
	return c.onHandle(oplog.Event{Op: oplog.Flush, Handle: in.FH}, func(h *handle) error {
		c.fs.locks.drop(h, in.LockOwner)
		if !c.fs.remote {
			return nil
		}
		dup, err := unix.FcntlInt(uintptr(h.fd), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			return err
		}
		return unix.Close(dup)
	})
}

// fsync writes a file's data, and unless only that is asked for its metadata, to the backing's disk; see fsync(2).
func (c *call) fsync() int { return c.syncHandle(oplog.Fsync) }

func (c *call) syncHandle(op oplog.Op) int {
	in := wire.Take[wire.FsyncIn](&c.args)
	if in == nil {
		return malformed
	}
	return c.onHandle(oplog.Event{Op: op, Handle: in.FH}, func(h *handle) error {
		return syncFile(h.fd, in.Flags&wire.FsyncDatasync != 0)
	})
}

// syncfs writes the whole backing filesystem to its disk; see syncfs(2).
func (c *call) syncfs() (errno int) {
	c.begin(oplog.Event{Op: oplog.Fsync, Path: c.path()})
	defer c.end(&errno)
	return errc(syncFilesystem(c.fs.root))
}

// release closes a handle once nothing uses it any more. The kernel calls it after the last close(2).
func (c *call) release() int { return c.releaseHandle(oplog.Release) }

func (c *call) releaseHandle(op oplog.Op) (errno int) {
	in := wire.Take[wire.ReleaseIn](&c.args)
	if in == nil {
		return malformed
	}
	c.begin(oplog.Event{Op: op, Path: c.path(), Handle: in.FH})
	defer c.end(&errno)
	if h := c.fs.handles.hold(in.FH); h != nil {
		c.fs.locks.dropOwners(h)
		h.letGo()
	}
	h, waited, err := c.fs.handles.release(in.FH)
	if h == nil {
		c.out.Flags |= oplog.Refused
		return errc(err)
	}
	if c.fs.nodes.unpin(h.node, h) && c.fs.sentry != nil {
		c.fs.sentry.released(h.node)
	}
	c.tally, c.out.Inode = &h.tally, h.inode()
	c.out.Wait = int64(waited)
	return errc(err)
}

// lseek finds data and holes: the kernel asks for SEEK_DATA and SEEK_HOLE only; see lseek(2).
func (c *call) lseek() (errno int) {
	in := wire.Take[wire.LseekIn](&c.args)
	if in == nil {
		return malformed
	}
	if c.fs.fast {
		return -int(unix.ENOSYS) // what is gathered would count as a hole
	}
	return c.onHandle(oplog.Event{Op: oplog.Lseek, Handle: in.FH, Offset: int64(in.Offset), Mode: in.Whence}, func(h *handle) error {
		h.cursor.Lock()
		defer h.cursor.Unlock()
		found, err := unix.Seek(h.fd, int64(in.Offset), int(in.Whence))
		if err == nil {
			wire.Put[wire.LseekOut](&c.reply).Offset = uint64(found)
			c.out.Result = found
		}
		return err
	})
}

// fallocate allocates, punches, zeroes, collapses or inserts, as far as the backing can; see fallocate(2).
func (c *call) fallocate() int {
	in := wire.Take[wire.FallocateIn](&c.args)
	if in == nil {
		return malformed
	}
	e := oplog.Event{Op: oplog.Fallocate, Handle: in.FH, Offset: int64(in.Offset), Size: int64(in.Length), Mode: in.Mode}
	return c.onHandle(e, func(h *handle) (err error) {
		if c.fs.readOnly {
			return unix.EROFS
		}
		defer c.changed(h.node)
		if err := c.clearForOthers(h); err != nil {
			return err
		}
		if in.Mode&(unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_ZERO_RANGE) == 0 {
			return unix.Fallocate(h.fd, in.Mode, e.Offset, e.Size)
		}
		c.pastPages(h, e.Offset, e.Size, func() (done int64) {
			if err = unix.Fallocate(h.fd, in.Mode, e.Offset, e.Size); err == nil {
				done = e.Size
			}
			return done
		})
		return err
	})
}

// clearForOthers drops set-user-ID bits for a change with which the kernel does not say whether to.
func (c *call) clearForOthers(h *handle) error {
	if c.by.uid == 0 {
		return nil
	}
	return c.clearSetID(h.node, reference{fd: h.fd})
}

// copyFileRange copies on the backing itself, so that no data passes through us; see copy_file_range(2).
func (c *call) copyFileRange() int {
	n := c.copyRange()
	if n >= 0 {
		wire.Put[wire.WriteOut](&c.reply).Size = uint32(n)
	}
	return n
}

// copyFileRange64 is copyFileRange for ranges that its answer has no room for.
func (c *call) copyFileRange64() int {
	n := c.copyRange()
	if n >= 0 {
		wire.Put[wire.CopyFileRangeOut](&c.reply).Copied = uint64(n)
	}
	return n
}

// maxCopy is what one request copies at most, in bytes: the answer of copyFileRange has 32 bits, and nobody can interrupt
// a copy under way.
const maxCopy = 1 << 30

func (c *call) copyRange() (n int) {
	in := wire.Take[wire.CopyFileRangeIn](&c.args)
	if in == nil {
		return malformed
	}
	size := int64(min(in.Len, maxCopy))
	e := oplog.Event{Op: oplog.CopyFileRange, Path: c.path(), Handle: in.FHOut, Offset: int64(in.OffOut), Size: size}
	if target := c.fs.nodes.byID.get(in.NodeOut); target != nil {
		e.Path2 = c.pathNow(target)
	}
	c.begin(e)
	defer c.end(&n)
	if errno := c.fs.refuse(); errno != 0 {
		return errno
	}
	source := c.fs.handles.hold(in.FHIn)
	if source == nil {
		c.out.Flags |= oplog.Refused
		return -int(unix.EBADF)
	}
	defer source.letGo()
	target, errno := c.hold(in.FHOut)
	if errno != 0 {
		return errno
	}
	defer target.node.changes.Add(1)
	size, err := c.copyable(target, int64(in.OffOut), size)
	if err == nil {
		err = c.clearForOthers(target)
	}
	if err != nil {
		return errc(err)
	}
	from, to := int64(in.OffIn), int64(in.OffOut)
	c.pastPages(target, to, size, func() int64 {
		err = retry(func() (err error) {
			n, err = unix.CopyFileRange(source.fd, &from, target.fd, &to, int(size), int(in.Flags))
			return err
		})
		return int64(max(n, 0))
	})
	if err != nil {
		return errc(err)
	}
	return n
}

// copyable returns how much of a copy can be had without a loss. After it the kernel drops every page of the target that it
// touches, with what programs have changed in the rest of the page. Upon EOPNOTSUPP it copies through its pages instead.
func (c *call) copyable(target *handle, off, size int64) (whole int64, err error) {
	var st unix.Stat_t
	if err := unix.Fstat(target.fd, &st); err != nil {
		return 0, err
	}
	page, end := int64(os.Getpagesize()), off+size
	if c.fs.fast || end < st.Size { // else nothing follows in the last page
		size -= end % page
	}
	if off%page != 0 || size <= 0 {
		return 0, unix.EOPNOTSUPP
	}
	return size, nil
}

// ioctls are those that are passed on, and whether they change something: attributes of files as lsattr(1) and chattr(1)
// use them. The kernel has checked the caller's permission (fs/file_attr.c).
var ioctls = map[uint32]bool{
	unix.FS_IOC_GETFLAGS: false,
	unix.FS_IOC_SETFLAGS: true,
	0x801c581f:           false, // FS_IOC_FSGETXATTR
	0x401c5820:           true,  // FS_IOC_FSSETXATTR
}

// ioctl passes on what is known to be safe.
func (c *call) ioctl() (errno int) {
	in := wire.Take[wire.IoctlIn](&c.args)
	if in == nil {
		return malformed
	}
	changes, known := ioctls[in.Cmd]
	if !known {
		return -int(unix.ENOTTY)
	}
	given := c.args.TakeBytes(in.InSize)
	data := make([]byte, max(in.InSize, in.OutSize, 64))
	copy(data, given)
	return c.onHandle(oplog.Event{Op: oplog.Ioctl, Handle: in.FH, Mode: in.Cmd}, func(h *handle) error {
		if c.fs.readOnly && changes {
			return unix.EROFS
		}
		if _, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(h.fd), uintptr(in.Cmd), uintptr(unsafe.Pointer(&data[0]))); e != 0 {
			return e
		}
		if changes {
			c.fs.unsynced.add(h.node)
		}
		wire.Put[wire.IoctlOut](&c.reply)
		room := c.reply.Room(int(in.OutSize))
		c.reply.Keep(copy(room, data))
		return nil
	})
}

package fusefs

import (
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"vitrine/fusefs/oplog"
	"vitrine/fusefs/wire"
)

// reference is a descriptor that leads to exactly one file, whatever its name leads to.
type reference struct {
	fd     int
	node   *node   // whose descriptor it is, nil if
	handle *handle // it is a handle's; where both are nil it was opened for this
}

func (r reference) done() {
	switch {
	case r.node != nil:
		r.node.letGo()
	case r.handle != nil:
		r.handle.letGo()
	default:
		unix.Close(r.fd)
	}
}

// proc is the file's name in /proc/self/fd, for system calls that want one; it leads to the file itself even if that
// is a symbolic link. See proc(5).
func (r reference) proc() string { return "/proc/self/fd/" + strconv.Itoa(r.fd) }

// refer returns a reference to a node: the descriptor that it has or one of a handle on it, and otherwise its name's.
func (c *call) refer(n *node) (reference, error) {
	if r, ok := n.referOpen(); ok {
		return r, nil
	}
	fd, err := c.fs.nodes.openByName(n, unix.O_PATH, nil)
	return reference{fd: fd}, err
}

// referOpen is refer without opening anything.
func (n *node) referOpen() (r reference, ok bool) {
	n.use.RLock()
	if n.fd >= 0 {
		return reference{fd: n.fd, node: n}, true
	}
	n.use.RUnlock()
	if h := n.anyHandle(); h != nil {
		return reference{fd: h.fd, handle: h}, true
	}
	return reference{}, false
}

// anyHandle returns a handle on the node, held, nil where none is open.
func (n *node) anyHandle() *handle {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, h := range n.handles {
		if h.admit() {
			return h
		}
	}
	return nil
}

// on calls f with a reference to the request's node.
func (c *call) on(n *node, f func(r reference) error) int {
	r, err := c.refer(n)
	if err != nil {
		return errc(err)
	}
	defer r.done()
	return errc(retry(func() error { return f(r) }))
}

// stat asks for a node's attributes.
func (c *call) stat(n *node, st *unix.Stat_t) error {
	if r, ok := n.referOpen(); ok {
		defer r.done()
		return unix.Fstat(r.fd, st)
	}
	parent, name := n.where()
	if parent == nil {
		return unix.ESTALE
	}
	dir, err := c.fs.nodes.hold(parent)
	if err != nil {
		return err
	}
	defer parent.letGo()
	err = retry(func() error { return unix.Fstatat(dir, name, st, unix.AT_SYMLINK_NOFOLLOW) })
	if err == unix.ENOENT || err == unix.ENOTDIR || err == nil && idOf(st) != n.file {
		return unix.ESTALE // the kernel looks the name up anew
	}
	return err
}

// getattr answers stat(2) and fstat(2).
func (c *call) getattr() (errno int) {
	in := wire.Take[wire.GetattrIn](&c.args)
	if in == nil {
		return malformed
	}
	fh := in.FH
	if in.Flags&wire.GetattrFH == 0 {
		fh = 0
	}
	c.begin(oplog.Event{Op: oplog.Getattr, Path: c.path(), Handle: fh})
	defer c.end(&errno)
	var st unix.Stat_t
	if errno = c.statNow(fh, &st); errno == 0 {
		c.attr(c.node, &st)
	}
	return errno
}

// statNow asks for the attributes of a handle, or of the request's node where there is none.
func (c *call) statNow(fh uint64, st *unix.Stat_t) int {
	if fh == 0 {
		return errc(c.stat(c.node, st))
	}
	h, errno := c.hold(fh)
	if errno != 0 {
		return errno
	}
	return errc(retry(func() error { return unix.Fstat(h.fd, st) }))
}

// statx answers statx(2), where it asks for more than stat(2) does.
func (c *call) statx() (errno int) {
	in := wire.Take[wire.StatxIn](&c.args)
	if in == nil {
		return malformed
	}
	c.begin(oplog.Event{Op: oplog.Getattr, Path: c.path()})
	defer c.end(&errno)
	var st unix.Statx_t
	errno = c.on(c.node, func(r reference) error {
		return unix.Statx(r.fd, "", unix.AT_EMPTY_PATH|int(in.Flags)&(unix.AT_STATX_FORCE_SYNC|unix.AT_STATX_DONT_SYNC), int(in.Mask), &st)
	})
	if errno != 0 {
		return errno
	}
	out := wire.Put[wire.StatxOut](&c.reply)
	out.AttrValid, out.AttrValidNsec = c.fs.valid()
	out.Stat = wire.StatxAttr{
		Mask: st.Mask, Blksize: st.Blksize, Attributes: st.Attributes, Nlink: st.Nlink, UID: st.Uid, GID: st.Gid, Mode: st.Mode,
		Ino: st.Ino, Size: st.Size, Blocks: st.Blocks, AttributesMask: st.Attributes_mask,
		Atime: statxTime(st.Atime), Btime: statxTime(st.Btime), Ctime: statxTime(st.Ctime), Mtime: statxTime(st.Mtime),
		RdevMajor: st.Rdev_major, RdevMinor: st.Rdev_minor, DevMajor: st.Dev_major, DevMinor: st.Dev_minor,
	}
	if st.Mode&unix.S_IFMT == unix.S_IFREG {
		out.Stat.Blksize = max(st.Blksize, ioSize)
	}
	return 0
}

func statxTime(t unix.StatxTimestamp) wire.StatxTime {
	return wire.StatxTime{Sec: t.Sec, Nsec: t.Nsec}
}

// setattr changes attributes: each kind that is asked for is an operation of its own in the record.
func (c *call) setattr() int {
	in := wire.Take[wire.SetattrIn](&c.args)
	if in == nil {
		return malformed
	}
	fh := in.FH
	if in.Valid&wire.FattrFH == 0 {
		fh = 0
	}
	const owner, times = wire.FattrUID | wire.FattrGID, wire.FattrAtime | wire.FattrMtime
	if in.Valid&(owner|times|wire.FattrMode|wire.FattrSize) == 0 {
		return c.dropPrivileges(in)
	}
	for _, step := range []struct {
		valid uint32
		do    func(fh uint64, in *wire.SetattrIn) int
	}{
		{owner, c.chown},
		{wire.FattrMode, c.chmod},
		{wire.FattrSize, c.truncate},
		{times, c.utimens},
	} {
		if in.Valid&step.valid == 0 {
			continue
		}
		if errno := step.do(fh, in); errno != 0 {
			return errno
		}
	}
	var st unix.Stat_t
	if err := c.stat(c.node, &st); err != nil {
		return errc(err)
	}
	c.attr(c.node, &st)
	return 0
}

// dropPrivileges does what is left of a chown(2) by which nothing changes but that set-user-ID bits end. The kernel sends
// the same before a write, by whoever may write: the write itself drops them then.
func (c *call) dropPrivileges(in *wire.SetattrIn) int {
	var st unix.Stat_t
	errno := errc(c.stat(c.node, &st))
	if errno == 0 && (c.by.uid == 0 || c.by.uid == st.Uid) {
		const keep = ^uint32(0)
		in.Valid, in.UID, in.GID = in.Valid|wire.FattrUID|wire.FattrGID, keep, keep
		if errno = c.chown(0, in); errno == 0 {
			errno = errc(c.stat(c.node, &st))
		}
	}
	if errno == 0 {
		c.attr(c.node, &st)
	}
	return errno
}

// change begins an operation that changes attributes, and calls f with the handle or, where there is none, with a
// reference to the request's node.
func (c *call) change(e oplog.Event, f func(r reference) error) (errno int) {
	e.Path = c.path()
	c.begin(e)
	defer c.end(&errno)
	if errno = c.fs.refuse(); errno != 0 {
		return errno
	}
	defer c.fs.unsynced.add(c.node)
	if e.Handle == 0 {
		return c.on(c.node, f)
	}
	h, errno := c.hold(e.Handle)
	if errno != 0 {
		return errno
	}
	return errc(retry(func() error { return f(reference{fd: h.fd}) }))
}

// chmod changes permission bits; see chmod(2).
func (c *call) chmod(fh uint64, in *wire.SetattrIn) int {
	errno := c.change(oplog.Event{Op: oplog.Chmod, Handle: fh, Mode: in.Mode}, func(r reference) error {
		return unix.Chmod(r.proc(), in.Mode&0o7777)
	})
	if errno == 0 {
		c.closeWay(in.Mode)
	}
	return errno
}

// closeWay returns when nobody can get through a folder any more whose owner has just lost the right to search it.
// Where the kernel does not check that itself, it leads on by names that it was told before.
func (c *call) closeWay(mode uint32) {
	if !c.fs.others && c.by.uid != 0 && c.node.file.isDir() && mode&unix.S_IXUSR == 0 {
		time.Sleep(validFor + 2*jiffy)
	}
}

// jiffy is the longest tick by which a kernel counts how long something is valid; see time(7).
const jiffy = 10 * time.Millisecond

// chown changes owner and group; see chown(2).
func (c *call) chown(fh uint64, in *wire.SetattrIn) int {
	uid, gid := -1, -1
	if in.Valid&wire.FattrUID != 0 {
		uid = int(int32(in.UID))
	}
	if in.Valid&wire.FattrGID != 0 {
		gid = int(int32(in.GID))
	}
	return c.change(oplog.Event{Op: oplog.Chown, Handle: fh}, func(r reference) error {
		return unix.Fchownat(r.fd, "", uid, gid, unix.AT_EMPTY_PATH)
	})
}

// truncate sets the size in bytes; see truncate(2).
func (c *call) truncate(fh uint64, in *wire.SetattrIn) int {
	size := int64(in.Size)
	defer c.changed(c.node)
	return c.change(oplog.Event{Op: oplog.Truncate, Handle: fh, Size: size}, func(r reference) (err error) {
		if c.fs.fast && in.Valid&wire.FattrMtime == 0 {
			defer keepMtime(r)()
		}
		if fh != 0 {
			err = unix.Ftruncate(r.fd, size)
		} else {
			err = unix.Truncate(r.proc(), size)
		}
		if err == nil && in.Valid&wire.FattrKillSUIDGID != 0 {
			err = c.clearSetID(nil, r) // the kernel is given the new attributes
		}
		return err
	})
}

// utimens changes the times of last access and modification; see utimensat(2).
func (c *call) utimens(fh uint64, in *wire.SetattrIn) int {
	times := []unix.Timespec{
		setTime(in.Valid, wire.FattrAtime, wire.FattrAtimeNow, in.Atime, in.AtimeNsec),
		setTime(in.Valid, wire.FattrMtime, wire.FattrMtimeNow, in.Mtime, in.MtimeNsec),
	}
	return c.change(oplog.Event{Op: oplog.Utimens, Handle: fh}, func(r reference) error {
		return unix.UtimesNanoAt(r.fd, "", times, unix.AT_EMPTY_PATH)
	})
}

// keepMtime returns what gives a file back its time of last modification. In fast mode the kernel keeps that time itself, and
// leaves it where a size is set that the file has.
func keepMtime(r reference) func() {
	var st unix.Stat_t
	if unix.Fstat(r.fd, &st) != nil {
		return func() {}
	}
	times := []unix.Timespec{{Nsec: unix.UTIME_OMIT}, st.Mtim}
	return func() { unix.UtimesNanoAt(r.fd, "", times, unix.AT_EMPTY_PATH) }
}

func setTime(valid, set, now uint32, sec uint64, nsec uint32) unix.Timespec {
	switch {
	case valid&set == 0:
		return unix.Timespec{Nsec: unix.UTIME_OMIT}
	case valid&now != 0:
		return unix.Timespec{Nsec: unix.UTIME_NOW}
	}
	return unix.Timespec{Sec: int64(sec), Nsec: int64(nsec)}
}

// clearSetID drops the set-user-ID bit, and set-group-ID where the group may execute, before a change by somebody who
// may not keep them; see inode(7). Where we are not root the backing's kernel does it itself. The kernel of the mount
// learns of it by asking once more.
func (c *call) clearSetID(n *node, r reference) error {
	if n != nil && n.toldSetID.Load() {
		defer c.fs.invalidate(n, -1)
	}
	if !c.fs.mustClear {
		return nil
	}
	var st unix.Stat_t
	if err := unix.Fstat(r.fd, &st); err != nil {
		return err
	}
	drop := st.Mode & unix.S_ISUID
	if st.Mode&unix.S_IXGRP != 0 {
		drop |= st.Mode & unix.S_ISGID
	}
	if drop == 0 || st.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil
	}
	return unix.Chmod(r.proc(), st.Mode&0o7777&^drop)
}

// access checks permissions; see access(2).
func (c *call) access() (errno int) {
	in := wire.Take[wire.AccessIn](&c.args)
	if in == nil {
		return malformed
	}
	c.begin(oplog.Event{Op: oplog.Access, Path: c.path(), Mode: in.Mask})
	defer c.end(&errno)
	if in.Mask&unix.W_OK != 0 {
		if errno = c.fs.refuse(); errno != 0 {
			return errno
		}
	}
	return c.on(c.node, func(r reference) error {
		return unix.Faccessat(unix.AT_FDCWD, r.proc(), in.Mask, unix.AT_EACCESS)
	})
}

// statfs describes the filesystem of the backing file; see statfs(2).
func (c *call) statfs() (errno int) {
	c.begin(oplog.Event{Op: oplog.Statfs, Path: c.path()})
	defer c.end(&errno)
	var st unix.Statfs_t
	errno = c.on(c.node, func(r reference) error { return unix.Fstatfs(r.fd, &st) })
	if errno != 0 {
		return errno
	}
	*wire.Put[wire.StatfsOut](&c.reply) = wire.StatfsOut{
		Blocks: st.Blocks, Bfree: st.Bfree, Bavail: st.Bavail, Files: st.Files, Ffree: st.Ffree,
		Bsize: uint32(st.Bsize), Namelen: uint32(st.Namelen), Frsize: uint32(st.Frsize),
	}
	return 0
}

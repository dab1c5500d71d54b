package fusefs

import (
	"golang.org/x/sys/unix"

	"vitrine/fusefs/oplog"
	"vitrine/fusefs/wire"
)

// statIn asks for the attributes of what stands in a folder under a name.
func (c *call) statIn(dir int, name wire.Name, st *unix.Stat_t) error {
	return retry(func() error { return fstatat(dir, name, st) })
}

// lookup answers which node a name leads to.
func (c *call) lookup() (errno int) {
	name := c.args.TakeName()
	if !name.Entry() {
		return malformed
	}
	at := c.at(c.node, name)
	c.begin(oplog.Event{Op: oplog.Lookup, Path: at.path})
	defer c.end(&errno)
	c.lookOut()
	var st unix.Stat_t
	errno = c.inFolder(c.node, func(dir int) error { return fstatat(dir, name, &st) })
	switch {
	case errno == 0:
		c.lastingEntry(wire.Put[wire.EntryOut](&c.reply), at, &st)
	case errno == -int(unix.ENOENT) && c.fs.fast:
		return c.nowhere()
	}
	return errno
}

// makeEntry makes something in the request's folder with f, and answers with its node.
func (c *call) makeEntry(e oplog.Event, name wire.Name, f func(dir int) error) (errno int) {
	at := c.at(c.node, name)
	if e.Op == oplog.Link {
		e.Path2 = at.path
	} else {
		e.Path = at.path
	}
	c.begin(e)
	defer c.end(&errno)
	if errno = c.fs.refuse(); errno != 0 {
		return errno
	}
	var st unix.Stat_t
	errno = c.inFolder(c.node, func(dir int) error {
		if err := f(dir); err != nil {
			return err
		}
		return c.statIn(dir, name, &st)
	})
	if errno == 0 {
		c.fs.unsynced.add(c.node)
		if n := c.entry(at, &st); n.file.isDir() || n.file.kind == unix.S_IFREG {
			c.fs.unsynced.add(n)
		}
	}
	return errno
}

// mknod makes a file, FIFO, socket or device node; see mknod(2).
func (c *call) mknod() int {
	in := wire.Take[wire.MknodIn](&c.args)
	name := c.args.TakeName()
	if in == nil || !name.Entry() {
		return malformed
	}
	c.by.umask = in.Umask
	return c.makeEntry(oplog.Event{Op: oplog.Mknod, Mode: in.Mode}, name, func(dir int) error {
		return mknodAt(dir, name, in.Mode, userDev(in.Rdev), c.by)
	})
}

// mkdir makes a folder; see mkdir(2).
func (c *call) mkdir() int {
	in := wire.Take[wire.MkdirIn](&c.args)
	name := c.args.TakeName()
	if in == nil || !name.Entry() {
		return malformed
	}
	c.by.umask = in.Umask
	return c.makeEntry(oplog.Event{Op: oplog.Mkdir, Mode: in.Mode}, name, func(dir int) error {
		return mkdirAt(dir, name, in.Mode, c.by)
	})
}

// symlink makes a symbolic link that holds its target as it is given; see symlink(2).
func (c *call) symlink() int {
	name, target := c.args.TakeName(), c.args.TakeName()
	if target == nil || !name.Entry() {
		return malformed
	}
	return c.makeEntry(oplog.Event{Op: oplog.Symlink, Path2: target.String()}, name, func(dir int) error {
		return symlinkAt(target, dir, name, c.by)
	})
}

// readlink answers what a symbolic link holds; see readlink(2).
func (c *call) readlink() (errno int) {
	c.begin(oplog.Event{Op: oplog.Readlink, Path: c.path()})
	defer c.end(&errno)
	room := c.reply.Room(unix.PathMax)
	return c.on(c.node, func(r reference) error {
		n, err := unix.Readlinkat(r.fd, "", room)
		c.reply.Keep(max(n, 0))
		return err
	})
}

// link gives a file a second name; see link(2).
func (c *call) link() int {
	in := wire.Take[wire.LinkIn](&c.args)
	name := c.args.TakeName()
	if in == nil || !name.Entry() {
		return malformed
	}
	old := c.fs.nodes.byID.get(in.OldNode)
	if old == nil {
		return -int(unix.ESTALE)
	}
	return c.makeEntry(oplog.Event{Op: oplog.Link, Path: c.pathNow(old)}, name, func(dir int) error {
		r, err := c.refer(old)
		if err != nil {
			return err
		}
		defer r.done()
		return unix.Linkat(unix.AT_FDCWD, r.proc(), dir, name.String(), unix.AT_SYMLINK_FOLLOW)
	})
}

// unlink removes a name; see unlink(2).
func (c *call) unlink() int { return c.remove(oplog.Unlink, 0) }

// rmdir removes an empty folder; see rmdir(2).
func (c *call) rmdir() int { return c.remove(oplog.Rmdir, unix.AT_REMOVEDIR) }

func (c *call) remove(op oplog.Op, flags int) (errno int) {
	name := c.args.TakeName()
	if !name.Entry() {
		return malformed
	}
	at := c.at(c.node, name)
	c.begin(oplog.Event{Op: op, Path: at.path})
	defer c.end(&errno)
	if errno = c.fs.refuse(); errno != 0 {
		return errno
	}
	var victim *node
	errno = c.inFolder(c.node, func(dir int) error {
		var opened bool
		victim, opened = c.losing(dir, name)
		return victim.unlessKept(opened, unlinkat(dir, name, flags))
	})
	c.fs.unsynced.losing(victim, errno == 0)
	if errno == 0 {
		c.fs.unsynced.add(c.node)
		c.renamed(victim)
	}
	return errno
}

// losing returns the node that a name leads to and that is about to lose it, nil where the kernel knows none. Of its
// last name the node gets independent first: programs may still refer to the file. In fast mode it gets a descriptor also
// where the file has more names: the kernel has not asked for them again, and brings the file's times by none.
// It answers true where a descriptor was opened for that.
func (c *call) losing(dir int, name wire.Name) (n *node, opened bool) {
	fd, err := openat(dir, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, false
	}
	var st unix.Stat_t
	if unix.Fstat(fd, &st) == nil {
		n = c.fs.nodes.known(idOf(&st))
	}
	switch {
	case n == nil:
	case st.Nlink <= 1 || n.file.isDir():
		opened = n.keep(fd)
	case c.fs.fast:
		opened = c.fs.nodes.lend(n, fd)
	}
	if !opened {
		unix.Close(fd)
	}
	return n, opened
}

// keep makes the node independent of its name, and reports whether fd is the node's from now on.
func (n *node) keep(fd int) (taken bool) {
	n.use.Lock()
	defer n.use.Unlock()
	if taken = n.fd < 0 && !n.forgotten.Load(); taken {
		n.fd = fd
	}
	n.kept.Store(n.fd >= 0)
	return taken
}

// unlessKept undoes losing where the name stays after all.
func (n *node) unlessKept(opened bool, err error) error {
	if err == nil || err == unix.EINTR || n == nil {
		return err
	}
	n.use.Lock()
	defer n.use.Unlock()
	n.kept.Store(false)
	if opened && n.fd >= 0 {
		unix.Close(n.fd)
		n.fd = -1
	}
	return err
}

// renamed ends an operation that changed the names of nodes, with what is in the record of their handles.
func (c *call) renamed(nodes ...*node) {
	c.names.own(&c.fs.names)
	c.moved = true
	c.movers = tallies(nodes...)
}

// rename renames, over an existing name.
func (c *call) rename() int {
	in := wire.Take[wire.RenameIn](&c.args)
	if in == nil {
		return malformed
	}
	return c.renameTo(in.NewDir, 0)
}

// rename2 moves a name as renameat2(2) does.
func (c *call) rename2() int {
	in := wire.Take[wire.Rename2In](&c.args)
	if in == nil {
		return malformed
	}
	return c.renameTo(in.NewDir, in.Flags)
}

func (c *call) renameTo(newDir uint64, flags uint32) (errno int) {
	oldName, newName := c.args.TakeName(), c.args.TakeName()
	if !oldName.Entry() || !newName.Entry() {
		return malformed
	}
	target := c.fs.nodes.byID.get(newDir)
	if target == nil {
		return -int(unix.ESTALE)
	}
	from, to := c.at(c.node, oldName), c.at(target, newName)
	c.begin(oplog.Event{Op: oplog.Rename, Path: from.path, Path2: to.path, Mode: flags})
	defer c.end(&errno)
	if errno = c.fs.refuse(); errno != 0 {
		return errno
	}
	var moved, other *node // what got the new name, and what had it
	errno = c.inFolder(c.node, func(dir1 int) error {
		dir2, err := c.fs.nodes.hold(target)
		if err != nil {
			return err
		}
		defer target.letGo()
		moved = c.standing(dir1, oldName)
		opened := false
		if flags&unix.RENAME_EXCHANGE != 0 {
			other = c.standing(dir2, newName)
		} else {
			other, opened = c.losing(dir2, newName)
		}
		return other.unlessKept(opened, renameat2(dir1, oldName, dir2, newName, flags))
	})
	c.fs.unsynced.losing(other, errno == 0)
	if errno != 0 {
		return errno
	}
	if flags&unix.RENAME_EXCHANGE != 0 {
		c.out.Flags |= oplog.Exchanged
	}
	c.fs.unsynced.add(c.node)
	c.fs.unsynced.add(target)
	c.settle(moved, to, other, from, flags)
	return 0
}

// standing returns the node that a name leads to, nil where the kernel knows none.
func (c *call) standing(dir int, name wire.Name) *node {
	var st unix.Stat_t
	if c.statIn(dir, name, &st) != nil {
		return nil
	}
	return c.fs.nodes.known(idOf(&st))
}

// settle notes where a renaming has brought its nodes.
func (c *call) settle(moved *node, to place, other *node, from place, flags uint32) {
	folder := moved != nil && moved.file.isDir()
	exchanged := flags&unix.RENAME_EXCHANGE != 0
	if exchanged {
		folder = folder || other != nil && other.file.isDir()
	}
	if folder {
		c.names.own(&c.fs.names)
		c.moved = true
		c.movers = c.fs.handles.tallies() // any of them may lie below
	} else {
		c.renamed(moved, other)
	}
	if moved != nil && moved != other { // two names of one file stay as they are; see rename(2)
		c.fs.nodes.move(moved, to)
	}
	if exchanged && other != nil {
		c.fs.nodes.move(other, from)
	}
}

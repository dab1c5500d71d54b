package fusefs

import (
	"bytes"

	"golang.org/x/sys/unix"

	"vitrine/fusefs/oplog"
	"vitrine/fusefs/wire"
)

// setxattr sets an extended attribute; see setxattr(2).
func (c *call) setxattr() (errno int) {
	in := c.takeSetxattr()
	name := c.args.TakeName()
	if in == nil || name == nil {
		return malformed
	}
	value := c.args.TakeBytes(in.Size)
	if value == nil {
		return malformed
	}
	c.begin(oplog.Event{Op: oplog.Setxattr, Path: c.path(), Path2: name.String(), Size: int64(in.Size)})
	defer c.end(&errno)
	if errno = c.fs.refuse(); errno != 0 {
		return errno
	}
	defer c.fs.unsynced.add(c.node)
	return c.on(c.node, func(r reference) error {
		err := unix.Setxattr(r.proc(), name.String(), value, int(in.Flags))
		if err == nil && in.ExtFlags&wire.SetxattrACLKillSGID != 0 {
			err = clearSetGroupID(r)
		}
		c.changedACL(name, r, err)
		return err
	})
}

// changedACL makes the kernel ask for the permission bits that an ACL has changed; see acl(5). One that checks
// permissions does so by itself.
func (c *call) changedACL(name wire.Name, r reference, err error) {
	if err != nil || c.fs.others || name.String() != "system.posix_acl_access" {
		return
	}
	c.fs.invalidate(c.node, -1)
	var st unix.Stat_t
	if unix.Fstat(r.fd, &st) == nil {
		c.closeWay(st.Mode)
	}
}

func (c *call) takeSetxattr() *wire.SetxattrIn {
	if c.fs.ext {
		return wire.Take[wire.SetxattrIn](&c.args)
	}
	short := wire.Take[wire.SetxattrCompatIn](&c.args)
	if short == nil {
		return nil
	}
	return &wire.SetxattrIn{Size: short.Size, Flags: short.Flags}
}

// clearSetGroupID drops the set-group-ID bit, as the kernel does when an ACL is set by someone outside the group.
func clearSetGroupID(r reference) error {
	var st unix.Stat_t
	if err := unix.Fstat(r.fd, &st); err != nil || st.Mode&unix.S_ISGID == 0 {
		return err
	}
	return unix.Chmod(r.proc(), st.Mode&0o7777&^unix.S_ISGID)
}

// getxattr answers the value of an extended attribute, or its length; see getxattr(2).
func (c *call) getxattr() (errno int) {
	in := wire.Take[wire.GetxattrIn](&c.args)
	name := c.args.TakeName()
	if in == nil || name == nil {
		return malformed
	}
	c.begin(oplog.Event{Op: oplog.Getxattr, Path: c.path(), Path2: name.String()})
	defer c.end(&errno)
	return c.attributes(in.Size, func(r reference, buf []byte) (int, error) {
		return r.getxattr(name, buf)
	})
}

// listxattr answers the names of a file's extended attributes, or their length; see listxattr(2).
func (c *call) listxattr() (errno int) {
	in := wire.Take[wire.GetxattrIn](&c.args)
	if in == nil {
		return malformed
	}
	c.begin(oplog.Event{Op: oplog.Listxattr, Path: c.path()})
	defer c.end(&errno)
	var names []byte
	errno = c.attributes(in.Size, func(r reference, buf []byte) (int, error) {
		names = buf
		return unix.Listxattr(r.proc(), buf)
	})
	if errno == 0 && in.Size > 0 {
		c.out.Result = int64(bytes.Count(names[:c.reply.Len()], []byte{0}))
	}
	return errno
}

// attributes answers what f puts into a buffer of so many bytes, or with none how many it needs.
func (c *call) attributes(size uint32, f func(r reference, buf []byte) (int, error)) int {
	var room []byte
	if size > 0 {
		if room = c.reply.Room(int(size)); room == nil {
			return -int(unix.E2BIG)
		}
	}
	n := 0
	errno := c.on(c.node, func(r reference) (err error) {
		n, err = f(r, room)
		return err
	})
	if errno != 0 {
		return errno
	}
	c.out.Result = int64(n)
	if size > 0 {
		c.reply.Keep(n)
	} else {
		wire.Put[wire.GetxattrOut](&c.reply).Size = uint32(n)
	}
	return 0
}

// removexattr removes an extended attribute; see removexattr(2).
func (c *call) removexattr() (errno int) {
	name := c.args.TakeName()
	if name == nil {
		return malformed
	}
	c.begin(oplog.Event{Op: oplog.Removexattr, Path: c.path(), Path2: name.String()})
	defer c.end(&errno)
	if errno = c.fs.refuse(); errno != 0 {
		return errno
	}
	defer c.fs.unsynced.add(c.node)
	return c.on(c.node, func(r reference) error {
		err := unix.Removexattr(r.proc(), name.String())
		c.changedACL(name, r, err)
		return err
	})
}

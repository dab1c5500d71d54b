package fusefs

import (
	"bytes"
	"encoding/binary"

	"golang.org/x/sys/unix"

	"vitrine/fusefs/oplog"
	"vitrine/fusefs/wire"
)

// opendir opens a folder.
func (c *call) opendir() (errno int) {
	in := wire.Take[wire.OpenIn](&c.args)
	if in == nil {
		return malformed
	}
	c.begin(oplog.Event{Op: oplog.Opendir, Path: c.path()})
	defer c.end(&errno)
	var st unix.Stat_t
	fd, err := c.openNode(unix.O_RDONLY|unix.O_DIRECTORY, &st)
	if err != nil {
		return errc(err)
	}
	c.opened(c.node, fd, false)
	return 0
}

// dirStream reads a folder in pieces. The positions in it are those of the backing folder (telldir(3)), so that a
// listing may go on, or begin again, wherever it was, whatever is made and removed meanwhile.
type dirStream struct {
	buf  []byte // read, and not passed on yet
	next int64  // position of the first entry in buf, or after the last one that was passed on
	mem  []byte

	mount uint64 // that the folder is in, 0 before it was asked for
}

// dirEntry is one entry as getdents64(2) gives it.
type dirEntry struct {
	ino  uint64
	next int64 // position after it
	kind uint32
	name []byte // with its zero byte
}

// seek goes to a position.
func (d *dirStream) seek(fd int, to int64) error {
	if d.mem != nil && to == d.next && to != 0 {
		return nil
	}
	d.buf, d.next = nil, to
	_, err := unix.Seek(fd, to, unix.SEEK_SET)
	return err
}

// peek returns the next entry, false at the end.
func (d *dirStream) peek(fd int) (e dirEntry, ok bool, err error) {
	if len(d.buf) == 0 {
		if d.mem == nil {
			d.mem = make([]byte, 32<<10)
		}
		var n int
		err := retry(func() (err error) {
			n, err = unix.Getdents(fd, d.mem)
			return err
		})
		if err != nil || n == 0 {
			return e, false, err
		}
		d.buf = d.mem[:n]
	}
	const (
		nextAt   = 8
		lengthAt = 16
		typeAt   = 18
		nameAt   = 19
	)
	length := binary.NativeEndian.Uint16(d.buf[lengthAt:])
	name := d.buf[nameAt:length]
	return dirEntry{
		ino:  binary.NativeEndian.Uint64(d.buf),
		next: int64(binary.NativeEndian.Uint64(d.buf[nextAt:])),
		kind: uint32(d.buf[typeAt]),
		name: name[:bytes.IndexByte(name, 0)+1],
	}, true, nil
}

// pass drops the entry that peek returned.
func (d *dirStream) pass(e dirEntry) {
	const lengthAt = 16
	d.buf = d.buf[binary.NativeEndian.Uint16(d.buf[lengthAt:]):]
	d.next = e.next
}

// readdir lists a folder.
func (c *call) readdir() int {
	return c.list(func(limit int, e dirEntry) bool {
		return c.reply.PutDirent(limit, wire.Dirent{Ino: e.ino, Off: uint64(e.next), Type: e.kind}, e.name[:len(e.name)-1])
	})
}

// readdirplus lists a folder with the attributes of what is in it, each of which counts as a lookup. What is mounted in
// the folder is left out of that: who only wants the names shall not have to wait for a disk that does not answer.
func (c *call) readdirplus() int {
	c.lookOut()
	return c.list(func(limit int, e dirEntry) bool {
		d := wire.Dirent{Ino: e.ino, Off: uint64(e.next), Type: e.kind}
		out, ok := c.reply.PutDirentPlus(limit, d, e.name[:len(e.name)-1])
		if !ok {
			return false
		}
		name := wire.Name(e.name)
		var st unix.Stat_t
		if name.Entry() && c.held.statBelow(name, &st) {
			c.lastingEntry(out, c.at(c.node, name), &st)
		}
		return true
	})
}

// statBelow asks for the attributes of what stands in an open folder under a name, as far as they are known without
// asking anyone else. It answers false where something else is mounted there.
func (h *handle) statBelow(name wire.Name, st *unix.Stat_t) bool {
	var stx unix.Statx_t
	err := retry(func() error { return statx(h.fd, name, &stx) })
	if err != nil || stx.Mask&unix.STATX_BASIC_STATS != unix.STATX_BASIC_STATS || stx.Mnt_id != h.mountID() {
		return false
	}
	*st = unix.Stat_t{
		Dev: unix.Mkdev(stx.Dev_major, stx.Dev_minor), Ino: stx.Ino, Mode: uint32(stx.Mode), Uid: stx.Uid, Gid: stx.Gid,
		Rdev: unix.Mkdev(stx.Rdev_major, stx.Rdev_minor), Size: int64(stx.Size), Blocks: int64(stx.Blocks),
		Atim: timespec(stx.Atime), Mtim: timespec(stx.Mtime), Ctim: timespec(stx.Ctime),
	}
	assign(&st.Nlink, stx.Nlink)
	assign(&st.Blksize, stx.Blksize)
	return true
}

// assign stores a number in a field whose type differs between architectures.
func assign[T int32 | int64 | uint32 | uint64](to *T, n uint32) { *to = T(n) }

func timespec(t unix.StatxTimestamp) unix.Timespec {
	return unix.Timespec{Sec: t.Sec, Nsec: int64(t.Nsec)}
}

// mountID is the mount that the open folder is in; see statx(2), STATX_MNT_ID. The caller holds h.cursor.
func (h *handle) mountID() uint64 {
	if h.dir.mount == 0 {
		var stx unix.Statx_t
		if unix.Statx(h.fd, "", unix.AT_EMPTY_PATH, unix.STATX_MNT_ID, &stx) == nil {
			h.dir.mount = stx.Mnt_id
		}
	}
	return h.dir.mount
}

// list passes entries to put until it has no more room.
func (c *call) list(put func(limit int, e dirEntry) bool) int {
	in := wire.Take[wire.ReadIn](&c.args)
	if in == nil {
		return malformed
	}
	e := oplog.Event{Op: oplog.Readdir, Handle: in.FH, Offset: int64(in.Offset)}
	return c.onHandle(e, func(h *handle) error {
		if h.dir == nil {
			return unix.ENOTDIR
		}
		h.cursor.Lock()
		defer h.cursor.Unlock()
		if err := h.dir.seek(h.fd, int64(in.Offset)); err != nil {
			return err
		}
		for {
			e, ok, err := h.dir.peek(h.fd)
			if err != nil && c.reply.Len() == 0 {
				return err
			}
			if !ok || !put(int(in.Size), e) {
				return nil
			}
			h.dir.pass(e)
			c.out.Result++
		}
	})
}

// releasedir closes a folder's handle.
func (c *call) releasedir() int { return c.releaseHandle(oplog.Releasedir) }

// fsyncdir writes a folder's entries to the backing's disk; see fsync(2).
func (c *call) fsyncdir() int { return c.syncHandle(oplog.Fsyncdir) }

package fusefs

import (
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"vitrine/fusefs/oplog"
	"vitrine/fusefs/wire"
)

// platform is how Linux speaks FUSE: by inodes, on /dev/fuse.
type platform struct {
	nodes      nodeTable
	unsynced   unsynced
	names      names
	server     atomic.Pointer[server]
	interrupts interrupts
	sentry     *sentry // nil without a mount
	vigils     *vigils // nil without a mount, and where none can be kept
	ext        bool    // the kernel sends SetxattrIn in full
	remote     bool    // the backing is a filesystem of a server
	mustClear  bool    // we may keep set-user-ID bits where the caller may not, and so have to clear them
	own        bool    // what is made belongs to the caller
	others     bool    // other users may use the mount, and its kernel checks what they may
	fast       bool    // nobody but us changes the backing folder, and the kernel gathers writes
}

func (p *platform) init(fs *FS) {
	p.mustClear = os.Geteuid() == 0
	p.remote = remote(fs.root)
	p.unsynced.init(&p.nodes)
	if err := p.nodes.init(fs.root); err != nil {
		fs.start(err)
	}
}

// forOthers lets all users in. The kernel checks their permissions, and what they make is theirs as far as we may say so.
func (p *platform) forOthers() { p.own, p.others = p.mustClear, true }

func (p *platform) destroy() { p.nodes.closeAll() }

// message is a request and the reply to it.
type message struct {
	head  *wire.InHeader
	args  wire.Args
	reply wire.Reply
	pipe  pipe  // holds the whole reply where it is not empty
	node  *node // that the request is about

	vigil *vigil  // over the folder that the request is about, if its answer may last
	news  uint64  // of the vigil, before the request looked
	given []grant // with the reply

	span span // that the request changes past the kernel's pages
}

// validFor is how long the kernel may answer from what it was told, in ns: no change in the backing folder stays unseen
// for longer than a tenth of a second. A name that leads nowhere is asked for each time, and those in a folder that is watched
// are valid for vigilTime.
const validFor = 70 * time.Millisecond

// valid is how long the kernel may answer from what it is told, as the protocol has it.
func (fs *FS) valid() (seconds uint64, ns uint32) {
	if fs.fast {
		return validWhenAlone, 0
	}
	return 0, uint32(validFor)
}

// noReply is what dispatch answers for a request that wants none.
const noReply = 1 << 30

// handlers is what serves each request. Those of the kernel that are not in it are answered with ENOSYS, upon which it
// does without.
var handlers = [...]func(c *call) int{
	wire.Lookup:          (*call).lookup,
	wire.Forget:          (*call).forget,
	wire.Getattr:         (*call).getattr,
	wire.Setattr:         (*call).setattr,
	wire.Readlink:        (*call).readlink,
	wire.Symlink:         (*call).symlink,
	wire.Mknod:           (*call).mknod,
	wire.Mkdir:           (*call).mkdir,
	wire.Unlink:          (*call).unlink,
	wire.Rmdir:           (*call).rmdir,
	wire.Rename:          (*call).rename,
	wire.Link:            (*call).link,
	wire.Open:            (*call).open,
	wire.Read:            (*call).read,
	wire.Write:           (*call).write,
	wire.Statfs:          (*call).statfs,
	wire.Release:         (*call).release,
	wire.Fsync:           (*call).fsync,
	wire.Setxattr:        (*call).setxattr,
	wire.Getxattr:        (*call).getxattr,
	wire.Listxattr:       (*call).listxattr,
	wire.Removexattr:     (*call).removexattr,
	wire.Flush:           (*call).flush,
	wire.Init:            (*call).initialize,
	wire.Opendir:         (*call).opendir,
	wire.Readdir:         (*call).readdir,
	wire.Releasedir:      (*call).releasedir,
	wire.Fsyncdir:        (*call).fsyncdir,
	wire.Getlk:           (*call).getlk,
	wire.Setlk:           (*call).setlk,
	wire.Setlkw:          (*call).setlkw,
	wire.Access:          (*call).access,
	wire.Create:          (*call).create,
	wire.Interrupt:       (*call).interrupt,
	wire.Destroy:         (*call).farewell,
	wire.Ioctl:           (*call).ioctl,
	wire.BatchForget:     (*call).batchForget,
	wire.Fallocate:       (*call).fallocate,
	wire.Readdirplus:     (*call).readdirplus,
	wire.Rename2:         (*call).rename2,
	wire.Lseek:           (*call).lseek,
	wire.CopyFileRange:   (*call).copyFileRange,
	wire.Syncfs:          (*call).syncfs,
	wire.Tmpfile:         (*call).tmpfile,
	wire.Statx:           (*call).statx,
	wire.CopyFileRange64: (*call).copyFileRange64,
}

// malformed answers a request that is too short for what it asks.
const malformed = -int(unix.EINVAL)

// answer serves a request and returns the reply, nil where none is due, or it is in the pipe.
func (c *call) answer(r wire.Request) (reply []byte) {
	c.head, c.args = r.InHeader, r.Args
	c.by = caller{tid: int32(r.PID), uid: r.UID, gid: r.GID, own: c.fs.own}
	c.reply.Clear()
	errc := c.dispatch(r.Opcode)
	if errc == noReply || c.pipe.filled > 0 {
		return nil
	}
	return c.reply.Finish(r.Unique, int32(min(errc, 0)))
}

func (c *call) dispatch(op wire.Opcode) int {
	if int(op) >= len(handlers) || handlers[op] == nil {
		return -int(unix.ENOSYS)
	}
	if c.node = c.fs.nodes.byID.get(c.head.Node); c.node == nil && !nodeless(op) {
		return -int(unix.ESTALE)
	}
	return handlers[op](c)
}

// nodeless reports whether a request is about no node, or about one that may be gone.
func nodeless(op wire.Opcode) bool {
	switch op {
	case wire.Init, wire.Destroy, wire.Interrupt, wire.Forget, wire.BatchForget:
		return true
	}
	return false
}

// initialize shakes hands with the kernel.
func (c *call) initialize() int {
	in := wire.Take[wire.InitIn](&c.args)
	if in == nil || in.Major != wire.Major || in.Minor < wire.MinMinor {
		c.fs.start(oldKernel())
		return -int(unix.EPROTO)
	}
	offered := uint64(in.Flags)
	if more := wire.Take[wire.InitExtIn](&c.args); more != nil && offered&wire.InitExt != 0 {
		offered |= uint64(more.Flags2) << 32
	}
	want := uint64(wire.AsyncRead | wire.PosixLocks | wire.AtomicOTrunc | wire.BigWrites | wire.DontMask | wire.FlockLocks |
		wire.HasIoctlDir | wire.AsyncDIO | wire.ParallelDirops | wire.MaxPages | wire.HandleKillprivV2 | wire.SetxattrExt | wire.InitExt)
	if !c.fs.remote {
		want |= wire.DoReaddirplus | wire.ReaddirplusAuto
	}
	if c.fs.fast {
		want |= wire.WritebackCache
	} else {
		want |= wire.AutoInvalData
	}
	if c.fs.others {
		want |= wire.PosixACL // has default_permissions with it
	}
	want &= offered
	out := wire.Put[wire.InitOut](&c.reply)
	*out = wire.InitOut{
		Major: wire.Major, Minor: min(in.Minor, wire.Minor), MaxReadahead: in.MaxReadahead,
		Flags: uint32(want), Flags2: uint32(want >> 32),
		MaxBackground: maxBackground, CongestionThreshold: maxBackground * 3 / 4,
		MaxWrite: maxWrite, TimeGran: 1, MaxPages: uint16(maxWrite / os.Getpagesize()),
	}
	c.fs.ext = want&wire.SetxattrExt != 0
	if offered&wire.HasExpireOnly == 0 {
		c.fs.vigils = nil
	}
	c.fs.start(nil)
	return 0
}

// maxBackground is how many requests may be under way that nobody waits for, as read-ahead: the kernel's default of 12
// lets one stalled file stop all others.
const maxBackground = 512

func oldKernel() error {
	return &Problem{Kind: MountFailed, What: textf("The kernel's FUSE is too old."), Cure: textf("Linux 5.4 or later is needed.")}
}

// farewell is the kernel's last word.
func (c *call) farewell() int { return 0 }

func (c *call) forget() int {
	if in := wire.Take[wire.ForgetIn](&c.args); in != nil {
		c.fs.nodes.forget(c.head.Node, in.Lookups)
	}
	return noReply
}

func (c *call) batchForget() int {
	in := wire.Take[wire.BatchForgetIn](&c.args)
	for i := uint32(0); in != nil && i < in.Count; i++ {
		one := wire.Take[wire.ForgetOne](&c.args)
		if one == nil {
			break
		}
		c.fs.nodes.forget(one.Node, one.Lookups)
	}
	return noReply
}

// interrupts knows the requests whose callers have been interrupted. Only those that wait for a lock care.
type interrupts struct {
	mu      sync.Mutex // guards what follows
	waiting map[uint64]*atomic.Bool
	early   [64]uint64 // of which nobody knew: the request may just have been read by another worker
	next    int
}

func (c *call) interrupt() int {
	in := wire.Take[wire.InterruptIn](&c.args)
	if in == nil {
		return noReply
	}
	i := &c.fs.interrupts
	i.mu.Lock()
	defer i.mu.Unlock()
	if flag := i.waiting[in.Unique]; flag != nil {
		flag.Store(true)
	} else {
		i.early[i.next] = in.Unique
		i.next = (i.next + 1) % len(i.early)
	}
	return noReply
}

// interruptible returns a function that reports whether the request's caller was interrupted, and one that ends that.
func (c *call) interruptible() (interrupted func() bool, end func()) {
	i, unique, flag := &c.fs.interrupts, c.head.Unique, new(atomic.Bool)
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, early := range i.early {
		if early == unique {
			flag.Store(true)
		}
	}
	if i.waiting == nil {
		i.waiting = make(map[uint64]*atomic.Bool)
	}
	i.waiting[unique] = flag
	return flag.Load, func() {
		i.mu.Lock()
		defer i.mu.Unlock()
		delete(i.waiting, unique)
	}
}

// path returns the path of the request's node.
func (c *call) path() string {
	path, _ := c.fs.nodes.pathOf(c.node)
	return path
}

// inode is what the kernel knows the file by that the request is about, 0 where it is about a name in a folder.
func (c *call) inode(op oplog.Op) uint64 {
	switch op {
	case oplog.Lookup, oplog.Create, oplog.Mknod, oplog.Mkdir, oplog.Symlink, oplog.Link, oplog.Unlink, oplog.Rmdir, oplog.Rename:
		return 0
	}
	return c.node.id
}

// at returns the place of a name in a folder.
func (c *call) at(folder *node, name wire.Name) place {
	above, epoch := c.fs.nodes.pathOf(folder)
	if above == "/" {
		above = ""
	}
	path := above + "/" + name.String()
	return place{parent: folder, name: path[len(above)+1:], path: path, epoch: epoch}
}

// changed notes that a node's data was changed.
func (c *call) changed(n *node) {
	n.changes.Add(1)
	c.fs.unsynced.add(n)
}

// inFolder calls f with the descriptor of a folder.
func (c *call) inFolder(folder *node, f func(dir int) error) int {
	dir, err := c.fs.nodes.hold(folder)
	if err != nil {
		return errc(err)
	}
	defer folder.letGo()
	return errc(retry(func() error { return f(dir) }))
}

// entry answers with the node of a file that was found at a place.
func (c *call) entry(at place, st *unix.Stat_t) *node {
	n, _ := c.fillEntry(wire.Put[wire.EntryOut](&c.reply), at, st)
	return n
}

// fillEntry also reports whether the kernel asked for what it had been told before.
func (c *call) fillEntry(out *wire.EntryOut, at place, st *unix.Stat_t) (n *node, again bool) {
	n = c.fs.nodes.find(idOf(st), at)
	out.Node = n.id
	out.EntryValid, out.EntryValidNsec = c.fs.valid()
	out.AttrValid, out.AttrValidNsec = c.fs.valid()
	fillAttr(&out.Attr, st)
	return n, n.tell(st)
}

// attr answers with attributes.
func (c *call) attr(n *node, st *unix.Stat_t) {
	out := wire.Put[wire.AttrOut](&c.reply)
	out.Valid, out.ValidNsec = c.fs.valid()
	fillAttr(&out.Attr, st)
	n.tell(st)
}

// toldLast returns which attributes the kernel was given last, and how long ago.
func (n *node) toldLast() (what fileVersion, ago time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.told, time.Duration(monotonic() - n.toldAt)
}

var began = time.Now()

// monotonic is the time in ns since the program began.
func monotonic() int64 { return int64(time.Since(began)) }

// tell notes which attributes the kernel is given. It reports whether they are those that it was given before, and may have
// used for as long as it may.
func (n *node) tell(st *unix.Stat_t) (again bool) {
	now, version := monotonic(), versionOf(st)
	n.mu.Lock()
	again = n.told == version && now-n.toldAt > int64(validFor)
	n.told, n.toldAt, n.since = version, now, n.changes.Load()
	n.mu.Unlock()
	if setID := st.Mode&(unix.S_ISUID|unix.S_ISGID) != 0; setID != n.toldSetID.Load() {
		n.toldSetID.Store(setID)
	}
	return again
}

func fillAttr(a *wire.Attr, st *unix.Stat_t) {
	*a = wire.Attr{
		Ino: st.Ino, Size: uint64(st.Size), Blocks: uint64(st.Blocks),
		Atime: uint64(st.Atim.Sec), Mtime: uint64(st.Mtim.Sec), Ctime: uint64(st.Ctim.Sec),
		AtimeNsec: uint32(st.Atim.Nsec), MtimeNsec: uint32(st.Mtim.Nsec), CtimeNsec: uint32(st.Ctim.Nsec),
		Mode: st.Mode, Nlink: uint32(st.Nlink), UID: st.Uid, GID: st.Gid,
		Rdev: kernelDev(st.Rdev), Blksize: uint32(st.Blksize),
	}
	if st.Mode&unix.S_IFMT == unix.S_IFREG {
		a.Blksize = max(a.Blksize, ioSize)
	}
}

// ioSize is the st_blksize of every file, in bytes: what cp makes its buffers of, and so what one write through the
// mount carries. BenchmarkWriteSize shows why.
const ioSize = 1 << 20

// kernelDev is a device number as the kernel encodes it in 32 bits; see new_encode_dev in include/linux/kdev_t.h.
func kernelDev(dev uint64) uint32 {
	major, minor := unix.Major(dev), unix.Minor(dev)
	return minor&0xff | major<<8 | minor&^0xff<<12
}

// userDev is the reverse of kernelDev.
func userDev(dev uint32) uint64 {
	return unix.Mkdev(dev>>8&0xfff, dev&0xff|dev>>12&0xfff00)
}

// tallies returns what counts on the handles that are open on the nodes.
func tallies(nodes ...*node) (all []*oplog.Tally) {
	for _, n := range nodes {
		if n == nil {
			continue
		}
		n.mu.Lock()
		for _, h := range n.handles {
			all = append(all, &h.tally)
		}
		n.mu.Unlock()
	}
	return all
}

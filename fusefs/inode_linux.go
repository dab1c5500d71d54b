package fusefs

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"vitrine/fusefs/oplog"
	"vitrine/fusefs/wire"
)

// node is an inode that the kernel knows by a number.
//
// It is found again by the name that it had last, in the folder that it was in, and only if the file there is still the
// same one: so a million files that the kernel remembers cost no descriptors. Folders that names were looked up in, and
// files whose name was taken away through the mount, have a descriptor that only refers to them (open(2), O_PATH).
type node struct {
	id   uint64
	file fileID

	lookups uint64 // that the kernel has not taken back; guarded by nodeTable.mu
	pins    int    // nodes below, open handles and a change to be synced; likewise

	mu        sync.Mutex // guards what follows, and is held for no system call
	parent    *node      // nil for the root
	name      string
	path      string // of the file below the mount, as of epoch
	epoch     uint64
	handles   []*handle   // open on it
	told      fileVersion // whose attributes the kernel was given last,
	toldAt    int64       // when, in ns since some time,
	since     uint64      // and after how many changes
	cached    fileVersion // whose data the kernel may have in its pages
	spans     *span       // being changed past the kernel's pages
	refused   int32       // thread that was told last that the name leads elsewhere, 0 since a name has led here again
	wroteBack bool        // the kernel has written pages of it back

	changes   atomic.Uint64         // of its data through the mount
	watch     atomic.Int32          // inotify's number of the sentry's watch, 0 where there is none
	guard     guarded               // the sentry's
	noted     atomic.Bool           // its changes are among those to sync, or need no sync
	vigil     atomic.Pointer[vigil] // over the folder, nil where there is none
	asked     atomic.Int32          // how often the kernel asked once more for what it had been told of the folder's names
	toldSetID atomic.Bool           // the kernel has been told of set-user-ID or set-group-ID bits

	use       sync.RWMutex // held for reading through each system call on fd; guards fd, and changes of kept
	fd        int          // refers to the file and no more (O_PATH), -1 where there is none
	kept      atomic.Bool  // no name leads there any more, so fd must stay until the node is forgotten
	forgotten atomic.Bool  // fd is to be closed as soon as nobody uses it
}

// fileID tells one file from another. The type is part of it: the kernel never lets an inode change its own.
type fileID struct {
	dev, ino uint64
	kind     uint32 // S_IFMT bits
}

func idOf(st *unix.Stat_t) fileID { return fileID{st.Dev, st.Ino, st.Mode & unix.S_IFMT} }

func (f fileID) isDir() bool { return f.kind == unix.S_IFDIR }

// fileVersion changes whenever a file's data does; see inode(7), st_ctime.
type fileVersion struct {
	size  int64
	ctime unix.Timespec
}

func versionOf(st *unix.Stat_t) fileVersion { return fileVersion{st.Size, st.Ctim} }

// nodeTable holds the nodes that the kernel knows.
type nodeTable struct {
	byID    slots
	epoch   atomic.Uint64 // grows with each renaming of a folder: paths of before are to be made anew
	folders openFolders
	grown   func(nodes int) // called with each node more, nil without a mount

	mu     sync.Mutex // guards byFile, node.lookups, node.pins, and what of byID is not atomic; held for no I/O
	byFile map[fileID]*node
}

// place is where a file was found.
type place struct {
	parent *node
	name   string
	path   string
	epoch  uint64 // of path
}

// slots finds nodes by number without a lock. A number is a slot and how often that was used before; it is never
// given out again.
type slots struct {
	chunks atomic.Pointer[[]*chunk]
	free   []uint64 // numbers to give out next, of slots that were used; the rest is guarded by nodeTable.mu
	next   uint64   // slot that was never used
}

type chunk [1024]atomic.Pointer[node]

const slotBits = 32

func (s *slots) get(id uint64) *node {
	slot := uint32(id)
	chunks := *s.chunks.Load()
	if i := int(slot / uint32(len(chunk{}))); i < len(chunks) {
		if n := chunks[i][slot%uint32(len(chunk{}))].Load(); n != nil && n.id == id {
			return n
		}
	}
	return nil
}

func (s *slots) add(n *node) {
	if k := len(s.free); k > 0 {
		n.id = s.free[k-1]
		s.free = s.free[:k-1]
	} else {
		n.id = s.next
		s.next++
	}
	slot := uint32(n.id)
	chunks := *s.chunks.Load()
	i := int(slot / uint32(len(chunk{})))
	if i == len(chunks) {
		longer := append(chunks[:i:i], new(chunk))
		s.chunks.Store(&longer)
		chunks = longer
	}
	chunks[i][slot%uint32(len(chunk{}))].Store(n)
}

func (s *slots) remove(n *node) {
	slot := uint32(n.id)
	(*s.chunks.Load())[slot/uint32(len(chunk{}))][slot%uint32(len(chunk{}))].Store(nil)
	if next := n.id + 1<<slotBits; next > n.id { // a slot is given up rather than a number used twice
		s.free = append(s.free, next)
	}
}

// init makes the root known by the number that the kernel expects.
func (t *nodeTable) init(root int) error {
	t.byFile = make(map[fileID]*node)
	t.byID.chunks.Store(new([]*chunk))
	t.byID.next = wire.RootID
	t.folders.limit = folderLimit()
	var st unix.Stat_t
	err := unix.Fstat(root, &st)
	n := &node{file: idOf(&st), lookups: 1, fd: root, path: "/"}
	n.kept.Store(true)
	t.byID.add(n)
	t.byFile[n.file] = n
	return err
}

// find returns the node of a file that was found at a place, with one lookup more. It is made where the kernel does not
// know the file yet.
func (t *nodeTable) find(file fileID, at place) *node {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.byFile[file]
	if n == nil {
		n = &node{file: file, fd: -1}
		t.byID.add(n)
		t.byFile[file] = n
		if t.grown != nil {
			t.grown(len(t.byFile))
		}
	}
	n.lookups++
	t.put(n, at)
	return n
}

// known returns the node of a file, nil where the kernel does not know the file.
func (t *nodeTable) known(file fileID) *node {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.byFile[file]
}

// move notes that a file is at another place now.
func (t *nodeTable) move(n *node, to place) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.put(n, to)
}

// put notes where a node was found. The caller holds t.mu.
func (t *nodeTable) put(n *node, at place) {
	if n.id == wire.RootID || n == at.parent {
		return
	}
	if n.parent != nil && n.parent != at.parent && n.file.isDir() {
		t.unring(n, at.parent)
	}
	n.mu.Lock()
	was, renamed := n.parent, n.parent != at.parent || n.name != at.name
	n.parent, n.name, n.path, n.epoch = at.parent, at.name, at.path, at.epoch
	n.refused = 0
	n.mu.Unlock()
	if renamed && was != nil && n.file.isDir() {
		t.epoch.Add(1)
	}
	if was != at.parent {
		at.parent.pins++
		if was != nil {
			was.pins--
			t.dropUnused(was)
		}
	}
}

// unring takes from its place what of the folders above at lies in n, which is about to be put into at: changes from
// outside, of which the kernel is told one by one, could make a ring of what is known.
func (t *nodeTable) unring(n, at *node) {
	for ; at != nil; at = at.parent {
		if at.parent == n {
			at.mu.Lock()
			at.parent = nil
			at.mu.Unlock()
			n.pins--
			t.epoch.Add(1)
			return
		}
	}
}

// where returns the folder and name that the node was found under last, nil where there is none.
func (n *node) where() (parent *node, name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.parent, n.name
}

// forget takes lookups back that the kernel was given.
func (t *nodeTable) forget(id, lookups uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.byID.get(id)
	if n == nil || n.id == wire.RootID {
		return
	}
	n.lookups -= min(lookups, n.lookups)
	t.dropUnused(n)
}

// retain keeps a node until letGo.
func (t *nodeTable) retain(n *node) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n.pins++
}

func (t *nodeTable) letGo(n *node) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n.pins--
	t.dropUnused(n)
}

// pin keeps a node while a handle is open on it.
func (t *nodeTable) pin(n *node, h *handle) {
	t.retain(n)
	n.mu.Lock()
	n.handles = append(n.handles, h)
	n.mu.Unlock()
}

// unpin reports whether h was the last handle on the node.
func (t *nodeTable) unpin(n *node, h *handle) (last bool) {
	n.mu.Lock()
	for i, o := range n.handles {
		if o == h {
			end := len(n.handles) - 1
			n.handles[i] = n.handles[end]
			n.handles[end] = nil
			n.handles = n.handles[:end]
			break
		}
	}
	last = len(n.handles) == 0
	n.mu.Unlock()
	t.letGo(n)
	return last
}

// dropUnused removes a node that neither the kernel nor a handle nor a node below refers to, and those above that were
// kept for it only. The caller holds t.mu.
func (t *nodeTable) dropUnused(n *node) {
	for n != nil && n.lookups == 0 && n.pins == 0 && n.id != wire.RootID && t.byID.get(n.id) == n {
		t.byID.remove(n)
		delete(t.byFile, n.file)
		n.forgotten.Store(true)
		n.closeForgotten()
		if v := n.vigil.Load(); v != nil {
			v.abandon()
		}
		if n, _ = n.where(); n != nil {
			n.pins--
		}
	}
}

// closeAll closes every descriptor at the end of the mount, but for the root's.
func (t *nodeTable) closeAll() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, n := range t.byFile {
		if n.id != wire.RootID {
			n.forgotten.Store(true)
			n.closeForgotten()
		}
	}
}

// pathOf returns the path of a node below the mount, as far as it is known. It is for the record only.
func (t *nodeTable) pathOf(n *node) (path string, epoch uint64) {
	epoch = t.epoch.Load()
	if !oplog.Observed {
		return "", epoch
	}
	var names []string
	above := ""
	for at := n; at.id != wire.RootID; {
		at.mu.Lock()
		known := at.path != "" && at.epoch == epoch
		if known {
			above = at.path
		} else {
			names = append(names, at.name)
		}
		parent := at.parent
		at.mu.Unlock()
		if known || parent == nil {
			break
		}
		at = parent
	}
	switch {
	case len(names) == 0 && above == "":
		return "/", epoch
	case len(names) == 0:
		return above, epoch
	}
	slices.Reverse(names)
	path = above + "/" + strings.Join(names, "/")
	n.mu.Lock()
	n.path, n.epoch = path, epoch
	n.mu.Unlock()
	return path, epoch
}

// hold returns the node's descriptor, which stays open until letGo. It is opened where there is none.
func (t *nodeTable) hold(n *node) (fd int, err error) {
	for {
		n.use.RLock()
		if n.fd >= 0 {
			return n.fd, nil
		}
		n.use.RUnlock()
		if err := t.open(n); err != nil {
			return -1, err
		}
	}
}

// letGo ends what hold began.
func (n *node) letGo() {
	n.use.RUnlock()
	if n.forgotten.Load() {
		n.closeForgotten()
	}
}

func (n *node) closeForgotten() {
	if !n.use.TryLock() {
		return // whoever uses it does it at the end
	}
	defer n.use.Unlock()
	if n.fd >= 0 {
		unix.Close(n.fd)
		n.fd = -1
	}
}

// open opens the node's descriptor.
func (t *nodeTable) open(n *node) error {
	fd, err := t.openByName(n, unix.O_PATH, nil)
	if err != nil {
		return err
	}
	if !t.lend(n, fd) {
		unix.Close(fd)
	}
	if n.forgotten.Load() {
		return unix.ESTALE
	}
	return nil
}

// lend gives the node a descriptor, until there are too many, and reports whether it took it.
func (t *nodeTable) lend(n *node, fd int) (taken bool) {
	n.use.Lock()
	defer n.use.Unlock()
	if n.fd >= 0 || n.forgotten.Load() {
		return false
	}
	n.fd = fd
	t.folders.add(n)
	return true
}

// openByName opens the file where it was found last. It answers ESTALE, upon which the kernel looks the name up anew
// (retry_estale in fs/namei.c), where another file stands there now or none. The file's attributes are left in st,
// unless that is nil.
func (t *nodeTable) openByName(n *node, flags int, st *unix.Stat_t) (fd int, err error) {
	if st == nil {
		st = new(unix.Stat_t)
	}
	parent, name := n.where()
	if n.id == wire.RootID {
		parent, name = n, "."
	}
	if parent == nil {
		return -1, unix.ESTALE
	}
	dir, err := t.hold(parent)
	if err != nil {
		return -1, err
	}
	defer parent.letGo()
	err = retry(func() error {
		fd, err = unix.Openat(dir, name, flags|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		return err
	})
	if err == nil {
		if err = unix.Fstat(fd, st); err == nil && idOf(st) == n.file {
			return fd, nil
		}
		unix.Close(fd)
		return -1, unix.ESTALE
	}
	if err == unix.ENOENT || err == unix.ELOOP || err == unix.ENOTDIR {
		err = unix.ESTALE
	}
	return -1, err
}

// openFolders bounds the descriptors that folders take, and in fast mode files with more names: the one that was opened first is closed for one too many, to be
// opened again when it is needed.
type openFolders struct {
	limit int

	mu    sync.Mutex // guards queue
	queue []*node
}

func (o *openFolders) add(n *node) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.queue = append(o.queue, n)
	if len(o.queue) <= o.limit {
		return
	}
	first := o.queue[0]
	o.queue = o.queue[1:]
	if !first.use.TryLock() {
		o.queue = append(o.queue, first)
		return
	}
	defer first.use.Unlock()
	if first.fd >= 0 && !first.kept.Load() {
		unix.Close(first.fd)
		first.fd = -1
	}
}

// folderLimit is a quarter of the descriptors that the process may have.
func folderLimit() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 256
	}
	return int(min(limit.Cur/4, 65_536))
}

package fusefs

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// unsynced are the nodes that were changed through the mount and have not been written to disk since. An eject syncs
// these: syncfs(2) would wait for whatever other programs write to the same disk, and that can be minutes.
type unsynced struct {
	table   *nodeTable
	syncing sync.Mutex   // one sync at a time: whoever comes second waits for what the first is about
	left    atomic.Int64 // nodes that the sync still has to write

	mu     sync.Mutex // guards nodes, and all that takes place in them; held for no I/O
	nodes  map[*node]struct{}
	beyond atomic.Bool // more was changed than nodes tell, so only syncfs(2) will do; also read without mu
}

const (
	unsyncedLimit = 2_000 // nodes that are remembered: for more syncfs(2) is quicker
	syncers       = 8     // fsync(2) calls at once: the journal commits them together
)

// errBeyond tells that a file cannot be found or opened any more to sync it.
var errBeyond = errors.New("not to be reached by its name")

func (u *unsynced) init(t *nodeTable) { u.table, u.nodes = t, make(map[*node]struct{}) }

// add notes that n was changed. It is called between the change and its answer, and not while n's descriptor is held.
func (u *unsynced) add(n *node) {
	if n.noted.Load() || u.beyond.Load() {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case n.noted.Load():
	case n.isKept():
		n.noted.Store(true) // it ends with its last descriptor
	case n.file.kind != unix.S_IFREG && !n.file.isDir(), len(u.nodes) == unsyncedLimit:
		u.beyond.Store(true)
	default:
		n.noted.Store(true)
		if _, known := u.nodes[n]; !known {
			u.nodes[n] = struct{}{}
			u.table.retain(n)
		}
	}
}

// losing ends what may have taken a name from n: a node without names is forgotten, and needs no sync any more.
func (u *unsynced) losing(n *node, lost bool) {
	switch {
	case n == nil:
	case !lost: // changes meanwhile may have met a node that seemed to have no name
		n.noted.Store(false)
		u.add(n)
	case n.isKept():
		u.mu.Lock()
		defer u.mu.Unlock()
		if _, known := u.nodes[n]; known {
			delete(u.nodes, n)
			u.table.letGo(n)
		}
	}
}

// take returns what was changed, for the caller to sync. What is changed from now on is noted anew.
func (u *unsynced) take() (nodes []*node, beyond bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for n := range u.nodes {
		nodes = append(nodes, n)
		n.noted.Store(false)
	}
	clear(u.nodes)
	return nodes, u.beyond.Swap(false)
}

// putBack notes again what take has returned: not all of it is on the disk.
func (u *unsynced) putBack(nodes []*node, beyond bool) {
	for _, n := range nodes {
		u.add(n)
		u.table.letGo(n)
	}
	if beyond {
		u.beyond.Store(true)
	}
}

// sync writes to disk what was changed through the mount since the last sync.
func (p *platform) sync(root int) error {
	u := &p.unsynced
	u.syncing.Lock()
	defer u.syncing.Unlock()
	nodes, beyond := u.take()
	err := errBeyond
	if !beyond {
		err = u.each(nodes)
	}
	if err == errBeyond {
		u.left.Store(-1)
		err = syncFilesystem(root)
	}
	u.left.Store(0)
	if err != nil {
		u.putBack(nodes, beyond)
		return err
	}
	for _, n := range nodes {
		u.table.letGo(n)
	}
	return nil
}

// each syncs nodes one by one, a few at a time, until one fails. The disk is set to work on all of them first.
func (u *unsynced) each(nodes []*node) error {
	u.left.Store(int64(len(nodes)))
	if len(nodes) > 1 {
		u.spread(nodes, func(fd int) error {
			unix.SyncFileRange(fd, 0, 0, unix.SYNC_FILE_RANGE_WRITE) // only a hint; the sync below reports what fails
			return nil
		})
	}
	return u.spread(nodes, func(fd int) error {
		defer u.left.Add(-1)
		return retry(func() error { return unix.Fsync(fd) })
	})
}

// spread calls f with a descriptor of each node, from several threads, until it fails, and returns its first error.
func (u *unsynced) spread(nodes []*node, f func(fd int) error) error {
	var next atomic.Int64
	var failed atomic.Pointer[error]
	var all sync.WaitGroup
	for range min(syncers, len(nodes)) {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(nodes) && failed.Load() == nil; i = int(next.Add(1)) - 1 {
				if err := u.withOpen(nodes[i], f); err != nil {
					failed.CompareAndSwap(nil, &err)
				}
			}
		})
	}
	all.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

// withOpen calls f with a descriptor of the node. Its error names the file.
func (u *unsynced) withOpen(n *node, f func(fd int) error) error {
	if h := n.anyHandle(); h != nil {
		defer h.letGo()
		return u.named(n, f(h.fd))
	}
	fd, err := u.table.openByName(n, unix.O_RDONLY|unix.O_NONBLOCK, nil)
	if err == unix.EACCES {
		fd, err = u.table.openByName(n, unix.O_WRONLY|unix.O_NONBLOCK, nil)
	}
	switch {
	case err != nil && n.isKept():
		return nil // removed meanwhile
	case err != nil:
		return errBeyond
	}
	defer unix.Close(fd)
	return u.named(n, f(fd))
}

func (u *unsynced) named(n *node, err error) error {
	switch err {
	case nil:
		return nil
	case unix.EINVAL: // a filesystem that does not sync single files; see fsync(2)
		return errBeyond
	}
	path, _ := u.table.pathOf(n)
	return &fs.PathError{Op: "fsync", Path: path, Err: err}
}

// syncsFor tells what a sync is about just now.
func (p *platform) syncsFor() Text {
	switch left := p.unsynced.left.Load(); {
	case left > 1:
		return textf("Writing to disk: %d files and folders to go", left)
	case left < 0:
		return textf("Writing to disk, with what other programs wrote: %d MB to go", unwritten()/1e6)
	}
	return textf("Writing to disk")
}

// unwritten returns how many bytes the system has still to write to its disks, 0 where that is unknown; see proc(5),
// meminfo.
func unwritten() (bytes int64) {
	info, _ := os.ReadFile("/proc/meminfo")
	for line := range strings.Lines(string(info)) {
		if f := strings.Fields(line); len(f) > 1 && (f[0] == "Dirty:" || f[0] == "Writeback:") {
			kB, _ := strconv.ParseInt(f[1], 10, 64)
			bytes += kB << 10
		}
	}
	return bytes
}

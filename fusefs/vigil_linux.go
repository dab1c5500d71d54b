package fusefs

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"vitrine/fusefs/wire"
)

// vigils let the kernel answer for longer from what it was told of the names in a folder. A folder of which the same names
// are asked for again and again is watched with inotify(7), and the kernel is told where something happens in it: so it need
// not ask.
//
// There is no more time for what inotify does not tell of: the attributes of folders, which change with what is in them, those of
// files that may change through another name, and a folder that is not on the filesystem of the backing folder.
type vigils struct {
	fs *FS
	lookout
	dev   uint64       // of the backing folder
	names atomic.Int64 // that have more time, in all folders

	wanted []*node  // folders to be watched from now on; guarded by lookout.mu
	late   []grant  // given while something happened in the folder; likewise
	unused []*vigil // over folders that the kernel has forgotten; likewise

	// What follows is the watching goroutine's own.
	limit int // of folders
	kept  map[int32]*vigil
	order []*vigil // the oldest first
	again []grant  // to be taken back once more
	looks uint64
}

// vigil is the watch over one folder.
type vigil struct {
	all    *vigils
	folder *node
	watch  int32
	news   atomic.Uint64 // grows with all that happens in the folder

	look   uint64 // in which the last event came; the watching goroutine's, as is
	events int    // how many came in that

	mu    sync.Mutex        // guards known
	known map[string]uint64 // names with more time, and the nodes that they led to; nil when the vigil is over
}

// grant is a name in a folder with more time, and the node that it led to.
type grant struct {
	folder uint64
	name   string
	node   uint64
}

// vigilTime is for how long the kernel may answer by itself for a folder that is watched. It need not be longer: what is asked
// for once a second costs nothing. A change through a mapping, of which inotify tells nobody, is seen after that.
var vigilTime = time.Second

const (
	// vigilAfter is how many names in a folder are asked for once more, to find what was told before, until it is watched.
	vigilAfter = 16

	// vigilNames is how many names of a folder have more time at most: when a vigil ends they are taken back at once.
	vigilNames = 16_384

	// vigilEvents is how many events may come between two looks. A folder in which more happens is better asked.
	vigilEvents = 16

	vigilMask = unix.IN_CREATE | unix.IN_DELETE | unix.IN_MOVED_FROM | unix.IN_MOVED_TO | unix.IN_MODIFY | unix.IN_ATTRIB |
		unix.IN_DELETE_SELF | unix.IN_ONLYDIR
)

// newVigils returns nil where the filesystem of the backing folder may change without this kernel.
func newVigils(fs *FS) *vigils {
	var st unix.Stat_t
	if fs.fast || !tellsAll(fs.root) || unix.Fstat(fs.root, &st) != nil {
		return nil
	}
	return &vigils{fs: fs, lookout: newLookout(), dev: st.Dev, limit: watchLimit(), kept: make(map[int32]*vigil)}
}

// tellsAll reports whether inotify(7) tells of all changes on a filesystem: its files are on a disk of this machine, or in its
// memory, and it has no layers below that may change by themselves.
func tellsAll(fd int) bool {
	var st unix.Statfs_t
	if err := unix.Fstatfs(fd, &st); err != nil {
		return false
	}
	switch uint32(st.Type) {
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.F2FS_SUPER_MAGIC, unix.TMPFS_MAGIC:
		return true
	}
	return false
}

// watchLimit is how many folders are watched at most: other programs of the user need watches too. See inotify(7).
func watchLimit() int {
	const most = 1024
	text, err := os.ReadFile("/proc/sys/fs/inotify/max_user_watches")
	if err != nil {
		return 0
	}
	all, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return min(all/8, most)
}

// run watches until end is called.
func (s *vigils) run() {
	s.lookout.run(func() bool { return len(s.again)+len(s.wanted)+len(s.late)+len(s.unused) > 0 }, s.look)
}

// want has a folder watched from soon on.
func (s *vigils) want(folder *node) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wanted = append(s.wanted, folder)
	s.ring()
}

// takeBack has the kernel ask for names that it was told to have more time for, while something happened in the folder.
func (s *vigils) takeBack(names []grant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.late = append(s.late, names...)
	s.ring()
}

// abandon ends the vigil soon. The caller may hold nodeTable.mu.
func (v *vigil) abandon() {
	s := v.all
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unused = append(s.unused, v)
	s.ring()
}

func (s *vigils) look() {
	s.looks++
	again := s.again
	s.again = nil
	for _, g := range again {
		s.expire(g)
	}
	s.drain(s.happened)
	s.mu.Lock()
	wanted, late, unused := s.wanted, s.late, s.unused
	s.wanted, s.late, s.unused = nil, nil, nil
	s.mu.Unlock()
	for _, v := range unused {
		s.finish(v)
	}
	for _, g := range late {
		s.retract(g)
	}
	for _, folder := range wanted {
		s.begin(folder)
	}
}

// begin watches a folder.
func (s *vigils) begin(folder *node) {
	if folder.vigil.Load() != nil || s.limit == 0 {
		return
	}
	if len(s.order) >= s.limit {
		s.finish(s.order[0])
	}
	watch := s.watch(folder)
	if old := s.kept[watch]; old != nil { // the kernel forgot the folder, and knows it again by another number
		s.finish(old)
		watch = s.watch(folder)
	}
	if watch <= 0 {
		folder.asked.Store(0)
		return
	}
	v := &vigil{all: s, folder: folder, watch: watch, known: make(map[string]uint64)}
	s.kept[watch] = v
	s.order = append(s.order, v)
	folder.vigil.Store(v)
	if folder.forgotten.Load() {
		s.finish(v)
	}
}

func (s *vigils) watch(folder *node) int32 {
	fd, err := s.fs.nodes.hold(folder)
	if err != nil {
		return -1
	}
	defer folder.letGo()
	watch, err := unix.InotifyAddWatch(s.events, reference{fd: fd}.proc(), vigilMask)
	if err != nil {
		return -1
	}
	return int32(watch)
}

// happened acts upon an event.
func (s *vigils) happened(watch int32, mask uint32, name []byte) {
	if mask&unix.IN_Q_OVERFLOW != 0 {
		for len(s.order) > 0 {
			s.finish(s.order[0])
		}
		return
	}
	v := s.kept[watch]
	if v == nil {
		return
	}
	v.news.Add(1)
	if v.look != s.looks {
		v.look, v.events = s.looks, 0
	}
	v.events++
	if v.events > vigilEvents || mask&(unix.IN_IGNORED|unix.IN_DELETE_SELF|unix.IN_UNMOUNT) != 0 {
		s.finish(v)
	} else if node, ok := v.forget(name); ok {
		s.retract(grant{v.folder.id, string(name), node})
	}
}

// finish ends a vigil, and all the time that it gave.
func (s *vigils) finish(v *vigil) {
	if s.kept[v.watch] != v {
		return // over already
	}
	delete(s.kept, v.watch)
	s.order = slices.DeleteFunc(s.order, func(o *vigil) bool { return o == v })
	unix.InotifyRmWatch(s.events, uint32(v.watch))
	v.folder.vigil.Store(nil)
	v.folder.asked.Store(0)
	v.news.Add(1)
	for name, node := range v.forgetAll() {
		s.retract(grant{v.folder.id, name, node})
	}
}

// retract has the kernel ask anew. It does so twice, once in the next look: the answer that gave the time may be on its way
// to its caller just now, and would count from when it arrives.
func (s *vigils) retract(g grant) {
	s.expire(g)
	s.again = append(s.again, g)
}

// expire lets a name, and the attributes of what it led to, be asked for anew. Like all that is about a name it may have to
// wait for operations in the folder.
func (s *vigils) expire(g grant) {
	server := s.fs.server.Load()
	if server == nil {
		return
	}
	what := wire.InvalEntryOut{Parent: g.folder, NameLen: uint32(len(g.name)), Flags: wire.ExpireOnly}
	server.send(wire.Notice(wire.NotifyInvalEntry, what, g.name+"\x00"))
	server.send(wire.Notice(wire.NotifyInvalInode, wire.InvalInodeOut{Node: g.node, Off: -1}, ""))
}

// admit notes that the kernel is given more time for a name. It answers false where it may not be.
func (v *vigil) admit(name string, node uint64) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.known == nil {
		return false
	}
	if _, ok := v.known[name]; !ok {
		if len(v.known) >= vigilNames || v.all.names.Load() >= int64(nodeLimit) {
			return false
		}
		v.all.names.Add(1)
	}
	v.known[name] = node
	return true
}

// forget takes a name out and returns what it led to. It answers false where it had no more time than others.
func (v *vigil) forget(name []byte) (node uint64, ok bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if node, ok = v.known[string(name)]; ok {
		delete(v.known, string(name))
		v.all.names.Add(-1)
	}
	return node, ok
}

func (v *vigil) forgetAll() (known map[string]uint64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	known, v.known = v.known, nil
	v.all.names.Add(-int64(len(known)))
	return known
}

// lookOut has the request see what happens in its folder from now on, before it asks for attributes.
func (c *call) lookOut() {
	if c.vigil = c.node.vigil.Load(); c.vigil != nil {
		c.news = c.vigil.news.Load()
	}
}

// lastingEntry is fillEntry for what a name leads to anyway. The kernel may answer from it for longer if the folder is watched;
// where it is not it counts that the same was asked for again.
func (c *call) lastingEntry(out *wire.EntryOut, at place, st *unix.Stat_t) {
	n, again := c.fillEntry(out, at, st)
	s := c.fs.vigils
	switch {
	case s == nil || st.Dev != s.dev:
	case c.vigil == nil:
		if again && c.node.asked.Add(1) == vigilAfter {
			s.want(c.node)
		}
	case c.vigil.admit(at.name, n.id):
		out.EntryValid, out.EntryValidNsec = uint64(vigilTime/time.Second), 0
		if !n.file.isDir() && st.Nlink == 1 {
			out.AttrValid, out.AttrValidNsec = out.EntryValid, 0
		}
		c.given = append(c.given, grant{c.node.id, at.name, n.id})
	}
}

// keptWatch takes the time back that the request has given, after its reply, if something has happened meanwhile.
func (c *call) keptWatch() {
	if c.vigil == nil {
		return
	}
	if c.vigil.news.Load() != c.news {
		c.fs.vigils.takeBack(c.given)
	}
	c.vigil, c.given = nil, c.given[:0]
}

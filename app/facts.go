package main

import (
	"os"
	"path"
	"strings"
	"sync"

	"vitrine/fusefs"
	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
)

// disk looks at the backing folder of the present mount. It opens the folder before anything is mounted over it: so what it
// asks never goes through the drive.
type disk struct {
	mounting bool // the status before was of a mount that begins

	mu    sync.Mutex // guards facts
	facts *facts     // nil while nothing is mounted
}

// follow opens the backing folder of a mount that begins, and closes that of one that ended. It is called with every status of
// the drive, one after another.
func (d *disk) follow(s fusefs.Status) {
	checked := s.State == fusefs.Mounting && d.mounting // the first status of a mount still has the folders of the last
	d.mounting = s.State == fusefs.Mounting
	switch {
	case checked:
		d.set(factsOf(s)) // without the lock: a folder that does not answer holds up nobody who looks
	case s.State == fusefs.Unmounted || s.State == fusefs.Failed:
		d.set(nil)
	}
}

// set replaces the facts by those of another mount, or by none.
func (d *disk) set(f *facts) {
	d.mu.Lock()
	before := d.facts
	d.facts = f
	d.mu.Unlock()
	if before != nil {
		before.root.Close()
	}
}

// now returns the facts of the present mount, nil without one.
func (d *disk) now() activity.Facts {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.facts == nil {
		return nil
	}
	return d.facts
}

// wait says what an operation of the present mount waits for.
func (d *disk) wait(e oplog.Event) activity.Wait {
	if f, ok := d.now().(*facts); ok {
		return f.wait(e)
	}
	return activity.Wait{}
}

// facts are what the backing folder knows. They stay valid, and know nothing, when the folder is closed.
type facts struct {
	root     *os.Root
	readOnly bool
	storage  storage
	locks    inquiry[[]activity.Who]
}

// factsOf opens the backing folder of a mount; nil where that fails.
func factsOf(s fusefs.Status) *facts {
	root, err := os.OpenRoot(s.Backing)
	if err != nil {
		return nil
	}
	return &facts{root: root, readOnly: s.ReadOnly, storage: storageOf(root), locks: newInquiry[[]activity.Who]()}
}

// ReadOnly says that the drive refuses all writing.
func (f *facts) ReadOnly() bool { return f.readOnly }

// below is a path of the drive as one below its backing folder.
func below(name string) string {
	if name = strings.TrimPrefix(path.Clean("/"+name), "/"); name == "" {
		return "."
	}
	return name
}

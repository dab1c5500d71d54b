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
	mu    sync.Mutex // guards all below
	facts *facts     // nil while nothing is mounted
	state fusefs.State
}

// follow opens the backing folder of a mount that begins, and closes that of one that ended.
func (d *disk) follow(s fusefs.Status) {
	d.mu.Lock()
	defer d.mu.Unlock()
	checked := s.State == fusefs.Mounting && d.state == fusefs.Mounting // the first status of a mount still has the folders of the last
	d.state = s.State
	switch {
	case checked:
		d.close()
		if root, err := os.OpenRoot(s.Backing); err == nil {
			d.facts = &facts{root: root, readOnly: s.ReadOnly, storage: storageOf(root), locks: newInquiry[[]activity.Who]()}
		}
	case s.State == fusefs.Unmounted || s.State == fusefs.Failed:
		d.close()
	}
}

func (d *disk) close() {
	if d.facts != nil {
		d.facts.root.Close()
		d.facts = nil
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

// ReadOnly says that the drive refuses all writing.
func (f *facts) ReadOnly() bool { return f.readOnly }

// below is a path of the drive as one below its backing folder.
func below(name string) string {
	if name = strings.TrimPrefix(path.Clean("/"+name), "/"); name == "" {
		return "."
	}
	return name
}

//go:build darwin || windows

package fusefs

import "vitrine/fusefs/oplog"

// noHandle is what cgofuse passes where FUSE named no handle.
const noHandle = ^uint64(0)

// begin records that an operation begins.
func (fs *FS) begin(e oplog.Event) *call {
	c := &call{fs: fs, by: fs.whoAsks()}
	if e.Handle == noHandle {
		e.Handle = 0
	}
	c.begin(e)
	return c
}

// sync writes the whole disk behind the backing folder: which files were changed is not noted here.
func (*platform) sync(root int) error { return syncFilesystem(root) }

func (*platform) syncsFor() Text { return textf("Writing to disk") }

// renamed notes that names have changed: any open file may lie below.
func (c *call) renamed() {
	c.moved = true
	c.movers = c.fs.handles.tallies()
}

// inode is not told here: cgofuse knows files by their paths.
func (*call) inode(oplog.Op) uint64 { return 0 }

func (*handle) inode() uint64 { return 0 }

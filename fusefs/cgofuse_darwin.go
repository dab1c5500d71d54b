package fusefs

import (
	"github.com/winfsp/cgofuse/fuse"

	"vitrine/fusefs/oplog"
)

// On macOS cgofuse speaks FUSE: the exported operations are those of its FileSystemInterface. They take paths that begin
// with "/", and return 0 or a negated errno.
var _ interface {
	fuse.FileSystemInterface
	fuse.FileSystemOpenEx
	fuse.FileSystemChmod3
	fuse.FileSystemChown3
	fuse.FileSystemUtimens3
	fuse.FileSystemRename3
} = (*FS)(nil)

type (
	platform       struct{}
	handlePlatform struct{}
	message        struct{}
)

func (platform) init(*FS)   {}
func (platform) destroy()   {}
func (platform) forOthers() {}

// noHandle is what cgofuse passes where FUSE named no handle.
const noHandle = ^uint64(0)

// begin records that an operation begins.
func (fs *FS) begin(e oplog.Event) *call {
	uid, gid, pid := fuse.Getcontext()
	c := &call{fs: fs, by: caller{tid: int32(pid), uid: uid, gid: gid}}
	if e.Handle == noHandle {
		e.Handle = 0
	}
	c.begin(e)
	return c
}

// renamed notes that names have changed: any open file may lie below.
func (c *call) renamed() {
	c.moved = true
	c.movers = c.fs.handles.tallies()
}

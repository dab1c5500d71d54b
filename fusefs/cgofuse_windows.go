package fusefs

import (
	"sync/atomic"

	"github.com/winfsp/cgofuse/fuse"
)

// On Windows cgofuse speaks with WinFsp: the exported operations are those of its FileSystemInterface. They take paths
// that begin with "/", and return 0 or a negated error number of the C library's. WinFsp never asks for what
// FileSystemBase answers with ENOSYS (links, special files), or goes on without (owners, extended attributes).
var _ interface {
	fuse.FileSystemInterface
	fuse.FileSystemOpenEx
	fuse.FileSystemGetpath
	fuse.FileSystemChflags
	fuse.FileSystemSetcrtime
} = (*FS)(nil)

type platform struct {
	fuse.FileSystemBase
	host   *fuse.FileSystemHost // nil where nobody has mounted
	others bool                 // other users may use the drive too
	shut   atomic.Bool          // no file may be opened: the drive is being ejected
}

func (p *platform) init(*FS)   {}
func (p *platform) destroy()   {}
func (p *platform) forOthers() { p.others = true }

type handlePlatform struct {
	folder bool
}

func platformOf(flags int) handlePlatform { return handlePlatform{folder: flags&openFolder != 0} }

type message struct{}

// whoAsks names the caller of the operation that this thread serves.
func (fs *FS) whoAsks() caller {
	if fs.host == nil {
		return caller{}
	}
	uid, gid, pid := fuse.Getcontext()
	return caller{tid: int32(pid), uid: uid, gid: gid}
}

// closing reports whether the drive is being ejected.
func (fs *FS) closing() bool { return fs.shut.Load() }

// close keeps files from being opened, and answers false where one is open. A folder does not count: file managers hold
// those that they show for as long as they show them, and there is nothing in one to lose. Whoever opens a file in
// this instant either is seen here or sees that it is too late.
func (fs *FS) close() bool {
	fs.shut.Store(true)
	for _, h := range fs.handles.all() {
		if !h.folder {
			fs.shut.Store(false)
			return false
		}
	}
	return true
}

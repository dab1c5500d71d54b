package fusefs

import "github.com/winfsp/cgofuse/fuse"

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

// whoAsks names the caller of the operation that this thread serves.
func (*FS) whoAsks() caller {
	uid, gid, pid := fuse.Getcontext()
	return caller{tid: int32(pid), uid: uid, gid: gid}
}

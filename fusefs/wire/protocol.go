// Package wire is the protocol that the Linux kernel speaks on /dev/fuse: include/uapi/linux/fuse.h, of which it knows
// version 7.31 (Linux 5.4) and later. It turns bytes into requests and replies into bytes, and does nothing itself.
package wire

// The version of the protocol that this package speaks, and the oldest that it understands.
const (
	Major    = 7
	Minor    = 45
	MinMinor = 31
)

// RootID is the node of the mount's root folder.
const RootID = 1

// Opcode names a request.
type Opcode uint32

// The requests.
const (
	Lookup          Opcode = 1
	Forget          Opcode = 2 // no reply
	Getattr         Opcode = 3
	Setattr         Opcode = 4
	Readlink        Opcode = 5
	Symlink         Opcode = 6
	Mknod           Opcode = 8
	Mkdir           Opcode = 9
	Unlink          Opcode = 10
	Rmdir           Opcode = 11
	Rename          Opcode = 12
	Link            Opcode = 13
	Open            Opcode = 14
	Read            Opcode = 15
	Write           Opcode = 16
	Statfs          Opcode = 17
	Release         Opcode = 18
	Fsync           Opcode = 20
	Setxattr        Opcode = 21
	Getxattr        Opcode = 22
	Listxattr       Opcode = 23
	Removexattr     Opcode = 24
	Flush           Opcode = 25
	Init            Opcode = 26
	Opendir         Opcode = 27
	Readdir         Opcode = 28
	Releasedir      Opcode = 29
	Fsyncdir        Opcode = 30
	Getlk           Opcode = 31
	Setlk           Opcode = 32
	Setlkw          Opcode = 33
	Access          Opcode = 34
	Create          Opcode = 35
	Interrupt       Opcode = 36 // no reply
	Destroy         Opcode = 38
	Ioctl           Opcode = 39
	BatchForget     Opcode = 42 // no reply
	Fallocate       Opcode = 43
	Readdirplus     Opcode = 44
	Rename2         Opcode = 45
	Lseek           Opcode = 46
	CopyFileRange   Opcode = 47
	Syncfs          Opcode = 50
	Tmpfile         Opcode = 51
	Statx           Opcode = 52
	CopyFileRange64 Opcode = 53
)

// InHeader begins every request.
type InHeader struct {
	Len      uint32 // of the whole request, bytes
	Opcode   Opcode
	Unique   uint64 // names the request in its reply
	Node     uint64
	UID      uint32
	GID      uint32
	PID      uint32 // thread that asks, 0 where the kernel does by itself
	ExtLen   uint16 // of extensions at the end, in units of 8 bytes
	_padding uint16
}

// OutHeader begins every reply and every notice.
type OutHeader struct {
	Len    uint32 // of the whole reply, bytes
	Error  int32  // 0 or a negated errno; the code of a notice
	Unique uint64 // 0 for a notice
}

// Capabilities that the kernel offers and a server accepts at Init.
const (
	AsyncRead        = 1 << 0
	PosixLocks       = 1 << 1
	AtomicOTrunc     = 1 << 3
	BigWrites        = 1 << 5
	DontMask         = 1 << 6 // the umask comes with the request
	FlockLocks       = 1 << 10
	HasIoctlDir      = 1 << 11
	AutoInvalData    = 1 << 12 // drop cached pages when size or mtime have changed
	DoReaddirplus    = 1 << 13
	ReaddirplusAuto  = 1 << 14
	AsyncDIO         = 1 << 15
	WritebackCache   = 1 << 16
	ParallelDirops   = 1 << 18
	PosixACL         = 1 << 20
	MaxPages         = 1 << 22
	HandleKillprivV2 = 1 << 28 // the server drops set-user-ID bits and capabilities
	SetxattrExt      = 1 << 29
	InitExt          = 1 << 30
	HasExpireOnly    = 1 << 35 // it knows ExpireOnly
)

// InitIn is what the kernel says of itself.
type InitIn struct {
	Major        uint32
	Minor        uint32
	MaxReadahead uint32
	Flags        uint32
}

// InitExtIn follows it since version 7.36 (Linux 5.17).
type InitExtIn struct {
	Flags2  uint32 // with InitExt: the upper half
	_unused [11]uint32
}

// InitOut is what the server accepts.
type InitOut struct {
	Major               uint32
	Minor               uint32
	MaxReadahead        uint32
	Flags               uint32
	MaxBackground       uint16
	CongestionThreshold uint16
	MaxWrite            uint32
	TimeGran            uint32 // ns
	MaxPages            uint16
	MapAlignment        uint16
	Flags2              uint32
	MaxStackDepth       uint32
	RequestTimeout      uint16
	_unused             [11]uint16
}

// Attr is what stat(2) answers.
type Attr struct {
	Ino                             uint64
	Size                            uint64
	Blocks                          uint64
	Atime, Mtime, Ctime             uint64
	AtimeNsec, MtimeNsec, CtimeNsec uint32
	Mode                            uint32
	Nlink                           uint32
	UID, GID                        uint32
	Rdev                            uint32
	Blksize                         uint32
	Flags                           uint32
}

// EntryOut is a node that a name leads to. The kernel counts one lookup of the node for it, until it forgets.
type EntryOut struct {
	Node           uint64
	Generation     uint64
	EntryValid     uint64 // s for which the kernel may take the name for granted
	AttrValid      uint64 // s for which it may take the attributes for granted
	EntryValidNsec uint32
	AttrValidNsec  uint32
	Attr           Attr
}

// AttrOut is the attributes of a node.
type AttrOut struct {
	Valid     uint64 // s
	ValidNsec uint32
	_dummy    uint32
	Attr      Attr
}

// GetattrFH in GetattrIn.Flags says that FH is valid.
const GetattrFH = 1 << 0

// GetattrIn asks for attributes.
type GetattrIn struct {
	Flags  uint32
	_dummy uint32
	FH     uint64
}

// Which fields of a SetattrIn are valid.
const (
	FattrMode        = 1 << 0
	FattrUID         = 1 << 1
	FattrGID         = 1 << 2
	FattrSize        = 1 << 3
	FattrAtime       = 1 << 4
	FattrMtime       = 1 << 5
	FattrFH          = 1 << 6
	FattrAtimeNow    = 1 << 7
	FattrMtimeNow    = 1 << 8
	FattrKillSUIDGID = 1 << 11
)

// SetattrIn changes attributes.
type SetattrIn struct {
	Valid                           uint32
	_padding                        uint32
	FH                              uint64
	Size                            uint64
	LockOwner                       uint64
	Atime, Mtime, Ctime             uint64
	AtimeNsec, MtimeNsec, CtimeNsec uint32
	Mode                            uint32
	_unused4                        uint32
	UID, GID                        uint32
	_unused5                        uint32
}

// MknodIn is followed by a name.
type MknodIn struct {
	Mode, Rdev, Umask uint32
	_padding          uint32
}

// MkdirIn is followed by a name.
type MkdirIn struct{ Mode, Umask uint32 }

// RenameIn is followed by the old and the new name.
type RenameIn struct{ NewDir uint64 }

// Rename2In is followed by the old and the new name. Flags are those of renameat2(2).
type Rename2In struct {
	NewDir   uint64
	Flags    uint32
	_padding uint32
}

// LinkIn is followed by the new name.
type LinkIn struct{ OldNode uint64 }

// OpenKillSUIDGID in OpenIn.OpenFlags asks to drop the set-user-ID and set-group-ID bits.
const OpenKillSUIDGID = 1 << 0

// OpenIn opens a file or folder. Flags are those of open(2).
type OpenIn struct{ Flags, OpenFlags uint32 }

// CreateIn is followed by a name.
type CreateIn struct{ Flags, Mode, Umask, OpenFlags uint32 }

// What OpenOut.OpenFlags may say.
const (
	FopenDirectIO  = 1 << 0 // what is read and written by this handle does not go through the kernel's pages of the file
	FopenKeepCache = 1 << 1 // the pages that the kernel has of the file are still true
)

// OpenOut is an open file.
type OpenOut struct {
	FH        uint64
	OpenFlags uint32
	BackingID int32
}

// ReleaseIn ends an open file.
type ReleaseIn struct {
	FH           uint64
	Flags        uint32
	ReleaseFlags uint32
	LockOwner    uint64
}

// FlushIn comes with each close(2) of a descriptor.
type FlushIn struct {
	FH        uint64
	_unused   uint32
	_padding  uint32
	LockOwner uint64
}

// ReadIn reads a file or folder.
type ReadIn struct {
	FH        uint64
	Offset    uint64
	Size      uint32
	ReadFlags uint32
	LockOwner uint64
	Flags     uint32
	_padding  uint32
}

// What WriteIn.WriteFlags says.
const (
	WriteCache       = 1 << 0 // the data comes from cached pages: of a mapping, by nobody in particular
	WriteKillSUIDGID = 1 << 2 // set-user-ID and set-group-ID bits are to be dropped
)

// WriteIn is followed by the data.
type WriteIn struct {
	FH         uint64
	Offset     uint64
	Size       uint32
	WriteFlags uint32
	LockOwner  uint64
	Flags      uint32 // of the open file now; see open(2)
	_padding   uint32
}

// WriteOut is how much was written, in bytes.
type WriteOut struct{ Size, _padding uint32 }

// StatfsOut is what statfs(2) answers.
type StatfsOut struct {
	Blocks, Bfree, Bavail  uint64
	Files, Ffree           uint64
	Bsize, Namelen, Frsize uint32
	_padding               uint32
	_spare                 [6]uint32
}

// FsyncDatasync in FsyncIn.Flags asks for the data only, as fdatasync(2) does.
const FsyncDatasync = 1 << 0

// FsyncIn writes to disk.
type FsyncIn struct {
	FH       uint64
	Flags    uint32
	_padding uint32
}

// SetxattrACLKillSGID in SetxattrIn.ExtFlags asks to drop the set-group-ID bit with the new ACL.
const SetxattrACLKillSGID = 1 << 0

// SetxattrIn is followed by a name and Size bytes of value. Without SetxattrExt it ends after Flags.
type SetxattrIn struct {
	Size, Flags uint32
	ExtFlags    uint32
	_padding    uint32
}

// SetxattrCompatIn is SetxattrIn without SetxattrExt.
type SetxattrCompatIn struct{ Size, Flags uint32 }

// GetxattrIn is followed by a name, but for Listxattr. With Size 0 the length is asked for.
type GetxattrIn struct{ Size, _padding uint32 }

// GetxattrOut answers the length, in bytes.
type GetxattrOut struct{ Size, _padding uint32 }

// FileLock is a POSIX lock on the bytes Start to End, End included.
type FileLock struct {
	Start, End uint64
	Type       uint32 // F_RDLCK, F_WRLCK, F_UNLCK
	PID        uint32
}

// LockToEnd is the End of a lock on all bytes from Start on.
const LockToEnd = 1<<63 - 1

// LkFlock in LkIn.Flags says that the lock is one of flock(2).
const LkFlock = 1 << 0

// LkIn asks for a lock.
type LkIn struct {
	FH       uint64
	Owner    uint64
	Lock     FileLock
	Flags    uint32
	_padding uint32
}

// LkOut is the lock that stands in the way.
type LkOut struct{ Lock FileLock }

// AccessIn asks for permission; see access(2).
type AccessIn struct{ Mask, _padding uint32 }

// InterruptIn says that whoever waits for a request has been interrupted.
type InterruptIn struct{ Unique uint64 }

// IoctlIn is followed by InSize bytes.
type IoctlIn struct {
	FH              uint64
	Flags           uint32
	Cmd             uint32
	Arg             uint64
	InSize, OutSize uint32
}

// IoctlOut is followed by what the ioctl gives back.
type IoctlOut struct {
	Result  int32
	Flags   uint32
	InIovs  uint32
	OutIovs uint32
}

// FallocateIn allocates and frees; see fallocate(2).
type FallocateIn struct {
	FH             uint64
	Offset, Length uint64
	Mode           uint32
	_padding       uint32
}

// LseekIn looks for data or a hole; see lseek(2).
type LseekIn struct {
	FH       uint64
	Offset   uint64
	Whence   uint32
	_padding uint32
}

// LseekOut is where it was found.
type LseekOut struct{ Offset uint64 }

// CopyFileRangeIn copies within the mount; see copy_file_range(2). The source is the request's own node.
type CopyFileRangeIn struct {
	FHIn, OffIn            uint64
	NodeOut, FHOut, OffOut uint64
	Len, Flags             uint64
}

// CopyFileRangeOut answers CopyFileRange64.
type CopyFileRangeOut struct{ Copied uint64 }

// ForgetIn takes lookups of a node back.
type ForgetIn struct{ Lookups uint64 }

// BatchForgetIn is followed by Count times ForgetOne.
type BatchForgetIn struct{ Count, _dummy uint32 }

// ForgetOne takes lookups of one node back.
type ForgetOne struct{ Node, Lookups uint64 }

// StatxIn asks for attributes as statx(2) does.
type StatxIn struct {
	GetattrFlags uint32
	_reserved    uint32
	FH           uint64
	Flags        uint32
	Mask         uint32
}

// StatxTime is a time of statx(2).
type StatxTime struct {
	Sec       int64
	Nsec      uint32
	_reserved int32
}

// StatxAttr is what statx(2) answers.
type StatxAttr struct {
	Mask                       uint32
	Blksize                    uint32
	Attributes                 uint64
	Nlink                      uint32
	UID, GID                   uint32
	Mode                       uint16
	_spare0                    uint16
	Ino, Size, Blocks          uint64
	AttributesMask             uint64
	Atime, Btime, Ctime, Mtime StatxTime
	RdevMajor, RdevMinor       uint32
	DevMajor, DevMinor         uint32
	_spare2                    [14]uint64
}

// StatxOut answers Statx.
type StatxOut struct {
	AttrValid     uint64 // s
	AttrValidNsec uint32
	Flags         uint32
	_spare        [2]uint64
	Stat          StatxAttr
}

// Dirent is followed by NameLen bytes of name and zeros up to the next multiple of 8.
type Dirent struct {
	Ino     uint64
	Off     uint64 // position of the entry after this one
	NameLen uint32
	Type    uint32 // as in getdents64(2): the mode's type bits, shifted right by 12
}

// Notices that a server may send by itself.
const (
	NotifyInvalInode = 2
	NotifyInvalEntry = 3
	NotifyStore      = 4
)

// InvalInodeOut makes the kernel forget attributes, and cached pages from Off on for Len bytes (0: to the end) unless
// Off is negative.
type InvalInodeOut struct {
	Node     uint64
	Off, Len int64
}

// ExpireOnly in InvalEntryOut.Flags has the kernel ask for the name anew instead, and leaves those alone who use what it
// leads to.
const ExpireOnly = 1 << 0

// InvalEntryOut makes the kernel forget a name; the name and a zero byte follow.
type InvalEntryOut struct {
	Parent  uint64
	NameLen uint32
	Flags   uint32
}

// StoreOut puts Size bytes, which follow, into the kernel's cached pages at Offset, and makes the file longer where it
// does not reach so far.
type StoreOut struct {
	Node     uint64
	Offset   uint64
	Size     uint32
	_padding uint32
}

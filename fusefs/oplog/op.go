package oplog

// opNames gives each operation the name that the FUSE protocol and strace users know it by.
var opNames = [NumOps]string{
	Init: "init", Destroy: "destroy", Statfs: "statfs", Mknod: "mknod", Mkdir: "mkdir", Unlink: "unlink",
	Rmdir: "rmdir", Link: "link", Symlink: "symlink", Readlink: "readlink", Rename: "rename", Chmod: "chmod",
	Chown: "chown", Utimens: "utimens", Access: "access", Create: "create", Open: "open", Getattr: "getattr",
	Truncate: "truncate", Read: "read", Write: "write", Flush: "flush", Release: "release", Fsync: "fsync",
	Opendir: "opendir", Readdir: "readdir", Releasedir: "releasedir", Fsyncdir: "fsyncdir", Setxattr: "setxattr",
	Getxattr: "getxattr", Removexattr: "removexattr", Listxattr: "listxattr",
	Lseek: "lseek", Fallocate: "fallocate", CopyFileRange: "copy_file_range", Flock: "flock", Lock: "lock",
	Lookup: "lookup", Ioctl: "ioctl",
}

// String returns the operation's name in lower case, e.g. "write".
func (o Op) String() string {
	if o == 0 || o >= NumOps {
		return "unknown"
	}
	return opNames[o]
}

// ParseOp returns the operation of that name, and whether there is one.
func ParseOp(name string) (Op, bool) {
	for o, n := range opNames {
		if n == name && n != "" {
			return Op(o), true
		}
	}
	return 0, false
}

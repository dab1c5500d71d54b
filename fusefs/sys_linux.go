package fusefs

import (
	"bytes"
	"encoding/binary"
	"strconv"

	"github.com/winfsp/cgofuse/fuse"
	"golang.org/x/sys/unix"
)

const (
	directFlag = unix.O_DIRECT
	openFolder = unix.O_PATH | unix.O_DIRECTORY // a folder to resolve names in
	openOnly   = unix.O_PATH                    // any file, only to refer to it
)

func fillStat(to *fuse.Stat_t, st *unix.Stat_t) {
	*to = fuse.Stat_t{
		Dev:     st.Dev,
		Ino:     st.Ino,
		Mode:    st.Mode,
		Nlink:   uint32(st.Nlink),
		Uid:     st.Uid,
		Gid:     st.Gid,
		Rdev:    st.Rdev,
		Size:    st.Size,
		Atim:    fuse.Timespec(st.Atim),
		Mtim:    fuse.Timespec(st.Mtim),
		Ctim:    fuse.Timespec(st.Ctim),
		Blksize: int64(st.Blksize),
		Blocks:  st.Blocks,
	}
	if st.Mode&unix.S_IFMT == unix.S_IFREG {
		to.Blksize = max(to.Blksize, ioSize)
	}
}

func fillStatfs(to *fuse.Statfs_t, st *unix.Statfs_t) {
	*to = fuse.Statfs_t{
		Bsize:   uint64(st.Bsize),
		Frsize:  uint64(st.Frsize),
		Blocks:  st.Blocks,
		Bfree:   st.Bfree,
		Bavail:  st.Bavail,
		Files:   st.Files,
		Ffree:   st.Ffree,
		Favail:  st.Ffree,
		Flag:    uint64(st.Flags),
		Namemax: uint64(st.Namelen),
	}
}

func syncFilesystem(fd int) error {
	return retry(func() error { return unix.Syncfs(fd) })
}

func syncFile(fd int, datasync bool) error {
	if datasync {
		return unix.Fdatasync(fd)
	}
	return unix.Fsync(fd)
}

func setTimes(fd int, ts []unix.Timespec) error {
	return unix.UtimesNanoAt(fd, "", ts, unix.AT_EMPTY_PATH)
}

func accessAt(dir int, name string, mask uint32) error {
	return unix.Faccessat(dir, name, mask, unix.AT_SYMLINK_NOFOLLOW|unix.AT_EACCESS)
}

func renameAt(dir1 int, name1 string, dir2 int, name2 string, flags uint32) error {
	return unix.Renameat2(dir1, name1, dir2, name2, uint(flags))
}

// inode is exactly one file, for system calls that take neither a folder's descriptor nor an O_PATH one: the name of
// such a descriptor in /proc/self/fd, which leads to the file itself even if it is a symbolic link; see proc(5).
type inode string

func (i inode) chmod(mode uint32) error { return unix.Chmod(string(i), mode) }

func (i inode) setxattr(name string, value []byte, flags int) error {
	return unix.Setxattr(string(i), name, value, flags)
}

func (i inode) getxattr(name string, buf []byte) (int, error) {
	return unix.Getxattr(string(i), name, buf)
}

func (i inode) removexattr(name string) error { return unix.Removexattr(string(i), name) }

func (i inode) listxattr(buf []byte) (int, error) { return unix.Listxattr(string(i), buf) }

// inodeOf names the file of a descriptor.
func inodeOf(fd int) inode { return inode("/proc/self/fd/" + strconv.Itoa(fd)) }

// list reads a folder's entries from position ofst on; see getdents64(2) for their layout.
func (c *call) list(fd int, ofst int64, each func(name string, stat *fuse.Stat_t, next int64) bool) int {
	if _, err := unix.Seek(fd, ofst, unix.SEEK_SET); err != nil {
		return errc(err)
	}
	const (
		lengthAt = 16
		typeAt   = 18
		nameAt   = 19
	)
	var buf [32 << 10]byte
	for {
		n, err := unix.Getdents(fd, buf[:])
		if err == unix.EINTR {
			continue
		}
		if err != nil || n == 0 {
			return errc(err)
		}
		for entries := buf[:n]; len(entries) > 0; {
			length := binary.NativeEndian.Uint16(entries[lengthAt:])
			entry := entries[:length]
			entries = entries[length:]
			name, _, _ := bytes.Cut(entry[nameAt:], []byte{0})
			stat := fuse.Stat_t{Ino: binary.NativeEndian.Uint64(entry), Mode: uint32(entry[typeAt]) << 12}
			if !each(string(name), &stat, int64(binary.NativeEndian.Uint64(entry[8:]))) {
				return 0
			}
		}
	}
}

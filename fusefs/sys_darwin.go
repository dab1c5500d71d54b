package fusefs

import (
	"bytes"
	"encoding/binary"

	"github.com/winfsp/cgofuse/fuse"
	"golang.org/x/sys/unix"
)

const (
	directFlag = 0
	openFolder = unix.O_RDONLY | unix.O_DIRECTORY // a folder to resolve names in
	openOnly   = unix.O_RDONLY | unix.O_SYMLINK   // any file, only to refer to it
)

// backingFlags are the flags with which the backing file is opened for a caller's flags. O_DIRECT stays with the
// kernel, which honours it towards the caller; our buffers have not the alignment that a disk asks for.
func backingFlags(flags int) int {
	return flags &^ (unix.O_CREAT | unix.O_EXCL | unix.O_NOCTTY | directFlag)
}

// recordedFlags are the caller's flags as the record has them, which is the system's way.
func recordedFlags(flags int) uint32 { return uint32(flags) }

func platformOf(int) handlePlatform { return handlePlatform{} }

// closing has nothing to tell: the kernel itself refuses to unmount while a file is open.
func (*FS) closing() bool { return false }

func pread(fd int, b []byte, at int64) (int, error)  { return unix.Pread(fd, b, at) }
func pwrite(fd int, b []byte, at int64) (int, error) { return unix.Pwrite(fd, b, at) }
func truncate(fd int, size int64) error              { return unix.Ftruncate(fd, size) }

// closeDuplicate closes a duplicate of the descriptor: a backing that reports lost writes at close, as NFS does, reports
// them to the application that closes the file.
func closeDuplicate(fd int) error {
	dup, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return err
	}
	return unix.Close(dup)
}

func fillStat(to *fuse.Stat_t, st *unix.Stat_t) {
	*to = fuse.Stat_t{
		Dev:      uint64(st.Dev),
		Ino:      st.Ino,
		Mode:     uint32(st.Mode),
		Nlink:    uint32(st.Nlink),
		Uid:      st.Uid,
		Gid:      st.Gid,
		Rdev:     uint64(st.Rdev),
		Size:     st.Size,
		Atim:     fuse.Timespec(st.Atim),
		Mtim:     fuse.Timespec(st.Mtim),
		Ctim:     fuse.Timespec(st.Ctim),
		Birthtim: fuse.Timespec(st.Btim),
		Blksize:  int64(st.Blksize),
		Blocks:   st.Blocks,
		Flags:    st.Flags,
	}
	if st.Mode&unix.S_IFMT == unix.S_IFREG {
		to.Blksize = max(to.Blksize, ioSize)
	}
}

func fillStatfs(to *fuse.Statfs_t, st *unix.Statfs_t) {
	*to = fuse.Statfs_t{
		Bsize:   uint64(st.Bsize),
		Frsize:  uint64(st.Bsize),
		Blocks:  st.Blocks,
		Bfree:   st.Bfree,
		Bavail:  st.Bavail,
		Files:   st.Files,
		Ffree:   st.Ffree,
		Favail:  st.Ffree,
		Namemax: 255,
	}
}

// syncFilesystem has no call for one filesystem here and asks for all.
func syncFilesystem(int) error { return unix.Sync() }

// syncFile asks the drive itself to write its cache, which fsync(2) does not on macOS.
func syncFile(fd int, _ bool) error {
	_, err := unix.FcntlInt(uintptr(fd), unix.F_FULLFSYNC, 0)
	if err == unix.ENOTSUP || err == unix.EINVAL {
		return unix.Fsync(fd)
	}
	return err
}

// setTimes knows microseconds only: macOS has futimens(3), but not as a system call.
func setTimes(fd int, ts []unix.Timespec) error {
	return unix.Futimes(fd, []unix.Timeval{micro(ts[0]), micro(ts[1])})
}

func micro(ts unix.Timespec) unix.Timeval {
	return unix.Timeval{Sec: ts.Sec, Usec: int32(ts.Nsec / 1000)}
}

func accessAt(dir int, name string, mask uint32) error {
	return unix.Faccessat(dir, name, mask, unix.AT_SYMLINK_NOFOLLOW|unix.AT_EACCESS)
}

func renameAt(dir1 int, name1 string, dir2 int, name2 string, flags uint32) error {
	return unix.RenameatxNp(dir1, name1, dir2, name2, flags)
}

// inode is exactly one file: a descriptor of it, also of a symbolic link itself.
type inode int

func (i inode) chmod(mode uint32) error { return unix.Fchmod(int(i), mode) }

func (i inode) setxattr(name string, value []byte, flags int) error {
	return unix.Fsetxattr(int(i), name, value, flags)
}

func (i inode) getxattr(name string, buf []byte) (int, error) {
	return unix.Fgetxattr(int(i), name, buf)
}

func (i inode) removexattr(name string) error { return unix.Fremovexattr(int(i), name) }

func (i inode) listxattr(buf []byte) (int, error) { return unix.Flistxattr(int(i), buf) }

// inodeOf names the file of a descriptor.
func inodeOf(fd int) inode { return inode(fd) }

// list reads a whole folder, whatever ofst says: with a next position of 0 FUSE keeps the entries itself. For the
// layout of an entry see getdirentries(2), struct dirent with 64-bit inodes.
func (c *call) list(fd int, _ int64, each func(name string, stat *fuse.Stat_t, next int64) bool) int {
	if _, err := unix.Seek(fd, 0, 0); err != nil {
		return errc(err)
	}
	const (
		lengthAt = 16
		typeAt   = 20
		nameAt   = 21
	)
	buf := make([]byte, 32<<10)
	var base uintptr
	for {
		n, err := unix.Getdirentries(fd, buf, &base)
		if err == unix.EINTR {
			continue
		}
		if err != nil || n == 0 {
			return errc(err)
		}
		for entries := buf[:n]; len(entries) > 0; {
			entry := entries[:binary.NativeEndian.Uint16(entries[lengthAt:])]
			entries = entries[len(entry):]
			name, _, _ := bytes.Cut(entry[nameAt:], []byte{0})
			stat := fuse.Stat_t{Ino: binary.NativeEndian.Uint64(entry), Mode: uint32(entry[typeAt]) << 12}
			if !each(string(name), &stat, 0) {
				return 0
			}
		}
	}
}

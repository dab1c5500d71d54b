//go:build linux && fuse3

package fusefs

// The operations that cgofuse has no callback for, as libfuse_linux.c passes them on.

/*
#include <fcntl.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>
#include "libfuse_linux.h"
*/
import "C"

import (
	"unsafe"

	"github.com/winfsp/cgofuse/fuse"
	"golang.org/x/sys/unix"

	"vitrine/fusefs/oplog"
)

// interrupted reports whether the caller of the operation being served was interrupted.
func interrupted() bool { return C.vitrine_interrupted() != 0 }

//export vitrineLseek
func vitrineLseek(fs unsafe.Pointer, path *C.char, offset C.off_t, whence C.int, fh C.uint64_t) C.off_t {
	return C.off_t(servedFS(fs).lseek(C.GoString(path), int64(offset), int(whence), uint64(fh)))
}

// lseek finds data and holes; the kernel asks for SEEK_DATA and SEEK_HOLE only. It returns an offset in bytes.
func (fs *FS) lseek(path string, offset int64, whence int, fh uint64) (at int) {
	c := fs.begin(oplog.Event{Op: oplog.Lseek, Path: path, Handle: fh, Offset: offset, Mode: uint32(whence)})
	defer c.end(&at)
	h, errno := c.hold(fh)
	if errno != 0 {
		return errno
	}
	h.cursor.Lock()
	defer h.cursor.Unlock()
	found, err := unix.Seek(h.fd, offset, whence)
	if err != nil {
		return errc(err)
	}
	return int(found)
}

//export vitrineFallocate
func vitrineFallocate(fs unsafe.Pointer, path *C.char, mode C.int, offset, length C.off_t, fh C.uint64_t) C.int {
	return C.int(servedFS(fs).fallocate(C.GoString(path), uint32(mode), int64(offset), int64(length), uint64(fh)))
}

// fallocate allocates, punches, zeroes, collapses or inserts, as far as the backing can; see fallocate(2).
func (fs *FS) fallocate(path string, mode uint32, offset, length int64, fh uint64) (errno int) {
	c := fs.begin(oplog.Event{Op: oplog.Fallocate, Path: path, Handle: fh, Offset: offset, Size: length, Mode: mode})
	defer c.end(&errno)
	if errno = fs.refuse(); errno != 0 {
		return errno
	}
	return c.onFile(path, fh, unix.O_WRONLY, func(fd int) error { return unix.Fallocate(fd, mode, offset, length) })
}

//export vitrineCopyFileRange
func vitrineCopyFileRange(fs unsafe.Pointer, from *C.char, fromFh C.uint64_t, fromOffset C.off_t,
	to *C.char, toFh C.uint64_t, toOffset C.off_t, size C.size_t, flags C.int) C.ssize_t {
	return C.ssize_t(servedFS(fs).copyFileRange(C.GoString(from), uint64(fromFh), int64(fromOffset),
		C.GoString(to), uint64(toFh), int64(toOffset), int(size), int(flags)))
}

// copyFileRange copies on the backing itself, so that no data passes through us; see copy_file_range(2). It returns
// the bytes copied.
func (fs *FS) copyFileRange(from string, fromFh uint64, fromOffset int64, to string, toFh uint64, toOffset int64, size, flags int) (n int) {
	c := fs.begin(oplog.Event{Op: oplog.CopyFileRange, Path: from, Path2: to, Handle: toFh, Offset: toOffset, Size: int64(size)})
	defer c.end(&n)
	if errno := fs.refuse(); errno != 0 {
		return errno
	}
	source := fs.handles.hold(fromFh)
	if source == nil {
		c.out.Flags |= oplog.Refused
		return -int(unix.EBADF)
	}
	defer source.letGo()
	target, errno := c.hold(toFh)
	if errno != 0 {
		return errno
	}
	err := retry(func() (err error) {
		n, err = unix.CopyFileRange(source.fd, &fromOffset, target.fd, &toOffset, size, flags)
		return err
	})
	if err != nil {
		return errc(err)
	}
	return n
}

//export vitrineFlock
func vitrineFlock(fs unsafe.Pointer, path *C.char, op C.int, fh C.uint64_t) C.int {
	return C.int(servedFS(fs).flock(C.GoString(path), uint64(fh), int(op), interrupted))
}

//export vitrineLock
func vitrineLock(fs unsafe.Pointer, path *C.char, fh, owner C.uint64_t, command C.int, lock *C.struct_flock) C.int {
	l := unix.Flock_t{Type: int16(lock.l_type), Whence: int16(lock.l_whence), Start: int64(lock.l_start), Len: int64(lock.l_len)}
	errno := servedFS(fs).posixLock(C.GoString(path), uint64(fh), uint64(owner), int(command), &l, interrupted)
	if command == unix.F_GETLK && errno == 0 {
		lock.l_type, lock.l_whence = C.short(l.Type), C.short(l.Whence)
		lock.l_start, lock.l_len, lock.l_pid = C.off_t(l.Start), C.off_t(l.Len), C.pid_t(max(l.Pid, 0))
	}
	return C.int(errno)
}

//export vitrineUnlock
func vitrineUnlock(fs unsafe.Pointer, fh, owner C.uint64_t) {
	f := servedFS(fs)
	if h := f.handles.hold(uint64(fh)); h != nil {
		f.locks.drop(h.fd, uint64(owner))
		h.letGo()
	}
}

//export vitrineUtimens
func vitrineUtimens(fs unsafe.Pointer, path *C.char, times *C.struct_timespec, fh C.uint64_t) C.int {
	both := unsafe.Slice(times, 2)
	spec := func(t C.struct_timespec) fuse.Timespec {
		return fuse.Timespec{Sec: int64(t.tv_sec), Nsec: int64(t.tv_nsec)}
	}
	return C.int(servedFS(fs).Utimens3(C.GoString(path), []fuse.Timespec{spec(both[0]), spec(both[1])}, uint64(fh)))
}

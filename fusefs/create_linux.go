//go:build linux && fuse3

package fusefs

/*
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// The kernel has applied the caller's umask before it asks; the umask of this process must not cut the mode again.
// A umask belongs to all threads that share it, so the thread takes one of its own first (unshare(2), CLONE_FS) and
// has it open for the one system call only: nothing that Go starts from this thread can inherit an open umask.
static mode_t umask_open(int *own)
{
	*own = unshare(CLONE_FS) == 0;
	return *own ? umask(0) : 0;
}

static void umask_restore(int own, mode_t old)
{
	int keep = errno;
	if (own)
		umask(old);
	errno = keep;
}

static long vitrine_openat2(int dir, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve)
{
	struct open_how how = {.flags = flags, .mode = mode, .resolve = resolve};
	int own;
	mode_t old = umask_open(&own);
	long r = syscall(SYS_openat2, dir, path, &how, sizeof how);
	umask_restore(own, old);
	return r;
}

static int vitrine_mkdirat(int dir, const char *name, mode_t mode)
{
	int own;
	mode_t old = umask_open(&own);
	int r = mkdirat(dir, name, mode);
	umask_restore(own, old);
	return r;
}

static int vitrine_mknodat(int dir, const char *name, mode_t mode, uint64_t dev)
{
	int own;
	mode_t old = umask_open(&own);
	int r = mknodat(dir, name, mode, dev);
	umask_restore(own, old);
	return r;
}
*/
import "C"

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// createBeneath creates and opens the file rel below root with exactly the permission bits of mode.
func createBeneath(root int, rel string, flags int, mode uint32) (fd int, err error) {
	path := C.CString(rel)
	defer C.free(unsafe.Pointer(path))
	r, err := C.vitrine_openat2(C.int(root), path, C.uint64_t(flags|unix.O_CREAT|openFlags), C.uint64_t(mode&0o7777), resolveBeneath)
	if r < 0 {
		return -1, swapped(err)
	}
	return int(r), nil
}

// mkdirAt is mkdirat(2) with exactly the permission bits of mode.
func mkdirAt(dir int, name string, mode uint32) error {
	path := C.CString(name)
	defer C.free(unsafe.Pointer(path))
	if r, err := C.vitrine_mkdirat(C.int(dir), path, C.mode_t(mode&0o7777)); r < 0 {
		return err
	}
	return nil
}

// mknodAt is mknodat(2) with exactly the file type and permission bits of mode.
func mknodAt(dir int, name string, mode uint32, dev uint64) error {
	path := C.CString(name)
	defer C.free(unsafe.Pointer(path))
	if r, err := C.vitrine_mknodat(C.int(dir), path, C.mode_t(mode), C.uint64_t(dev)); r < 0 {
		return err
	}
	return nil
}

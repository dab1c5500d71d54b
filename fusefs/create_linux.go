package fusefs

/*
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// What is made shall have the mode and the owner that it would have without us: umask and owner of the caller, and all
// else (setgid folders, default ACLs) as the backing's own kernel does it at that instant.
//
// A umask belongs to all threads that share it, so the thread takes one of its own first (unshare(2), CLONE_FS) and has
// the caller's for the one system call only: nothing that Go starts from this thread can inherit it. The same holds
// for the caller's identity (setfsuid(2)), which belongs to the thread anyway. The capabilities that this would take
// away are taken back: whether the caller may was the mount's kernel to check, which knows all their groups.
struct as {
	uid_t uid;
	gid_t gid;
	mode_t umask;
	int own;
};

static int own_umask(mode_t mask, mode_t *before)
{
	if (unshare(CLONE_FS) < 0)
		return 0;
	*before = umask(mask);
	return 1;
}

static void become(const struct as *as)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct caps[2];
	int known = syscall(SYS_capget, &head, caps) == 0;
	setfsgid(as->gid);
	setfsuid(as->uid);
	if (known)
		syscall(SYS_capset, &head, caps);
}

static void be_ourselves(void)
{
	setfsuid(geteuid());
	setfsgid(getegid());
}

// MAKE evaluates call as the caller and stores its result.
#define MAKE(result, as, call) do { \
		mode_t before; \
		int masked = own_umask((as)->umask, &before); \
		if ((as)->own) \
			become(as); \
		result = call; \
		int keep = errno; \
		if ((as)->own) \
			be_ourselves(); \
		if (masked) \
			umask(before); \
		errno = keep; \
	} while (0)

static int vitrine_openat(struct as as, int dir, const char *name, int flags, mode_t mode)
{
	int fd;
	MAKE(fd, &as, openat(dir, name, flags, mode));
	return fd;
}

static int vitrine_mkdirat(struct as as, int dir, const char *name, mode_t mode)
{
	int result;
	MAKE(result, &as, mkdirat(dir, name, mode));
	return result;
}

static int vitrine_mknodat(struct as as, int dir, const char *name, mode_t mode, uint64_t dev)
{
	int result;
	MAKE(result, &as, mknodat(dir, name, mode, dev));
	return result;
}

static int vitrine_symlinkat(struct as as, const char *target, int dir, const char *name)
{
	int result;
	MAKE(result, &as, symlinkat(target, dir, name));
	return result;
}
*/
import "C"

import (
	"math"
	"os"
	"strconv"
	"strings"
	"sync"
	"unsafe"

	"vitrine/fusefs/wire"
)

// as is the caller as C takes it.
func (by caller) as() C.struct_as {
	own := C.int(0)
	if by.own {
		own = 1
	}
	return C.struct_as{uid: C.uid_t(by.uid), gid: C.gid_t(by.gid), umask: C.mode_t(by.umask), own: own}
}

// cname is a name as C takes it. It is memory that C has given.
func cname(name wire.Name) *C.char { return (*C.char)(unsafe.Pointer(name.Ptr())) }

// ownUmask is this process's umask, which it never changes; see proc_pid_status(5). Where the system does not tell it is
// none that a caller can have.
var ownUmask = sync.OnceValue(func() uint32 {
	status, _ := os.ReadFile("/proc/self/status")
	_, after, _ := strings.Cut(string(status), "\nUmask:")
	digits, _, _ := strings.Cut(after, "\n")
	mask, err := strconv.ParseUint(strings.TrimSpace(digits), 8, 32)
	if err != nil {
		return math.MaxUint32
	}
	return uint32(mask)
})

// likeUs reports whether what this process makes is as if the caller had made it.
func (by caller) likeUs() bool { return !by.own && by.umask == ownUmask() }

// createAt is openat(2) for the caller, with flags that create.
func createAt(dir int, name wire.Name, flags int, mode uint32, by caller) (fd int, err error) {
	if by.likeUs() {
		return openat(dir, name, flags, mode&0o7777)
	}
	r, err := C.vitrine_openat(by.as(), C.int(dir), cname(name), C.int(flags), C.mode_t(mode&0o7777))
	if r < 0 {
		return -1, err
	}
	return int(r), nil
}

// mkdirAt is mkdirat(2) for the caller.
func mkdirAt(dir int, name wire.Name, mode uint32, by caller) error {
	result, err := C.vitrine_mkdirat(by.as(), C.int(dir), cname(name), C.mode_t(mode&0o7777))
	return made(result, err)
}

// mknodAt is mknodat(2) for the caller.
func mknodAt(dir int, name wire.Name, mode uint32, dev uint64, by caller) error {
	result, err := C.vitrine_mknodat(by.as(), C.int(dir), cname(name), C.mode_t(mode), C.uint64_t(dev))
	return made(result, err)
}

// symlinkAt is symlinkat(2) for the caller.
func symlinkAt(target wire.Name, dir int, name wire.Name, by caller) error {
	result, err := C.vitrine_symlinkat(by.as(), cname(target), C.int(dir), cname(name))
	return made(result, err)
}

// made is the error of a system call that answers -1 for one, as cgo gives both.
func made(result C.int, err error) error {
	if result < 0 {
		return err
	}
	return nil
}

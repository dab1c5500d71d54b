//go:build linux && fuse3

package fusefs

// The seam between cgofuse and libfuse 3.
//
// cgofuse loads libfuse at run time with dlsym and calls its fuse_main_real, which leaves no room for what a mount
// must get right: cache timeouts, the number of threads, signals, and libfuse's own words when something fails. The
// linker's -wrap=dlsym sends every dlsym of this program through __wrap_dlsym in libfuse_linux.c, which hands cgofuse
// our vitrine_main under that one name and passes all others on. Its answer to FUSE_INIT calls vitrineInit where
// cgofuse's would call Init: so a mount whose seam did not take is noticed, and fails.

/*
#cgo CFLAGS: -D_FILE_OFFSET_BITS=64 -I/usr/include/fuse3
#cgo LDFLAGS: -Wl,-wrap=dlsym -ldl
#include <dlfcn.h>
#include <stdlib.h>
#include "libfuse_linux.h"

static int vitrine_can_load(const char *library)
{
	void *handle = dlopen(library, RTLD_NOW);
	return handle != NULL;
}
*/
import "C"

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/winfsp/cgofuse/fuse"
)

const (
	libfuse      = "libfuse3.so.3"
	libfuseNewer = "libfuse3.so.4" // 3.17 and later, which cgofuse does not look for
)

// loads reports whether the dynamic linker finds a library.
func loads(library string) bool {
	name := C.CString(library)
	defer C.free(unsafe.Pointer(name))
	return C.vitrine_can_load(name) != 0
}

var (
	serving     sync.Map // id of a served mount (uint64) → *FS
	served      sync.Map // cgofuse's private data of a mount (unsafe.Pointer) → *FS
	lastServing atomic.Uint64
)

// vitrineInit begins to serve a mount. It reports whether other users may use it.
//
//export vitrineInit
func vitrineInit(id C.uint64_t, data unsafe.Pointer) (others C.int) {
	found, ok := serving.Load(uint64(id))
	if !ok {
		return 0
	}
	fs := found.(*FS)
	served.Store(data, fs)
	fs.start(nil)
	if fs.others {
		return 1
	}
	return 0
}

// mountCaller asks FUSE who asks. It may be called only while a FUSE operation is being served.
func mountCaller(others bool) func() caller {
	own := others && os.Geteuid() == 0
	return func() caller {
		var tid C.pid_t
		var uid C.uid_t
		var gid C.gid_t
		var umask C.mode_t
		C.vitrine_caller(&tid, &uid, &gid, &umask)
		return caller{tid: int32(tid), uid: uint32(uid), gid: uint32(gid), umask: uint32(umask), own: own}
	}
}

// servedFS returns the filesystem whose operation is being served.
func servedFS(data unsafe.Pointer) *FS {
	fs, _ := served.Load(data)
	return fs.(*FS)
}

var errNoSeam = errors.New("this build is not linked to libfuse as it should be; see fusefs/libfuse_linux.go")

// Init is called only where the seam did not take, by cgofuse's own answer to the kernel.
func (fs *FS) Init() { fs.start(errNoSeam) }

// serve answers the kernel on an open and mounted /dev/fuse until it ends the connection, or stopServing does. It takes
// over fd. The id is the mount's own, from newServing.
func serve(id uint64, fs *FS, fd int) (err error) {
	runtime.LockOSThread() // vitrine_prepare names the mount for this thread
	defer runtime.UnlockOSThread()
	defer func() {
		if r := recover(); r != nil { // how cgofuse says that it cannot find libfuse
			err = fmt.Errorf("%v", r)
		}
	}()
	serving.Store(id, fs)
	defer func() {
		serving.Delete(id)
		served.Range(func(data, other any) bool {
			if other == any(fs) {
				served.Delete(data)
			}
			return true
		})
	}()
	C.vitrine_prepare(C.uint64_t(id))
	ok := fuse.NewFileSystemHost(fs).Mount(fmt.Sprintf("/dev/fd/%d", fd), nil)
	if !ok {
		return errors.New(libfuseMessages())
	}
	return nil
}

func newServing() uint64 { return lastServing.Add(1) }

// stopServing ends the serving of a mount that the kernel keeps alive because files are open in it. Call it until
// serve has returned.
func stopServing(id uint64) { C.vitrine_stop(C.uint64_t(id)) }

// libfuseMessages returns what libfuse said last, in one line.
func libfuseMessages() string {
	var text [4096]C.char
	C.vitrine_messages(&text[0], C.size_t(len(text)))
	said := strings.Join(strings.Fields(C.GoString(&text[0])), " ")
	if said == "" {
		return "libfuse gave no reason"
	}
	return said
}

package fusefs

/*
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
	TICK = 1000000, // ns
	IDLE_TICKS = 50 // with a reader, until the watch sleeps
};

struct watch {
	_Atomic uint64_t served;
	_Atomic int32_t reading;
	_Atomic int32_t asleep; // and a futex
	_Atomic int32_t quit;
	int bell;
	pthread_t thread;
};

// may_sleep says that the watch sleeps from now on, unless the last reader took a request before it could know that.
static int may_sleep(struct watch *w)
{
	int32_t yes = 1;
	atomic_store(&w->asleep, 1);
	return atomic_load(&w->reading) > 0 || !atomic_compare_exchange_strong(&w->asleep, &yes, 0);
}

static void *keep_watch(void *watch)
{
	struct watch *w = watch;
	const struct timespec tick = {.tv_nsec = TICK};
	uint64_t last = 0;
	int idle = 0;
	while (!atomic_load(&w->quit)) {
		nanosleep(&tick, NULL);
		uint64_t served = atomic_load(&w->served);
		if (atomic_load(&w->reading) == 0) {
			if (served == last)
				eventfd_write(w->bell, 1);
			idle = 0;
		} else if (++idle >= IDLE_TICKS && may_sleep(w)) {
			while (atomic_load(&w->asleep))
				syscall(SYS_futex, &w->asleep, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0);
			idle = 0;
		}
		last = served;
	}
	return NULL;
}

// begin_watch starts the thread, without signals: those are for Go's threads.
static int begin_watch(struct watch *w)
{
	sigset_t all, before;
	sigfillset(&all);
	w->bell = eventfd(0, EFD_CLOEXEC);
	if (w->bell < 0)
		return -1;
	pthread_sigmask(SIG_SETMASK, &all, &before);
	errno = pthread_create(&w->thread, NULL, keep_watch, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return errno ? -1 : 0;
}

static void wake_watch(struct watch *w)
{
	atomic_store(&w->asleep, 0);
	syscall(SYS_futex, &w->asleep, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void end_watch(struct watch *w)
{
	atomic_store(&w->quit, 1);
	wake_watch(w);
	pthread_join(w->thread, NULL);
	eventfd_write(w->bell, 1);
}
*/
import "C"

import (
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// watch notices operations that keep the only reader: those during which for a whole tick nobody reads and nothing is
// finished. It looks each millisecond, from a thread that is not Go's: to the scheduler a tick costs more than a request.
type watch struct {
	served  *atomic.Uint64 // requests answered
	reading *atomic.Int32  // workers that read, or are about to
	asleep  *atomic.Int32  // 1 after some time in which there was always a reader
	shared  *C.struct_watch
}

func newWatch() watch {
	w := (*C.struct_watch)(C.calloc(1, C.size_t(unsafe.Sizeof(C.struct_watch{}))))
	return watch{
		served:  (*atomic.Uint64)(unsafe.Pointer(&w.served)),
		reading: (*atomic.Int32)(unsafe.Pointer(&w.reading)),
		asleep:  (*atomic.Int32)(unsafe.Pointer(&w.asleep)),
		shared:  w,
	}
}

// begin begins to watch. It answers a function that waits until a reader is missing, or the watch has ended.
func (w watch) begin() (missing func(), err error) {
	if result, err := C.begin_watch(w.shared); result != 0 {
		return nil, err
	}
	bell := int(w.shared.bell)
	return func() {
		var count [8]byte
		retry(func() error {
			_, err := unix.Read(bell, count[:])
			return err
		})
	}, nil
}

// stir wakes the watch where nobody reads any more. It is called after each request.
func (w watch) stir() {
	if w.reading.Load() == 0 && w.asleep.Load() != 0 && w.asleep.CompareAndSwap(1, 0) {
		C.wake_watch(w.shared)
	}
}

// end ends the watch. The function that begin answered returns then.
func (w watch) end() { C.end_watch(w.shared) }

// free is called last of all.
func (w watch) free() {
	C.close(w.shared.bell)
	C.free(unsafe.Pointer(w.shared))
}

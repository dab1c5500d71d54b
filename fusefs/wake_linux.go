package fusefs

/*
#include <signal.h>
#include <stddef.h>

static void woken(int signal) { (void)signal; }

// A read that waits in one of our threads ends with EINTR upon this signal only: Go's own handlers have it restarted.
static int install(void)
{
	struct sigaction wake = {.sa_handler = woken, .sa_flags = SA_ONSTACK};
	return sigaction(SIGRTMAX, &wake, NULL) == 0 ? SIGRTMAX : -1;
}
*/
import "C"

import (
	"sync"

	"golang.org/x/sys/unix"
)

// wakeSignal is the signal that interrupts, installed at the first use.
var wakeSignal = sync.OnceValue(func() unix.Signal { return unix.Signal(C.install()) })

// wakeThread interrupts a system call that waits in a thread of ours.
func wakeThread(tid int) { unix.Tgkill(unix.Getpid(), tid, wakeSignal()) }

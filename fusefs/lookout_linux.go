package fusefs

import (
	"bytes"
	"encoding/binary"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// lookout is what a goroutine rests with that looks after what inotify(7) and others tell it.
type lookout struct {
	events int // inotify descriptor, -1 where the system gives none
	bell   int // eventfd(2) that ends a rest

	mu     sync.Mutex // guards what follows, and of whoever has the lookout what says so
	asleep bool
	quit   bool
}

// lookEvery is how often there is a look while there is something to look at.
const lookEvery = 10 * time.Millisecond

func newLookout() lookout {
	events, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		events = -1
	}
	bell, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		bell = -1
	}
	return lookout{events: events, bell: bell}
}

// ring ends a rest. The caller holds l.mu.
func (l *lookout) ring() {
	if l.asleep {
		l.asleep = false
		unix.Write(l.bell, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	}
}

// end makes run return.
func (l *lookout) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.quit = true
	l.ring()
}

// run looks until end is called: while busy, which is called with l.mu held, says so every lookEvery, and otherwise when there
// is an event or a ring.
func (l *lookout) run(busy func() bool, look func()) {
	defer unix.Close(l.bell)
	defer unix.Close(l.events)
	wait := []unix.PollFd{{Fd: int32(l.bell), Events: unix.POLLIN}, {Fd: int32(l.events), Events: unix.POLLIN}}
	for {
		rest, quit := l.mayRest(busy)
		switch {
		case quit:
			return
		case rest:
			unix.Poll(wait, -1)
			unix.Read(l.bell, make([]byte, 8))
			l.mu.Lock()
			l.asleep = false
			l.mu.Unlock()
		}
		time.Sleep(lookEvery) // also after a rest: more will come, and much of it is over by then
		look()
	}
}

// mayRest reports whether there is nothing to look at, and whether it is all over.
func (l *lookout) mayRest(busy func() bool) (rest, quit bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asleep = l.bell >= 0 && !busy()
	return l.asleep, l.quit
}

// drain calls f with each event that has come: the number of its watch, what happened, and the name in a folder to which it
// did, if any. The name is valid during the call only.
func (l *lookout) drain(f func(watch int32, mask uint32, name []byte)) {
	var buf [4096]byte
	for l.events >= 0 {
		n, err := unix.Read(l.events, buf[:])
		if err == unix.EINTR {
			continue
		}
		if err != nil || n <= 0 {
			return
		}
		for at := buf[:n]; len(at) >= unix.SizeofInotifyEvent; {
			end := min(len(at), unix.SizeofInotifyEvent+int(binary.NativeEndian.Uint32(at[12:])))
			name, _, _ := bytes.Cut(at[unix.SizeofInotifyEvent:end], []byte{0})
			f(int32(binary.NativeEndian.Uint32(at)), binary.NativeEndian.Uint32(at[4:]), name)
			at = at[end:]
		}
	}
}

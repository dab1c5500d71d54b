package fusefs

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vitrine/fusefs/oplog"
)

// watched is a folder of a mount over which a vigil is kept.
type watched struct {
	*child
	t     *testing.T
	names []string // of its files, below the mount
}

// watchedFolder has a folder watched. The kernel answers for that long by itself, unless it is told of a change.
func watchedFolder(t *testing.T, lasts time.Duration) *watched {
	t.Helper()
	t.Setenv(vigilEnv, lasts.String())
	w := &watched{child: mountChild(t), t: t}
	check(t, os.Mkdir(w.behind("d"), 0o755))
	for i := range 3 * vigilAfter {
		name := fmt.Sprintf("d/f%02d", i)
		check(t, os.WriteFile(w.behind(name), []byte(name), 0o600))
		w.names = append(w.names, name)
	}
	w.settle()
	return w
}

// settle waits until the kernel asks for nothing in the folder any more.
func (w *watched) settle() {
	w.t.Helper()
	eventually(w.t, "the kernel answers by itself", func() bool {
		w.statAll()
		time.Sleep(2 * validFor)
		before := w.lookups()
		w.statAll()
		return w.lookups() == before
	})
}

func (w *watched) statAll() {
	for _, name := range w.names {
		os.Lstat(w.file(name))
	}
}

// lookups counts how often names in the folder were asked for.
func (w *watched) lookups() (n int) {
	w.t.Helper()
	for _, e := range w.ask("flush").Events {
		if e.Op == oplog.Lookup && strings.HasPrefix(e.Path, "/d/") {
			n++
		}
	}
	return n
}

// same reports whether lstat(2) shows in the mount what it shows behind it.
func (w *watched) same(name string) bool {
	var there, here unix.Stat_t
	errThere, errHere := unix.Lstat(w.behind(name), &there), unix.Lstat(w.file(name), &here)
	if errThere != nil || errHere != nil {
		return errThere == errHere
	}
	return there.Ino == here.Ino && there.Size == here.Size && there.Mode == here.Mode && there.Uid == here.Uid &&
		there.Mtim == here.Mtim && there.Nlink == here.Nlink
}

func (w *watched) becomesSame(names ...string) {
	w.t.Helper()
	for _, name := range names {
		w.becomes(w.t, name+" is what is there", func() bool { return w.same(name) })
	}
}

// TestVigil changes a folder that is watched behind the mount, which shows it though the kernel need not ask.
func TestVigil(t *testing.T) {
	w := watchedFolder(t, time.Hour)
	name := w.names[7]
	file := w.behind(name)
	for what, change := range map[string]func() error{
		"append":   func() error { return outsideAppend(file, append(make([]byte, len(outsideOld)), "more"...)) },
		"rewrite":  func() error { return outsideRewrite(file, []byte("same")) },
		"truncate": func() error { return os.Truncate(file, 2) },
		"chmod":    func() error { return os.Chmod(file, 0o644) },
		"times":    func() error { return os.Chtimes(file, time.Unix(1, 0), time.Unix(2, 0)) },
		"replace":  func() error { return outsideReplace(file, []byte("another file")) },
		"rename":   func() error { return os.Rename(file, w.behind("d/elsewhere")) },
		"delete":   func() error { return os.Remove(file) },
		"symlink":  func() error { return errors.Join(os.Remove(file), os.Symlink("nowhere", file)) },
		"folder":   func() error { return errors.Join(os.Remove(file), os.Mkdir(file, 0o700)) },
	} {
		t.Run(what, func(t *testing.T) {
			w.t = t
			check(t, change())
			w.becomesSame(name, "d/elsewhere")
			check(t, os.RemoveAll(file))
			check(t, os.WriteFile(file, []byte("again"), 0o600))
			w.becomesSame(name)
			w.settle()
		})
	}
	w.t = t
	w.ejects()
}

// TestVigilOfOurOwnChanges changes a watched folder through the mount.
func TestVigilOfOurOwnChanges(t *testing.T) {
	w := watchedFolder(t, time.Hour)
	for round := range 50 {
		name := w.names[round%len(w.names)]
		check(t, os.WriteFile(w.file(name), make([]byte, round), 0o600))
		if !w.same(name) {
			t.Fatalf("round %d: %s was written", round, name)
		}
		check(t, os.Remove(w.file(name)))
		if _, err := os.Lstat(w.file(name)); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("round %d: %s was removed: %v", round, name, err)
		}
		check(t, os.WriteFile(w.file(name), nil, 0o600))
		time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
	}
	w.becomesSame(w.names...)
	w.ejects()
}

// TestVigilEnds has more happen in a watched folder than a vigil is good for, and then changes what the kernel was told.
func TestVigilEnds(t *testing.T) {
	w := watchedFolder(t, time.Hour)
	for i := range 10 * vigilEvents {
		check(t, os.WriteFile(w.behind(fmt.Sprintf("d/new%d", i)), nil, 0o600))
	}
	for _, name := range w.names {
		check(t, os.Chmod(w.behind(name), 0o640))
	}
	w.becomesSame(w.names...)
	w.settle() // watched again
	check(t, os.Rename(w.behind("d"), w.behind("e")))
	check(t, os.Truncate(w.behind("e/f00"), 1))
	w.becomesSame("d/f00", "e/f00")
	check(t, os.RemoveAll(w.behind("e")))
	w.becomesSame("e/f00", "e")
	w.ejects()
}

// TestVigilLasts changes what inotify(7) tells nobody who watches the folder: it is seen when the time is over.
func TestVigilLasts(t *testing.T) {
	w := watchedFolder(t, time.Second)
	check(t, os.Link(w.behind("d/f01"), w.behind("second name")))
	w.becomesSame("d/f01")
	file, err := os.OpenFile(w.behind("d/f02"), os.O_RDWR, 0)
	check(t, err)
	defer file.Close()
	page, err := unix.Mmap(int(file.Fd()), 0, 5, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	check(t, err)
	page[0] = 'x'
	check(t, unix.Munmap(page))
	w.becomesSame("d/f02")
	w.ejects()
}

// TestVigilUnderChange changes files behind the mount while others keep asking for them: none may be left that is shown as it
// was.
func TestVigilUnderChange(t *testing.T) {
	w := watchedFolder(t, time.Hour)
	var done atomic.Bool
	var askers sync.WaitGroup
	for range 2 {
		askers.Go(func() {
			for !done.Load() {
				w.statAll()
			}
		})
	}
	rounds := 100
	if testing.Short() {
		rounds = 20
	}
	for round := range rounds {
		var changed []string
		for range 1 + rand.IntN(vigilEvents) {
			name := w.names[rand.IntN(len(w.names))]
			changed = append(changed, name)
			switch file := w.behind(name); rand.IntN(3) {
			case 0:
				check(t, os.WriteFile(file, make([]byte, round+rand.IntN(1000)), 0o600))
			case 1:
				check(t, outsideReplace(file, make([]byte, rand.IntN(1000))))
			default:
				check(t, os.Chmod(file, 0o600+os.FileMode(round%2)*0o100))
			}
			time.Sleep(time.Duration(rand.IntN(3)) * time.Millisecond)
		}
		w.becomesSame(changed...)
	}
	done.Store(true)
	askers.Wait()
	w.ejects()
}

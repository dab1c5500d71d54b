package fusefs

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// outside is a change that somebody makes in the backing folder, to a file that holds before and then after; nil is a
// file that is not there.
type outside struct {
	before, after []byte
	change        func(name string, after []byte) error
	another       bool // the name is that of another file then: what is open shows the old one
}

var (
	outsideOld = bytes.Repeat([]byte("old"), 3000)
	outsideNew = bytes.Repeat([]byte("new"), 3000)
	outsideBig = bytes.Repeat([]byte("big"), 20_000)
)

func outsideRewrite(name string, data []byte) error {
	file, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = file.WriteAt(data, 0)
	return err
}

func outsideReplace(name string, data []byte) error {
	if err := os.WriteFile(name+".new", data, 0o600); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

func outsideAppend(name string, data []byte) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = file.Write(data[len(outsideOld):])
	return err
}

var outsideChanges = map[string]outside{
	"append":            {outsideOld, append(bytes.Clone(outsideOld), "appended"...), outsideAppend, false},
	"truncate":          {outsideOld, outsideOld[:5000], func(name string, data []byte) error { return os.Truncate(name, int64(len(data))) }, false},
	"truncate to none":  {outsideOld, []byte{}, func(name string, data []byte) error { return os.Truncate(name, 0) }, false},
	"same size":         {outsideOld, outsideNew, outsideRewrite, false},
	"larger":            {outsideOld, outsideBig, outsideRewrite, false},
	"replace":           {outsideOld, outsideBig, outsideReplace, true},
	"replace same size": {outsideOld, outsideNew, outsideReplace, true},
	"delete":            {outsideOld, nil, func(name string, _ []byte) error { return os.Remove(name) }, true},
	"create":            {nil, outsideNew, func(name string, data []byte) error { return os.WriteFile(name, data, 0o600) }, true},
}

// prepare puts the file into the backing folder as it is before the change.
func (o outside) prepare(t *testing.T, name string) {
	t.Helper()
	if o.before == nil {
		if err := os.Remove(name); !errors.Is(err, fs.ErrNotExist) {
			check(t, err)
		}
		return
	}
	check(t, os.WriteFile(name, o.before, 0o600))
}

// TestOutsideChangesAreSeenAtTheNextOpen changes the backing folder between two opens through the mount, with warm caches.
func TestOutsideChangesAreSeenAtTheNextOpen(t *testing.T) {
	p := mountChild(t)
	rounds := 200
	if testing.Short() {
		rounds = 50
	}
	for what, o := range outsideChanges {
		t.Run(what, func(t *testing.T) {
			for round := range rounds {
				name := fmt.Sprintf("%s-%d", what, round%3) // a name that was there before, and known
				o.prepare(t, p.behind(name))
				openSees(t, p.file(name), o.before)
				check(t, o.change(p.behind(name), o.after))
				openSees(t, p.file(name), o.after)
				if t.Failed() {
					t.Fatalf("in round %d", round)
				}
			}
		})
	}
	p.ejects()
}

// openSees opens, and reads and asks for the size through that descriptor.
func openSees(t *testing.T, name string, want []byte) {
	t.Helper()
	file, err := os.Open(name)
	if want == nil {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("open of a file that is gone: %v", err)
			file.Close()
		}
		return
	}
	if err != nil {
		t.Error(err)
		return
	}
	defer file.Close()
	buf := make([]byte, len(outsideBig)+1)
	n, err := uninterruptedCount(func() (int, error) { return unix.Pread(int(file.Fd()), buf, 0) })
	if err != nil || !bytes.Equal(buf[:n], want) {
		t.Errorf("read %d bytes, %.9q…, %v; %d bytes, %.9q…, are there", n, buf[:n], err, len(want), want)
	}
	info, err := file.Stat()
	if err != nil || info.Size() != int64(len(want)) {
		t.Errorf("fstat: %d bytes, %v; there are %d", info.Size(), err, len(want))
	}
}

// outsideSeenWithin is how long a change in the backing folder may stay unseen where nobody opens the file. It is
// several times what README.md promises, for slow machines.
const outsideSeenWithin = 5 * time.Second

// TestOutsideChangesAreSeen changes the backing folder and waits until the mount shows it: by stat(2) of the name, and by
// read(2) and fstat(2) of a descriptor that was open before. No read gives new data cut at the old size.
func TestOutsideChangesAreSeen(t *testing.T) {
	p := mountChild(t)
	for what, o := range outsideChanges {
		t.Run(what, func(t *testing.T) {
			longest := time.Duration(0)
			for range 5 {
				longest = max(longest, o.seenWithoutOpen(t, p, what))
			}
			t.Logf("seen after %v at most", longest)
		})
	}
	p.ejects()
}

func (o outside) seenWithoutOpen(t *testing.T, p *child, name string) time.Duration {
	t.Helper()
	o.prepare(t, p.behind(name))
	openSees(t, p.file(name), o.before)
	fd := -1
	if o.before != nil {
		file, err := os.Open(p.file(name))
		check(t, err)
		defer file.Close()
		fd = int(file.Fd())
	}
	sizeIs(p.file(name), o.before) // fills the cache
	check(t, o.change(p.behind(name), o.after))
	began := time.Now()
	for time.Since(began) < outsideSeenWithin {
		seen := sizeIs(p.file(name), o.after)
		if fd >= 0 {
			seen = o.readsWhole(t, fd) && seen
		}
		if seen {
			return time.Since(began)
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("not seen after %v", outsideSeenWithin)
	return 0
}

// sizeIs reports whether stat(2) shows a file as long as want.
func sizeIs(name string, want []byte) bool {
	info, err := os.Stat(name)
	if want == nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	return err == nil && info.Size() == int64(len(want))
}

// readsWhole reads through a descriptor that was open before the change. It reports whether the change is seen, and
// fails the test where what comes is neither the old nor the new.
func (o outside) readsWhole(t *testing.T, fd int) (seen bool) {
	t.Helper()
	want := o.after
	if o.another {
		want = o.before
	}
	buf := make([]byte, len(outsideBig)+1)
	n, err := uninterruptedCount(func() (int, error) { return unix.Pread(fd, buf, 0) })
	check(t, err)
	var st unix.Stat_t
	check(t, unix.Fstat(fd, &st))
	got := buf[:n]
	switch {
	case bytes.Equal(got, want):
		return st.Size == int64(len(want))
	case !bytes.Equal(got, o.before):
		t.Fatalf("read %d bytes, %.9q…%.9q: neither what was there nor what is", n, got, got[max(0, n-9):])
	}
	return false
}

// TestAppendsFromBothSides appends to one file through the mount and behind it, in turns: each line is after the one before.
func TestAppendsFromBothSides(t *testing.T) {
	p := mountChild(t)
	const flags = os.O_CREATE | os.O_APPEND | os.O_RDWR
	in, err := os.OpenFile(p.file("log"), flags, 0o600)
	check(t, err)
	defer in.Close()
	behind, err := os.OpenFile(p.behind("log"), flags, 0o600)
	check(t, err)
	defer behind.Close()
	var want []byte
	for n := range 200 {
		for who, file := range map[string]*os.File{"in the mount": in, "behind": behind} {
			line := fmt.Sprintf("%d %s\n", n, who)
			_, err := file.WriteString(line)
			check(t, err)
			want = append(want, line...)
		}
	}
	for _, name := range []string{p.behind("log"), p.file("log")} {
		if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s has %d bytes of %d, or in another order; %v", name, len(got), len(want), err)
		}
	}
	in.Close()
	p.ejects()
}

// TestOutsideChangesOfTheTree renames and removes folders behind the mount and looks for what is in them.
func TestOutsideChangesOfTheTree(t *testing.T) {
	p := mountChild(t)
	for round := range 10 {
		check(t, os.MkdirAll(p.behind("d/sub"), 0o755))
		check(t, os.WriteFile(p.behind("d/sub/f"), outsideOld, 0o600))
		openSees(t, p.file("d/sub/f"), outsideOld)
		check(t, os.Rename(p.behind("d"), p.behind("e")))
		openSees(t, p.file("e/sub/f"), outsideOld)
		p.becomes(t, "d/sub/f is gone", func() bool { return sizeIs(p.file("d/sub/f"), nil) })
		check(t, os.RemoveAll(p.behind("e")))
		check(t, os.WriteFile(p.behind("e"), outsideNew, 0o600)) // a file where a folder was
		p.becomes(t, "e is a file", func() bool { return sizeIs(p.file("e"), outsideNew) })
		openSees(t, p.file("e"), outsideNew)
		check(t, os.Remove(p.behind("e")))
		p.becomes(t, "e is gone", func() bool { return sizeIs(p.file("e"), nil) })
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
	p.ejects()
}

// becomes waits until the mount shows what is so behind it.
func (p *child) becomes(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(outsideSeenWithin); !so(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after %v the mount does not show that %s", outsideSeenWithin, what)
		}
	}
}

// TestMappedFileSeesWrites writes through a handle that is only for writing what a mapping of another handle shows, while
// somebody keeps reading the pages: none may be left that was read before a write was done.
func TestMappedFileSeesWrites(t *testing.T) {
	p := mountChild(t)
	const pages = 4
	size := pages * os.Getpagesize()
	check(t, os.WriteFile(p.file("f"), make([]byte, size), 0o600))
	writer, err := os.OpenFile(p.file("f"), os.O_WRONLY, 0)
	check(t, err)
	reader, err := os.Open(p.file("f"))
	check(t, err)
	shown, err := unix.Mmap(int(reader.Fd()), 0, size, unix.PROT_READ, unix.MAP_SHARED)
	check(t, err)
	var done atomic.Bool
	var reading sync.WaitGroup
	reading.Go(func() {
		for buf := make([]byte, size); !done.Load(); {
			copy(buf, shown)
		}
	})
	block := make([]byte, os.Getpagesize())
	for i := range 3000 {
		for j := range block {
			block[j] = byte(i)
		}
		at := i % pages * len(block)
		_, err := writer.WriteAt(block, int64(at))
		check(t, err)
		if got := shown[at+1]; got != byte(i) {
			t.Fatalf("write %d: the mapping shows %d, not %d", i, got, byte(i))
		}
	}
	done.Store(true)
	reading.Wait()
	check(t, errors.Join(unix.Munmap(shown), reader.Close(), writer.Close()))
	p.ejects()
}

package fusefs

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vitrine/fusefs/oplog"
)

func openRW(t *testing.T, path string) *os.File {
	t.Helper()
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	check(t, err)
	t.Cleanup(func() { file.Close() })
	return file
}

func TestSparseFiles(t *testing.T) {
	p := mountChild(t)
	file := openRW(t, p.file("sparse"))
	_, err := file.WriteAt([]byte("data"), 8<<20)
	check(t, err)
	fd := int(file.Fd())
	if at, err := unix.Seek(fd, 0, unix.SEEK_DATA); at != 8<<20 || err != nil {
		t.Errorf("SEEK_DATA: %d, %v", at, err)
	}
	if at, err := unix.Seek(fd, 0, unix.SEEK_HOLE); at != 0 || err != nil {
		t.Errorf("SEEK_HOLE: %d, %v", at, err)
	}
	if _, err := unix.Seek(fd, 16<<20, unix.SEEK_DATA); err != unix.ENXIO {
		t.Errorf("SEEK_DATA past the end: %v", err)
	}
	check(t, file.Sync())
	check(t, unix.Fallocate(fd, unix.FALLOC_FL_KEEP_SIZE, 0, 1<<20))
	if st := lstat(t, p.behind("sparse")); st.Blocks*512 < 1<<20 || st.Size != 8<<20+4 {
		t.Errorf("allocated %d bytes, size %d", st.Blocks*512, st.Size)
	}
	check(t, unix.Fallocate(fd, unix.FALLOC_FL_KEEP_SIZE|unix.FALLOC_FL_PUNCH_HOLE, 8<<20, 4096))
	got := make([]byte, 4)
	if _, err := file.ReadAt(got, 8<<20); err != nil || !bytes.Equal(got, make([]byte, 4)) {
		t.Errorf("in the punched hole: %q, %v", got, err)
	}
	check(t, file.Close())
	out, err := exec.Command("cp", "--sparse=auto", p.file("sparse"), p.file("copy")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if st := lstat(t, p.behind("copy")); st.Blocks*512 > 4<<20 || st.Size != 8<<20+4 {
		t.Errorf("the copy takes %d bytes of %d", st.Blocks*512, st.Size)
	}
	p.ejects()
}

// TestCopyFileRange copies inside the mount: the record shows that no data came through.
func TestCopyFileRange(t *testing.T) {
	p := mountChild(t)
	want := bytes.Repeat([]byte("vitrine"), 100_000)
	check(t, os.WriteFile(p.file("a"), want, 0o600))
	from, to := openRW(t, p.file("a")), openRW(t, p.file("b"))
	for left := len(want); left > 0; {
		n, err := unix.CopyFileRange(int(from.Fd()), nil, int(to.Fd()), nil, left, 0)
		check(t, err)
		if n == 0 {
			t.Fatal("it copies nothing")
		}
		left -= n
	}
	if got, err := os.ReadFile(p.behind("b")); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	var copied int64
	for _, e := range p.ask("flush").Events {
		if e.Path == "/b" && (e.Op == oplog.Write || e.Op == oplog.Read) {
			t.Errorf("data came through: %+v", e)
		}
		if e.Op == oplog.CopyFileRange {
			copied += e.Result
		}
	}
	if copied != int64(len(want)) {
		t.Errorf("on record are %d bytes of %d", copied, len(want))
	}
	from.Close()
	to.Close()
	p.ejects()
}

// TestLocksReachTheBacking takes locks through the mount and on the backing folder, each against the other.
func TestLocksReachTheBacking(t *testing.T) {
	p := mountChild(t)
	in, behind := openRW(t, p.file("f")), openRW(t, p.behind("f"))
	for what, lock := range map[string]func(f *os.File, kind int16) error{
		"flock": func(f *os.File, kind int16) error {
			how := map[int16]int{unix.F_RDLCK: unix.LOCK_SH, unix.F_WRLCK: unix.LOCK_EX, unix.F_UNLCK: unix.LOCK_UN}[kind]
			return unix.Flock(int(f.Fd()), how|unix.LOCK_NB)
		},
		"fcntl": func(f *os.File, kind int16) error {
			return unix.FcntlFlock(f.Fd(), unix.F_SETLK, &unix.Flock_t{Type: kind, Start: 10, Len: 5})
		},
	} {
		for _, order := range [][2]*os.File{{in, behind}, {behind, in}} {
			check(t, lock(order[0], unix.F_WRLCK))
			if err := lock(order[1], unix.F_RDLCK); !errors.Is(err, unix.EAGAIN) {
				t.Errorf("%s: a second lock: %v", what, err)
			}
			check(t, lock(order[0], unix.F_UNLCK))
			check(t, lock(order[1], unix.F_RDLCK))
			check(t, lock(order[0], unix.F_RDLCK))
			check(t, lock(order[0], unix.F_UNLCK))
			check(t, lock(order[1], unix.F_UNLCK))
		}
	}
	check(t, unix.FcntlFlock(in.Fd(), unix.F_SETLK, &unix.Flock_t{Type: unix.F_WRLCK, Start: 10, Len: 5}))
	held := unix.Flock_t{Type: unix.F_RDLCK, Start: 12, Len: 1}
	check(t, unix.FcntlFlock(behind.Fd(), unix.F_OFD_GETLK, &held))
	if held.Type != unix.F_WRLCK || held.Start != 10 || held.Len != 5 {
		t.Errorf("F_OFD_GETLK behind: %+v", held)
	}
	other := openRW(t, p.file("f"))
	check(t, other.Close()) // as POSIX has it, this lets go of the process's locks on the file
	check(t, unix.FcntlFlock(behind.Fd(), unix.F_SETLK, &unix.Flock_t{Type: unix.F_WRLCK, Start: 10, Len: 5}))
	in.Close()
	behind.Close()
	p.ejects()
}

// TestWaitingForALockCanBeInterrupted kills a process that waits for a lock, and lets another have it.
func TestWaitingForALockCanBeInterrupted(t *testing.T) {
	p := mountChild(t)
	file := openRW(t, p.file("f"))
	check(t, unix.Flock(int(file.Fd()), unix.LOCK_EX))
	waiting := exec.Command("flock", p.file("f"), "true")
	check(t, waiting.Start())
	p.inFlight(1)
	check(t, waiting.Process.Kill())
	waiting.Wait()
	p.inFlight(0)
	second := exec.Command("flock", p.file("f"), "true")
	check(t, second.Start())
	p.inFlight(1)
	check(t, unix.Flock(int(file.Fd()), unix.LOCK_UN))
	done := make(chan error, 1)
	go func() { done <- second.Wait() }()
	select {
	case err := <-done:
		check(t, err)
	case <-time.After(30 * time.Second):
		t.Fatal("the lock was let go and nobody got it")
	}
	file.Close()
	p.ejects()
}

package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"vitrine/app/internal/desktop"
	"vitrine/fusefs"
	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
)

// copierVariable makes the test's program a copier: see copySlowly.
const copierVariable = "VITRINE_TEST_COPIER"

func init() {
	if os.Getenv(copierVariable) != "" {
		if err := copySlowly(os.Args[1], os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
}

// copySlowly copies as cp does, a block at each line that it reads.
func copySlowly(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	for line, block := make([]byte, 1), make([]byte, copyBlock); ; {
		if _, err := os.Stdin.Read(line); err == io.EOF {
			return nil
		}
		if _, err := io.ReadFull(in, block); err != nil { // a whole block in one call, so that nobody sees a part of it
			return err
		}
		if _, err := out.Write(block); err != nil {
			return err
		}
	}
}

const copyBlock = 64 << 10

// startCopier starts a child that copies a block at each call of next.
func startCopier(t *testing.T, s *desktop.Session, from, to string) (p *desktop.Process, next func()) {
	t.Helper()
	orders, give, err := os.Pipe()
	check(t, err)
	cmd := exec.Command(os.Args[0], from, to)
	cmd.Env, cmd.Stdin = []string{copierVariable + "=1"}, orders
	p = s.StartCmd(cmd)
	check(t, orders.Close())
	t.Cleanup(func() { give.Close() })
	return p, func() {
		_, err := give.WriteString("\n")
		check(t, err)
	}
}

// TestProgressOfACopy tells in the model how large a file will be that somebody copies into the drive.
func TestProgressOfACopy(t *testing.T) {
	s := desktop.New(t)
	backing, mountPoint := folders(t, s.Home)
	const size = 100 * copyBlock
	film := filepath.Join(s.Home, "film")
	check(t, os.WriteFile(film, make([]byte, size), 0o600))
	e := mounted(t, fusefs.Config{Backing: backing, MountPoint: mountPoint})
	_, next := startCopier(t, s, film, filepath.Join(mountPoint, "film"))
	var f activity.OpenFile
	desktop.Until(t, soon, "the end of the copy to be known", func() error {
		next()
		e.record.Flush()
		for _, f = range e.model.Snapshot().Open {
			if f.Expected == size && f.Left > 0 {
				return nil
			}
		}
		return fmt.Errorf("%+v", f)
	})
	if f.Reached == 0 || f.Reached%copyBlock != 0 || f.Reached >= size {
		t.Errorf("%d bytes of %d", f.Reached, size)
	}
}

// TestSourceIsTheOneFileThatIsRead looks at this process, which opens files for that.
func TestSourceIsTheOneFileThatIsRead(t *testing.T) {
	s := desktop.New(t)
	film, drive := filepath.Join(s.Home, "film"), filepath.Join(s.Home, "drive")
	check(t, os.WriteFile(film, make([]byte, 10*copyBlock), 0o600))
	check(t, os.Mkdir(drive, 0o700))
	p, next := startCopier(t, s, film, filepath.Join(drive, "film"))
	ask := newSources(func() string { return drive })
	h := oplog.OpenHandle{PID: int32(p.Pid())}
	want := func(wanted int64) {
		t.Helper()
		desktop.Until(t, soon, fmt.Sprintf("position %d", wanted), func() error {
			if position, size, ok := ask(h); !ok || position != wanted || size != 10*copyBlock {
				return fmt.Errorf("position %d of %d, %v", position, size, ok)
			}
			return nil
		})
	}
	want(0)
	next()
	want(copyBlock)
	next()
	want(2 * copyBlock)
	if _, _, ok := ask(oplog.OpenHandle{PID: 1 << 30}); ok {
		t.Error("nobody reads something")
	}
	ask = newSources(func() string { return s.Home }) // now the film lies in the drive itself
	if position, _, ok := ask(h); ok {
		t.Errorf("a file of the drive is taken for the source, at %d", position)
	}
}

// TestSourceIsNotGuessed has two files that are read, one of them begun, and then both.
func TestSourceIsNotGuessed(t *testing.T) {
	dir := t.TempDir()
	var open [2]*os.File
	for i := range open {
		name := filepath.Join(dir, fmt.Sprint(i))
		write(t, name, "hello")
		f, err := os.Open(name)
		check(t, err)
		defer f.Close()
		open[i] = f
	}
	mine := func() (n int) {
		all, err := readBy(os.Getpid(), "")
		check(t, err)
		for _, f := range all {
			if f.size == 5 {
				n++
			}
		}
		return n
	}
	if n := mine(); n != 2 {
		t.Fatalf("%d files are found", n)
	}
	both := []source{{0, 5}, {0, 5}}
	for i, c := range []struct {
		files []source
		found bool
	}{{nil, false}, {both[:1], true}, {both, false}, {[]source{{3, 5}, {0, 5}}, true}, {[]source{{3, 5}, {2, 5}}, false}} {
		if _, ok := theOne(c.files); ok != c.found {
			t.Errorf("case %d: %v", i, ok)
		}
	}
}

// TestSourceDoesNotWait gives up a question that gets no answer, and asks no other meanwhile.
func TestSourceDoesNotWait(t *testing.T) {
	stalled := make(chan struct{})
	asked := make(chan struct{}, 8)
	ask := newSources(func() string { asked <- struct{}{}; <-stalled; return "" })
	for range 3 {
		if _, _, ok := ask(oplog.OpenHandle{PID: int32(os.Getpid())}); ok {
			t.Error("there is an answer")
		}
	}
	if len(asked) != 1 {
		t.Errorf("%d questions are waiting", len(asked))
	}
	close(stalled)
	desktop.Until(t, soon, "the next question", func() error {
		ask(oplog.OpenHandle{PID: int32(os.Getpid())})
		if len(asked) < 2 {
			return fmt.Errorf("it is not asked")
		}
		return nil
	})
}

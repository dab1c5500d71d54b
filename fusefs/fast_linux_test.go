package fusefs

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// fastEnv lets a child that serves be in fast mode beside its backing folder.
const fastEnv = "VITRINE_TEST_FAST"

// mountFastBeside mounts in fast mode beside the backing folder.
func mountFastBeside(t *testing.T) *child {
	t.Helper()
	t.Setenv(fastEnv, "1")
	p := serveChild(t, Config{Backing: freshFolder(t, "backing"), MountPoint: freshFolder(t, "mount"), Fast: true})
	if p.first.Err != nil {
		t.Fatal(p.first.Err)
	}
	return p
}

// TestModelFast is TestModel in fast mode, where the tests alone know a way past the mount.
func TestModelFast(t *testing.T) {
	p := mountFastBeside(t)
	m := newModelOn(t, p)
	m.fast = true
	m.cases(t)
	if a := p.ask("mount"); a.Err != nil {
		t.Fatal(a.Err)
	}
	m.check(t, 15*time.Second)
}

func TestFastNeedsToBeAlone(t *testing.T) {
	backing := freshFolder(t, "backing")
	p := serveChild(t, Config{Backing: backing, MountPoint: freshFolder(t, "mount"), Fast: true})
	if p.first.Err == nil || p.first.Err.Kind != NotAlone {
		t.Fatalf("beside the backing folder: %+v", p.first)
	}
	file, err := os.Create(filepath.Join(backing, "f"))
	check(t, err)
	defer file.Close()
	p = serveChild(t, Config{Backing: backing, InPlace: true, Fast: true})
	if p.first.Err == nil || p.first.Err.Kind != NotAlone || !strings.Contains(p.first.Err.What.String(), file.Name()) {
		t.Fatalf("with a file open for writing: %+v", p.first)
	}
	file.Close()
	standing := exec.Command("sleep", "60")
	standing.Dir = backing
	check(t, standing.Start())
	if a := p.ask("mount"); a.Err == nil || a.Err.Kind != NotAlone || len(a.Err.Holders) != 1 || a.Err.Holders[0].PID != standing.Process.Pid {
		t.Fatalf("with a process that stands there: %+v", a)
	}
	standing.Process.Kill()
	standing.Wait()
	reader, err := os.Open(file.Name())
	check(t, err)
	defer reader.Close()
	if a := p.ask("mount"); a.Err != nil || !a.Status.Fast {
		t.Fatalf("with a file open for reading: %+v", a)
	}
	p.ejects()
}

// TestFastGathers writes a few bytes at a time, and counts the writes that arrive.
func TestFastGathers(t *testing.T) {
	backing := freshFolder(t, "backing")
	p := serveChild(t, Config{Backing: backing, InPlace: true, Fast: true})
	if p.first.Err != nil {
		t.Fatal(p.first.Err)
	}
	want := bytes.Repeat([]byte("vitrine "), 20_000)
	name := filepath.Join(backing, "f")
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o200)
	check(t, err)
	for at := 0; at < len(want); at += 100 {
		_, err := file.Write(want[at : at+100])
		check(t, err)
	}
	if at, err := unix.Seek(int(file.Fd()), 0, unix.SEEK_DATA); err != nil || at != 0 {
		t.Errorf("data that is gathered is no data to lseek: %d, %v", at, err)
	}
	check(t, file.Close())
	writes := 0
	for _, e := range p.ask("flush").Events {
		if e.Op.String() == "write" {
			writes++
		}
	}
	if calls := len(want) / 100; writes == 0 || writes > calls/20 {
		t.Errorf("%d calls arrived as %d writes", calls, writes)
	}
	p.ejects()
	if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%d bytes of %d, %v", len(got), len(want), err)
	}
}

// TestFastKilled kills the server after files were closed, or written to disk.
func TestFastKilled(t *testing.T) {
	backing := freshFolder(t, "backing")
	p := serveChild(t, Config{Backing: backing, InPlace: true, Fast: true})
	if p.first.Err != nil {
		t.Fatal(p.first.Err)
	}
	for i := range 50 {
		name := filepath.Join(backing, fmt.Sprint(i))
		file, err := os.Create(name)
		check(t, err)
		_, err = file.WriteString("acknowledged")
		check(t, err)
		if i%2 == 0 {
			check(t, file.Close())
		} else {
			check(t, file.Sync())
			defer file.Close()
		}
	}
	p.cmd.Process.Kill()
	p.cmd.Wait()
	if out, err := exec.Command("umount", "-l", backing).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for i := range 50 {
		if got, err := os.ReadFile(filepath.Join(backing, fmt.Sprint(i))); string(got) != "acknowledged" {
			t.Errorf("file %d: %q, %v", i, got, err)
		}
	}
}

// TestFastForcedEject ejects by force while a file is open that has been written to.
func TestFastForcedEject(t *testing.T) {
	backing := freshFolder(t, "backing")
	p := serveChild(t, Config{Backing: backing, InPlace: true, Fast: true})
	if p.first.Err != nil {
		t.Fatal(p.first.Err)
	}
	name := filepath.Join(backing, "f")
	file, err := os.Create(name)
	check(t, err)
	defer file.Close()
	_, err = file.WriteString("acknowledged")
	check(t, err)
	if a := p.ask("force"); a.Err != nil || a.Status.State != Unmounted {
		t.Fatalf("%+v", a)
	}
	if got, _ := os.ReadFile(name); string(got) != "acknowledged" {
		t.Fatalf("%q", got)
	}
}

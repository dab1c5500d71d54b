package fusefs

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vitrine/fusefs/wire"
)

// failEnv makes a child that serves answer every Read, Write and Fsync with this errno, as a broken disk would.
const failEnv = "VITRINE_TEST_FAIL"

func breakDisk(errno string) {
	n, err := strconv.Atoi(errno)
	if err != nil {
		panic(err)
	}
	for _, op := range []wire.Opcode{wire.Read, wire.Write, wire.Fsync} {
		handlers[op] = func(*call) int { return -n }
	}
}

// complains waits until the drive says what is wrong with its backing.
func (p *child) complains(kind Kind) {
	p.t.Helper()
	var a answer
	for give := time.Now().Add(20 * time.Second); time.Now().Before(give); time.Sleep(20 * time.Millisecond) {
		if a = p.ask("status"); a.Status.Problem != nil && a.Status.Problem.Kind == kind {
			if a.Status.State != Mounted || a.Status.Problem.Cure.String() == "" || !strings.Contains(a.Status.Problem.What.String(), p.backing) {
				p.t.Errorf("%+v", a.Status)
			}
			return
		}
	}
	p.t.Fatalf("the drive does not say %s: %+v", kind, a.Status)
}

// serveOver serves a mount over a folder that is given.
func serveOver(t *testing.T, backing string) *child {
	t.Helper()
	p := serveChild(t, Config{Backing: backing, MountPoint: freshFolder(t, "mount")})
	if p.first.Err != nil {
		t.Fatal(p.first.Err)
	}
	return p
}

func TestBackingFull(t *testing.T) {
	backing := freshFolder(t, "backing")
	check(t, unix.Mount("none", backing, "tmpfs", 0, "size=64k"))
	t.Cleanup(func() { unix.Unmount(backing, unix.MNT_DETACH) })
	p := serveOver(t, backing)
	if err := os.WriteFile(p.file("f"), make([]byte, 100_000), 0o600); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("a write into a full backing: %v", err)
	}
	p.complains(BackingFull)
	p.ejects()
}

// TestBackingFails puts a mount that answers with an errno below another.
func TestBackingFails(t *testing.T) {
	for errno, kind := range map[unix.Errno]Kind{unix.EIO: BackingFails, unix.EDQUOT: OverQuota, unix.EROFS: BackingReadOnly} {
		t.Run(string(kind), func(t *testing.T) {
			t.Setenv(failEnv, strconv.Itoa(int(errno)))
			disk := mountChild(t)
			check(t, os.Unsetenv(failEnv))
			p := serveOver(t, disk.path)
			file, err := os.Create(p.file("f"))
			check(t, err)
			if n, err := file.Write([]byte("lost")); n != 0 || !errors.Is(err, errno) {
				t.Errorf("write: %d bytes, %v", n, err)
			}
			if err := file.Sync(); !errors.Is(err, errno) {
				t.Errorf("fsync: %v", err)
			}
			check(t, file.Close())
			p.complains(kind)
			if a := p.ask("eject"); a.Err == nil || a.Err.Kind != SyncFailed || !strings.Contains(a.Err.What.String(), "/f: ") {
				t.Errorf("eject, with a file that cannot be written to disk: %+v", a.Err)
			}
			p.ask("force")
			disk.ask("force")
		})
	}
}

// TestBackingGone kills the server of the filesystem that the backing folder is in.
func TestBackingGone(t *testing.T) {
	disk := mountChild(t)
	check(t, os.WriteFile(disk.file("f"), []byte("x"), 0o600))
	p := serveOver(t, disk.path)
	disk.cmd.Process.Kill()
	disk.cmd.Wait()
	if _, err := os.ReadFile(p.file("f")); !errors.Is(err, unix.ENOTCONN) {
		t.Errorf("read: %v", err)
	}
	p.complains(BackingGone)
	p.ask("force")
	unix.Unmount(disk.path, unix.MNT_DETACH)
}

// TestBackingDeleted removes the backing folder; a file that is open goes on.
func TestBackingDeleted(t *testing.T) {
	p := mountChild(t)
	file, err := os.Create(p.file("f"))
	check(t, err)
	check(t, os.RemoveAll(p.backing))
	p.complains(BackingGone)
	if _, err := file.WriteString("still"); err != nil {
		t.Error(err)
	}
	if _, err := os.Create(p.file("g")); !errors.Is(err, unix.ENOENT) {
		t.Errorf("a new file: %v", err)
	}
	check(t, file.Close())
	p.ejects()
}

// TestDescriptorsRunOut opens more files than the server may: who is one too many is told so, and nobody else minds.
func TestDescriptorsRunOut(t *testing.T) {
	c := Config{Backing: freshFolder(t, "backing"), MountPoint: freshFolder(t, "mount")}
	p := startChild(t, c, exec.Command("sh", "-c", `ulimit -n 100 && exec "$0"`, os.Args[0]))
	if p.first.Err != nil {
		t.Fatal(p.first.Err)
	}
	check(t, os.MkdirAll(p.file("a/b/c"), 0o755))
	for round := range 3 {
		var open []*os.File
		var err error
		for i := 0; err == nil && i < 200; i++ {
			var file *os.File
			if file, err = os.Create(p.file(fmt.Sprintf("a/b/c/f%d", i))); err == nil {
				open = append(open, file)
			}
		}
		if !errors.Is(err, unix.EMFILE) || len(open) < 50 {
			t.Errorf("round %d: %d files, then %v", round, len(open), err)
		}
		for _, file := range open {
			if _, err := file.WriteString("x"); err != nil {
				t.Error(err)
			}
			check(t, file.Close())
		}
	}
	for i := range 300 { // folders take descriptors too, but not for ever
		check(t, os.Mkdir(p.file(fmt.Sprintf("d%d", i)), 0o755))
		check(t, os.WriteFile(p.file(fmt.Sprintf("d%d/f", i)), nil, 0o600))
	}
	p.ejects()
}

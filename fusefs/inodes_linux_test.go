package fusefs

import (
	"fmt"
	"maps"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vitrine/fusefs/oplog"
)

// eventually waits for something that must come, and says so where it does not.
func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	for give := time.Now().Add(10 * time.Second); !f(); time.Sleep(time.Millisecond) {
		if time.Now().After(give) {
			t.Fatalf("never: %s", what)
		}
	}
}

// TestMappedFileChangesOutside maps a file through the mount and changes it in the backing folder: nobody opens, reads
// or asks, and the mapping must show it all the same.
func TestMappedFileChangesOutside(t *testing.T) {
	p := mountChild(t)
	check(t, os.WriteFile(p.behind("f"), make([]byte, 4096), 0o600))
	file, err := os.Open(p.file("f"))
	check(t, err)
	page, err := unix.Mmap(int(file.Fd()), 0, 4096, unix.PROT_READ, unix.MAP_SHARED)
	check(t, err)
	outside, err := os.OpenFile(p.behind("f"), os.O_RDWR, 0)
	check(t, err)
	defer outside.Close()
	for round := byte(1); round <= 5; round++ {
		if page[100] != round-1 {
			t.Fatalf("round %d began with %d", round, page[100])
		}
		_, err = outside.WriteAt([]byte{round}, 100)
		check(t, err)
		eventually(t, "the mapping changes", func() bool { return page[100] == round })
	}
	check(t, unix.Munmap(page))
	check(t, file.Close())
	p.ejects()
}

// TestUnlinkedFileLivesOn uses files without a name: removed ones, replaced ones, and one that never had any.
func TestUnlinkedFileLivesOn(t *testing.T) {
	p := mountChild(t)
	removed, err := os.Create(p.file("removed"))
	check(t, err)
	replaced, err := os.Create(p.file("replaced"))
	check(t, err)
	check(t, os.WriteFile(p.file("other"), []byte("other"), 0o600))
	check(t, os.Remove(p.file("removed")))
	check(t, os.Rename(p.file("other"), p.file("replaced")))
	fd, err := unix.Open(p.path, unix.O_TMPFILE|unix.O_RDWR, 0o640)
	check(t, err)
	unnamed := os.NewFile(uintptr(fd), "unnamed")
	for _, f := range []*os.File{removed, replaced, unnamed} {
		_, err := f.WriteAt([]byte("lives"), 0)
		check(t, err)
		var st unix.Stat_t
		check(t, unix.Fstat(int(f.Fd()), &st))
		if st.Nlink != 0 || st.Size != 5 {
			t.Errorf("%s: %d links, %d bytes", f.Name(), st.Nlink, st.Size)
		}
		again, err := os.Open(fmt.Sprintf("/proc/self/fd/%d", f.Fd()))
		if err != nil {
			t.Errorf("%s, opened again: %v", f.Name(), err)
			continue
		}
		buf := make([]byte, 5)
		if _, err := again.ReadAt(buf, 0); err != nil || string(buf) != "lives" {
			t.Errorf("%s, opened again: %q, %v", f.Name(), buf, err)
		}
		check(t, again.Close())
	}
	if names, _ := os.ReadDir(p.backing); len(names) != 1 {
		t.Errorf("the backing folder has %v", names)
	}
	check(t, unix.Linkat(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", fd), unix.AT_FDCWD, p.file("named"), unix.AT_SYMLINK_FOLLOW))
	if got, err := os.ReadFile(p.behind("named")); err != nil || string(got) != "lives" {
		t.Errorf("the unnamed file, named: %q, %v", got, err)
	}
	for _, f := range []*os.File{removed, replaced, unnamed} {
		check(t, f.Close())
	}
	p.ejects()
}

// TestRemovedFolderLivesOn stands in a folder and removes it.
func TestRemovedFolderLivesOn(t *testing.T) {
	p := mountChild(t)
	check(t, os.Mkdir(p.file("d"), 0o700))
	fd, err := unix.Open(p.file("d"), unix.O_PATH|unix.O_DIRECTORY, 0)
	check(t, err)
	check(t, os.Remove(p.file("d")))
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFDIR {
		t.Errorf("fstat: %v", err)
	}
	if err := unix.Mkdirat(fd, "e", 0o700); err != unix.ENOENT {
		t.Errorf("mkdir in it: %v", err)
	}
	check(t, unix.Close(fd))
	p.ejects()
}

// TestKernelForgets lets the kernel know more files than it may, and looks that it keeps those in use.
func TestKernelForgets(t *testing.T) {
	t.Setenv(nodesEnv, "500")
	p := mountChild(t)
	for i := range 20 {
		check(t, os.Mkdir(p.behind(fmt.Sprintf("d%d", i)), 0o755))
		for j := range 200 {
			check(t, os.WriteFile(p.behind(fmt.Sprintf("d%d/f%d", i, j)), []byte("x"), 0o600))
		}
	}
	held, err := os.Open(p.file("d0/f0"))
	check(t, err)
	for i := range 20 {
		for j := range 200 {
			_, err := os.Lstat(p.file(fmt.Sprintf("d%d/f%d", i, j)))
			check(t, err)
		}
	}
	eventually(t, "the kernel forgets", func() bool { return p.ask("status").Nodes <= 500 })
	buf := make([]byte, 1)
	if _, err := held.ReadAt(buf, 0); err != nil || buf[0] != 'x' {
		t.Errorf("the file that was open: %q, %v", buf, err)
	}
	check(t, held.Close())
	check(t, os.RemoveAll(p.file("d0")))
	p.ejects()
}

// TestInodeInTheRecord uses a file under two names: the record tells that it is one, and knows no other by its number.
func TestInodeInTheRecord(t *testing.T) {
	p := mountChild(t)
	check(t, os.WriteFile(p.file("f"), []byte("one file"), 0o600))
	check(t, os.Link(p.file("f"), p.file("g")))
	check(t, os.WriteFile(p.file("other"), nil, 0o600))
	check(t, os.Chmod(p.file("g"), 0o640))
	_, err := os.ReadFile(p.file("g"))
	check(t, err)
	inodes := make(map[string]map[uint64]bool)
	seen := make(map[oplog.Op]bool)
	for _, e := range p.ask("flush").Events {
		switch e.Op {
		case oplog.Create, oplog.Write, oplog.Chmod, oplog.Open, oplog.Read, oplog.Release:
			seen[e.Op] = true
			if inodes[e.Path] == nil {
				inodes[e.Path] = make(map[uint64]bool)
			}
			inodes[e.Path][e.Inode] = true
		case oplog.Lookup, oplog.Link:
			if e.Inode != 0 {
				t.Errorf("%s of %s has inode %d", e.Op, e.Path, e.Inode)
			}
		}
	}
	if len(seen) != 6 || len(inodes["/f"]) != 1 || !maps.Equal(inodes["/f"], inodes["/g"]) || maps.Equal(inodes["/f"], inodes["/other"]) || inodes["/f"][0] {
		t.Errorf("%v of %v", inodes, seen)
	}
}

package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"vitrine/fusefs"
	"vitrine/fusefs/oplog"
)

// mounted returns an engine with a mounted drive, which is ejected when the test ends.
func mounted(t *testing.T, c fusefs.Config) *engine {
	t.Helper()
	return mountedWith(t, oplog.Options{Keep: 1000}, c)
}

func mountedWith(t *testing.T, sizes oplog.Options, c fusefs.Config) *engine {
	t.Helper()
	e := newEngineOf(sizes, func(fusefs.Status) {})
	check(t, e.drive.Mount(context.Background(), c))
	t.Cleanup(func() {
		check(t, e.drive.Eject(context.Background(), true))
		check(t, e.close())
	})
	return e
}

// TestFactsComeFromTheDisk asks about files of a drive that hides its own backing folder: nothing may pass through it.
func TestFactsComeFromTheDisk(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "docs", "a.txt"), "hello")
	check(t, os.Chmod(filepath.Join(folder, "docs", "a.txt"), 0o640))
	check(t, os.Lchown(filepath.Join(folder, "docs", "a.txt"), 0, 54321))
	check(t, os.Symlink("/etc/passwd", filepath.Join(folder, "out")))
	e := mounted(t, fusefs.Config{Backing: folder, InPlace: true, ReadOnly: true})
	e.record.Flush()
	before := e.record.Recorded()
	f := e.disk.now()
	if user, group, mode, ok := f.Owner("/docs/a.txt"); !ok || user != "root" || group != "54321" || mode != 0o640 {
		t.Errorf("%s %s %v %v", user, group, mode, ok)
	}
	if _, _, mode, ok := f.Owner("/"); !ok || !mode.IsDir() {
		t.Errorf("%v %v", mode, ok)
	}
	if _, _, mode, ok := f.Owner("/out"); !ok || mode.Type() != os.ModeSymlink {
		t.Errorf("a link is taken for what it points to: %v %v", mode, ok)
	}
	for _, name := range []string{"/none", "/out/passwd", "/../etc/passwd"} {
		if user, _, _, ok := f.Owner(name); ok {
			t.Errorf("%s belongs to %s", name, user)
		}
	}
	var st unix.Statfs_t
	check(t, unix.Statfs(filepath.Dir(folder), &st))
	for _, name := range []string{"/", "/docs/a.txt", "/docs/new/er/file", "/out/x"} {
		free, ok := f.Free(name)
		if off := free - int64(st.Bavail)*st.Bsize; !ok || max(off, -off) > 1<<30 {
			t.Errorf("%s: %d bytes are free, %v; the disk has %d", name, free, ok, int64(st.Bavail)*st.Bsize)
		}
	}
	if !f.ReadOnly() {
		t.Error("the drive is read-only")
	}
	e.record.Flush()
	if after := e.record.Recorded(); after != before {
		events, _ := e.record.History().All()
		t.Errorf("%d operations passed through the drive: %v", after-before, ops(events))
	}
}

func ops(events []oplog.Event) (names []string) {
	for _, e := range events {
		names = append(names, e.Op.String()+" "+e.Path)
	}
	return names
}

// TestFactsEndWithTheMount knows nothing where nothing is mounted, and has the folder of each mount.
func TestFactsEndWithTheMount(t *testing.T) {
	e := newEngine(1000, func(fusefs.Status) {})
	defer e.close()
	var of [2]*facts
	for i := range of {
		backing, mountPoint := folders(t, t.TempDir())
		write(t, filepath.Join(backing, "f"), "hello")
		check(t, os.Chmod(filepath.Join(backing, "f"), os.FileMode(0o600+i)))
		if e.disk.now() != nil {
			t.Error("there are facts of nothing")
		}
		check(t, e.drive.Mount(context.Background(), fusefs.Config{Backing: backing, MountPoint: mountPoint}))
		of[i] = e.disk.now().(*facts)
		if _, _, mode, ok := of[i].Owner("/f"); !ok || mode != os.FileMode(0o600+i) {
			t.Errorf("%v %v", mode, ok)
		}
		check(t, e.drive.Eject(context.Background(), false))
	}
	if _, _, _, ok := of[0].Owner("/f"); ok {
		t.Error("a folder is open that was ejected")
	}
}

package fusefs

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// timed are calls that change times of d/f, d/g and d, or must not.
var timed = map[string]func(f *os.File, dir string) error{
	"nothing":           func(*os.File, string) error { return nil },
	"read":              func(f *os.File, _ string) error { _, err := f.ReadAt(make([]byte, 3), 0); return err },
	"write":             func(f *os.File, _ string) error { _, err := f.WriteAt([]byte("new"), 0); return err },
	"write of no bytes": func(f *os.File, _ string) error { _, err := unix.Write(int(f.Fd()), nil); return err },
	"ftruncate":         func(f *os.File, _ string) error { return f.Truncate(1) },
	"ftruncate, same":   func(f *os.File, _ string) error { return f.Truncate(5) },
	"truncate, same":    func(_ *os.File, dir string) error { return os.Truncate(dir+"/f", 5) },
	"open with O_TRUNC": func(_ *os.File, dir string) error { return os.WriteFile(dir+"/f", nil, 0) },
	"fallocate":         func(f *os.File, _ string) error { return unix.Fallocate(int(f.Fd()), 0, 0, 9000) },
	"fallocate, no size": func(f *os.File, _ string) error {
		return unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_KEEP_SIZE, 0, 9000)
	},
	"punch a hole": func(f *os.File, _ string) error {
		return unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_KEEP_SIZE|unix.FALLOC_FL_PUNCH_HOLE, 0, 2)
	},
	"chmod":               func(_ *os.File, dir string) error { return os.Chmod(dir+"/f", 0o600) },
	"fchown":              func(f *os.File, _ string) error { return f.Chown(-1, os.Getegid()) },
	"setxattr":            func(_ *os.File, dir string) error { return unix.Setxattr(dir+"/f", "user.a", []byte("x"), 0) },
	"link":                func(_ *os.File, dir string) error { return os.Link(dir+"/f", dir+"/h") },
	"unlink":              func(_ *os.File, dir string) error { return os.Remove(dir + "/f") },
	"rename":              func(_ *os.File, dir string) error { return os.Rename(dir+"/f", dir+"/h") },
	"rename over another": func(_ *os.File, dir string) error { return os.Rename(dir+"/f", dir+"/g") },
	"create":              func(_ *os.File, dir string) error { return os.WriteFile(dir+"/h", nil, 0o600) },
	"create, is there":    func(_ *os.File, dir string) error { return os.WriteFile(dir+"/g", nil, 0o600) },
	"mkdir":               func(_ *os.File, dir string) error { return os.Mkdir(dir+"/h", 0o700) },
	"symlink":             func(_ *os.File, dir string) error { return os.Symlink("f", dir+"/h") },
	"list":                func(_ *os.File, dir string) error { _, err := os.ReadDir(dir); return err },
	"mmap": func(f *os.File, _ string) error {
		data, err := unix.Mmap(int(f.Fd()), 0, 5, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
		if err != nil {
			return err
		}
		data[0] = 'm'
		if err := unix.Msync(data, unix.MS_SYNC); err != nil {
			return err
		}
		return unix.Munmap(data)
	},
	"copy_file_range": func(f *os.File, dir string) error {
		from, err := os.Open(dir + "/g")
		if err != nil {
			return err
		}
		defer from.Close()
		_, err = copyAll(int(from.Fd()), new(int64), int(f.Fd()), new(int64), 3)
		return err
	},
}

// TestTimes compares which times a call changes in a mount with those that it changes in a plain folder.
func TestTimes(t *testing.T) {
	p := mountChild(t)
	plain := freshFolder(t, "plain")
	for _, what := range slices.Sorted(maps.Keys(timed)) {
		got, want := timesOf(t, p.file(what), timed[what]), timesOf(t, filepath.Join(plain, what), timed[what])
		if got != want {
			t.Errorf("%s changes\n%s\nand in a plain folder\n%s", what, got, want)
		}
	}
	p.ejects()
}

// timesOf makes a call in a fresh folder and says which times changed.
func timesOf(t *testing.T, dir string, call func(f *os.File, dir string) error) (changed string) {
	t.Helper()
	check(t, os.Mkdir(dir, 0o755))
	f := openRW(t, dir+"/f")
	defer f.Close()
	g := openRW(t, dir+"/g")
	defer g.Close()
	all := map[string]*os.File{"f": f, "g": g}
	for _, file := range all {
		_, err := file.WriteString("text\n")
		check(t, err)
	}
	d, err := os.Open(dir)
	check(t, err)
	defer d.Close()
	all["folder"] = d
	long := time.Unix(1000, 0)
	before := make(map[string]unix.Stat_t)
	for name, file := range all {
		check(t, os.Chtimes(file.Name(), long, long))
		before[name] = fstatFile(t, file)
	}
	waitTick(t, before["f"].Ctim, before["g"].Ctim, before["folder"].Ctim)
	check(t, call(f, dir))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		now := fstatFile(t, all[name])
		changed += fmt.Sprintf("%s: mtime %v ctime %v\n", name, now.Mtim != before[name].Mtim, now.Ctim != before[name].Ctim)
	}
	return changed
}

func fstatFile(t *testing.T, file *os.File) (st unix.Stat_t) {
	t.Helper()
	check(t, unix.Fstat(int(file.Fd()), &st))
	return st
}

// waitTick waits until a filesystem's clock, which is coarser than others, is past these times.
func waitTick(t *testing.T, times ...unix.Timespec) {
	t.Helper()
	for {
		file, err := os.CreateTemp("", "vitrine-tick-*")
		check(t, err)
		now := fstatFile(t, file).Ctim
		file.Close()
		check(t, os.Remove(file.Name()))
		if !slices.ContainsFunc(times, func(ts unix.Timespec) bool { return now.Nano() <= ts.Nano() }) {
			return
		}
	}
}

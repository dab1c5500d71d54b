package fusefs

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/winfsp/cgofuse/fuse"
	"golang.org/x/sys/windows"

	"vitrine/fusefs/oplog"
)

// These tests call the operations as WinFsp would, on a real folder; no drive is mounted.

// open returns a filesystem over a new folder, with that folder.
func open(t *testing.T, readOnly bool) (*FS, string) {
	t.Helper()
	dir := folder(t)
	record := oplog.New(oplog.Options{})
	t.Cleanup(func() { record.Close() })
	root, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	fs := New(int(root.Fd()), readOnly, record)
	t.Cleanup(fs.Destroy)
	return fs, dir
}

// folder makes a folder of the test's own. The way in which testing removes one, Wine does not have.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "vitrine-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		var all []string
		filepath.WalkDir(dir, func(path string, _ os.DirEntry, _ error) error {
			all = append(all, path)
			return nil
		})
		for _, path := range slices.Backward(all) {
			if err := os.Remove(path); err != nil {
				t.Error(err)
			}
		}
	})
	return dir
}

// no fails the test where an operation did.
func no(t *testing.T, errc int) {
	t.Helper()
	if errc < 0 {
		t.Fatalf("error %d (%s)", -errc, fuse.Error(errc))
	}
}

func wants(t *testing.T, what string, errc, want int) {
	t.Helper()
	if errc != -want {
		t.Errorf("%s: got %d (%s), want %d (%s)", what, -errc, fuse.Error(errc), want, fuse.Error(-want))
	}
}

// put makes a file through the filesystem and leaves it open.
func put(t *testing.T, fs *FS, path, text string) (fh uint64) {
	t.Helper()
	errc, fh := fs.Create(path, fuse.O_CREAT|fuse.O_EXCL|fuse.O_RDWR, 0o644)
	no(t, errc)
	if n := fs.Write(path, []byte(text), 0, fh); n != len(text) {
		t.Fatalf("%s: wrote %d of %d bytes", path, n, len(text))
	}
	return fh
}

func get(t *testing.T, fs *FS, path string, fh uint64) string {
	t.Helper()
	buf := make([]byte, 1<<16)
	n := fs.Read(path, buf, 0, fh)
	no(t, n)
	return string(buf[:n])
}

func onDisk(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestWhatIsWrittenIsThere(t *testing.T) {
	fs, dir := open(t, false)
	no(t, fs.Mkdir("/Ordner", 0o777))
	fh := put(t, fs, "/Ordner/Grüße.txt", "hello")
	if n := fs.Write("/Ordner/Grüße.txt", []byte("J"), 0, fh); n != 1 {
		t.Fatal(n)
	}
	if got := get(t, fs, "/Ordner/Grüße.txt", fh); got != "Jello" {
		t.Errorf("read %q", got)
	}
	if n := fs.Read("/Ordner/Grüße.txt", make([]byte, 8), 100, fh); n != 0 {
		t.Errorf("read %d bytes beyond the end", n)
	}
	no(t, fs.Fsync("/Ordner/Grüße.txt", false, fh))
	no(t, fs.Flush("/Ordner/Grüße.txt", fh))
	if got := onDisk(t, filepath.Join(dir, "Ordner", "Grüße.txt")); got != "Jello" {
		t.Errorf("the backing folder has %q", got)
	}
	no(t, fs.Truncate("/Ordner/Grüße.txt", 3, fh))
	var st fuse.Stat_t
	no(t, fs.Getattr("/Ordner/Grüße.txt", &st, fh))
	if st.Size != 3 || st.Mode&fuse.S_IFMT != fuse.S_IFREG || st.Nlink != 1 || st.Ino == 0 {
		t.Errorf("%+v", st)
	}
	if age := time.Since(time.Unix(st.Birthtim.Sec, st.Birthtim.Nsec)); age < -time.Minute || age > time.Hour {
		t.Errorf("made %v ago", age)
	}
	no(t, fs.Release("/Ordner/Grüße.txt", fh))
	wants(t, "a released handle", fs.Read("/Ordner/Grüße.txt", make([]byte, 1), 0, fh), fuse.EBADF)
	no(t, fs.Getattr("/Ordner", &st, noHandle))
	if st.Mode&fuse.S_IFMT != fuse.S_IFDIR {
		t.Errorf("a folder has mode %o", st.Mode)
	}
}

func TestReadsAndWritesFarOut(t *testing.T) {
	fs, _ := open(t, false)
	fh := put(t, fs, "/far", "")
	const at = 5 << 30
	if n := fs.Write("/far", []byte("end"), at, fh); n != 3 {
		t.Fatal(n)
	}
	buf := make([]byte, 3)
	if n := fs.Read("/far", buf, at, fh); n != 3 || string(buf) != "end" {
		t.Errorf("%d %q", n, buf)
	}
	no(t, fs.Release("/far", fh))
}

func TestAppending(t *testing.T) {
	fs, dir := open(t, false)
	no(t, fs.Release("/log", put(t, fs, "/log", "one ")))
	errc, fh := fs.Open("/log", fuse.O_WRONLY|fuse.O_APPEND)
	no(t, errc)
	if n := fs.Write("/log", []byte("two"), 0, fh); n != 3 {
		t.Fatal(n)
	}
	no(t, fs.Release("/log", fh))
	if got := onDisk(t, filepath.Join(dir, "log")); got != "one two" {
		t.Errorf("%q", got)
	}
}

func TestCaseIsKeptAndDoesNotMatter(t *testing.T) {
	fs, dir := open(t, false)
	no(t, fs.Mkdir("/Photos", 0o777))
	no(t, fs.Release("/Photos/Sea.JPG", put(t, fs, "/Photos/Sea.JPG", "x")))
	errc, fh := fs.Open("/PHOTOS/sea.jpg", fuse.O_RDONLY)
	no(t, errc)
	if got := get(t, fs, "/PHOTOS/sea.jpg", fh); got != "x" {
		t.Errorf("%q", got)
	}
	if errc, path := fs.Getpath("/PHOTOS/sea.jpg", fh); errc != 0 || path != "/Photos/Sea.JPG" {
		t.Errorf("%d %q", errc, path)
	}
	no(t, fs.Release("/PHOTOS/sea.jpg", fh))
	errc, _ = fs.Create("/photos/SEA.jpg", fuse.O_CREAT|fuse.O_EXCL|fuse.O_RDWR, 0o644)
	wants(t, "another file of that name", errc, fuse.EEXIST)
	if names := namesIn(t, dir, "Photos"); !slices.Equal(names, []string{"Sea.JPG"}) {
		t.Errorf("%v", names)
	}
}

func namesIn(t *testing.T, path ...string) (found []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		found = append(found, e.Name())
	}
	return found
}

func TestRenamingOverAFile(t *testing.T) {
	fs, dir := open(t, false)
	a, b := put(t, fs, "/a", "new"), put(t, fs, "/b", "old")
	no(t, fs.Release("/b", b))
	no(t, fs.Rename("/a", "/b")) // a is open meanwhile
	if got := onDisk(t, filepath.Join(dir, "b")); got != "new" {
		t.Errorf("%q", got)
	}
	if rows := fs.OpenHandles(); len(rows) != 1 || rows[0].Path != "/b" {
		t.Errorf("%+v", rows)
	}
	if n := fs.Write("/b", []byte("N"), 0, a); n != 1 {
		t.Errorf("the renamed file takes no more: %d", n)
	}
	no(t, fs.Release("/b", a))
	no(t, fs.Mkdir("/d", 0o777))
	no(t, fs.Rename("/b", "/d/c"))
	if got := onDisk(t, filepath.Join(dir, "d", "c")); got != "New" {
		t.Errorf("%q", got)
	}
	wants(t, "to a folder that is missing", fs.Rename("/d/c", "/none/c"), fuse.ENOENT)
	wants(t, "of what is missing", fs.Rename("/none", "/d/e"), fuse.ENOENT)
}

func TestRemovingAnOpenFile(t *testing.T) {
	fs, dir := open(t, false)
	fh := put(t, fs, "/gone", "still here")
	no(t, fs.Unlink("/gone"))
	if got := get(t, fs, "/gone", fh); got != "still here" {
		t.Errorf("%q", got)
	}
	no(t, fs.Release("/gone", fh))
	if left := namesIn(t, dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestFoldersAndFilesAreRemovedEachInItsWay(t *testing.T) {
	fs, _ := open(t, false)
	no(t, fs.Mkdir("/d", 0o777))
	no(t, fs.Release("/d/f", put(t, fs, "/d/f", "")))
	wants(t, "rmdir of a full folder", fs.Rmdir("/d"), fuse.ENOTEMPTY)
	wants(t, "unlink of a folder", fs.Unlink("/d"), fuse.EISDIR)
	wants(t, "rmdir of a file", fs.Rmdir("/d/f"), fuse.ENOTDIR)
	no(t, fs.Unlink("/d/f"))
	no(t, fs.Rmdir("/d"))
	wants(t, "rmdir of what is gone", fs.Rmdir("/d"), fuse.ENOENT)
	wants(t, "rmdir of the drive", fs.Rmdir("/"), fuse.EBUSY)
	wants(t, "unlink of the drive", fs.Unlink("/"), fuse.EBUSY)
}

// TestOthersShareOurFiles has another program use what is open through the drive: read, write, rename, remove.
func TestOthersShareOurFiles(t *testing.T) {
	fs, dir := open(t, false)
	fh := put(t, fs, "/shared", "ours")
	path := filepath.Join(dir, "shared")
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("Y"), 0); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if got := get(t, fs, "/shared", fh); got != "Yurs" {
		t.Errorf("%q", got)
	}
	if err := os.Rename(path, path+".moved"); err != nil {
		t.Errorf("an open file cannot be renamed by others: %v", err)
	}
	if err := os.Remove(path + ".moved"); err != nil {
		t.Errorf("an open file cannot be removed by others: %v", err)
	}
	no(t, fs.Release("/shared", fh))
}

// TestOthersMayKeepUsOut has another program open a file for itself alone.
func TestOthersMayKeepUsOut(t *testing.T) {
	fs, dir := open(t, false)
	no(t, fs.Release("/theirs", put(t, fs, "/theirs", "x")))
	name, err := windows.UTF16PtrFromString(filepath.Join(dir, "theirs"))
	if err != nil {
		t.Fatal(err)
	}
	h, err := windows.CreateFile(name, windows.GENERIC_READ, 0, nil, windows.OPEN_EXISTING, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer windows.CloseHandle(h)
	errc, _ := fs.Open("/theirs", fuse.O_RDONLY)
	wants(t, "a file that another program has for itself", errc, fuse.EBUSY)
	var st fuse.Stat_t
	no(t, fs.Getattr("/theirs", &st, noHandle)) // what it is, is no secret
	if st.Size != 1 {
		t.Error(st.Size)
	}
}

func TestListing(t *testing.T) {
	fs, _ := open(t, false)
	want := map[string]uint32{"sub": fuse.S_IFDIR, "a:b": fuse.S_IFREG}
	no(t, fs.Mkdir("/sub", 0o777))
	no(t, fs.Release("/a:b", put(t, fs, "/a:b", "12345")))
	for i := range 500 { // more than one buffer
		name := strings.Repeat("long name ", 12) + string(rune('a'+i%26)) + string(rune('a'+i/26))
		want[name] = fuse.S_IFREG
		no(t, fs.Release("/"+name, put(t, fs, "/"+name, "")))
	}
	errc, fh := fs.Opendir("/")
	no(t, errc)
	for range 2 { // a listing may begin again
		found := map[string]uint32{}
		no(t, fs.Readdir("/", func(name string, st *fuse.Stat_t, _ int64) bool {
			if name != "." && name != ".." {
				found[name] = st.Mode & fuse.S_IFMT
			}
			if name == "a:b" && st.Size != 5 {
				t.Errorf("%s has size %d", name, st.Size)
			}
			return true
		}, 0, fh))
		for name, kind := range want {
			if found[name] != kind {
				t.Errorf("%q is %o, want %o", name, found[name], kind)
			}
		}
		if len(found) != len(want) {
			t.Errorf("%d names, want %d", len(found), len(want))
		}
	}
	no(t, fs.Releasedir("/", fh))
	errc, _ = fs.Opendir("/a:b")
	wants(t, "listing a file", errc, fuse.ENOTDIR)
	errc, _ = fs.Open("/sub", fuse.O_RDONLY)
	wants(t, "reading a folder", errc, fuse.EISDIR)
}

// TestNoPathLeadsOut asks for paths that would lead out of the backing folder, if they were taken as they are.
func TestNoPathLeadsOut(t *testing.T) {
	fs, dir := open(t, false)
	outside := filepath.Join(filepath.Dir(dir), "outside.txt")
	if err := os.WriteFile(outside, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(outside) })
	no(t, fs.Mkdir("/d", 0o777))
	for _, path := range []string{
		"/../outside.txt", "/d/../../outside.txt", "/..", "/d/..", `/..\outside.txt`, `/d\..\..\outside.txt`,
		"/" + outside, "/" + filepath.ToSlash(outside), `/\??\` + outside, `/\\?\` + outside, "//" + filepath.ToSlash(outside), "/./outside.txt",
	} {
		if errc, fh := fs.Open(path, fuse.O_RDWR); errc == 0 {
			t.Errorf("%s was opened: %q", path, get(t, fs, path, fh))
		}
		var st fuse.Stat_t
		if errc := fs.Getattr(path, &st, noHandle); errc == 0 {
			t.Errorf("%s has attributes: %+v", path, st)
		}
		if errc := fs.Unlink(path); errc == 0 {
			t.Errorf("%s was removed", path)
		}
		if fs.Rename("/d", path) == 0 { // what Windows would take for a path is a plain name here
			if found := namesIn(t, dir); len(found) != 1 {
				t.Errorf("a folder was moved out of the drive to %s: %v", path, found)
			}
			no(t, fs.Rename(path, "/d"))
		}
	}
	if got := onDisk(t, outside); got != "secret" {
		t.Errorf("the file outside has %q", got)
	}
	// A colon would name a stream of the file before it.
	no(t, fs.Release("/plain", put(t, fs, "/plain", "")))
	no(t, fs.Release("/plain:stream", put(t, fs, "/plain:stream", "x")))
	if found := namesIn(t, dir); !slices.Equal(found, []string{"d", "plain", "plain\uf03astream"}) {
		t.Errorf("%q", found)
	}
}

func TestReadOnlyDrive(t *testing.T) {
	fs, dir := open(t, true)
	if err := os.WriteFile(filepath.Join(dir, "f"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	errc, fh := fs.Open("/f", fuse.O_RDONLY)
	no(t, errc)
	defer fs.Release("/f", fh)
	created, _ := fs.Create("/g", fuse.O_CREAT|fuse.O_RDWR, 0o644)
	opened, _ := fs.Open("/f", fuse.O_RDWR)
	for what, errc := range map[string]int{
		"create": created, "open": opened, "write": fs.Write("/f", []byte("y"), 0, fh), "truncate": fs.Truncate("/f", 0, fh),
		"unlink": fs.Unlink("/f"), "rename": fs.Rename("/f", "/g"), "mkdir": fs.Mkdir("/d", 0o777), "rmdir": fs.Rmdir("/d"),
		"chmod": fs.Chmod("/f", 0o444), "chflags": fs.Chflags("/f", fuse.UF_HIDDEN), "utimens": fs.Utimens("/f", make([]fuse.Timespec, 2)),
		"setcrtime": fs.Setcrtime("/f", fuse.Timespec{}),
	} {
		wants(t, what, errc, fuse.EROFS)
	}
}

func TestAttributesAndTimes(t *testing.T) {
	fs, dir := open(t, false)
	no(t, fs.Release("/f", put(t, fs, "/f", "x")))
	no(t, fs.Chflags("/f", fuse.UF_HIDDEN|fuse.UF_READONLY))
	var st fuse.Stat_t
	no(t, fs.Getattr("/f", &st, noHandle))
	if st.Flags&fuse.UF_HIDDEN == 0 || st.Flags&fuse.UF_READONLY == 0 || st.Mode&0o222 != 0 {
		t.Errorf("flags %x, mode %o", st.Flags, st.Mode)
	}
	no(t, fs.Chmod("/f", 0o644))
	no(t, fs.Getattr("/f", &st, noHandle))
	if st.Flags&fuse.UF_HIDDEN == 0 || st.Flags&fuse.UF_READONLY != 0 || st.Mode&0o200 == 0 {
		t.Errorf("flags %x, mode %o", st.Flags, st.Mode)
	}
	read, written := fuse.Timespec{Sec: 1_000_000_000, Nsec: 123_456_700}, fuse.Timespec{Sec: -1, Nsec: 500_000_000}
	no(t, fs.Utimens("/f", []fuse.Timespec{read, written}))
	no(t, fs.Getattr("/f", &st, noHandle))
	if st.Atim != read || st.Mtim != written {
		t.Errorf("%+v %+v", st.Atim, st.Mtim)
	}
	if info, err := os.Stat(filepath.Join(dir, "f")); err != nil || !info.ModTime().Equal(time.Unix(-1, 500_000_000)) {
		t.Errorf("%v %v", info.ModTime(), err)
	}
	var disk fuse.Statfs_t
	no(t, fs.Statfs("/", &disk))
	if disk.Blocks == 0 || disk.Bavail > disk.Blocks || disk.Namemax != 255 {
		t.Errorf("%+v", disk)
	}
	if err := fs.Sync(); err != nil {
		t.Error(err)
	}
}

// TestEjectWaitsForFiles asks to close the drive while a file is open, and while a folder is.
func TestEjectWaitsForFiles(t *testing.T) {
	fs, _ := open(t, false)
	fh := put(t, fs, "/f", "")
	if fs.close() {
		t.Fatal("closed with a file open")
	}
	no(t, fs.Release("/f", fh))
	errc, dir := fs.Opendir("/")
	no(t, errc)
	if !fs.close() {
		t.Fatal("not closed with a folder open")
	}
	errc, _ = fs.Open("/f", fuse.O_RDONLY)
	wants(t, "opening a file while the drive is ejected", errc, fuse.EBUSY)
	no(t, fs.Releasedir("/", dir))
	if left := fs.OpenHandles(); len(left) != 0 {
		t.Errorf("%+v", left)
	}
}

// TestEverythingIsRecorded compares the record with what was done.
func TestEverythingIsRecorded(t *testing.T) {
	fs, _ := open(t, false)
	var log collected
	fs.record.Attach(&log)
	fh := put(t, fs, "/f", "12345")
	get(t, fs, "/f", fh)
	no(t, fs.Release("/f", fh))
	fs.Unlink("/none")
	fs.record.Close()
	want := []string{"create /f ", "write /f ", "read /f ", "release /f ", "unlink /none ENOENT"}
	if !slices.Equal(log.lines, want) {
		t.Errorf("%q", log.lines)
	}
	if flags := log.events[0].Mode; flags != syscall.O_CREAT|syscall.O_EXCL|syscall.O_RDWR {
		t.Errorf("flags %x", flags)
	}
	if e := log.events[1]; e.Handle != fh || e.Size != 5 || e.Result != 5 {
		t.Errorf("%+v", e)
	}
}

type collected struct {
	lines  []string
	events []oplog.Event
}

func (c *collected) Collect(batch []oplog.Event, _ uint64) {
	for _, e := range batch {
		c.lines = append(c.lines, e.Op.String()+" "+e.Path+" "+oplog.ErrnoName(e.Errno))
		c.events = append(c.events, e)
	}
}

// TestReleaseWaitsForWrites writes from several threads while the handle is released: each write is whole or refused.
func TestReleaseWaitsForWrites(t *testing.T) {
	fs, dir := open(t, false)
	block := bytes.Repeat([]byte("x"), 64<<10)
	for range 50 {
		fh := put(t, fs, "/race", "")
		results := make(chan int, 4)
		for i := range cap(results) {
			go func() { results <- fs.Write("/race", block, int64(i*len(block)), fh) }()
		}
		no(t, fs.Release("/race", fh))
		var written int64
		for range cap(results) {
			switch n := <-results; n {
			case len(block):
				written += int64(n)
			case -fuse.EBADF:
			default:
				t.Fatalf("a write answered %d", n)
			}
		}
		found := int64(strings.Count(onDisk(t, filepath.Join(dir, "race")), "x"))
		if found != written {
			t.Fatalf("%d bytes were acknowledged, and %d are there", written, found)
		}
		no(t, fs.Unlink("/race"))
	}
}

package activity

import (
	"testing"
	"time"

	"vitrine/fusefs/oplog"
)

func TestWaits(t *testing.T) {
	second := int64(time.Second)
	flight := []oplog.Event{
		{Op: oplog.Write, Path: "/a", Handle: 7, PID: 1, Proc: "cp", Mono: 1, Duration: 9 * second, Thread: 11},
		{Op: oplog.Read, Path: "/a", Handle: 7, PID: 2, Proc: "cat", Mono: 2, Duration: 8 * second, Thread: 12},
		{Op: oplog.Release, Path: "/a", Handle: 7, PID: 1, Proc: "cp", Mono: 3, Duration: 7 * second, Thread: 13},
		{Op: oplog.Release, Path: "/b", Handle: 8, Mono: 4, Duration: 6 * second, Thread: 14},
		{Op: oplog.Unlink, Path: "/a", PID: 3, Proc: "rm", Mono: 5, Duration: 5 * second, Thread: 15},
		{Op: oplog.Unlink, Path: "/c", PID: 3, Proc: "rm", Mono: 6, Duration: 4 * second, Thread: 15},
		{Op: oplog.Flock, Path: "/d", Handle: 9, PID: 4, Proc: "vim", Mono: 7, Duration: 3 * second},
		{Op: oplog.Lock, Path: "/e", Handle: 10, PID: 5, Proc: "sqlite3", Mono: 8, Duration: 2 * second},
		{Op: oplog.CopyFileRange, Path: "/f", Handle: 11, PID: 1, Proc: "cp", Mono: 9, Duration: 2 * second, Thread: 16},
		{Op: oplog.Fsync, Path: "/g", Handle: 12, PID: 1, Proc: "cp", Mono: 10, Duration: 2 * second, Thread: 17},
		{Op: oplog.Write, Path: "/h", Handle: 13, PID: 1, Proc: "cp", Mono: 11, Duration: second - 1, Thread: 11},
	}
	o := Options{Wait: func(e oplog.Event) Wait {
		return map[int32]Wait{
			0:  {Locks: map[string][]Who{"/d": {{99, "emacs"}}}[e.Path]},
			11: {Call: "pwrite64", Kernel: "balance_dirty_pages", Type: "ext4"},
			12: {Call: "pread64", Kernel: "nfs_wait", Type: "nfs4", Storage: Server},
			14: {Call: "close", Kernel: "request_wait_answer", Type: "fuse.sshfs", Storage: Program},
			15: {Call: "futex", Kernel: "futex_wait_queue", Type: "ext4"},
			16: {Call: "copy_file_range", Type: "ext4"},
		}[e.Thread]
	}}
	open := []OpenFile{
		{OpenHandle: oplog.OpenHandle{Handle: 10, Path: "/e", PID: 5, Proc: "sqlite3"}},
		{OpenHandle: oplog.OpenHandle{Handle: 20, Path: "/e", PID: 6, Proc: "firefox"}},
	}
	want := []string{
		"the disk (ext4: pwrite64, balance_dirty_pages)",
		"the server (nfs4: pread64, nfs_wait)",
		"2 operations on its handle, the oldest of them write by cp (1)",
		"the FUSE program (fuse.sshfs: close, request_wait_answer)",
		"write of the same file, by cp (1)",
		"another operation",
		"a lock of emacs (99) on the file",
		"a lock on the file, which firefox (6) has open too",
		"nothing: it is at work in copy_file_range",
		"",
		"",
	}
	waits := o.waits(flight, open)
	if len(waits) != len(want) {
		t.Fatalf("%d sentences for %d operations", len(waits), len(want))
	}
	for i, w := range waits {
		if got := w.String(); got != want[i] {
			t.Errorf("%s of %s waits for %q, want %q", flight[i].Op, flight[i].Path, got, want[i])
		}
	}
	if young := o.waits(flight[len(flight)-1:], open); young != nil {
		t.Errorf("%v of what is young", young)
	}
}

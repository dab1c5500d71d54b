package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"vitrine/app/internal/desktop"
	"vitrine/fusefs/oplog"
)

// workloadVariable makes the test's program a workload: see doWork.
const workloadVariable = "VITRINE_TEST_WORKLOAD"

func init() {
	if os.Getenv(workloadVariable) == "" {
		return
	}
	rounds, err := strconv.Atoi(os.Args[3])
	if err == nil {
		err = doWork(os.Args[1], os.Args[2], rounds)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// tally counts by name and then by errno, "" for success.
type tally map[string]map[string]int

func (n tally) add(name, errno string) { n.addMany(name, errno, 1) }

func (n tally) addMany(name, errno string, times int) {
	if n[name] == nil {
		n[name] = map[string]int{}
	}
	n[name][errno] += times
}

func (n tally) merge(o tally) {
	for name, byErrno := range o {
		for errno, times := range byErrno {
			n.addMany(name, errno, times)
		}
	}
}

// total is how many there were of that name, failed or not.
func (n tally) total(name string) (sum int) {
	for _, times := range n[name] {
		sum += times
	}
	return sum
}

// balance is what a workload says of itself: each system call as it returned, and the operation of the drive that each
// stands for. Only calls for which the kernel asks the drive exactly once stand for one.
type balance struct {
	PID           int
	Calls, Ops    tally
	Read, Written int64
	Ledger        int64 // bytes written to the file that stays
}

const (
	threads     = 4
	workBlock   = 4096 // what O_DIRECT carries in one request
	workBlocks  = 8    // written, and then read, in each round
	ledgerFile  = "/ledger"
	fullFolder  = "/full"    // has a file in it
	lockedFile  = "/ro/file" // lies in a folder that cannot be written
	secretFile  = "/secret"  // belongs to somebody else, and is for nobody but them
	somebody    = 65534      // who that is
	unreachable = int64(1) << 60
)

// tooLong is longer than any name on a disk may be.
var tooLong = "/" + strings.Repeat("n", 300)

// thread is one of those that work in a workload.
type thread struct {
	balance
	folder string
	block  []byte // at a page's begin, as O_DIRECT wants it
	err    error  // what went otherwise than any drive may let it go
}

// doWork makes a known workload in a folder and writes its balance to a file.
func doWork(folder, report string, rounds int) error {
	sum := balance{PID: os.Getpid(), Calls: tally{}, Ops: tally{}}
	all := make([]thread, threads)
	var running sync.WaitGroup
	for i := range all {
		running.Go(func() { all[i].work(folder, i, rounds/threads) })
	}
	running.Wait()
	for i := range all {
		w := &all[i]
		if w.err != nil {
			return w.err
		}
		sum.Calls.merge(w.Calls)
		sum.Ops.merge(w.Ops)
		sum.Read, sum.Written, sum.Ledger = sum.Read+w.Read, sum.Written+w.Written, sum.Ledger+w.Ledger
	}
	text, err := json.Marshal(sum)
	if err != nil {
		return err
	}
	return os.WriteFile(report, text, 0o600)
}

func (w *thread) work(folder string, number, rounds int) {
	runtime.LockOSThread()
	w.folder, w.Calls, w.Ops = folder, tally{}, tally{}
	if w.block, w.err = unix.Mmap(-1, 0, workBlock, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE); w.err != nil {
		return
	}
	for r := 0; r < rounds && w.err == nil; r++ {
		w.round(fmt.Sprintf("/%d-%d", number, r))
		if number == 0 {
			w.keepLedger()
		}
	}
}

// count notes a call and the operations that it stands for.
func (w *thread) count(call string, err error, ops ...oplog.Op) {
	errno := ""
	if err != nil {
		errno = unix.ErrnoName(err.(unix.Errno))
	}
	w.Calls.add(call, errno)
	for _, op := range ops {
		w.Ops.add(op.String(), errno)
	}
}

// asked notes that a name is asked for which is not there: the kernel looks it up, and before it makes it too.
func (w *thread) asked() { w.Ops.add(oplog.Lookup.String(), "ENOENT") }

// open opens or makes a file; the operation that this stands for is up to the caller.
func (w *thread) open(name string, flags int, op oplog.Op) int {
	fd, err := unix.Open(w.folder+name, flags|unix.O_CLOEXEC, 0o640)
	w.count("openat", err, op)
	if err != nil {
		w.err = fmt.Errorf("open %s: %w", name, err)
	}
	return fd
}

func (w *thread) close(fd int) { w.count("close", unix.Close(fd), oplog.Flush, oplog.Release) }

func (w *thread) write(fd int, at int64) {
	n, err := unix.Pwrite(fd, w.block, at)
	w.count("pwrite64", err, oplog.Write)
	w.Written += int64(max(n, 0))
}

// round makes, uses and removes a file and a folder, and asks for much that cannot be.
func (w *thread) round(name string) {
	path := w.folder + name
	w.asked()
	fd := w.open(name, unix.O_CREAT|unix.O_EXCL|unix.O_RDWR|unix.O_DIRECT, oplog.Create)
	if w.err != nil {
		return
	}
	for i := range int64(workBlocks) {
		w.write(fd, i*workBlock)
	}
	for i := range int64(workBlocks) {
		n, err := unix.Pread(fd, w.block, i*workBlock)
		w.count("pread64", err, oplog.Read)
		w.Read += int64(max(n, 0))
	}
	w.count("fsync", unix.Fsync(fd), oplog.Fsync)
	w.count("fallocate", unix.Fallocate(fd, 0, 0, unreachable), oplog.Fallocate)
	_, err := unix.Seek(fd, unreachable, unix.SEEK_DATA)
	w.count("lseek", err, oplog.Lseek)
	w.count("ftruncate", unix.Ftruncate(fd, workBlock), oplog.Truncate)
	w.count("fchmod", unix.Fchmod(fd, 0o600), oplog.Chmod)
	w.count("utimensat", unix.UtimesNanoAt(unix.AT_FDCWD, path, []unix.Timespec{{Sec: 1}, {Sec: 2}}, 0), oplog.Utimens)
	w.lockTwice(name, fd)
	w.close(fd)
	w.attributes(path)
	w.names(name)
	w.refused()
}

// lockTwice locks a file that is locked already, and writes where only reading was asked for: the kernel refuses that by
// itself.
func (w *thread) lockTwice(name string, fd int) {
	other := w.open(name, unix.O_RDONLY, oplog.Open)
	if w.err != nil {
		return
	}
	w.count("flock", unix.Flock(fd, unix.LOCK_EX), oplog.Flock)
	w.count("flock", unix.Flock(other, unix.LOCK_EX|unix.LOCK_NB), oplog.Flock)
	w.count("flock", unix.Flock(fd, unix.LOCK_UN), oplog.Flock)
	_, err := unix.Pwrite(other, w.block, 0)
	w.count("pwrite64", err)
	w.close(other)
}

func (w *thread) attributes(path string) {
	w.count("setxattr", unix.Setxattr(path, "user.a", []byte("1"), 0), oplog.Setxattr)
	w.count("setxattr", unix.Setxattr(path, "user.a", []byte("2"), unix.XATTR_CREATE), oplog.Setxattr)
	w.count("removexattr", unix.Removexattr(path, "user.none"), oplog.Removexattr)
	_, err := unix.Getxattr(path, "user.none", make([]byte, 8))
	w.count("getxattr", err, oplog.Getxattr)
}

// names moves and removes what a round made, and asks for what is not there. A folder that is there already is not asked
// for: the kernel knows it.
func (w *thread) names(name string) {
	path, moved, folder := w.folder+name, w.folder+name+"-moved", w.folder+name+"-folder"
	w.asked()
	w.count("renameat", unix.Renameat(unix.AT_FDCWD, path, unix.AT_FDCWD, moved), oplog.Rename)
	w.count("unlinkat", unix.Unlink(moved), oplog.Unlink)
	w.asked()
	w.count("unlinkat", unix.Unlink(moved))
	w.asked()
	w.count("mkdirat", unix.Mkdir(folder, 0o700), oplog.Mkdir)
	w.count("mkdirat", unix.Mkdir(folder, 0o700))
	w.count("renameat", unix.Renameat(unix.AT_FDCWD, folder, unix.AT_FDCWD, w.folder+fullFolder), oplog.Rename)
	w.count("unlinkat", unix.Rmdir(folder), oplog.Rmdir)
	w.count("unlinkat", unix.Rmdir(w.folder+fullFolder), oplog.Rmdir)
}

// refused asks for a file that is not there, to write to one that cannot be written, and to read what is somebody else's.
func (w *thread) refused() {
	w.asked()
	_, err := unix.Open(w.folder+"/none", unix.O_RDONLY, 0)
	w.count("openat", err)
	_, err = unix.Open(w.folder+tooLong, unix.O_RDONLY, 0)
	w.count("openat", err, oplog.Lookup)
	_, err = unix.Open(w.folder+lockedFile, unix.O_WRONLY, 0)
	w.count("openat", err, oplog.Open)
	fd, err := unix.Open(w.folder+secretFile, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	w.count("openat", err, oplog.Open)
	if err == nil { // the drive is served by a root whom permissions do not bind
		w.close(fd)
	}
}

// keepLedger writes to the file that stays.
func (w *thread) keepLedger() {
	fd := w.open(ledgerFile, unix.O_WRONLY|unix.O_DIRECT, oplog.Open)
	if w.err != nil {
		return
	}
	w.write(fd, w.Ledger)
	w.Ledger += workBlock
	w.close(fd)
}

// prepareWork makes what a workload finds in a backing folder.
func prepareWork(t testing.TB, backing string) {
	t.Helper()
	write(t, backing+ledgerFile, "")
	writeSecret(t, backing)
	write(t, filepath.Join(backing, fullFolder, "file"), "")
	write(t, backing+lockedFile, "")
	locked := filepath.Dir(backing + lockedFile)
	if err := unix.Mount(locked, locked, "", unix.MS_BIND, ""); err != nil {
		t.Fatalf("binding a folder to make it read-only (run the tests as root): %v", err)
	}
	t.Cleanup(func() { check(t, unix.Unmount(locked, unix.MNT_DETACH)) })
	check(t, unix.Mount("", locked, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""))
}

// writeSecret makes a file that nobody may read but somebody else.
func writeSecret(t testing.TB, backing string) {
	t.Helper()
	write(t, backing+secretFile, "for somebody else")
	check(t, os.Chown(backing+secretFile, somebody, somebody))
}

// startWork starts a workload as a child, by way of the given command line, and returns what reads its balance once it
// has ended.
func startWork(t testing.TB, s *desktop.Session, folder string, rounds int, by ...string) (p *desktop.Process, ended func() balance) {
	t.Helper()
	report := filepath.Join(s.Dir, "balance.json")
	args := append(by, os.Args[0], folder, report, strconv.Itoa(rounds))
	cmd := exec.Command(args[0], args[1:]...)
	// The scheduler's signals would interrupt calls, and the drive's own journal would then tell of two.
	cmd.Env = []string{workloadVariable + "=1", "GODEBUG=asyncpreemptoff=1"}
	p = s.StartCmd(cmd)
	return p, func() (b balance) {
		t.Helper()
		if exit := p.WaitExit(long); exit != 0 {
			t.Fatalf("the workload ended with %d:\n%s", exit, p.Output())
		}
		text, err := os.ReadFile(report)
		check(t, err)
		check(t, json.Unmarshal(text, &b))
		return b
	}
}

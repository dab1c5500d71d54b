package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"vitrine/app/internal/desktop"
)

// soakEnv makes the tests of long-lived programs work for this long, as "1h":
//
//	VITRINE_TEST_SOAK=1h go test -timeout 2h -run TestDays ./app
const soakEnv = "VITRINE_TEST_SOAK"

// soakTime is how long a test works that could go on for ever.
func soakTime(t *testing.T, bounded time.Duration) time.Duration {
	t.Helper()
	said := os.Getenv(soakEnv)
	if said == "" {
		return bounded
	}
	long, err := time.ParseDuration(said)
	if err != nil {
		t.Fatalf("%s: %v", soakEnv, err)
	}
	return long
}

const workers = 3

// life is a program that lives for many days.
type life struct {
	t       *testing.T
	s       *desktop.Session
	p       *desktop.Process
	metrics string // address

	backing, mountPoint string
	morning             func() // before the work
	busy                func() // tries to eject while files are open
	evening             func() // when the work is over; the size is taken then
}

// days lets people work, sleep, and work on, again and again, and the program must be the same in the end.
func (l *life) days(share time.Duration) {
	l.t.Helper()
	var sizes []size
	for end := time.Now().Add(share); len(sizes) < fewestDays || time.Now().Before(end); {
		l.day(len(sizes), min(share/24, 8*time.Second))
		sizes = append(sizes, sizeOf(l.t, l.p, l.metrics))
		if n := len(sizes); n <= 2 || n%16 == 0 {
			l.t.Logf("after day %d: %v", n, sizes[n-1])
		}
	}
	l.t.Logf("after day %d: %v; %.0f operations", len(sizes), sizes[len(sizes)-1], l.operations())
	for _, grown := range growth(sizes) {
		l.t.Errorf("in %d days it has grown: %s", len(sizes), grown)
	}
}

// day has some programs work. At noon the machine sleeps: the programs stand still in whatever they do, and files stay open.
func (l *life) day(number int, long time.Duration) {
	l.t.Helper()
	l.morning()
	var all []*atWork
	for i := range workers {
		name := fmt.Sprintf("day %d, %d", number, i)
		all = append(all, startWorker(l.t, l.s, filepath.Join(l.mountPoint, name), number*workers+i))
	}
	l.awaitDiaries(number)
	time.Sleep(long / 2)
	for _, w := range all {
		w.Signal(syscall.SIGSTOP)
	}
	l.busy()
	time.Sleep(long / 8)
	for _, w := range all {
		w.Signal(syscall.SIGCONT)
	}
	time.Sleep(long / 4)
	for _, w := range all {
		files := w.end(l.t)
		wantFiles(l.t, filepath.Join(l.backing, filepath.Base(w.folder)), files)
	}
	for _, w := range all {
		check(l.t, os.RemoveAll(w.folder))
	}
	l.evening()
}

// awaitDiaries waits until each worker has a file open.
func (l *life) awaitDiaries(number int) {
	l.t.Helper()
	desktop.Until(l.t, soon, "the work to begin", func() error {
		diaries, err := filepath.Glob(filepath.Join(l.backing, fmt.Sprintf("day %d, *", number), "diary"))
		if err == nil && len(diaries) != workers {
			err = fmt.Errorf("%d work", len(diaries))
		}
		return err
	})
}

// operations returns how many there were.
func (l *life) operations() (count float64) {
	for name, n := range metricsOf(l.t, l.metrics) {
		if strings.HasPrefix(name, "vitrine_operation_duration_seconds_count") {
			count += n
		}
	}
	return count
}

// buildReleased builds the program as people get it: the race detector's own memory grows.
func buildReleased(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "vitrine")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// TestDays squeezes days of a mount in a terminal and of the tray's drive into less than a minute, or into VITRINE_TEST_SOAK.
// Nothing that they take of the system grows, and no byte is lost.
func TestDays(t *testing.T) {
	released := buildReleased(t)
	long := soakTime(t, 20*time.Second)
	t.Run("in a terminal", func(t *testing.T) {
		t.Parallel()
		daysInATerminal(t, released, long)
	})
	t.Run("in the tray", func(t *testing.T) {
		t.Parallel()
		daysInTheTray(t, released, long)
	})
}

// daysInATerminal has one mount for all days. Its log was nearly full on the first.
func daysInATerminal(t *testing.T, released string, long time.Duration) {
	s := desktop.New(t)
	logs := filepath.Join(s.Home, "logs")
	fillLogs(t, logs)
	backing, mountPoint := folders(t, s.Home)
	p := s.Start(released, "mount", backing, mountPoint, "--log", filepath.Join(logs, "ops.ndjson"), "--metrics", "127.0.0.1:0")
	p.WaitOutput("mounted ", soon)
	l := &life{t: t, s: s, p: p, metrics: regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(p.Output()), backing: backing, mountPoint: mountPoint}
	l.busy = func() {
		if exit, said := runs(s, released, "eject"); exit != 1 || !strings.Contains(said, " holds "+mountPoint) {
			t.Errorf("ejecting while files are open: exit status %d:\n%s", exit, said)
		}
	}
	l.morning, l.evening = func() {}, func() { wantLogs(t, logs) }
	l.fillHistory()
	l.days(long)
	if exit, said := runs(s, released, "eject"); exit != 0 {
		t.Errorf("exit status %d:\n%s", exit, said)
	}
	if exit := p.WaitExit(diskPatience); exit != 0 || isMounted(t, mountPoint) {
		t.Errorf("exit status %d:\n%s", exit, p.Output())
	}
}

// diskPatience is how long an eject may take: it writes to disk what the whole filesystem has to write, and others may
// have filled that.
const diskPatience = 5 * time.Minute

// runs runs a program that may eject to its end.
func runs(s *desktop.Session, program string, args ...string) (exit int, said string) {
	p := s.Start(program, args...)
	return p.WaitExit(diskPatience), p.Output()
}

// fillHistory makes as many operations as are kept, so that what they take is not told as growth.
func (l *life) fillHistory() {
	l.t.Helper()
	for l.operations() < 70_000 {
		for range 5_000 {
			os.Lstat(filepath.Join(l.mountPoint, "nobody"))
		}
	}
}

const (
	logBytes = 64 << 20 // most of a log file
	logFiles = 5        // with those that are set aside
)

// fillLogs makes the logs of earlier months: the present one is nearly full, and as many are set aside as are kept.
func fillLogs(t *testing.T, folder string) {
	t.Helper()
	write(t, filepath.Join(folder, "ops.ndjson"), "")
	check(t, os.Truncate(filepath.Join(folder, "ops.ndjson"), logBytes-4096))
	for month := 1; month < logFiles; month++ {
		write(t, filepath.Join(folder, fmt.Sprintf("ops-2020-%02d-01T00-00-00.000.ndjson", month)), "{}\n")
	}
}

// wantLogs expects the log to have been set aside and begun anew, the oldest ones to be gone, and none to be too long.
func wantLogs(t *testing.T, folder string) {
	t.Helper()
	desktop.Until(t, soon, "the oldest log to be removed", func() error {
		all, err := filepath.Glob(filepath.Join(folder, "*.ndjson"))
		if err == nil && len(all) != logFiles || len(all) > 0 && strings.Contains(all[0], "2020-01") {
			err = fmt.Errorf("there are %q", all)
		}
		return err
	})
	all, err := os.ReadDir(folder)
	check(t, err)
	for _, entry := range all {
		if info, err := entry.Info(); err != nil || info.Size() > logBytes {
			t.Errorf("%s: %v, %v", entry.Name(), info, err)
		}
	}
}

// daysInTheTray mounts each morning by a click, looks at the window that a refused eject brings up, and ejects each evening.
func daysInTheTray(t *testing.T, released string, long time.Duration) {
	s := desktop.New(t)
	s.StartBus()
	s.StartXvfb(1280, 800)
	s.StartWindowManager()
	host := s.StartHost()
	address := freeAddress(t)
	s.WriteFile(".config/vitrine/config.toml", quiet+fmt.Sprintf("keep_events = 1000\nmetrics = %q\n", address))
	p := s.Start(released)
	item := host.WaitItem(soon)
	l := &life{
		t: t, s: s, p: p, metrics: address,
		backing: filepath.Join(s.Home, ".local/share/vitrine/files"), mountPoint: filepath.Join(s.Home, "Vitrine"),
	}
	l.morning = func() {
		first(t, item, "Mount")
		check(t, item.Click("Mount"))
		waitMounted(t, l.mountPoint, true)
		first(t, item, "Eject")
	}
	l.busy = func() {
		check(t, item.Click("Eject"))
		s.WaitWindow("Vitrine", soon)
		if !isMounted(t, l.mountPoint) {
			t.Error("ejected while files are open")
		}
		check(t, item.LeftClick())
		s.WaitNoWindow("Vitrine", soon)
	}
	l.evening = func() {
		if exit, said := runs(s, released, "eject"); exit != 0 {
			t.Errorf("exit status %d:\n%s", exit, said)
		}
		waitMounted(t, l.mountPoint, false)
	}
	l.days(long)
	p.Signal(syscall.SIGTERM)
	if exit := p.WaitExit(diskPatience); exit != 0 || isMounted(t, l.mountPoint) {
		t.Errorf("exit status %d:\n%s", exit, p.Output())
	}
}

// freeAddress is one that nobody uses at the moment.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer l.Close()
	return l.Addr().String()
}

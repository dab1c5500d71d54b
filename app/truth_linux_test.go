package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dustin/go-humanize"

	"vitrine/app/control"
	"vitrine/app/internal/desktop"
	"vitrine/fusefs/oplog"
	"vitrine/fusefs/oplog/export"
)

// long is how long a workload may take on a machine that is busy.
const long = 8 * time.Minute

// truthRounds make more than 100,000 operations.
const truthRounds = 2100

// TestTruth compares four counts of one workload: its own, that of strace which looks at it, that of the log, and what
// stands in the window's tables. They are the same to the last operation and byte.
func TestTruth(t *testing.T) {
	s, p, item := startDesktopBy(t, mortal(), `log_file = "~/ops.ndjson"`)
	backing, mountPoint := filepath.Join(s.Home, ".local/share/vitrine/files"), filepath.Join(s.Home, "Vitrine")
	check(t, os.MkdirAll(backing, 0o700))
	prepareWork(t, backing)
	first(t, item, "Mount")
	click(t, item, "Mount")
	waitMounted(t, mountPoint, true)
	first(t, item, "Eject")

	trace := filepath.Join(s.Dir, "strace")
	_, ended := startWork(t, s, mountPoint, truthRounds, "strace", "-f", "-qq", "--seccomp-bpf", "-y", "-o", trace,
		"-e", "trace="+strings.Join(slices.Sorted(maps.Keys(tracedCalls)), ","))
	own := ended()
	for _, errno := range []string{"EACCES", "EROFS"} {
		if own.Ops[oplog.Open.String()][errno] == 0 {
			t.Errorf("no open met %s", errno)
		}
	}
	if n := sum(own.Ops); n < 100_000 {
		t.Errorf("%d operations are too few", n)
	}
	compareWithTrace(t, own, trace, mountPoint)
	settled(t, s, own)
	log := filepath.Join(s.Home, "ops.ndjson")
	asked := compareWithLog(t, own, log)
	compareWithWindow(t, s, item, own, asked)
	compareStatusLine(t, s, log)

	check(t, item.Click("Quit"))
	if exit := p.WaitExit(long); exit != 0 { // an eject writes everything to the disk
		t.Errorf("exit status %d", exit)
	}
}

func sum(n tally) (all int) {
	for name := range n {
		all += n.total(name)
	}
	return all
}

// tracedCalls are the system calls that the workload counts.
var tracedCalls = map[string]bool{
	"openat": true, "close": true, "pwrite64": true, "pread64": true, "fsync": true, "fallocate": true, "lseek": true, "ftruncate": true,
	"fchmod": true, "utimensat": true, "flock": true, "setxattr": true, "removexattr": true, "getxattr": true, "renameat": true,
	"unlinkat": true, "mkdirat": true,
}

// straced is a line of strace: a call that returned at once, or the end of one that did not.
var straced = regexp.MustCompile(`^\d+ +(?:<\.\.\. )?(\w+)(?:\(| resumed>).*\) += (-?\d+)(?:<[^>]*>)?(?: (E[A-Z]+))?`)

// compareWithTrace compares what the workload says of its system calls with what strace saw.
func compareWithTrace(t *testing.T, own balance, trace, folder string) {
	t.Helper()
	f, err := os.Open(trace)
	check(t, err)
	defer f.Close()
	seen, read, written := tally{}, int64(0), int64(0)
	begun := map[string]bool{} // threads whose call on the folder has not ended
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := lines.Text()
		thread, _, _ := strings.Cut(line, " ")
		if strings.HasSuffix(line, "<unfinished ...>") {
			begun[thread] = strings.Contains(line, folder)
			continue
		}
		call := straced.FindStringSubmatch(line)
		if call == nil || !strings.Contains(line, folder) && !(strings.Contains(line, " resumed>") && begun[thread]) {
			continue
		}
		seen.add(call[1], call[3])
		n, _ := strconv.ParseInt(call[2], 10, 64)
		switch call[1] {
		case "pread64":
			read += max(n, 0)
		case "pwrite64":
			written += max(n, 0)
		}
	}
	check(t, lines.Err())
	compareTallies(t, "strace", own.Calls, seen, slices.Collect(maps.Keys(tracedCalls)))
	if read != own.Read || written != own.Written {
		t.Errorf("strace saw %d bytes read and %d written, the workload %d and %d", read, written, own.Read, own.Written)
	}
}

// compareTallies compares what two witnesses counted under certain names.
func compareTallies(t *testing.T, witness string, own, seen tally, names []string) {
	t.Helper()
	slices.Sort(names)
	for _, name := range names {
		if !maps.Equal(own[name], seen[name]) {
			t.Errorf("%s: the workload counted %v, %s %v", name, own[name], witness, seen[name])
		}
	}
}

// settled waits until every file of the workload is closed for the drive too, which its kernel does on its own time, and
// compares what the drive says of itself then.
func settled(t *testing.T, s *desktop.Session, own balance) {
	t.Helper()
	var now control.Status
	desktop.Until(t, soon, "the drive to have closed every file", func() error {
		exit, text := command(s, "status", "--json")
		var document struct{ Running []control.Status }
		if err := json.Unmarshal([]byte(text), &document); exit != 0 || err != nil || len(document.Running) != 1 {
			return fmt.Errorf("%d, %v: %s", exit, err, text)
		}
		if now = document.Running[0]; now.Open > 0 || now.InFlight > 0 {
			return fmt.Errorf("%d are open, %d in flight", now.Open, now.InFlight)
		}
		return nil
	})
	if now.Dropped != 0 || now.Read != own.Read || now.Written != own.Written || now.Errors != uint64(failures(own.Ops)) {
		t.Errorf("%d dropped, %d bytes read, %d written, %d errors; the workload counted %d, %d and %d", now.Dropped, now.Read, now.Written,
			now.Errors, own.Read, own.Written, failures(own.Ops))
	}
}

// failures are those of a workload's errors that no program asks for as a question.
func failures(ops tally) (n int) {
	for op := range ops {
		n += failuresOf(ops, op)
	}
	return n
}

// failuresOf counts what failed for want of room or of permission, because a folder cannot be written, or because of a name
// too long. What else fails in the workload is an answer.
func failuresOf(ops tally, op string) int {
	byErrno := ops[op]
	return byErrno["EACCES"] + byErrno["EFBIG"] + byErrno["ENOSPC"] + byErrno["EROFS"] + byErrno["ENAMETOOLONG"]
}

// compareWithLog compares what the workload did with the lines of the log. It returns how many of them are of the workload's
// process, those among them that the kernel asked for in its name.
func compareWithLog(t *testing.T, own balance, log string) (asked int) {
	t.Helper()
	f, err := os.Open(log)
	check(t, err)
	defer f.Close()
	seen := tally{}
	var read, written int64
	for e, err := range export.Read(f) {
		check(t, err)
		errno := oplog.ErrnoName(e.Errno)
		if int(e.PID) == own.PID {
			asked++
		}
		if ofKernel(&e) {
			continue
		}
		seen.add(e.Op.String(), errno)
		r, w := e.Bytes()
		read, written = read+r, written+w
		if e.Flags != 0 {
			t.Errorf("%+v", e)
		}
	}
	compareTallies(t, "the log", own.Ops, seen, slices.Collect(maps.Keys(own.Ops)))
	if read != own.Read || written != own.Written {
		t.Errorf("the log has %d bytes read and %d written, the workload %d and %d", read, written, own.Read, own.Written)
	}
	return asked
}

// ofKernel tells what the kernel asks for by itself, when it likes to: names that it knew, and rights.
func ofKernel(e *oplog.Event) bool {
	return e.Op == oplog.Lookup && e.Errno == 0 || e.Op == oplog.Getxattr && !strings.HasPrefix(e.Path2, "user.")
}

// compareWithWindow compares what the workload did with what stands in the tables of the window, as it copies them.
func compareWithWindow(t *testing.T, s *desktop.Session, item *desktop.Item, own balance, asked int) {
	t.Helper()
	check(t, item.LeftClick())
	w := s.WaitWindow("Vitrine", soon)
	w.Raise()
	time.Sleep(time.Second) // for the window to take keys

	ops := rowsOf(tableText(t, s, "5"), "Operation")
	for _, name := range slices.Sorted(maps.Keys(own.Ops)) {
		row := ops[name]
		count := row["Count"] == humanize.Comma(int64(own.Ops.total(name)))
		if name == oplog.Lookup.String() || name == oplog.Getxattr.String() {
			count = number(row["Count"]) >= own.Ops.total(name) // the kernel's own are among them
		}
		if !count || number(row["Errors"]) != failuresOf(own.Ops, name) {
			t.Errorf("the window says of %s %q with %q errors; the workload counted %d and %d", name, row["Count"], row["Errors"],
				own.Ops.total(name), failuresOf(own.Ops, name))
		}
	}
	keep(t, s, "truth-latency.png")

	processes := rowsOf(tableText(t, s, "3"), "Process")
	row := processes["app.test "+strconv.Itoa(own.PID)]
	if number(row["Operations"]) != asked || row["Read"] != bytesText(own.Read) || row["Written"] != bytesText(own.Written) || number(row["Errors"]) != failures(own.Ops) {
		t.Errorf("the window has %v of a workload that asked %d times, read %d bytes, wrote %d and met %d errors; it has %v", row, asked, own.Read, own.Written, failures(own.Ops), processes)
	}
	keep(t, s, "truth-processes.png")

	if row := rowsOf(tableText(t, s, "4"), "File")[ledgerFile]; row["Written"] != bytesText(own.Ledger) {
		t.Errorf("the window has %v of a file that got %d bytes", row, own.Ledger)
	}
	keep(t, s, "truth-files.png")
}

// kept is how many of the newest operations the window lists, unless the settings say otherwise.
const kept = 65536

// compareStatusLine compares what stands below the list of the log, for all operations and for filters, with the newest lines
// of the log file.
func compareStatusLine(t *testing.T, s *desktop.Session, log string) {
	t.Helper()
	newest := newestOf(t, log, kept)
	s.Key("ctrl+6")
	waitStatusLine(t, s, kept)
	keep(t, s, "truth-log.png")
	for _, errno := range []string{"EROFS", "EACCES", "ENOSPC"} {
		shown := 0
		for _, e := range newest {
			if oplog.ErrnoName(e.Errno) == errno {
				shown++
			}
		}
		s.Key("ctrl+f", "ctrl+a")
		s.Type("err:" + errno)
		s.Key("ctrl+t")
		waitStatusLine(t, s, shown)
		keep(t, s, "truth-log-"+errno+".png")
	}
}

// newestOf reads the last n operations of a log.
func newestOf(t *testing.T, log string, n int) (events []oplog.Event) {
	t.Helper()
	f, err := os.Open(log)
	check(t, err)
	defer f.Close()
	for e, err := range export.Read(f) {
		check(t, err)
		events = append(events, e)
	}
	slices.SortFunc(events, func(a, b oplog.Event) int { return cmp.Compare(a.Seq, b.Seq) })
	return events[max(0, len(events)-n):]
}

// waitStatusLine waits until the log says that it shows so many operations, and that none of them was dropped.
func waitStatusLine(t *testing.T, s *desktop.Session, shown int) {
	t.Helper()
	want := fmt.Sprintf("shown %s of %s; 0 dropped", humanize.Comma(int64(shown)), humanize.Comma(kept))
	desktop.Until(t, soon, "the log to say "+want, func() error {
		time.Sleep(300 * time.Millisecond) // for the window to count
		if said, _, _ := strings.Cut(s.Copied("ctrl+c"), " · "); said != want {
			return fmt.Errorf("it says %q", said)
		}
		return nil
	})
}

// number reads a figure as the window writes it; what it leaves empty is 0.
func number(text string) int {
	n, _ := strconv.Atoi(strings.ReplaceAll(text, ",", ""))
	return n
}

// bytesText writes bytes with three digits and a decimal unit, which is how a person reads them in the window.
func bytesText(n int64) string {
	for _, unit := range []struct {
		name string
		size float64
	}{{"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}} {
		if v := float64(n) / unit.size; v >= 0.9995 {
			return strconv.FormatFloat(v, 'f', max(0, 2-len(strconv.Itoa(int(v+0.0005)))+1), 64) + " " + unit.name
		}
	}
	return strconv.FormatInt(n, 10) + " B"
}

// tableText returns the table behind a tab as the window copies it: every row, every column.
func tableText(t *testing.T, s *desktop.Session, tab string) string {
	t.Helper()
	s.Key("ctrl+" + tab)
	time.Sleep(500 * time.Millisecond) // for the window to show it
	s.Key("Home", "shift+End")
	return s.Copied("ctrl+c")
}

// rowsOf reads a copied table: each row by what stands in the column that names it, its cells by the titles. Of columns
// with the same title the first counts.
func rowsOf(text, by string) map[string]map[string]string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	titles := strings.Split(lines[0], "\t")
	rows := map[string]map[string]string{}
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, cell := range strings.Split(line, "\t") {
			if _, twice := row[titles[i]]; !twice {
				row[titles[i]] = cell
			}
		}
		rows[row[by]] = row
	}
	return rows
}

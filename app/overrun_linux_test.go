package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"vitrine/app/internal/desktop"
	"vitrine/fusefs"
	"vitrine/fusefs/oplog"
)

// dam is a sink that lets nothing pass while it is shut: behind it the ring runs over.
type dam struct{ gate sync.Mutex }

func (d *dam) Collect([]oplog.Event, uint64) {
	d.gate.Lock()
	defer d.gate.Unlock()
}

// while shuts the dam for as long as do runs.
func (d *dam) while(do func()) {
	d.gate.Lock()
	defer d.gate.Unlock()
	do()
}

// TestOverrunsLeaveTheTablesRight drops most of what a workload and a holder of files do, and then compares what the window
// shows as open and as in flight with the handle table, with the record, and with what the holder knows of itself.
func TestOverrunsLeaveTheTablesRight(t *testing.T) {
	s := desktop.New(t)
	backing, mountPoint := folders(t, s.Home)
	prepareWork(t, backing)
	e := mountedWith(t, oplog.Options{Queue: 64, Keep: 1000}, fusefs.Config{Backing: backing, MountPoint: mountPoint})
	wall := new(dam)
	e.record.Attach(wall)

	h := startHolder(t, s, mountPoint)
	for i := range 3 {
		wall.while(func() {
			h.asks("turn")
			h.asks("turn")
			if i == 1 {
				_, ended := startWork(t, s, mountPoint, 8*threads)
				ended()
			}
		})
		e.record.Flush()
		h.matches(t, e)
	}
	if n := e.model.Snapshot(); n.Dropped < 1000 || n.Resyncs == 0 {
		t.Errorf("%d events were dropped, and the table was rebuilt %d times: this tested nothing", n.Dropped, n.Resyncs)
	}
}

// matches compares the tables of a snapshot with the handle table, and with what the holder says.
func (h *holder) matches(t *testing.T, e *engine) {
	t.Helper()
	own := h.asks("what")
	desktop.Until(t, soon, "the tables to agree", func() error {
		snapshot := e.model.Snapshot()
		shown, table := map[string]holds{}, map[string]holds{}
		for _, f := range snapshot.Open {
			shown[f.Path] = shown[f.Path].plus(f.Read, f.Written, f.InFlight)
		}
		for _, f := range e.drive.OpenHandles() {
			table[f.Path] = table[f.Path].plus(f.Read, f.Written, 0)
		}
		waits := table[waitedFile]
		waits.Waits = 1
		table[waitedFile] = waits
		switch {
		case !maps.Equal(own, table):
			return fmt.Errorf("the holder has %v, the handle table %v", own, table)
		case !maps.Equal(shown, table):
			return fmt.Errorf("shown are %v, and the handle table has %v", shown, table)
		case len(snapshot.InFlight) != 1 || snapshot.InFlight[0].Op != oplog.Flock || snapshot.InFlight[0].Path != waitedFile:
			return fmt.Errorf("in flight are %v; it is a lock that is waited for", snapshot.InFlight)
		}
		return nil
	})
}

// holds is what somebody has open under one name.
type holds struct {
	Files         int
	Read, Written int64
	Waits         int // operations in flight
}

func (h holds) plus(read, written int64, waits int) holds {
	return holds{h.Files + 1, h.Read + read, h.Written + written, h.Waits + waits}
}

// holderVariable makes the test's program a holder of files: see holdFiles.
const holderVariable = "VITRINE_TEST_HOLDER"

func init() {
	if os.Getenv(holderVariable) != "" {
		if err := holdFiles(os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
}

// holder is a child that holds files open.
type holder struct {
	t       *testing.T
	p       *desktop.Process
	orders  *os.File
	answers int
}

func startHolder(t *testing.T, s *desktop.Session, folder string) *holder {
	t.Helper()
	orders, give, err := os.Pipe()
	check(t, err)
	cmd := exec.Command(os.Args[0], folder)
	cmd.Env, cmd.Stdin = []string{holderVariable + "=1", "GODEBUG=asyncpreemptoff=1"}, orders
	h := &holder{t: t, p: s.StartCmd(cmd), orders: give}
	check(t, orders.Close())
	t.Cleanup(func() { give.Close() })
	return h
}

// asks gives an order and returns what the holder has when it is carried out.
func (h *holder) asks(order string) (own map[string]holds) {
	h.t.Helper()
	_, err := h.orders.WriteString(order + "\n")
	check(h.t, err)
	h.answers++
	desktop.Until(h.t, long, "the holder's answer", func() error {
		lines := strings.SplitAfter(h.p.Output(), "\n")
		if len(lines) <= h.answers {
			return fmt.Errorf("it said %q", lines)
		}
		return json.Unmarshal([]byte(lines[h.answers-1]), &own)
	})
	return own
}

const (
	waitedFile = "/waited"
	turnFiles  = 40
)

// heldFile is a file that a holder has open.
type heldFile struct {
	fd   int
	path string
	holds
}

// holdFiles opens, uses, moves, removes and closes files at each line that it reads, and says what it holds.
func holdFiles(folder string) error {
	block, err := unix.Mmap(-1, 0, workBlock, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return err
	}
	var held []heldFile
	if held, err = waitForALock(folder); err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	turn := 0
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		if in.Text() == "turn" {
			turn++
			if held, err = holdTurn(folder, turn, held, block); err != nil {
				return err
			}
		}
		own := map[string]holds{}
		for _, h := range held {
			own[h.path] = own[h.path].plus(h.Read, h.Written, h.Waits)
		}
		if err := out.Encode(own); err != nil {
			return err
		}
	}
	return nil
}

// waitForALock holds a lock and waits for the same one, for as long as the process lives.
func waitForALock(folder string) (held []heldFile, err error) {
	for range 2 {
		fd, err := unix.Open(folder+waitedFile, unix.O_CREAT|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
		if err != nil {
			return nil, err
		}
		held = append(held, heldFile{fd: fd, path: waitedFile})
	}
	if err := unix.Flock(held[0].fd, unix.LOCK_EX); err != nil {
		return nil, err
	}
	held[1].Waits = 1
	go unix.Flock(held[1].fd, unix.LOCK_EX)
	return held, nil
}

// holdTurn makes files and uses them; of those there were it closes every second one, and renames or removes others.
func holdTurn(folder string, turn int, before []heldFile, block []byte) (held []heldFile, err error) {
	for i, h := range before {
		switch {
		case h.path == waitedFile || i%4 == 0:
			held = append(held, h)
		case i%2 == 1:
			err = errors.Join(err, unix.Close(h.fd))
		case strings.HasPrefix(h.path, "/moved"): // for good
			held = append(held, h)
		default:
			to := fmt.Sprintf("/moved-%d-%d", turn, i)
			err = errors.Join(err, unix.Rename(folder+h.path, folder+to))
			h.path = to
			held = append(held, h)
		}
	}
	for i := range turnFiles {
		h := heldFile{path: fmt.Sprintf("/held-%d-%d", turn, i)}
		if h.fd, err = unix.Open(folder+h.path, unix.O_CREAT|unix.O_RDWR|unix.O_DIRECT|unix.O_CLOEXEC, 0o600); err != nil {
			return nil, err
		}
		for at := range int64(i % 7) {
			n, e := unix.Pwrite(h.fd, block, at*workBlock)
			m, e2 := unix.Pread(h.fd, block, 0)
			h.Written, h.Read, err = h.Written+int64(n), h.Read+int64(m), errors.Join(err, e, e2)
		}
		held = append(held, h)
	}
	return held, err
}

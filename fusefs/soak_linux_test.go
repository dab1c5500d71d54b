package fusefs

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

const (
	soakProcesses = 8
	soakClients   = 8 // of each process
	soakRounds    = 3
)

// TestSoak lets 64 clients of a mount make random calls in one folder. Afterwards no operation is stuck, mount and
// backing folder agree, and the server has no more descriptors than at first, and no more threads than after one round.
func TestSoak(t *testing.T) {
	m := newModel(t)
	p := m.p
	threads := 0
	for round := range soakRounds {
		folder := "soak/up/up/up" // symbolic links to ".." stay within
		check(t, os.MkdirAll(p.file(folder), 0o777))
		all := startClerks(t, soakProcesses, job{Kind: "soak", Folder: p.file(folder), Other: m.other})
		calls := 0
		for _, w := range all {
			w.tell((soakTime(t, 12*time.Second) / soakRounds).String())
		}
		for _, w := range all {
			var n int
			w.hear(&n)
			calls += n
			w.end()
		}
		if calls == 0 {
			t.Error("nothing was called: this tested nothing")
		}
		p.inFlight(0)
		if different := differentLines(listTree(p.behind("soak")), listTree(p.file("soak"))); different != "" {
			t.Errorf("round %d: the backing folder, against the mount, differs:\n%s", round, different)
		}
		removeTree(p.file("soak"))
		a := p.ask("status")
		t.Logf("round %d: %d calls; the server has %d descriptors and %d threads", round, calls, a.FDs, a.Threads)
		p.shrinks(p.first.FDs)
		if round == 0 {
			threads = a.Threads
		} else if a.Threads > threads+soakProcesses*soakClients {
			t.Errorf("round %d: %d threads, after the first round there were %d", round, a.Threads, threads)
		}
	}
	p.ejects()
}

// soakLeft is how many descriptors more than before are no leak: of the runtime, of pipes, and of folders that the kernel keeps. One
// that leaked with every thousandth call would leave more than that in a round.
const soakLeft = 20

// shrinks waits until the server has about as many descriptors as before: the kernel forgets after it was asked to.
func (p *child) shrinks(fds int) {
	p.t.Helper()
	var a answer
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if a = p.ask("status"); a.FDs <= fds+soakLeft {
			return
		}
	}
	p.t.Errorf("the server keeps %d descriptors, there were %d:\n%s", a.FDs, fds, strings.Join(p.descriptors(), "\n"))
}

// descriptors says what each of the server's descriptors is of.
func (p *child) descriptors() (of []string) {
	folder := fmt.Sprintf("/proc/%d/fd", p.cmd.Process.Pid)
	all, _ := os.ReadDir(folder)
	for _, fd := range all {
		link, _ := os.Readlink(filepath.Join(folder, fd.Name()))
		of = append(of, fd.Name()+" "+link)
	}
	return of
}

// workAtRandom makes random calls from several clients for as long as it is told.
func workAtRandom(j job, in *bufio.Scanner, out *json.Encoder) {
	unix.Umask(0)
	steps := rapid.Custom(func(t *rapid.T) modelStep { return drawStep(t, j.Other) })
	in.Scan()
	long, err := time.ParseDuration(in.Text())
	mustWork(err)
	end := time.Now().Add(long)
	var calls atomic.Int64
	var clients sync.WaitGroup
	for client := range soakClients {
		clients.Go(func() {
			runtime.LockOSThread() // never unlocked: steps change the thread's user
			if j.Other {
				mustWork(noGroups())
			}
			w, err := worldAt(j.Folder)
			mustWork(err)
			defer w.close()
			for n := 0; time.Now().Before(end); n++ {
				w.do(steps.Example(n*1000 + j.Number*soakClients + client))
				calls.Add(1)
			}
		})
	}
	clients.Wait()
	mustWork(out.Encode(calls.Load()))
}

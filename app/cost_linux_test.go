package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/procfs"

	"vitrine/app/internal/desktop"
)

const (
	costRounds = 2000             // of the workload, for each of the figures under load
	costIdle   = 10 * time.Second // for each of the figures without
)

// BenchmarkWindow measures what the window costs of a processor core: at rest, and while a workload goes through the drive as
// fast as it can. The same process serves the drive, so the cost under load is what the same work takes more of the processor
// with the window in sight than it took just before with the window hidden, by the time that the work took: the median of as
// many such pairs as it is told to make, and how far apart they were, as %spread. It measures the program as it is shipped,
// without the race detector. The display has no graphics card: what the threads spend in which Mesa draws in its place is
// told apart, as %mesa. %ui is what the thread of the UI goroutine spent, which has all of the window's drawing and none of
// the drive's work: nothing is subtracted from it.
//
//	go test -tags fuse3 -run - -bench Window -benchtime 5x ./app
func BenchmarkWindow(b *testing.B) {
	shipped := filepath.Join(b.TempDir(), "vitrine")
	if out, err := exec.Command("go", "build", "-o", shipped, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	s, p, item := startDesktopOf(b, shipped)
	mountPoint, backing := filepath.Join(s.Home, "Vitrine"), filepath.Join(s.Home, ".local/share/vitrine/files")
	prepareWork(b, backing)
	first(b, item, "Mount")
	check(b, item.Click("Mount"))
	waitMounted(b, mountPoint, true)
	first(b, item, "Eject")

	show := func() {
		check(b, item.LeftClick())
		s.WaitWindow("Vitrine", soon).Raise()
		time.Sleep(time.Second) // for the window to take keys
	}
	hide := func() {
		check(b, item.LeftClick())
		s.WaitNoWindow("Vitrine", soon)
		time.Sleep(time.Second) // for its last picture to be done
	}
	work := func() spent {
		return costOf(b, p, func() {
			_, ended := startWork(b, s, mountPoint, costRounds)
			ended()
		})
	}
	rest := func() spent { return costOf(b, p, func() { time.Sleep(costIdle) }) }
	show()
	hide()

	b.Run("idle/hidden", shares(rest))
	b.Run("load/hidden", shares(func() spent { return work().beyond(work()) }))
	b.Run("idle/visible", func(b *testing.B) {
		show()
		shares(rest)(b)
		hide()
	})
	for i, tab := range []string{"open files", "in flight", "processes", "files", "latency", "log"} {
		b.Run("load/"+tab, shares(func() spent {
			hidden := work()
			show()
			s.Key(fmt.Sprintf("ctrl+%d", i+1))
			visible := work()
			hide()
			return visible.beyond(hidden)
		}))
	}
}

// shares reports the median of what is measured, in percent of a core.
func shares(measure func() spent) func(b *testing.B) {
	return func(b *testing.B) {
		var cpu, ui, mesa []float64
		for range b.N {
			s := measure()
			ui = append(ui, percent(s.ui, s.wall))
			cpu = append(cpu, percent(s.cpu, s.wall))
			mesa = append(mesa, percent(s.mesa, s.wall))
		}
		slices.Sort(cpu)
		slices.Sort(ui)
		slices.Sort(mesa)
		b.ReportMetric(cpu[len(cpu)/2], "%core")
		b.ReportMetric(cpu[len(cpu)-1]-cpu[0], "%spread")
		b.ReportMetric(ui[len(ui)/2], "%ui")
		b.ReportMetric(mesa[len(mesa)/2], "%mesa")
		b.ReportMetric(0, "ns/op")
	}
}

// spent is what a process took of the processor in a time: its own threads, among them that of the UI goroutine, and those
// of Mesa.
type spent struct{ cpu, ui, mesa, wall time.Duration }

// beyond is what was taken beyond what the same work took before, and by the UI goroutine at all.
func (s spent) beyond(before spent) spent {
	return spent{s.cpu - before.cpu, s.ui, s.mesa - before.mesa, s.wall}
}

// since is what was taken since an earlier count.
func (s spent) since(before spent) spent {
	return spent{cpu: s.cpu - before.cpu, ui: s.ui - before.ui, mesa: s.mesa - before.mesa}
}

func percent(part, of time.Duration) float64 { return 100 * part.Seconds() / of.Seconds() }

func costOf(b *testing.B, p *desktop.Process, do func()) spent {
	b.Helper()
	before, began := processorTime(b, p), time.Now()
	do()
	cost := processorTime(b, p).since(before)
	cost.wall = time.Since(began)
	return cost
}

func processorTime(b *testing.B, p *desktop.Process) (s spent) {
	b.Helper()
	proc, err := procfs.NewProc(p.Pid())
	check(b, err)
	stat, err := proc.Stat()
	check(b, err)
	threads, err := procfs.AllThreads(p.Pid())
	check(b, err)
	for _, thread := range threads {
		stat, err := thread.Stat()
		switch {
		case err != nil: // it has ended
		case thread.PID == p.Pid():
			s.ui = seconds(stat.CPUTime())
		case strings.HasPrefix(stat.Comm, "llvmpipe"):
			s.mesa += seconds(stat.CPUTime())
		}
	}
	s.cpu = seconds(stat.CPUTime()) - s.mesa
	return s
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

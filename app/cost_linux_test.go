package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/procfs"

	"vitrine/app/internal/desktop"
)

const (
	costRounds = 4000             // of the workload, for each of the figures under load
	costIdle   = 10 * time.Second // for each of the figures without
)

// BenchmarkWindow measures what the window costs of a processor core: at rest, and while a workload goes through the drive as
// fast as it can. The same process serves the drive, so the cost under load is what the same work takes more of the processor
// with the window in sight than with it hidden, by the time that the work took. It measures the program as it is shipped,
// without the race detector; the display has no graphics card, so that Mesa's drawing is in the figures.
//
//	go test -run - -bench Window -benchtime 1x ./app
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
	check(b, item.LeftClick())
	s.WaitWindow("Vitrine", soon)
	check(b, item.LeftClick())
	s.WaitNoWindow("Vitrine", soon)

	work := func() spent {
		return costOf(b, p, func() {
			_, ended := startWork(b, s, mountPoint, costRounds)
			ended()
		})
	}
	rest := func() spent { return costOf(b, p, func() { time.Sleep(costIdle) }) }
	share := func(name string, measure func() float64) {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				b.ReportMetric(measure(), "%core")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
	share("idle/hidden", func() float64 { return rest().share() })
	alone := work()
	b.Logf("the workload takes %v of the processor in %v without the window", alone.cpu, alone.wall)
	share("load/hidden", func() float64 { return work().beyond(alone) })
	check(b, item.LeftClick())
	s.WaitWindow("Vitrine", soon).Raise()
	time.Sleep(time.Second) // for the window to take keys
	share("idle/visible", func() float64 { return rest().share() })
	for i, tab := range []string{"open files", "in flight", "processes", "files", "latency", "log"} {
		s.Key(fmt.Sprintf("ctrl+%d", i+1))
		share("load/"+tab, func() float64 { return work().beyond(alone) })
	}
}

// spent is what a process took of the processor in a time.
type spent struct{ cpu, wall time.Duration }

// share is the part of one core, in percent.
func (s spent) share() float64 { return 100 * s.cpu.Seconds() / s.wall.Seconds() }

// beyond is the part of one core that was taken beyond what the same work took before.
func (s spent) beyond(before spent) float64 { return spent{s.cpu - before.cpu, s.wall}.share() }

func costOf(b *testing.B, p *desktop.Process, do func()) spent {
	b.Helper()
	cpu, began := processorTime(b, p), time.Now()
	do()
	return spent{processorTime(b, p) - cpu, time.Since(began)}
}

func processorTime(b *testing.B, p *desktop.Process) time.Duration {
	b.Helper()
	proc, err := procfs.NewProc(p.Pid())
	check(b, err)
	stat, err := proc.Stat()
	check(b, err)
	return time.Duration(stat.CPUTime() * float64(time.Second))
}

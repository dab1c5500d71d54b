package main

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/procfs"

	"vitrine/app/internal/desktop"
)

// size is what a program has of the system while it has nothing to do.
type size struct {
	descriptors, threads, goroutines int
	resident                         int // bytes, without what is mapped from files
	live                             int // bytes of the heap that the last garbage collection left
}

func (s size) String() string {
	return fmt.Sprintf("%d descriptors, %d threads, %d goroutines, %.1f MiB resident, %.1f MiB live",
		s.descriptors, s.threads, s.goroutines, mebibytes(s.resident), mebibytes(s.live))
}

func mebibytes(n int) float64 { return float64(n) / (1 << 20) }

// quantities are what must not grow, and by how much they may differ: by a share of what they were, and by some more. Each
// of the two workers that wait for requests may have a pipe, which takes two descriptors, or none.
var quantities = []struct {
	name  string
	of    func(size) int
	share float64
	more  int
}{
	{"descriptors", func(s size) int { return s.descriptors }, 0, 5},
	{"threads", func(s size) int { return s.threads }, 0, 5},
	{"goroutines", func(s size) int { return s.goroutines }, 0, 3},
	{"resident bytes", func(s size) int { return s.resident }, 0.15, 16 << 20},
	{"live bytes", func(s size) int { return s.live }, 0.15, 4 << 20},
}

// growth compares the last days with earlier ones, of which the first quarter does not count: caches fill then. It
// returns what has grown.
func growth(days []size) (grown []string) {
	n := len(days)
	for _, q := range quantities {
		before, after := median(days[n/4:n/2], q.of), median(days[n-n/4:], q.of)
		if after > before+int(q.share*float64(before))+q.more {
			grown = append(grown, fmt.Sprintf("%d %s at first, %d at last", before, q.name, after))
		}
	}
	return grown
}

func median(days []size, of func(size) int) int {
	var all []int
	for _, d := range days {
		all = append(all, of(d))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// fewestDays are needed to tell growth from chance.
const fewestDays = 10

// TestGrowthIsSeen has programs that keep a little of each day.
func TestGrowthIsSeen(t *testing.T) {
	for _, c := range []struct {
		name string
		a    size // what is added each day
		want int
	}{
		{"nothing", size{}, 0},
		{"a descriptor", size{descriptors: 1}, 1},
		{"two threads and a goroutine", size{threads: 2, goroutines: 1}, 2},
		{"8 MiB", size{resident: 8 << 20, live: 8 << 20}, 2},
	} {
		var days []size
		for day := range fewestDays {
			days = append(days, size{
				20 + day*c.a.descriptors, 12 + day*c.a.threads, 30 + day*c.a.goroutines, 60<<20 + day*c.a.resident, 20<<20 + day*c.a.live,
			})
		}
		if grown := growth(days); len(grown) != c.want {
			t.Errorf("%s a day: %q", c.name, grown)
		}
	}
}

// sizeOf measures a program that has come to rest: the least of some looks. Its metrics are at the address.
func sizeOf(t *testing.T, p *desktop.Process, metrics string) (least size) {
	t.Helper()
	proc, err := procfs.NewProc(p.Pid())
	check(t, err)
	for look := range 4 {
		descriptors, err := proc.FileDescriptorsLen()
		check(t, err)
		status, err := proc.NewStatus()
		check(t, err)
		stat, err := proc.Stat()
		check(t, err)
		told := metricsOf(t, metrics)
		now := size{descriptors, stat.NumThreads, int(told["go_goroutines"]), int(status.RssAnon), int(told["go_gc_heap_live_bytes"])}
		if now.goroutines == 0 || now.live == 0 || now.resident == 0 {
			t.Fatalf("measured %v", now)
		}
		if look == 0 {
			least = now
		}
		least = size{
			min(least.descriptors, now.descriptors), min(least.threads, now.threads), min(least.goroutines, now.goroutines),
			min(least.resident, now.resident), min(least.live, now.live),
		}
		time.Sleep(50 * time.Millisecond)
	}
	return least
}

// metricsOf returns the metrics that have no labels.
func metricsOf(t *testing.T, address string) map[string]float64 {
	t.Helper()
	answer, err := http.Get("http://" + address + "/metrics")
	check(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	check(t, err)
	found := make(map[string]float64)
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if n, err := strconv.ParseFloat(value, 64); err == nil {
			found[name] = n
		}
	}
	return found
}

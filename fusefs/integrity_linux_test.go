package fusefs

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A file is shared out among processes in stripes that begin and end within pages, so that neighbours meet in each.
const (
	stripeSize    = 5*4096 + 1234 // bytes
	stripesOfEach = 12
)

// stripeRound is what the stripes' workers are told: to make some calls from a seed, in a file of a size.
type stripeRound struct {
	Seed  uint64
	Size  int64
	Calls int
}

// stripeAnswer is what a worker's stripes hold now, as far as the file reaches.
type stripeAnswer struct {
	Stripes [][]byte
	Wrong   string // what it read that it had not written
	Calls   int
}

// TestIntegrity lets processes write to one file at once, each to its own stripes and in every way: write, mmap, holes,
// copies. Between the rounds the file is cut and grown. What each says that it wrote must be there, through the mount
// and behind it.
func TestIntegrity(t *testing.T) {
	t.Run("plain", func(t *testing.T) { testIntegrity(t, mountChild(t)) })
	t.Run("fast", func(t *testing.T) { testIntegrity(t, mountFastBeside(t)) })
}

func testIntegrity(t *testing.T, p *child) {
	t.Helper()
	const workers = 4
	const whole = workers * stripesOfEach * stripeSize
	check(t, os.WriteFile(p.file("shared"), nil, 0o600))
	all := startClerks(t, workers, job{Kind: "stripes", Folder: p.path})
	rounds, calls := 0, 0
	for end := time.Now().Add(soakTime(t, 10*time.Second)); time.Now().Before(end); rounds++ {
		size := int64(whole)
		if rounds%2 == 1 {
			size = rand.Int64N(whole)
		}
		check(t, os.Truncate(p.file("shared"), size))
		round, err := json.Marshal(stripeRound{Seed: rand.Uint64(), Size: size, Calls: 60})
		check(t, err)
		for _, w := range all {
			w.tell(string(round))
		}
		want := make([]byte, size)
		for n, w := range all {
			var a stripeAnswer
			w.hear(&a)
			if a.Wrong != "" {
				t.Errorf("round %d %s, worker %d: %s", rounds, round, n, a.Wrong)
			}
			calls += a.Calls
			for i, data := range a.Stripes {
				copy(want[min(stripeAt(n, workers, i), size):], data)
			}
		}
		for where, name := range map[string]string{"through the mount": p.file("shared"), "behind": p.behind("shared")} {
			got, err := os.ReadFile(name)
			check(t, err)
			if !bytes.Equal(got, want) {
				t.Errorf("round %d %s, %s: %s", rounds, round, where, firstDifference(got, want, workers))
			}
		}
		if t.Failed() {
			return
		}
	}
	for _, w := range all {
		w.end()
	}
	t.Logf("%d rounds, %d calls of %d processes: every byte is right", rounds, calls, workers)
	p.ejects()
}

// TestFailedChangeTakesNothing writes through a mapping while another program tries what the backing's filesystem cannot do
// at the same place.
func TestFailedChangeTakesNothing(t *testing.T) {
	backing, err := os.MkdirTemp("/dev/shm", "vitrine-")
	check(t, err)
	t.Cleanup(func() { os.RemoveAll(backing) })
	p := serveChild(t, Config{Backing: backing, MountPoint: freshFolder(t, "mount")})
	if p.first.Err != nil {
		t.Fatal(p.first.Err)
	}
	file, err := os.Create(p.file("f"))
	check(t, err)
	check(t, file.Truncate(4096))
	data, err := unix.Mmap(int(file.Fd()), 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	check(t, err)
	for round := range 2000 {
		tried := make(chan error)
		go func() { tried <- unix.Fallocate(int(file.Fd()), unix.FALLOC_FL_ZERO_RANGE, 0, 4096) }()
		want := byte(round%255 + 1)
		data[7] = want
		check(t, unix.Msync(data, unix.MS_SYNC))
		if err := <-tried; err != unix.EOPNOTSUPP {
			t.Fatalf("tmpfs has learned to zero a range: %v", err)
		}
		for _, name := range []string{p.behind("f"), p.file("f")} {
			got, err := os.ReadFile(name)
			check(t, err)
			if got[7] != want {
				t.Fatalf("round %d: %d in %s, not %d", round, got[7], name, want)
			}
		}
	}
	check(t, unix.Munmap(data))
	check(t, file.Close())
	p.ejects()
}

func firstDifference(got, want []byte, workers int) string {
	if len(got) != len(want) {
		return fmt.Sprintf("%d bytes, not %d", len(got), len(want))
	}
	first, last, count := -1, 0, 0
	for i := range got {
		if got[i] != want[i] {
			if first < 0 {
				first = i
			}
			last = i
			count++
		}
	}
	return fmt.Sprintf("%d bytes differ from %d to %d, first in stripe %d of worker %d: %#x, not %#x", count, first, last,
		first/stripeSize/workers, first/stripeSize%workers, got[first], want[first])
}

// stripeAt is where a worker's stripe begins in the file.
func stripeAt(worker, workers, i int) int64 { return int64(i*workers+worker) * stripeSize }

// stripes is one worker's part of the file, and what should be in it.
type stripes struct {
	job  job
	fd   int
	past int   // the file again, open for writing only, past the kernel's pages of it
	size int64 // of the file
	data [][]byte
	rand *rand.Rand
	file []byte // the file, mapped
}

func workOnStripes(j job, in *bufio.Scanner, out *json.Encoder) {
	fd, err := unix.Open(filepath.Join(j.Folder, "shared"), unix.O_RDWR|unix.O_CLOEXEC, 0)
	mustWork(err)
	past, err := unix.Open(filepath.Join(j.Folder, "shared"), unix.O_WRONLY|unix.O_CLOEXEC, 0)
	mustWork(err)
	s := &stripes{job: j, fd: fd, past: past}
	for range stripesOfEach {
		s.data = append(s.data, make([]byte, stripeSize))
	}
	for in.Scan() {
		var round stripeRound
		mustWork(json.Unmarshal(in.Bytes(), &round))
		mustWork(out.Encode(s.round(round)))
	}
}

func (s *stripes) round(r stripeRound) (a stripeAnswer) {
	s.size = r.Size
	s.rand = rand.New(rand.NewPCG(r.Seed, uint64(s.job.Number)))
	for i := range s.data { // what was cut off is zero when the file grows again
		clear(s.data[i][s.within(i):])
	}
	if s.size > 0 {
		file, err := unix.Mmap(s.fd, 0, int(s.size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
		mustWork(err)
		s.file = file
		for a.Calls < r.Calls && a.Wrong == "" {
			a.Wrong = s.call()
			a.Calls++
		}
		mustWork(unix.Msync(s.file, unix.MS_SYNC))
		mustWork(unix.Munmap(s.file))
	}
	for i := range s.data {
		a.Stripes = append(a.Stripes, s.data[i][:s.within(i)])
	}
	return a
}

// within is how much of a stripe is within the file, in bytes.
func (s *stripes) within(i int) int64 {
	return min(max(s.size-stripeAt(s.job.Number, s.job.Of, i), 0), stripeSize)
}

// part is a random range of a stripe that is within the file, and where it begins in the file.
func (s *stripes) part() (data []byte, at int64) {
	i := s.rand.IntN(stripesOfEach)
	within := s.within(i)
	if within == 0 {
		return nil, 0
	}
	from := s.rand.Int64N(within)
	to := from + 1 + s.rand.Int64N(within-from)
	return s.data[i][from:to], stripeAt(s.job.Number, s.job.Of, i) + from
}

// pages is part, of whole pages only.
func (s *stripes) pages() (data []byte, at int64) {
	data, at = s.part()
	cut := min((at+4095)/4096*4096-at, int64(len(data)))
	data, at = data[cut:], at+cut
	return data[:len(data)/4096*4096], at
}

// call makes one call, and says what it read that is wrong.
func (s *stripes) call() string {
	data, at := s.part()
	if len(data) == 0 {
		return ""
	}
	switch s.rand.IntN(8) {
	case 0:
		s.scribble(data)
		pwrite(s.fd, data, at)
	case 1:
		s.scribble(data)
		pwrite(s.past, data, at)
	case 2:
		s.scribble(data)
		copy(s.file[at:], data)
	case 3:
		s.scribble(data)
		copy(s.file[at:], data)
		page := at / 4096 * 4096
		mustWork(unix.Msync(s.file[page:at+int64(len(data))], unix.MS_SYNC))
	case 4:
		clear(data)
		mustWork(uninterrupted(func() error {
			return unix.Fallocate(s.fd, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, at, int64(len(data)))
		}))
	case 5:
		s.copy()
	case 6:
		if got := s.file[at:][:len(data)]; !bytes.Equal(got, data) {
			return fmt.Sprintf("mapping, %d bytes at %d: %s", len(data), at, firstDifference(got, data, s.job.Of))
		}
	case 7:
		got := make([]byte, len(data))
		n, err := uninterruptedCount(func() (int, error) { return unix.Pread(s.fd, got, at) })
		mustWork(err)
		if !bytes.Equal(got[:n], data) {
			return fmt.Sprintf("pread, %d bytes at %d: %s", len(data), at, firstDifference(got[:n], data, s.job.Of))
		}
	}
	return ""
}

func (s *stripes) scribble(data []byte) {
	first := byte(s.rand.IntN(256))
	for i := range data {
		data[i] = first + byte(i)
	}
}

func pwrite(fd int, data []byte, at int64) {
	for len(data) > 0 {
		n, err := uninterruptedCount(func() (int, error) { return unix.Pwrite(fd, data, at) })
		mustWork(err)
		data, at = data[n:], at+int64(n)
	}
}

// copy copies a part over another; in every other case whole pages, which the backing's kernel does.
func (s *stripes) copy() {
	part := s.part
	if s.rand.IntN(2) == 0 {
		part = s.pages
	}
	from, at := part()
	to, at2 := part()
	length := min(len(from), len(to))
	if length == 0 || max(at, at2) < min(at, at2)+int64(length) {
		return
	}
	copy(to[:length], from)
	n, err := copyAll(s.fd, &at, s.fd, &at2, length)
	mustWork(err)
	if n != length {
		panic(fmt.Sprintf("copied %d bytes of %d", n, length))
	}
}

// TestFio writes with fio's engines and lets it verify every block by its checksum.
func TestFio(t *testing.T) {
	needs(t, "fio")
	p := mountChild(t)
	for _, engine := range []string{"psync", "mmap", "libaio"} {
		for _, direct := range []string{"0", "1"} {
			if engine == "mmap" && direct == "1" {
				continue // a mapping has no O_DIRECT
			}
			t.Run(engine+" direct="+direct, func(t *testing.T) {
				runIn(t, p.path, "fio", "--name=v", "--directory="+p.path, "--ioengine="+engine, "--direct="+direct,
					"--rw=randrw", "--bsrange=4k-64k", "--size=8m", "--numjobs=4", "--iodepth=8", "--verify=crc32c",
					"--verify_fatal=1", "--verify_state_save=0", "--group_reporting", "--minimal")
				files, err := filepath.Glob(p.file("v.*"))
				check(t, err)
				if len(files) != 4 {
					t.Errorf("fio left %v", files)
				}
				for _, file := range files {
					check(t, os.Remove(file))
				}
			})
		}
	}
	p.ejects()
}

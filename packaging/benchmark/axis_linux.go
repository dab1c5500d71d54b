package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// axis is something that grows.
type axis struct {
	name       string
	title      string
	bytes      bool     // its steps are bytes, and not how many
	operations []string // that are measured at each step
	fits       func(n int64, descriptors uint64) bool
	prepare    func(dir string, n int64) error // behind the mount
	work       func(dir string, n int64, each time.Duration) (map[string]figures, error)
}

// spareDescriptors are those that a server and a client need besides those of the files that are open.
const spareDescriptors = 1000

var axes = []axis{
	{
		name: "clients", title: "Clients at once, each with a file of its own", operations: []string{"write, stat, read 4K"},
		prepare: preparePages, work: growClients,
	},
	{
		name: "open files", title: "Open files", operations: []string{"open", "write, stat, read 4K"},
		fits:    func(n int64, descriptors uint64) bool { return uint64(n)+spareDescriptors <= descriptors },
		prepare: preparePages, work: growOpenFiles,
	},
	{
		name: "folder", title: "Entries of a folder", operations: []string{"list, by entries", "stat a name"},
		prepare: prepareFolder, work: growFolder,
	},
	{
		name: "file", title: "Size of a sparse file", bytes: true, operations: []string{"seek data or hole", "read 4K", "write 4K"},
		prepare: prepareSparse, work: growFile,
	},
}

// growthSize says how far each axis goes, and how long each operation is measured.
type growthSize struct {
	steps map[string][]int64
	each  time.Duration
}

var growthSizes = map[string]growthSize{
	"small":  {steps: map[string][]int64{"clients": {1, 4}, "open files": {1, 20}, "folder": {1, 200}, "file": {1 << 20, 1 << 30}}, each: 20 * time.Millisecond},
	"normal": {steps: wholeSteps, each: time.Second},
	"large":  {steps: wholeSteps, each: 5 * time.Second},
}

var wholeSteps = map[string][]int64{
	"clients":    {1, 2, 4, 8, 16, 32, 64},
	"open files": {1, 10, 100, 1000, 10_000, 100_000},
	"folder":     {1, 10, 100, 1000, 10_000, 100_000, 1_000_000},
	"file":       {1 << 20, 16 << 20, 256 << 20, 1 << 30, 10 << 30, 100 << 30},
}

// stopwatch keeps how long each operation took, in seconds.
type stopwatch struct{ took []float64 }

func (s *stopwatch) measure(do func() error) error {
	began := time.Now()
	err := do()
	s.took = append(s.took, time.Since(began).Seconds())
	return err
}

// repeat measures an operation again and again.
func (s *stopwatch) repeat(each time.Duration, do func() error) error {
	for until := time.Now().Add(each); time.Now().Before(until); {
		if err := s.measure(do); err != nil {
			return err
		}
	}
	return nil
}

// sum is the time that all operations took together, in seconds.
func (s *stopwatch) sum() (sum float64) {
	for _, t := range s.took {
		sum += t
	}
	return sum
}

// figures are those of operations one after another.
func (s *stopwatch) figures() figures { return figuresOf(len(s.took), s.sum(), s.took) }

// preparePages makes n files of a page each.
func preparePages(dir string, n int64) error { return createFiles(dir, int(n)) }

// exchange writes a page, asks for the file's attributes, which have changed by that, and reads the page again, which
// does not come from the kernel's memory.
func exchange(fd int, path string, buffer []byte) error {
	if _, err := unix.Pwrite(fd, buffer, 0); err != nil {
		return err
	}
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return err
	}
	return readPage(fd, buffer, 0)
}

// readPage reads a page from its filesystem, as far as that can do without memory of its own.
func readPage(fd int, buffer []byte, at int64) error {
	if err := unix.Fadvise(fd, at, page, unix.FADV_DONTNEED); err != nil {
		return err
	}
	n, err := unix.Pread(fd, buffer, at)
	if err == nil && n != page {
		err = fmt.Errorf("%d bytes read at %d, want %d", n, at, page)
	}
	return err
}

func growClients(dir string, n int64, each time.Duration) (map[string]figures, error) {
	runtime.GOMAXPROCS(max(int(n), runtime.NumCPU())) // or they would wait for each other in here
	watches, errs := make([]stopwatch, n), make([]error, n)
	var clients sync.WaitGroup
	began := time.Now()
	for i := range watches {
		clients.Go(func() {
			runtime.LockOSThread()
			errs[i] = client(fileName(dir, i), each, &watches[i])
		})
	}
	clients.Wait()
	var all stopwatch
	for _, w := range watches {
		all.took = append(all.took, w.took...)
	}
	return map[string]figures{"write, stat, read 4K": figuresOf(len(all.took), time.Since(began).Seconds(), all.took)}, errors.Join(errs...)
}

func client(path string, each time.Duration, watch *stopwatch) error {
	fd, err := unix.Open(path, unix.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	buffer := make([]byte, page)
	return watch.repeat(each, func() error { return exchange(fd, path, buffer) })
}

func growOpenFiles(dir string, n int64, each time.Duration) (map[string]figures, error) {
	if _, err := raiseDescriptors(); err != nil {
		return nil, err
	}
	var opening, using stopwatch
	fds := make([]int, n)
	for i := range fds {
		err := opening.measure(func() (err error) {
			fds[i], err = unix.Open(fileName(dir, i), unix.O_RDWR, 0)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("opening file %d: %w", i+1, err)
		}
	}
	buffer, chance := make([]byte, page), rand.New(rand.NewPCG(1, 2))
	err := using.repeat(each, func() error {
		i := chance.IntN(len(fds))
		return exchange(fds[i], fileName(dir, i), buffer)
	})
	return map[string]figures{"open": opening.figures(), "write, stat, read 4K": using.figures()}, err
}

// prepareFolder makes n empty files.
func prepareFolder(dir string, n int64) error {
	for i := range int(n) {
		fd, err := unix.Open(fileName(dir, i), unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL, 0o644)
		if err != nil {
			return err
		}
		if err := unix.Close(fd); err != nil {
			return err
		}
	}
	return nil
}

func growFolder(dir string, n int64, each time.Duration) (map[string]figures, error) {
	var listing, asking stopwatch
	found, err := list(dir, &listing)
	if err != nil {
		return nil, err
	}
	if found != n {
		return nil, fmt.Errorf("%d entries are listed of %d", found, n)
	}
	chance := rand.New(rand.NewPCG(1, 2))
	err = asking.repeat(each, func() error {
		var st unix.Stat_t
		return unix.Lstat(fileName(dir, chance.IntN(int(n))), &st)
	})
	return map[string]figures{
		"list, by entries": figuresOf(int(n), listing.sum(), listing.took),
		"stat a name":      asking.figures(),
	}, err
}

// list lists a folder and returns how many entries it has. Each piece is measured that the system gives at once.
func list(dir string, watch *stopwatch) (entries int64, err error) {
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	for buffer := make([]byte, 32<<10); ; {
		n := 0
		err := watch.measure(func() (err error) {
			n, err = unix.Getdents(fd, buffer)
			return err
		})
		if err != nil || n == 0 {
			return entries, err
		}
		entries += countEntries(buffer[:n])
	}
}

// countEntries counts what getdents64(2) gave, without the folder itself and the one above.
func countEntries(records []byte) (n int64) {
	const lengthAt, nameAt = 16, 19
	for len(records) > 0 {
		name := unix.ByteSliceToString(records[nameAt:])
		if name != "." && name != ".." {
			n++
		}
		records = records[binary.NativeEndian.Uint16(records[lengthAt:]):]
	}
	return n
}

func sparseFile(dir string) string { return filepath.Join(dir, "sparse") }

// prepareSparse makes a file of n bytes with a page of data in every eighth of it.
func prepareSparse(dir string, n int64) error {
	file, err := os.Create(sparseFile(dir))
	if err != nil {
		return err
	}
	err = file.Truncate(n)
	for at := int64(0); at < n && err == nil; at += n / 8 {
		_, err = file.WriteAt(make([]byte, page), at)
	}
	return firstOf(err, file.Close())
}

// writtenPages are the places that pages are written to: no more, or the file would fill the memory.
const writtenPages = 4096

func growFile(dir string, n int64, each time.Duration) (map[string]figures, error) {
	fd, err := unix.Open(sparseFile(dir), unix.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	if err := unix.Fadvise(fd, 0, 0, unix.FADV_RANDOM); err != nil {
		return nil, err
	}
	chance, buffer := rand.New(rand.NewPCG(1, 2)), make([]byte, page)
	anywhere := func() int64 { return chance.Int64N(n/page) * page }
	places := make([]int64, writtenPages)
	for i := range places {
		places[i] = anywhere()
	}
	var seeking, reading, writing stopwatch
	err = firstOf(
		seeking.repeat(each, func() error { return seek(fd, anywhere(), len(seeking.took)) }),
		reading.repeat(each, func() error { return readPage(fd, buffer, anywhere()) }),
		writing.repeat(each, func() error {
			_, err := unix.Pwrite(fd, buffer, places[chance.IntN(len(places))])
			return err
		}),
	)
	return map[string]figures{"seek data or hole": seeking.figures(), "read 4K": reading.figures(), "write 4K": writing.figures()}, err
}

// seek looks for data and for a hole in turn.
func seek(fd int, from int64, turn int) error {
	_, err := unix.Seek(fd, from, [...]int{unix.SEEK_DATA, unix.SEEK_HOLE}[turn%2])
	if err == unix.ENXIO { // there is none behind
		err = nil
	}
	return err
}

// raiseDescriptors gives this process, and those that it starts, as many descriptors as the system lets it have.
func raiseDescriptors() (limit uint64, err error) {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 0, err
	}
	const enough = 1 << 18 // only root may raise the hard limit
	for _, most := range []uint64{max(l.Max, enough), l.Max} {
		if err = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: most, Max: most}); err == nil {
			return most, nil
		}
	}
	return 0, err
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// rowLimit is how long one workload may take on one server before it counts as stuck.
const rowLimit = 10 * time.Minute

// bench is a run.
type bench struct {
	size      string
	rounds    int
	workloads []workload
	servers   []server
	programs  map[string]string // path, by the name of the server
	progress  io.Writer
}

// measure runs all rounds in a folder of its own under folder, which it removes.
func (b *bench) measure(ctx context.Context, name, folder string) (result *storage, err error) {
	result = &storage{Name: name, Folder: folder}
	for _, w := range b.workloads {
		result.Rows = append(result.Rows, &row{Name: w.name, Series: make(map[string]*series)})
	}
	dir, err := newFolder(folder)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, remove(dir)) }()
	repository := filepath.Join(dir, "repository")
	if err := createRepository(repository, sizesOf[b.size].repo); err != nil {
		return nil, err
	}
	for round := range b.rounds {
		fmt.Fprintf(b.progress, "%s: round %d of %d\n", name, round+1, b.rounds)
		if err := b.round(ctx, round, filepath.Join(dir, strconv.Itoa(round)), repository, result); err != nil {
			return nil, err
		}
	}
	return result, nil
}

// round mounts all servers anew, has each do each row in turn, and ends them.
func (b *bench) round(ctx context.Context, round int, dir, repository string, result *storage) (err error) {
	var at []*mounted
	defer func() {
		for _, m := range at {
			err = errors.Join(err, m.stop())
		}
		err = errors.Join(err, remove(dir))
	}()
	for i, s := range b.servers {
		if err := ctx.Err(); err != nil {
			return err
		}
		m, err := s.start(b.programs[s.name], filepath.Join(dir, strconv.Itoa(i)))
		if err != nil {
			for _, r := range result.Rows {
				r.of(s.name).fail(err)
			}
			continue
		}
		m.halt()
		at = append(at, m)
	}
	for i, w := range b.workloads {
		for turn := range at {
			m := at[(turn+round+i)%len(at)] // nobody is always the first, or always after the same one
			if err := b.sample(ctx, m, w, round, repository, result.Rows[i].of(m.name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// sample has one server do one workload and adds what it took to the series. Only the end of the whole run is an error.
func (b *bench) sample(ctx context.Context, m *mounted, w workload, round int, repository string, into *series) error {
	taken, err := b.do(ctx, m, w, fmt.Sprintf("%s %d", w.name, round), repository)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		into.fail(err)
		return nil
	}
	taken.Round = round
	into.Samples = append(into.Samples, taken)
	return nil
}

func (b *bench) do(ctx context.Context, m *mounted, w workload, name, repository string) (sample, error) {
	if err := m.alive(); err != nil {
		return sample{}, err
	}
	m.goOn()
	defer m.halt()
	outside := filepath.Join(m.outside, name)
	defer discard(outside)
	if err := os.Mkdir(outside, 0o755); err != nil {
		return sample{}, err
	}
	if w.prepare != nil {
		if err := w.prepare(preparation{sizesOf[b.size], outside, repository}); err != nil {
			return sample{}, fmt.Errorf("preparing: %w", err)
		}
	}
	if err := writeBack(m.outside); err != nil {
		return sample{}, err
	}
	if err := haveMemory(sizesOf[b.size].bulk); err != nil {
		return sample{}, err
	}
	m.settle()
	before := m.cpu()
	took, err := work(ctx, w.name, b.size, filepath.Join(m.work, name))
	if err != nil {
		return sample{}, firstOf(m.alive(), err)
	}
	m.settle()
	return sample{Seconds: took.Seconds(), CPU: m.cpu() - before}, nil
}

// haveMemory has the machine own that much free memory, and some more, in bytes. A virtual one gives back to its host what is
// free, and to get it again can take ten times as long as to write to it: whoever comes first would pay for all.
func haveMemory(size int64) error {
	memory, err := unix.Mmap(-1, 0, int(size+size/4), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_POPULATE)
	if err != nil {
		return fmt.Errorf("the measurement needs %d bytes of free memory: %w", size+size/4, err)
	}
	return unix.Munmap(memory)
}

// writeBack has the disk at rest when the next one is measured.
func writeBack(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer folder.Close()
	return unix.Syncfs(int(folder.Fd()))
}

// discard removes what a workload left, behind the mount. The space is given back at once, although a server may keep a
// descriptor of what it has seen.
func discard(dir string) {
	filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			os.Truncate(path, 0)
		}
		return nil
	})
	os.RemoveAll(dir)
}

// work runs a workload in a process of its own and returns how long it took by that one's clock.
func work(ctx context.Context, name, size, dir string) (time.Duration, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	limited, cancel := context.WithTimeout(ctx, rowLimit)
	defer cancel()
	cmd := exec.CommandContext(limited, self, workCommand, name, size, dir)
	cmd.WaitDelay = mountLimit
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if limited.Err() == context.DeadlineExceeded {
		return 0, fmt.Errorf("stuck: not done within %v", rowLimit)
	}
	if err != nil {
		return 0, inItsWords(said.String(), err)
	}
	return time.ParseDuration(strings.TrimSpace(string(out)))
}

// inItsWords is the error of a process, as it said it last, if it did.
func inItsWords(said string, err error) error {
	if said = lastLine(said); said != "" {
		return errors.New(said)
	}
	return err
}

// workHere is the other side of work.
func workHere(name, size, dir string) (time.Duration, error) {
	w, err := workloadNamed(name)
	if err != nil {
		return 0, err
	}
	if err := awaitFolder(dir); err != nil {
		return 0, err
	}
	if w.warm != nil {
		if err := w.warm(dir); err != nil {
			return 0, err
		}
	}
	began := time.Now()
	err = w.run(dir, sizesOf[size])
	return time.Since(began), err
}

// awaitFolder waits until a server that remembers what was in a folder has forgotten it.
func awaitFolder(dir string) error {
	limit := time.Now().Add(mountLimit)
	for {
		_, err := os.Stat(dir)
		if err == nil || time.Now().After(limit) {
			return err
		}
		time.Sleep(pause)
	}
}

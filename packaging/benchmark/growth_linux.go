package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/prometheus/procfs"
)

// growCommand is the command that a process of its own does the work of one step by.
const growCommand = "grow"

// grownServers are those that are compared unless others are named. The rest would make it long, and tell little more.
const grownServers = "vitrine,passthrough_hp,go-fuse"

// grow measures all axes and tells of them.
func (o *options) grow(ctx context.Context, b *bench, h header, out io.Writer) error {
	descriptors, err := raiseDescriptors()
	if err != nil {
		return fmt.Errorf("the limit of open files could not be raised: %w", err)
	}
	if err := o.find(b, &h); err != nil {
		return err
	}
	r := &growthReport{header: h}
	for _, a := range o.axes {
		measured, err := b.growAxis(ctx, a, descriptors)
		if err != nil {
			return err
		}
		r.Axes = append(r.Axes, measured)
	}
	r.Load[1] = load()
	r.print(out)
	if err := o.save(r); err != nil {
		return err
	}
	return r.failure()
}

// growAxis runs all rounds of an axis in a folder of its own, which it removes.
func (b *bench) growAxis(ctx context.Context, a axis, descriptors uint64) (result *growthAxis, err error) {
	result = &growthAxis{Name: a.name, Title: a.title, Bytes: a.bytes, Operations: a.operations}
	for _, n := range result.fitting(growthSizes[b.size].steps[a.name], a, descriptors) {
		result.Steps = append(result.Steps, &growthStep{N: n, Series: make(map[string]*growthSeries)})
	}
	dir, err := newFolder(memory)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, remove(dir)) }()
	for round := range b.rounds {
		fmt.Fprintf(b.progress, "growth of %s: round %d of %d\n", a.name, round+1, b.rounds)
		if err := b.growRound(ctx, a, round, filepath.Join(dir, strconv.Itoa(round)), result); err != nil {
			return nil, err
		}
	}
	return result, nil
}

// fitting returns the steps that the limit of descriptors allows. In place of the first that it does not, there is the
// most that it does.
func (g *growthAxis) fitting(steps []int64, a axis, descriptors uint64) (fit []int64) {
	for _, n := range steps {
		if a.fits == nil || a.fits(n, descriptors) {
			fit = append(fit, n)
			continue
		}
		most := int64(descriptors) - spareDescriptors
		g.Stopped = fmt.Sprintf("It stops at %s: a process may have %s descriptors here (RLIMIT_NOFILE; its hard limit is for root to raise).",
			humanize.Comma(most), humanize.Comma(int64(descriptors)))
		return append(fit, most)
	}
	return fit
}

// growRound mounts all servers anew, has each do each step in turn, and ends them.
func (b *bench) growRound(ctx context.Context, a axis, round int, dir string, result *growthAxis) (err error) {
	var at []*mounted
	defer func() {
		for _, m := range at {
			err = errors.Join(err, m.stop())
		}
		err = errors.Join(err, remove(dir))
	}()
	for i, s := range b.servers {
		m, err := s.start(b.programs[s.name], filepath.Join(dir, strconv.Itoa(i)))
		if err != nil {
			result.Steps[0].of(s.name).fail(err)
			continue
		}
		at = append(at, m)
	}
	for i, step := range result.Steps {
		content := filepath.Join(dir, fmt.Sprintf("content-%d", i))
		if err := b.growStep(ctx, a, at, round+i, round, content, step); err != nil {
			return err
		}
	}
	return nil
}

// growStep prepares the step's content once and has each server work on it, the one after the other.
func (b *bench) growStep(ctx context.Context, a axis, at []*mounted, first, round int, content string, step *growthStep) error {
	defer discard(content)
	if err := os.Mkdir(content, 0o755); err != nil {
		return err
	}
	if err := a.prepare(content, step.N); err != nil {
		return err
	}
	for turn := range at {
		m := at[(first+turn)%len(at)]
		point, err := b.growPoint(ctx, a, m, step.N, content)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			step.of(m.name).fail(err)
			continue
		}
		point.Round = round
		step.of(m.name).Points = append(step.of(m.name).Points, point)
	}
	return nil
}

func (b *bench) growPoint(ctx context.Context, a axis, m *mounted, n int64, content string) (point growthPoint, err error) {
	if err := m.alive(); err != nil {
		return growthPoint{}, err
	}
	name := filepath.Base(content)
	lent := filepath.Join(m.outside, name)
	if err := os.Rename(content, lent); err != nil {
		return growthPoint{}, err
	}
	defer func() { err = errors.Join(err, os.Rename(lent, content)) }()
	m.settle()
	if err := m.forgetPeak(); err != nil {
		return growthPoint{}, err
	}
	done, err := growInChild(ctx, a.name, n, growthSizes[b.size].each, filepath.Join(m.work, name))
	if err != nil {
		return growthPoint{}, firstOf(m.alive(), err)
	}
	m.settle()
	return growthPoint{Memory: m.peak(), Operations: done}, nil
}

// growInChild does the work of one step in a process of its own.
func growInChild(ctx context.Context, axis string, n int64, each time.Duration, dir string) (done map[string]figures, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, rowLimit)
	defer cancel()
	cmd := exec.CommandContext(limited, self, growCommand, axis, strconv.FormatInt(n, 10), each.String(), dir)
	cmd.WaitDelay = mountLimit
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if limited.Err() == context.DeadlineExceeded {
		return nil, fmt.Errorf("stuck: not done within %v", rowLimit)
	}
	if err != nil {
		return nil, inItsWords(said.String(), err)
	}
	return done, json.Unmarshal(out, &done)
}

// executeGrow is the other side of growInChild.
func executeGrow(name, n, each, dir string, out, errOut io.Writer) int {
	done, err := growHere(name, n, each, dir)
	if err == nil {
		err = json.NewEncoder(out).Encode(done)
	}
	if err != nil {
		fmt.Fprintln(errOut, err)
		return exitError
	}
	return exitOK
}

func growHere(name, n, each, dir string) (map[string]figures, error) {
	found, err := chosen(axes, name, growCommand, func(a axis) string { return a.name })
	if err != nil {
		return nil, err
	}
	size, err := strconv.ParseInt(n, 10, 64)
	if err != nil {
		return nil, err
	}
	limit, err := time.ParseDuration(each)
	if err != nil {
		return nil, err
	}
	if err := awaitFolder(dir); err != nil {
		return nil, err
	}
	return found[0].work(dir, size, limit)
}

// forgetPeak has the kernel count the most memory of the server anew; see proc_pid_clear_refs(5).
func (m *mounted) forgetPeak() error {
	if m.cmd == nil {
		return nil
	}
	const peak = "5"
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", m.cmd.Process.Pid), []byte(peak), 0)
}

// peak returns the most memory that the server had since, in bytes; see proc_pid_status(5), VmHWM.
func (m *mounted) peak() float64 {
	if m.cmd == nil {
		return 0
	}
	process, err := procfs.NewProc(m.cmd.Process.Pid)
	if err != nil {
		return 0 // it has ended, which alive will say
	}
	status, err := process.NewStatus()
	if err != nil {
		return 0
	}
	return float64(status.VmHWM)
}

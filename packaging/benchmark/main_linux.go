package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// workCommand is the command that a process of its own runs one workload by.
const workCommand = "work"

// Exit statuses.
const (
	exitOK    = 0
	exitError = 1 // it did not work; the reason is on stderr
	exitUsage = 2 // the command line is wrong
)

// memory is where the folders lie that no disk is behind.
const memory = "/dev/shm"

func main() { os.Exit(execute(os.Args[1:], os.Stdout, os.Stderr)) }

func execute(args []string, out, errOut io.Writer) int {
	if len(args) == 4 && args[0] == workCommand {
		return executeWork(args[1], args[2], args[3], out, errOut)
	}
	if len(args) == 5 && args[0] == growCommand {
		return executeGrow(args[1], args[2], args[3], args[4], out, errOut)
	}
	var o options
	if err := o.parse(args, errOut); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return exitOK
		}
		fmt.Fprintf(errOut, "benchmark: %v\n", err)
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if err := o.run(ctx, out, errOut); err != nil {
		if errors.Is(err, context.Canceled) {
			err = errors.New("interrupted; everything is unmounted")
		}
		fmt.Fprintf(errOut, "benchmark: %v\n", err)
		return exitError
	}
	return exitOK
}

func executeWork(name, size, dir string, out, errOut io.Writer) int {
	took, err := workHere(name, size, dir)
	if err != nil {
		fmt.Fprintln(errOut, err)
		return exitError
	}
	fmt.Fprintln(out, took)
	return exitOK
}

// options is the command line.
type options struct {
	size, disk, json, png string
	rounds                int
	vitrine, peers        string
	unobserved            string
	growth                bool
	workloads             []workload
	axes                  []axis
	servers               []server
}

func (o *options) parse(args []string, errOut io.Writer) error {
	flags := flag.NewFlagSet("benchmark", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.size, "size", "normal", "how much work: `small`, normal or large")
	flags.IntVar(&o.rounds, "rounds", 0, "`how many` times each server does everything; 5 unless given, with --growth 3")
	flags.BoolVar(&o.growth, "growth", false, "measure instead how throughput, latency and memory change as the work grows")
	flags.StringVar(&o.disk, "disk", "", "measure in this `folder` too, after "+memory)
	flags.StringVar(&o.json, "json", "", "write all figures to this `file`")
	flags.StringVar(&o.png, "png", "", "draw the ratios, or the curves of --growth, into this `file`")
	flags.StringVar(&o.vitrine, "vitrine", "vitrine", "the `program` of Vitrine")
	flags.StringVar(&o.unobserved, "unobserved", "vitrine-unobserved", "the `program` of Vitrine that was built with -tags unobserved")
	flags.StringVar(&o.peers, "peers", "", "the `folder` of peers that are not on PATH")
	only := flags.String("servers", "", "`names` of the servers to compare with the plain folder, by commas; all peers unless given, with --growth some")
	price := flags.Bool("price", false, "measure also what observing costs: Vitrine without its record, and with its window")
	rows := flags.String("rows", "", "`names` of the rows, or of the kinds of growth, by commas; all unless given")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(errOut, "usage: packaging/bench [flags]")
			flags.SetOutput(errOut)
			flags.PrintDefaults()
		}
		return err
	}
	switch _, known := sizesOf[o.size]; {
	case flags.NArg() > 0:
		return fmt.Errorf("unknown argument %q; there are flags only", flags.Arg(0))
	case !known:
		return fmt.Errorf("--size %q is none of small, normal and large", o.size)
	case given(flags, "rounds") && o.rounds < 1:
		return fmt.Errorf("--rounds %d: one is the least", o.rounds)
	case o.growth && (o.disk != "" || *price):
		return errors.New("--growth is measured in " + memory + " and by itself; leave --disk and --price out")
	case o.growth:
		o.rounds = cmp.Or(o.rounds, 3)
		*only = cmp.Or(*only, grownServers)
	}
	o.rounds = cmp.Or(o.rounds, 5)
	if err := o.chooseServers(*only, *price); err != nil {
		return err
	}
	return o.chooseRows(*rows)
}

func given(flags *flag.FlagSet, name string) (found bool) {
	flags.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}

// chooseServers takes the plain folder, those that are listed, and those that the price of observing is made of.
func (o *options) chooseServers(list string, price bool) error {
	found, err := chosen(servers[1:], list, "--servers", func(s server) string { return s.name })
	if err != nil {
		return err
	}
	o.servers = append(o.servers, servers[0])
	for _, s := range servers[1:] {
		among := slices.ContainsFunc(found, func(f server) bool { return f.name == s.name })
		if among && (list != "" || !s.asked) || price && slices.Contains(priced, s.name) {
			o.servers = append(o.servers, s)
		}
	}
	return nil
}

func (o *options) chooseRows(list string) (err error) {
	if o.growth {
		o.axes, err = chosen(axes, list, "--rows", func(a axis) string { return a.name })
	} else {
		o.workloads, err = chosen(workloads, list, "--rows", func(w workload) string { return w.name })
	}
	return err
}

// chosen returns those of all whose names are listed; all of them if there is no list.
func chosen[T any](all []T, list, option string, name func(T) string) ([]T, error) {
	if list == "" {
		return all, nil
	}
	var found []T
	for wanted := range strings.SplitSeq(list, ",") {
		i := slices.IndexFunc(all, func(one T) bool { return name(one) == wanted })
		if i < 0 {
			var names []string
			for _, one := range all {
				names = append(names, name(one))
			}
			return nil, fmt.Errorf("%s: there is no %q; there are %s", option, wanted, strings.Join(names, ", "))
		}
		found = append(found, all[i])
	}
	return found, nil
}

func workloadNamed(name string) (workload, error) {
	found, err := chosen(workloads, name, workCommand, func(w workload) string { return w.name })
	if err != nil {
		return workload{}, err
	}
	return found[0], nil
}

func (o *options) run(ctx context.Context, out, errOut io.Writer) error {
	h := newHeader(o.size, o.rounds)
	b := &bench{size: o.size, rounds: o.rounds, workloads: o.workloads, programs: make(map[string]string), progress: errOut}
	if o.growth {
		return o.grow(ctx, b, h, out)
	}
	if err := o.find(b, &h); err != nil {
		return err
	}
	r := &report{header: h}
	places := [][2]string{{"tmpfs", memory}}
	if o.disk != "" {
		disk, err := filepath.Abs(o.disk)
		if err != nil {
			return err
		}
		places = append(places, [2]string{"disk", disk})
	}
	for _, place := range places {
		measured, err := b.measure(ctx, place[0], place[1])
		if err != nil {
			return err
		}
		r.Storages = append(r.Storages, measured)
	}
	r.Load[1] = load()
	r.print(out)
	if err := o.save(r); err != nil {
		return err
	}
	return r.failure()
}

// find takes the servers whose programs are there and can mount. The others are left out and named in the report.
func (o *options) find(b *bench, h *header) (err error) {
	dir, err := newFolder(memory)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove(dir)) }()
	for i, s := range o.servers {
		path, err := o.program(s)
		if err == nil {
			err = s.try(path, filepath.Join(dir, strconv.Itoa(i)))
		}
		if err != nil && ofOurs(s.name) {
			return fmt.Errorf("%s cannot be measured: %w", s.name, err)
		}
		if err != nil {
			h.Missing[s.name] = err.Error()
			continue
		}
		b.programs[s.name] = path
		b.servers = append(b.servers, s)
		h.Servers = append(h.Servers, s.name)
		h.Notes[s.name] = s.note
	}
	return nil
}

func (o *options) program(s server) (string, error) {
	switch {
	case s.args == nil:
		return "", nil
	case s.program == vitrine:
		return exec.LookPath(o.vitrine)
	case s.name == unobserved:
		return exec.LookPath(o.unobserved)
	}
	if path, err := exec.LookPath(filepath.Join(o.peers, s.program)); o.peers != "" && err == nil {
		return path, nil
	}
	return exec.LookPath(s.program)
}

// outcome is what can be kept of a run.
type outcome interface {
	draw(file string) error // as PNG
}

func (o *options) save(r outcome) error {
	if o.json != "" {
		text, err := json.MarshalIndent(r, "", "\t")
		if err != nil {
			return err
		}
		if err := os.WriteFile(o.json, append(text, '\n'), 0o644); err != nil {
			return err
		}
	}
	if o.png != "" {
		return r.draw(o.png)
	}
	return nil
}

func newHeader(size string, rounds int) header {
	return header{
		When: time.Now(), Kernel: kernel(), CPU: processor(), Cores: runtime.NumCPU(), Root: os.Geteuid() == 0,
		Load: [2]string{load(), ""}, Size: size, Rounds: rounds, Notes: make(map[string]string), Missing: make(map[string]string),
	}
}

// load returns the load averages of one, five and fifteen minutes.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}

func kernel() string {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return "unknown"
	}
	return unix.ByteSliceToString(name.Release[:])
}

func processor() string {
	proc, err := procfs.NewDefaultFS()
	if err != nil {
		return "unknown"
	}
	infos, err := proc.CPUInfo()
	if err != nil || len(infos) == 0 || infos[0].ModelName == "" {
		return "an unknown model"
	}
	return infos[0].ModelName
}

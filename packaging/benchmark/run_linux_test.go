package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// executeEnv makes the test binary the benchmark: it measures in processes of its own, which are itself.
const executeEnv = "VITRINE_TEST_BENCHMARK"

func TestMain(m *testing.M) {
	if os.Getenv(executeEnv) != "" {
		main()
	}
	os.Setenv("GORACE", "atexit_sleep_ms=0") // the race detector of each child would wait for a second
	os.Exit(m.Run())
}

// benchmark is the command in a child.
func benchmark(t *testing.T, args ...string) (cmd *exec.Cmd, out, errOut *bytes.Buffer) {
	t.Helper()
	out, errOut = new(bytes.Buffer), new(bytes.Buffer)
	cmd = exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), executeEnv+"=1")
	cmd.Stdout, cmd.Stderr = out, errOut
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM} // it unmounts, whatever becomes of the test
	return cmd, out, errOut
}

// build builds Vitrine as packaging/bench does.
func build(t *testing.T, flags ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "vitrine")
	if out, err := exec.Command("go", slices.Concat([]string{"build", "-o", path}, flags, []string{"../../app"})...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// leftovers returns the folders of a benchmark that has ended. They are removed only when nothing is mounted there.
func leftovers(t *testing.T, in string, pid int) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(in, folderName(pid)))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// fewRows are of each kind: bytes, files, and what another program does. packaging/test measures all rows once, with
// packaging/bench.
var fewRows = []string{"seq write 128K", "create files", "git status ×3"}

// TestRun measures a little, and then is interrupted in its midst.
func TestRun(t *testing.T) {
	program := build(t)
	t.Run("to its end", func(t *testing.T) { smallestRun(t, program) })
	t.Run("interrupted", func(t *testing.T) { interruptedRun(t, program) })
}

func smallestRun(t *testing.T, program string) {
	dir := t.TempDir()
	figures, picture := filepath.Join(dir, "f.json"), filepath.Join(dir, "p.png")
	cmd, out, errOut := benchmark(t, "--size", "small", "--rounds", "1", "--vitrine", program, "--servers", "vitrine",
		"--rows", strings.Join(fewRows, ","), "--disk", dir, "--json", figures, "--png", picture)
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s%s", err, out, errOut)
	}
	text, err := os.ReadFile(figures)
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Storages) != 2 {
		t.Fatalf("%d storages, want 2", len(r.Storages))
	}
	for _, s := range r.Storages {
		if len(s.Rows) != len(fewRows) {
			t.Errorf("%s: %d rows, want %d", s.Name, len(s.Rows), len(fewRows))
		}
		for _, row := range s.Rows {
			wantSamples(t, s, row, r.Servers)
		}
	}
	for _, name := range fewRows {
		if strings.Count(out.String(), "\n| "+name+" ") != 4 {
			t.Errorf("%q is not in all four tables:\n%s", name, out)
		}
	}
	if info, err := os.Stat(picture); err != nil || info.Size() == 0 {
		t.Errorf("no picture: %v", err)
	}
	for _, in := range []string{memory, dir} {
		if left := leftovers(t, in, cmd.Process.Pid); len(left) > 0 {
			t.Errorf("left over: %v", left)
		}
	}
}

// wantSamples expects that each server has done a row in the round, and in some time.
func wantSamples(t *testing.T, s *storage, r *row, servers []string) {
	t.Helper()
	for _, name := range servers {
		series := r.of(name)
		if len(series.Samples) != 1 || series.Failure != "" {
			t.Errorf("%s: %s on %s: %d samples, want 1; %s", name, r.Name, s.Name, len(series.Samples), series.Failure)
		}
		for _, sample := range series.Samples {
			if sample.Seconds <= 0 {
				t.Errorf("%s: %s took %v s", name, r.Name, sample.Seconds)
			}
		}
	}
}

// interruptedRun ends a run as Ctrl-C does: it leaves no mount, no folder and no process.
func interruptedRun(t *testing.T, program string) {
	pipe, progress, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	cmd, _, _ := benchmark(t, "--vitrine", program, "--servers", "vitrine")
	cmd.Stderr = progress
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	progress.Close()
	said := make([]byte, 1<<10)
	if n, err := pipe.Read(said); err != nil || !strings.Contains(string(said[:n]), "round 1 of 5") {
		t.Fatalf("%q, %v", said[:n], err)
	}
	cmd.Process.Signal(syscall.SIGINT)
	cmd.Wait()
	if cmd.ProcessState.ExitCode() != exitError {
		t.Errorf("exit status %d, want %d", cmd.ProcessState.ExitCode(), exitError)
	}
	n, _ := pipe.Read(said)
	if !strings.Contains(string(said[:n]), "interrupted; everything is unmounted") {
		t.Errorf("it says %q", said[:n])
	}
	if left := leftovers(t, memory, cmd.Process.Pid); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

func TestRefuses(t *testing.T) {
	for _, c := range []struct {
		args []string
		exit int
		says string
	}{
		{[]string{"--help"}, exitOK, "usage: packaging/bench [flags]"},
		{[]string{"--size", "huge"}, exitUsage, `--size "huge" is none of small, normal and large`},
		{[]string{"--rounds", "0"}, exitUsage, "--rounds 0: one is the least"},
		{[]string{"--rounds", "many"}, exitUsage, "many"},
		{[]string{"--servers", "vitrine,nofs"}, exitUsage, `--servers: there is no "nofs"; there are vitrine, vitrine --log, vitrine --fast, vitrine unobserved`},
		{[]string{"--rows", "sleep"}, exitUsage, `--rows: there is no "sleep"; there are seq write 128K`},
		{[]string{"--growth", "--rows", "time"}, exitUsage, `--rows: there is no "time"; there are clients, open files, folder, file`},
		{[]string{"--growth", "--disk", "/tmp"}, exitUsage, "--growth is measured in /dev/shm and by itself; leave --disk and --price out"},
		{[]string{"--price", "--servers", "vitrine", "--vitrine", "/bin/false"}, exitError, "vitrine cannot be measured"},
		{[]string{"--servers", "vitrine unobserved", "--unobserved", "/none"}, exitError, "vitrine unobserved cannot be measured"},
		{[]string{"now"}, exitUsage, `unknown argument "now"`},
		{[]string{"--vitrine", "/none"}, exitError, "vitrine cannot be measured"},
		{[]string{"--vitrine", "/bin/false"}, exitError, "vitrine cannot be measured: did not mount: exit status 1"},
		{[]string{"--size", "small", "--servers", "rclone", "--rows", "rm -r", "--rounds", "1", "--disk", "/none"}, exitError, "/none"},
	} {
		cmd, out, errOut := benchmark(t, c.args...)
		cmd.Run()
		if exit := cmd.ProcessState.ExitCode(); exit != c.exit || !strings.Contains(errOut.String(), c.says) {
			t.Errorf("%q: exit status %d, want %d, and %q in:\n%s%s", c.args, exit, c.exit, c.says, out, errOut)
		}
	}
}

// TestMissingPeersAreNamed measures without any peer there is.
func TestMissingPeersAreNamed(t *testing.T) {
	cmd, out, errOut := benchmark(t, "--size", "small", "--rounds", "1", "--servers", "bindfs,rclone", "--rows", "create files")
	cmd.Env = append(cmd.Env, "PATH="+t.TempDir()+":"+gitOnly(t))
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s%s", err, out, errOut)
	}
	for _, name := range []string{"bindfs", "rclone"} {
		if !strings.Contains(out.String(), "\n- missing: "+name+": ") {
			t.Errorf("%s is not named as missing in:\n%s", name, out)
		}
	}
}

// gitOnly returns a folder with nothing but git.
func gitOnly(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(path, filepath.Join(dir, "git")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestServerThatEnds has a program that ends instead of mounting: it is not waited for in vain.
func TestServerThatEnds(t *testing.T) {
	s := server{name: "x", args: func(place) []string { return []string{"-c", "echo not today >&2; exit 3"} }}
	if err := s.try("/bin/sh", t.TempDir()); err == nil || !strings.Contains(err.Error(), "did not mount: exit status 3: not today") {
		t.Errorf("%v", err)
	}
}

// TestEachRowChecksItsWork gives each row that was prepared a folder in which something is missing.
func TestEachRowChecksItsWork(t *testing.T) {
	s := sizesOf["small"]
	for _, w := range workloads {
		if w.prepare == nil || w.name == "rm -r" { // to remove what is not there is no failure
			continue
		}
		dir := t.TempDir()
		if w.name == "find -ls" {
			dir = filepath.Join(dir, "none")
		}
		if err := w.run(dir, s); err == nil {
			t.Errorf("%s is content with an empty folder", w.name)
		}
	}
}

// TestCancelledWork has a workload that is not wanted any more.
func TestCancelledWork(t *testing.T) {
	t.Setenv(executeEnv, "1")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := work(ctx, "stat storm", "small", t.TempDir()); err == nil {
		t.Error("cancelled work is done")
	}
}

// TestWorkIsMeasuredInAChild prepares and does each row in plain folders.
func TestWorkIsMeasuredInAChild(t *testing.T) {
	t.Setenv(executeEnv, "1")
	repository := filepath.Join(t.TempDir(), "repository")
	if err := createRepository(repository, sizesOf["small"].repo); err != nil {
		t.Fatal(err)
	}
	for i, w := range workloads {
		dir := filepath.Join(t.TempDir(), fmt.Sprint(i))
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if w.prepare != nil {
			if err := w.prepare(preparation{sizesOf["small"], dir, repository}); err != nil {
				t.Errorf("%s: preparing: %v", w.name, err)
			}
		}
		if took, err := work(context.Background(), w.name, "small", dir); err != nil || took <= 0 {
			t.Errorf("%s: %v, %v", w.name, took, err)
		}
	}
}

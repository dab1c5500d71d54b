package fusefs

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
)

// workEnv makes the test binary a clerk: a process of its own that uses a mount beside others.
const workEnv = "VITRINE_TEST_WORK"

// job is what a clerk is to do, and where.
type job struct {
	Kind   string
	Folder string
	Number int // of the clerk, from 0
	Of     int // how many workers there are
	Other  bool
}

// jobs are done so a job: it answers each line that it reads with one that it writes.
var jobs = map[string]func(j job, in *bufio.Scanner, out *json.Encoder){
	"stripes": workOnStripes,
	"names":   workOnNames,
	"soak":    workAtRandom,
}

func init() {
	text := os.Getenv(workEnv)
	if text == "" {
		return
	}
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		panic(err)
	}
	jobs[j.Kind](j, bufio.NewScanner(os.Stdin), json.NewEncoder(os.Stdout))
	os.Exit(0)
}

// jobProcess is a process that does a job.
type jobProcess struct {
	t      *testing.T
	job    job
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *json.Decoder
	stderr bytes.Buffer
}

func startClerks(t *testing.T, count int, j job) (all []*jobProcess) {
	t.Helper()
	j.Of = count
	for j.Number = range count {
		all = append(all, startClerk(t, j))
	}
	return all
}

func startClerk(t *testing.T, j job) *jobProcess {
	t.Helper()
	text, err := json.Marshal(j)
	check(t, err)
	w := &jobProcess{t: t, job: j, cmd: exec.Command(os.Args[0])}
	w.cmd.Env = append(os.Environ(), workEnv+"="+string(text), "GORACE=atexit_sleep_ms=0 halt_on_error=1")
	w.cmd.Stderr = &w.stderr
	w.in, err = w.cmd.StdinPipe()
	check(t, err)
	out, err := w.cmd.StdoutPipe()
	check(t, err)
	w.out = json.NewDecoder(out)
	check(t, w.cmd.Start())
	t.Cleanup(func() {
		w.in.Close()
		w.cmd.Process.Kill()
		w.cmd.Wait()
	})
	return w
}

// tell gives a clerk a line to work on.
func (w *jobProcess) tell(line string) {
	w.t.Helper()
	if _, err := fmt.Fprintln(w.in, line); err != nil {
		w.t.Fatalf("%s %d: %v\n%s", w.job.Kind, w.job.Number, err, w.stderr.String())
	}
}

// hear waits for a clerk's answer.
func (w *jobProcess) hear(answer any) {
	w.t.Helper()
	if err := w.out.Decode(answer); err != nil {
		w.cmd.Wait()
		w.t.Fatalf("%s %d died: %v\n%s", w.job.Kind, w.job.Number, err, w.stderr.String())
	}
}

// end lets a clerk end by itself.
func (w *jobProcess) end() {
	w.t.Helper()
	w.in.Close()
	if err := w.cmd.Wait(); err != nil {
		w.t.Fatalf("%s %d: %v\n%s", w.job.Kind, w.job.Number, err, w.stderr.String())
	}
}

// mustWork ends a clerk that cannot go on.
func mustWork(err error) {
	if err != nil {
		panic(err)
	}
}

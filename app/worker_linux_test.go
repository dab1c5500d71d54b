package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"vitrine/app/internal/desktop"
)

// workerVariable makes the test's program a worker: see worker.
const workerVariable = "VITRINE_TEST_WORKER"

func init() {
	if seed, err := strconv.ParseUint(os.Getenv(workerVariable), 10, 64); err == nil {
		if err := workUntilTold(os.Args[1], seed); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
}

// worker works in a folder as a person's programs do, and knows what each file must have. Its diary is open all day.
type worker struct {
	folder string
	chance *rand.Rand
	diary  *os.File
	files  map[string]string // SHA-256, by name
	wrote  []byte            // into the diary
}

// workUntilTold works until its standard input ends. Then it looks at each file once more, and writes as JSON what they
// have.
func workUntilTold(folder string, seed uint64) error {
	w := &worker{folder: folder, chance: rand.New(rand.NewPCG(seed, 0)), files: make(map[string]string)}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	var err error
	if w.diary, err = os.Create(filepath.Join(folder, "diary")); err != nil {
		return err
	}
	told := make(chan struct{})
	go func() {
		io.Copy(io.Discard, os.Stdin)
		close(told)
	}()
	for {
		select {
		case <-told:
			return w.end()
		default:
		}
		if err := w.step(); err != nil {
			return err
		}
	}
}

func (w *worker) step() error {
	name := fmt.Sprintf("file %02d", w.chance.IntN(24))
	known := w.files[name] != ""
	switch n := w.chance.IntN(10); {
	case !known || n < 3:
		return w.save(name)
	case n < 7:
		return w.read(name)
	case n < 8:
		delete(w.files, name)
		return os.Remove(filepath.Join(w.folder, name))
	case n < 9:
		return w.list()
	}
	return w.note()
}

// save writes a file as editors do: beside it, and then in its place.
func (w *worker) save(name string) error {
	data := make([]byte, w.chance.IntN(256<<10))
	for i := 0; i < len(data); i += 64 {
		data[i] = byte(w.chance.Uint32())
	}
	path := filepath.Join(w.folder, name)
	if err := os.WriteFile(path+"~", data, 0o644); err != nil {
		return err
	}
	w.files[name] = digest(data)
	return os.Rename(path+"~", path)
}

func (w *worker) read(name string) error {
	data, err := os.ReadFile(filepath.Join(w.folder, name))
	if err == nil && digest(data) != w.files[name] {
		err = fmt.Errorf("%s has not what was written into it", name)
	}
	return err
}

func (w *worker) list() error {
	entries, err := os.ReadDir(w.folder)
	if err == nil && len(entries) != len(w.files)+1 {
		err = fmt.Errorf("%d files in %s, want %d and the diary", len(entries), w.folder, len(w.files))
	}
	return err
}

func (w *worker) note() error {
	line := fmt.Appendf(nil, "%v: %d files\n", time.Now(), len(w.files))
	w.wrote = append(w.wrote, line...)
	_, err := w.diary.Write(line)
	return errors.Join(err, w.diary.Sync())
}

func (w *worker) end() error {
	if err := errors.Join(w.note(), w.diary.Close()); err != nil {
		return err
	}
	w.files["diary"] = digest(w.wrote)
	for name := range w.files {
		if err := w.read(name); err != nil {
			return err
		}
	}
	return json.NewEncoder(os.Stdout).Encode(w.files)
}

func digest(data []byte) string {
	s := sha256.Sum256(data)
	return hex.EncodeToString(s[:])
}

// atWork is a worker in a process of its own.
type atWork struct {
	*desktop.Process
	folder string
	orders *os.File // closed to end it
}

func startWorker(t *testing.T, s *desktop.Session, folder string, seed int) *atWork {
	t.Helper()
	orders, give, err := os.Pipe()
	check(t, err)
	cmd := exec.Command(os.Args[0], folder)
	cmd.Env, cmd.Stdin = []string{fmt.Sprintf("%s=%d", workerVariable, seed)}, orders
	p := s.StartCmd(cmd)
	check(t, orders.Close())
	t.Cleanup(func() { give.Close() })
	return &atWork{p, folder, give}
}

// end ends the worker and returns what its files must have.
func (w *atWork) end(t *testing.T) (files map[string]string) {
	t.Helper()
	check(t, w.orders.Close())
	if exit := w.WaitExit(soon); exit != 0 {
		t.Fatalf("the worker in %s failed:\n%s", w.folder, w.Output())
	}
	check(t, json.NewDecoder(bytes.NewReader([]byte(w.Output()))).Decode(&files))
	return files
}

// wantFiles expects a folder to have just these files.
func wantFiles(t *testing.T, folder string, files map[string]string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	check(t, err)
	if len(entries) != len(files) {
		t.Errorf("%s has %d files, want %d", folder, len(entries), len(files))
	}
	for name, want := range files {
		data, err := os.ReadFile(filepath.Join(folder, name))
		check(t, err)
		if digest(data) != want {
			t.Errorf("%s in %s has not what a program was told is written", name, folder)
		}
	}
}

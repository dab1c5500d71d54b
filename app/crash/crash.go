// Package crash keeps what the runtime says when the program crashes, for the next start to tell of it. Every process
// has a file of its own, into which the runtime writes as its last act, whichever goroutine panicked.
package crash

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/adrg/xdg"
	"github.com/gofrs/flock"

	"vitrine/app/config/failure"
)

const (
	kept     = 5         // reports, the newest
	maxShown = 1 << 20   // bytes of a report that are looked at
	rule     = "\n---\n" // between what was known before and what the runtime wrote
	running  = ".running"
)

// Report is a crash of an earlier process.
type Report struct {
	File string
	At   time.Time
	What string // the runtime's first line, such as "panic: runtime error: index out of range"
}

// Folder returns where reports are kept, whether or not it exists.
func Folder() (string, error) {
	if !filepath.IsAbs(xdg.StateHome) {
		return "", failure.Textf("there is no folder for crash reports, because your home folder is not known")
	}
	return filepath.Join(xdg.StateHome, "vitrine", "crash"), nil
}

// Watch is a process that leaves a report if it crashes.
type Watch struct {
	file string
	lock *flock.Flock // held while the process lives: so others tell a crash from a run
}

// Begin lets this process leave a report that begins with the text about, and returns the reports of processes that
// crashed since this was asked last. They are returned once.
func Begin(folder, about string) (*Watch, []Report, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, nil, err
	}
	reports := collect(folder)
	w, err := begin(folder, about)
	return w, reports, err
}

func begin(folder, about string) (*Watch, error) {
	f, err := os.CreateTemp(folder, fmt.Sprintf("%d-*%s", os.Getpid(), running)) // mode 0600
	if err != nil {
		return nil, err
	}
	defer f.Close()
	w := &Watch{file: f.Name(), lock: flock.New(f.Name())}
	if _, err := w.lock.TryLock(); err != nil {
		return nil, errors.Join(err, os.Remove(w.file))
	}
	_, err = f.WriteString(about + rule)
	if err == nil {
		err = debug.SetCrashOutput(f, debug.CrashOptions{})
	}
	if err != nil {
		w.End()
		return nil, err
	}
	return w, nil
}

// End says that the process ends without a crash. A nil Watch has nothing to end.
func (w *Watch) End() {
	if w == nil {
		return
	}
	_ = debug.SetCrashOutput(nil, debug.CrashOptions{})
	_ = os.Remove(w.file)
	_ = w.lock.Close()
}

// Write keeps a failure that did not end the process, as a report that is not told of again.
func Write(folder, about, text string) (file string, err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	file = filepath.Join(folder, name(time.Now(), os.Getpid()))
	return file, os.WriteFile(file, []byte(about+rule+text), 0o600)
}

// Files returns the reports that are kept, oldest first.
func Files(folder string) []string {
	files, _ := filepath.Glob(filepath.Join(folder, "crash-*.txt")) // the pattern is right
	return files
}

func name(at time.Time, pid int) string {
	return fmt.Sprintf("crash-%s-%d.txt", at.UTC().Format("20060102-150405"), pid)
}

// collect makes reports of what dead processes left, and forgets the oldest.
func collect(folder string) []Report {
	left, _ := filepath.Glob(filepath.Join(folder, "*"+running))
	var reports []Report
	for _, file := range left {
		if r, crashed := take(folder, file); crashed {
			reports = append(reports, r)
		}
	}
	files := Files(folder)
	for _, old := range files[:max(len(files)-kept, 0)] {
		_ = os.Remove(old)
	}
	slices.SortFunc(reports, func(a, b Report) int { return a.At.Compare(b.At) })
	return reports
}

// take makes a report of a file, unless its process lives or ended without a word, as by SIGKILL.
func take(folder, file string) (r Report, crashed bool) {
	lock := flock.New(file, flock.SetFlag(os.O_RDWR))
	if free, err := lock.TryLock(); err != nil || !free {
		return r, false
	}
	defer lock.Close()
	info, err := os.Stat(file)
	if err != nil {
		return r, false
	}
	text, err := readStart(file)
	_, said, _ := bytes.Cut(text, []byte(rule))
	if err != nil || len(bytes.TrimSpace(said)) == 0 {
		_ = os.Remove(file)
		return r, false
	}
	var pid int
	fmt.Sscanf(filepath.Base(file), "%d-", &pid)
	r = Report{File: filepath.Join(folder, name(info.ModTime(), pid)), At: info.ModTime(), What: firstLine(string(said))}
	return r, os.Rename(file, r.File) == nil
}

func readStart(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text := make([]byte, maxShown)
	n, err := f.Read(text)
	return text[:n], err
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	if runes := []rune(line); len(runes) > 200 {
		line = string(runes[:200]) + "…"
	}
	return line
}

package fusefs

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

// soakEnv makes the tests that work for a while by chance work for this long each, as "10m", and those that do something
// many times do it more often:
//
//	VITRINE_TEST_SOAK=10m go test -race -timeout 2h -run 'TestModel|TestSoak|TestIntegrity' ./fusefs
const soakEnv = "VITRINE_TEST_SOAK"

// soakTime is how long a test works that could go on for ever.
func soakTime(t *testing.T, bounded time.Duration) time.Duration {
	t.Helper()
	said := os.Getenv(soakEnv)
	if said == "" {
		if testing.Short() {
			return bounded / 10
		}
		return bounded
	}
	long, err := time.ParseDuration(said)
	if err != nil {
		t.Fatalf("%s: %v", soakEnv, err)
	}
	return long
}

// soakCount is how many times a test does something, or how much of it: as much as shows a fault that is there, or more.
func soakCount[N int | int64](bounded, soak N) N {
	switch {
	case os.Getenv(soakEnv) != "":
		return soak
	case testing.Short():
		return bounded / 10
	}
	return bounded
}

// TestModel makes the same random calls in a mount and in a plain folder beside it, and compares what each call
// answers, the two trees, and the backing folder. A sequence that differs is shrunk and printed a step a line; kept in
// a file of testdata/model it is tried in each run from then on, by TestModelCases.
func TestModel(t *testing.T) {
	newModel(t).check(t, 15*time.Second)
}

// check makes random calls for so long, unless the environment says otherwise.
func (m *model) check(t *testing.T, bounded time.Duration) {
	t.Helper()
	defer m.showSmallest(t)
	check(t, flag.Set("rapid.steps", "80"))
	check(t, flag.Set("rapid.nofailfile", "true"))
	runs, steps := 0, 0
	for end := time.Now().Add(soakTime(t, bounded)); time.Now().Before(end); {
		rapid.Check(t, func(t *rapid.T) {
			both := m.begin(t)
			defer both.end()
			t.Repeat(map[string]func(*rapid.T){"step": func(t *rapid.T) {
				if s := drawStep(t, m.other); !both.passesOver(s) {
					both.do(s)
					steps++
				}
			}})
			both.compare()
			runs++
		})
	}
	t.Logf("%d sequences, %d steps: no difference", runs, steps)
	m.p.ejects()
}

// TestModelCases makes the sequences again that once told a mount from a plain folder.
func TestModelCases(t *testing.T) { newModel(t).cases(t) }

func (m *model) cases(t *testing.T) {
	t.Helper()
	files, err := filepath.Glob("testdata/model/*.jsonl")
	check(t, err)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".jsonl"), func(t *testing.T) {
			both := m.begin(t)
			defer both.end()
			for _, s := range readSteps(t, file) {
				if s.User && !m.other {
					t.Log("only root can be another user; the rest is not tried")
					return
				}
				if both.passesOver(s) {
					t.Log("a mount of one user alone differs there; the rest is not tried")
					return
				}
				both.do(s)
			}
			both.compare()
		})
	}
	m.p.ejects()
}

// passesOver leaves out what a mount that one user alone sees cannot do as a plain folder does: its kernel asks nobody
// whether they may open their own FIFO, or go through "." and ".." of their own folder.
func (m *model) passesOver(s modelStep) bool {
	switch {
	case m.fast:
		return s.Op == "seekhole" // it has none
	case m.other:
		return false
	case s.Op == "mknod" && s.Flag == unix.S_IFIFO:
		return true
	}
	for _, name := range []string{s.Name, s.To} {
		if name == "." || strings.HasSuffix(name, "/.") || strings.Contains(name+"/", "/../") {
			return true
		}
	}
	return false
}

// passesOver leaves out, beside that, locks on a file that its owner may not open again: the owners of locks share a description
// of it there, and so their locks.
func (p *modelPair) passesOver(s modelStep) bool {
	if p.model.passesOver(s) {
		return true
	}
	if p.model.other || s.Op != "ofdlock" && s.Op != "posixlock" {
		return false
	}
	return !mayOpenAgain(p.plain.fds[s.FD])
}

// mayOpenAgain says whether reopen can have a description of its own. It opens nothing: a close would end the locks.
func mayOpenAgain(fd int) bool {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil {
		return true // nothing is open there, which the step itself will meet
	}
	own := map[int]uint32{unix.O_RDONLY: unix.R_OK, unix.O_WRONLY: unix.W_OK, unix.O_RDWR: unix.R_OK | unix.W_OK}[flags&unix.O_ACCMODE]
	for _, access := range []uint32{unix.R_OK | unix.W_OK, own} {
		if unix.Faccessat(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", fd), access, unix.AT_EACCESS) != unix.EACCES {
			return true
		}
	}
	return false
}

// sameFailure accepts another reason of a call that fails for two: such a mount's kernel looks at the permissions last.
func (m *model) sameFailure(got, want string) bool {
	return !m.other && want == unix.ErrnoName(unix.EACCES) && strings.HasPrefix(got, "E")
}

// TestModelAlone is TestModel and TestModelCases for a mount that only one user sees, who is not root: it is not the
// kernel that checks permissions there.
func TestModelAlone(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Log("TestModel has done it")
		return
	}
	folder, err := os.MkdirTemp("", "vitrine-model-*")
	check(t, err)
	t.Cleanup(func() { os.RemoveAll(folder) })
	check(t, os.Chown(folder, modelUser, modelUser))
	binary := filepath.Join(folder, "test")
	if out, err := exec.Command("cp", os.Args[0], binary).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd := exec.Command(binary, "-test.run", "^(TestModel|TestModelCases)$", "-test.v")
	cmd.Dir, _ = os.Getwd()
	cmd.Env = append(os.Environ(), "TMPDIR="+folder)
	cmd.SysProcAttr = asUser(modelUser)
	said, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(said, []byte("no difference")) {
		t.Fatalf("%v\n%s", err, said)
	}
}

func readSteps(t *testing.T, file string) (steps []modelStep) {
	t.Helper()
	data, err := os.ReadFile(file)
	check(t, err)
	for line := range bytes.Lines(data) {
		var s modelStep
		in := json.NewDecoder(bytes.NewReader(line))
		in.DisallowUnknownFields()
		if err := in.Decode(&s); err != nil {
			t.Fatalf("%s: %v: %s", file, err, line)
		}
		steps = append(steps, s)
	}
	return steps
}

// model is a mount and a plain folder beside its backing folder, on the same filesystem.
type model struct {
	p     *child
	plain string
	other bool // steps can be made as another user
	fast  bool
	count int
	last  []modelStep // the sequence that differed last
}

// newModel mounts.
func newModel(t *testing.T) *model {
	t.Helper()
	if os.Geteuid() != 0 {
		return newModelOn(t, mountChild(t))
	}
	m := newModelOn(t, mountForOthers(t))
	m.other = true
	return m
}

func newModelOn(t *testing.T, p *child) *model {
	t.Helper()
	m := &model{p: p}
	m.plain = filepath.Join(filepath.Dir(m.p.backing), "plain")
	check(t, os.Mkdir(m.plain, 0o777))
	check(t, os.Chmod(m.plain, 0o777))
	old := unix.Umask(0)
	t.Cleanup(func() { unix.Umask(old) })
	return m
}

// noGroups leaves this thread without supplementary groups.
func noGroups() error {
	if _, _, errno := unix.RawSyscall(unix.SYS_SETGROUPS, 0, 0, 0); errno != 0 {
		return errno
	}
	return nil
}

// failer is a test or a property.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// modelPair is one sequence, on the way through the mount and the plain folder.
type modelPair struct {
	t            failer
	model        *model
	mount, plain *modelWorld
	behind       string
	steps        []modelStep
}

func (m *model) begin(t failer) *modelPair {
	t.Helper()
	runtime.LockOSThread() // never unlocked: steps change the thread's user, and the thread ends with the test
	if m.other {
		if err := noGroups(); err != nil {
			t.Fatalf("giving up the groups: %v", err)
		}
	}
	m.count++
	name := fmt.Sprintf("%d/up/up/up", m.count) // symbolic links to ".." stay within
	pair := &modelPair{t: t, model: m, behind: m.p.behind(name)}
	pair.mount, pair.plain = openWorld(t, m.p.file(name)), openWorld(t, filepath.Join(m.plain, name))
	return pair
}

// do makes a step in both worlds. The kernel tells the server of a last close after close(2) has returned, so a lock
// that a closed descriptor had may stand for a moment.
func (p *modelPair) do(s modelStep) {
	p.t.Helper()
	p.steps = append(p.steps, s)
	want, got := p.doPlain(s), p.mount.do(s)
	if s.Op == "flock" || s.Op == "ofdlock" {
		for deadline := time.Now().Add(time.Second); got != want && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
			got = p.mount.do(s)
		}
	}
	if got != want && !p.model.sameFailure(got, want) {
		p.fail("the last step", got, want)
	}
	if s.Op == "tree" {
		p.compare()
	}
}

// doPlain makes a step in the plain folder. A truncate(2) to the size that a file has may leave its time of modification or
// set it, see truncate(3p): in fast mode it is left, so here it is given back.
func (p *modelPair) doPlain(s modelStep) string {
	if !p.model.fast || s.Op != "truncate" {
		return p.plain.do(s)
	}
	var before, after unix.Stat_t
	name := p.plain.named(s)
	known := unix.Stat(name, &before) == nil
	said := p.plain.do(s)
	if known && unix.Stat(name, &after) == nil && before.Size == after.Size {
		unix.UtimesNanoAt(unix.AT_FDCWD, name, []unix.Timespec{{Nsec: unix.UTIME_OMIT}, before.Mtim}, 0)
	}
	return said
}

// compare compares the two trees, and the backing folder with the mount.
func (p *modelPair) compare() {
	p.t.Helper()
	got, want := listTree(p.mount.path), listTree(p.plain.path)
	if different := differentLines(got, want); different != "" {
		p.fail("the tree", different, "")
	}
	if p.model.fast {
		gathered(p.model.p.path)
	}
	behind := listTree(p.behind)
	if different := differentLines(behind, got); different != "" {
		p.fail("the backing folder, against the mount", different, "")
	}
}

func (p *modelPair) fail(what, got, want string) {
	p.t.Helper()
	p.model.last = p.steps
	if want != "" {
		got = "in the mount:      " + got + "\nin a plain folder: " + want
	}
	p.t.Fatalf("%s differs:\n%s\nafter\n%s", what, got, stepLines(p.steps))
}

// stepLines writes steps as they stand in testdata/model.
func stepLines(steps []modelStep) string {
	var text strings.Builder
	for _, s := range steps {
		line, _ := json.Marshal(s)
		text.Write(append(line, '\n'))
	}
	return text.String()
}

// showSmallest leaves out of a sequence that differed what is not needed for that. rapid would find it too, in longer
// time: it draws every sequence anew.
func (m *model) showSmallest(t *testing.T) {
	steps := m.last
	for again := steps != nil; again; {
		again = false
		for i := len(steps) - 1; i >= 0; i-- {
			if fewer := slices.Delete(slices.Clone(steps), i, i+1); m.differs(fewer) {
				steps, again = fewer, true
			}
		}
	}
	if steps != nil {
		t.Logf("what is left of it, for a file of testdata/model:\n%s", stepLines(steps))
	}
}

// modelDifference is what a quiet sequence fails with.
type modelDifference string

type quiet struct{}

func (quiet) Helper() {}

func (quiet) Fatalf(format string, args ...any) { panic(modelDifference(fmt.Sprintf(format, args...))) }

func (m *model) differs(steps []modelStep) (differs bool) {
	both := m.begin(quiet{})
	defer both.end()
	defer func() {
		if failed := recover(); failed != nil {
			if _, differs = failed.(modelDifference); !differs {
				panic(failed)
			}
		}
	}()
	for _, s := range steps {
		both.do(s)
	}
	both.compare()
	return false
}

func (p *modelPair) end() {
	p.mount.close()
	p.plain.close()
	for _, top := range []string{p.mount.path, p.plain.path} {
		removeTree(filepath.Join(top, "../../.."))
	}
}

// removeTree removes also what its owner may not enter.
func removeTree(top string) {
	filepath.WalkDir(top, func(path string, d fs.DirEntry, _ error) error {
		if d != nil && d.IsDir() {
			os.Chmod(path, 0o700)
		}
		return nil
	})
	os.RemoveAll(top)
}

// differentLines shows the lines that only one of the two has.
func differentLines(got, want []string) string {
	var text strings.Builder
	for _, line := range got {
		if !slices.Contains(want, line) {
			text.WriteString("+ " + line + "\n")
		}
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			text.WriteString("- " + line + "\n")
		}
	}
	return text.String()
}

// modelStep is one call of a sequence. Slots are numbered places for descriptors and mappings.
type modelStep struct {
	Op   string
	Name string `json:",omitempty"` // within the folder of At
	To   string `json:",omitempty"` // second name, or a symbolic link's target
	At   int    `json:",omitempty"` // slot of the folder that names begin in, plus one; 0 is the top
	FD   int    `json:",omitempty"` // slot
	FD2  int    `json:",omitempty"`
	Flag int    `json:",omitempty"` // of the call: open(2)'s flags, lseek(2)'s whence…
	Mode uint32 `json:",omitempty"`
	Off  int64  `json:",omitempty"`
	Off2 int64  `json:",omitempty"`
	Len  int64  `json:",omitempty"`
	Fill byte   `json:",omitempty"` // what written data begins with
	User bool   `json:",omitempty"` // made by a user who is not root
}

const (
	modelUser  = 1000 // uid and gid of steps that are made by another user
	modelSlots = 5
	modelMaps  = 2
	notOpen    = -1
)

// modelWorld is a folder in which steps are made.
type modelWorld struct {
	path string
	root int // the folder, open
	fds  [modelSlots]int
	maps [modelMaps][]byte
}

func openWorld(t failer, path string) *modelWorld {
	t.Helper()
	err := os.MkdirAll(path, 0o777)
	if err != nil {
		t.Fatalf("%v", err)
	}
	w, err := worldAt(path)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return w
}

// worldAt is openWorld for a folder that is there.
func worldAt(path string) (*modelWorld, error) {
	root, err := unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	w := &modelWorld{path: path, root: root}
	for i := range w.fds {
		w.fds[i] = notOpen
	}
	return w, err
}

func (w *modelWorld) close() {
	for i := range w.maps {
		w.unmap(i)
	}
	for i := range w.fds {
		w.put(i, notOpen)
	}
	unix.Close(w.root)
}

// do makes a step and says what came of it.
func (w *modelWorld) do(s modelStep) (said string) {
	if s.User {
		unix.Setfsgid(modelUser)
		unix.Setfsuid(modelUser)
		defer func() {
			unix.Setfsuid(0)
			unix.Setfsgid(0)
		}()
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if fault := recover(); fault != nil {
			if _, ok := fault.(interface{ Addr() uintptr }); !ok {
				panic(fault)
			}
			said = "SIGBUS"
		}
	}()
	return modelOps[s.Op].do(w, s)
}

// put keeps a descriptor in a slot, and closes what was there.
func (w *modelWorld) put(slot, fd int) error {
	var err error
	if w.fds[slot] != notOpen {
		err = unix.Close(w.fds[slot])
	}
	w.fds[slot] = fd
	return err
}

func (w *modelWorld) unmap(slot int) error {
	if w.maps[slot] == nil {
		return nil
	}
	err := unix.Munmap(w.maps[slot])
	w.maps[slot] = nil
	return err
}

// at returns the folder in which a step's names begin.
func (w *modelWorld) at(s modelStep) int {
	if s.At == 0 {
		return w.root
	}
	return w.fds[s.At-1]
}

// named returns a path for the calls that have no place for a folder.
func (w *modelWorld) named(s modelStep) string {
	return fmt.Sprintf("/proc/self/fd/%d/%s", w.at(s), realName(s.Name))
}

// realName stands in for names that would not be readable in a list of steps.
func realName(name string) string {
	return strings.NewReplacer("LONG", strings.Repeat("n", 255), "OVER", strings.Repeat("n", 256), "RAW", "\xff\x80").Replace(name)
}

// answered describes the outcome of a call.
func answered(err error, more ...any) string {
	if err == nil {
		return strings.TrimSpace("ok " + fmt.Sprintln(more...))
	}
	if errno, ok := err.(unix.Errno); ok {
		return unix.ErrnoName(errno)
	}
	return err.Error()
}

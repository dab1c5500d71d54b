package ui

import (
	"io"
	"os"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
)

// outside is the environment that the tests were started in.
var outside = os.Environ()

func TestMain(m *testing.M) {
	time.Local = time.UTC
	os.Setenv("HOME", "/home/ada")
	os.Exit(m.Run())
}

// fake is a Controller that does what it is told and notes what it was asked.
type fake struct {
	mu       sync.Mutex // guards all below
	status   Status
	settings Settings
	snap     *activity.Snapshot
	asked    []string
	taken    int // snapshots
	faults   []FieldError
	saveErr  error
	atLogin  bool
	loginErr error
	mounts   bool

	history  *oplog.History
	onChange func()
}

func newFake() *fake {
	return &fake{
		status:   Status{Backing: "/srv/files", MountPoint: "/home/ada/Vitrine"},
		settings: Settings{Backing: "/srv/files", MountPoint: "~/Vitrine", ShowFolder: true, KeepEvents: 100},
		snap:     &activity.Snapshot{At: time.Unix(1000, 0)},
		history:  oplog.NewHistory(100),
	}
}

func (f *fake) note(what string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, what)
}

// last returns what was asked last, "" where nothing was since the last call.
func (f *fake) last() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.asked) == 0 {
		return ""
	}
	l := f.asked[len(f.asked)-1]
	f.asked = nil
	return l
}

func (f *fake) Status() Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.status
}

func (f *fake) OnChange(g func()) { f.onChange = g }

func (f *fake) Mount(create, show bool) {
	switch {
	case create:
		f.note("mount create")
	case show:
		f.note("mount show")
	default:
		f.note("mount")
	}
}

func (f *fake) Eject(force bool) { f.note(map[bool]string{false: "eject", true: "eject force"}[force]) }
func (f *fake) Quit(force bool)  { f.note(map[bool]string{false: "quit", true: "quit force"}[force]) }
func (f *fake) OpenFolder()      { f.note("open folder") }

func (f *fake) OpenContaining(path string) { f.note("open folder of " + path) }

func (f *fake) Settings() Settings {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.settings
}

func (f *fake) Check(Settings) []FieldError {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.faults
}

func (f *fake) Save(s Settings) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.saveErr == nil {
		f.settings = s
		f.asked = append(f.asked, "save")
	}
	return f.saveErr
}

func (f *fake) StartsAtLogin() (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.atLogin, f.loginErr
}

func (f *fake) SetStartsAtLogin(on bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.atLogin = on
	return nil
}

func (f *fake) MountsOnStart() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.mounts
}

func (f *fake) SetMountsOnStart(on bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mounts = on
	return nil
}

func (f *fake) Activity() *activity.Snapshot {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.taken++
	return f.snap
}

func (f *fake) snapshots() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.taken
}

func (f *fake) History() *oplog.History { return f.history }

func (f *fake) SaveLog(w io.Writer) error {
	_, err := io.WriteString(w, "{}\n")
	return err
}

// bench is a user interface on Fyne's test driver, whose UI goroutine is the test's.
type bench struct {
	*UI
	t     *testing.T
	ctl   *fake
	queue chan func()
}

func newBench(t *testing.T, f *fake) *bench {
	t.Helper()
	b := newBenchOf(t, f)
	b.ctl = f
	return b
}

func newBenchOf(t *testing.T, c Controller) *bench {
	t.Helper()
	return newBenchWith(t, c, Options{AppID: "test"})
}

func newBenchWith(t *testing.T, c Controller, o Options) *bench {
	t.Helper()
	a := test.NewTempApp(t)
	b := &bench{t: t, queue: make(chan func(), 1000)}
	b.UI = build(a, c, o)
	b.UI.post = func(f func()) { b.queue <- f }
	b.UI.running = true
	b.window.ticker.interval = time.Hour
	t.Cleanup(b.UI.end)
	return b
}

// wait runs what is sent to the UI goroutine until done says so.
func (b *bench) wait(what string, done func() bool) {
	b.t.Helper()
	limit := time.After(10 * time.Second)
	for !done() {
		select {
		case f := <-b.queue:
			f()
		case <-limit:
			b.t.Fatalf("waited in vain for: %s", what)
		case <-time.After(time.Millisecond):
		}
	}
}

// pump runs what is sent to the UI goroutine for a while.
func (b *bench) pump(d time.Duration) {
	limit := time.After(d)
	for {
		select {
		case f := <-b.queue:
			f()
		case <-limit:
			return
		}
	}
}

// become lets the controller's status change.
func (b *bench) become(change func(*Status)) {
	b.t.Helper()
	b.ctl.mu.Lock()
	change(&b.ctl.status)
	b.ctl.mu.Unlock()
	seen := false
	b.ctl.onChange()
	b.queue <- func() { seen = true }
	b.wait("the new status", func() bool { return seen })
}

// texts returns the cells of a grid as they would be shown, row by row.
func (b *bench) texts(g *grid) [][]string {
	g.Resize(fyne.NewSize(1000, 400))
	g.update()
	var out [][]string
	for _, cells := range g.seen.cells {
		var row []string
		for _, c := range cells {
			row = append(row, c.text)
		}
		out = append(out, row)
	}
	return out
}

func (b *bench) panel(key string) panel { return b.window.panels[b.window.tabIndex(key)] }

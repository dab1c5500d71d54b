package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"vitrine/app/config"
	"vitrine/app/internal/desktop"
	"vitrine/fusefs"
	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
)

// startNoticed starts the program, with more in its environment, on a desktop whose notifications can have what is named.
func startNoticed(t *testing.T, env []string, settings string, able ...string) (*desktop.Session, *desktop.Host, *desktop.Process, *desktop.Item) {
	t.Helper()
	s := desktop.New(t)
	s.StartBus()
	s.StartXvfb(1280, 800)
	s.StartWindowManager()
	host := s.StartHost()
	host.Offer(able...)
	s.WriteFile(".config/vitrine/config.toml", quiet+settings)
	cmd := exec.Command(vitrine)
	cmd.Env = env
	p := s.StartCmd(cmd)
	return s, host, p, host.WaitItem(soon)
}

// TestNotices mounts, is refused an eject, and ejects, all without the window.
func TestNotices(t *testing.T) {
	s, host, p, item := startNoticed(t, nil, "", "actions", "body-markup")
	mountPoint := filepath.Join(s.Home, "Vitrine")
	first(t, item, "Mount")
	check(t, item.Click("Mount"))
	if n := host.WaitNotification("Mounted", soon); !strings.Contains(n.Body, mountPoint) {
		t.Errorf("%q", n)
	}
	f, err := os.Create(filepath.Join(mountPoint, "a<b>.txt"))
	check(t, err)
	defer f.Close()
	first(t, item, "Eject")
	check(t, item.Click("Eject"))
	n := host.WaitNotification("Not ejected", soon)
	if want := fmt.Sprintf("(%d) holds %s/a&lt;b&gt;.txt", os.Getpid(), mountPoint); !strings.Contains(n.Body, want) {
		t.Errorf("%q, want %q", n, want)
	}
	if w, ok := s.FindWindow("Vitrine"); ok {
		t.Errorf("%q came up beside the notice", w.Title)
	}
	count := len(host.Notifications())
	host.Press("Try again", soon)
	desktop.Until(t, soon, "the second refusal", func() error {
		if len(host.Notifications()) == count {
			return fmt.Errorf("there is none")
		}
		return nil
	})
	if !isMounted(t, mountPoint) {
		t.Fatal("ejected under an open file")
	}
	host.Press("Show", soon)
	s.WaitWindow("Vitrine", soon)
	check(t, f.Close())
	host.Press("Try again", soon)
	if n := host.WaitNotification("Ejected safely", soon); !strings.Contains(n.Body, filepath.Join(s.Home, ".local/share/vitrine/files")) {
		t.Errorf("%q", n)
	}
	waitMounted(t, mountPoint, false)
	desktop.Until(t, soon, "what is no longer true to be taken away", func() error {
		if n := host.Shown(); n != 1 {
			return fmt.Errorf("%d are shown", n)
		}
		return nil
	})
	p.Signal(syscall.SIGTERM)
	if exit := p.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d", exit)
	}
}

// TestNoticeForces ejects by force from the notice.
func TestNoticeForces(t *testing.T) {
	s, host, p, item := startNoticed(t, nil, "", "actions")
	mountPoint := filepath.Join(s.Home, "Vitrine")
	first(t, item, "Mount")
	check(t, item.Click("Mount"))
	waitMounted(t, mountPoint, true)
	f, err := os.Create(filepath.Join(mountPoint, "held"))
	check(t, err)
	defer f.Close()
	_, err = f.WriteString("told to be written")
	check(t, err)
	first(t, item, "Eject")
	check(t, item.Click("Eject"))
	host.Press("Force eject", soon)
	host.WaitNotification("Ejected by force", soon)
	waitMounted(t, mountPoint, false)
	wantFile(t, filepath.Join(s.Home, ".local/share/vitrine/files/held"), "told to be written")
	p.Signal(syscall.SIGTERM)
	if exit := p.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d", exit)
	}
}

// TestNoticesTurnedOff has one kind left of two.
func TestNoticesTurnedOff(t *testing.T) {
	_, host, p, item := startNoticed(t, nil, "notify_mounted = false\n")
	first(t, item, "Mount")
	check(t, item.Click("Mount"))
	first(t, item, "Eject")
	check(t, item.Click("Eject"))
	host.WaitNotification("Ejected safely", soon)
	if all := host.Notifications(); len(all) != 1 {
		t.Errorf("%q", all)
	}
	p.Signal(syscall.SIGTERM)
	p.WaitExit(soon)
}

// noted is a notifier that keeps what it is told.
type noted struct {
	shown     []notice
	withdrawn []noticeKind
}

func (n *noted) reach() (shown, actions bool) { return true, true }
func (n *noted) show(note notice)             { n.shown = append(n.shown, note) }
func (n *noted) withdraw(kind noticeKind)     { n.withdrawn = append(n.withdrawn, kind) }
func (n *noted) close()                       {}

// last returns what was shown since the last call.
func (n *noted) last() (titles []string) {
	for _, note := range n.shown {
		titles = append(titles, note.title)
	}
	n.shown = nil
	return titles
}

func newNoted() (*noted, *notices) {
	to := &noted{}
	return to, &notices{to: to, wanted: func() config.Notices { return config.Default().Notices }, window: func() {}, forced: func() bool { return false },
		waits: func() activity.Sentence { return activity.Sentence{} }}
}

func TestNoticeOfErrorsAfterAQuietMinute(t *testing.T) {
	to, n := newNoted()
	fails := func(at int64, errno syscall.Errno) []string {
		n.Collect([]oplog.Event{{Seq: 1, Wall: at * second, Op: oplog.Open, Path: "/f", Errno: errno, PID: 7, Proc: "cp"}}, 0)
		return to.last()
	}
	for _, c := range []struct {
		at    int64
		errno syscall.Errno
		told  bool
	}{
		{1000, syscall.ENOENT, false}, // an answer
		{1001, syscall.EACCES, true},
		{1030, syscall.EACCES, false},
		{1085, syscall.EACCES, false}, // 55 s after the last
		{1145, syscall.EACCES, true},
		{1300, syscall.ENOSPC, false}, // has a notice of its own
		{1400, syscall.EMFILE, true},
	} {
		if told := fails(c.at, c.errno); (len(told) == 1) != c.told || len(told) > 1 {
			t.Errorf("%v at %d: told %q", c.errno, c.at, told)
		}
	}
}

func TestNoticeOfAStuckOperation(t *testing.T) {
	to, n := newNoted()
	flight := func(mono int64, age time.Duration) []oplog.Event {
		return []oplog.Event{{Op: oplog.Write, Path: "/f", Mono: mono, Duration: int64(age), PID: 7, Proc: "cp"}}
	}
	for i, c := range []struct {
		flight []oplog.Event
		told   int
	}{
		{nil, 0}, {flight(1, 4*time.Second), 0}, {flight(1, 5*time.Second), 1}, {flight(1, 6*time.Second), 0}, {flight(9, time.Second), 0},
		{flight(9, 7*time.Second), 1}, {flight(12, 8*time.Second), 1},
	} {
		n.look(c.flight)
		if told := to.last(); len(told) != c.told {
			t.Errorf("step %d: told %q", i, told)
		}
	}
	if !slices.Equal(to.withdrawn, []noticeKind{noticeStuck}) {
		t.Errorf("withdrawn %v", to.withdrawn)
	}
	e := &flight(1, 5*time.Second)[0]
	if text := n.stuckText(e); !strings.Contains(text, "write /f, asked for by cp (7)") || !strings.Contains(text, "may be slow or gone") {
		t.Errorf("it says %q", text)
	}
	n.waits = func() activity.Sentence {
		return activity.Sentence{Format: "the disk (%s: %s)", Args: []any{"ext4", "pwrite64"}}
	}
	if text := n.stuckText(e); !strings.HasSuffix(text, "It waits for the disk (ext4: pwrite64).") {
		t.Errorf("it says %q", text)
	}
}

func TestNoticeOfTheDisk(t *testing.T) {
	to, n := newNoted()
	s := fusefs.Status{State: fusefs.Mounted, Backing: "/b", MountPoint: "/m"}
	n.follow(s)
	to.last()
	s.Problem = &fusefs.Problem{Kind: fusefs.BackingFull, What: textf("The disk behind %s is full.", "/b"), Cure: textf("Free some space.")}
	n.follow(s)
	n.follow(s)
	if told := to.last(); !slices.Equal(told, []string{"The disk behind /b is full."}) || !n.tells(s.Problem) {
		t.Errorf("told %q", told)
	}
	s.Problem = nil
	n.follow(s)
	if !slices.Equal(to.withdrawn, []noticeKind{noticeDisk}) {
		t.Errorf("withdrawn %v", to.withdrawn)
	}
	if n.tells(&fusefs.Problem{Kind: fusefs.MountPointMissing}) {
		t.Error("a notice tells of what the window must ask")
	}
}

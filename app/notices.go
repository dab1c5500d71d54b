package main

import (
	"context"
	"sync"
	"syscall"
	"time"

	"vitrine/app/config"
	"vitrine/fusefs"
	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
	"vitrine/ui"
)

// noticeKind is of what a notice tells. A newer notice replaces an older one of its kind.
type noticeKind int

const (
	noticeMounted noticeKind = iota
	noticeEjected
	noticeInUse
	noticeStuck
	noticeErrors
	noticeDisk
	numNoticeKinds
)

// notice is a notification of the desktop.
type notice struct {
	kind        noticeKind
	title, body string
	urgent      bool // it stays until it is dismissed
	actions     []noticeAction
}

// noticeAction is a button of a notice.
type noticeAction struct {
	label string
	do    func()
}

// notifier shows notices. Its methods return at once.
type notifier interface {
	// reach says whether somebody shows notices, and whether with buttons.
	reach() (shown, actions bool)
	show(notice)
	// withdraw takes a notice away that is no longer true.
	withdraw(noticeKind)
	close()
}

// When a person is told of what goes on in the drive.
const (
	stuckAfter = 5 * time.Second // of an operation in flight
	quietFor   = time.Minute     // without an error, so that the next one is news
)

// notices tells a person by notifications of the desktop what happens to the drive.
type notices struct {
	to     notifier
	wanted func() config.Notices
	eject  func(ctx context.Context, force bool) error
	forced func() bool              // says whether the last eject was forced
	window func()                   // shows it
	waits  func() activity.Sentence // what the operation that is longest in flight waits for, zero where nobody knows

	mu     sync.Mutex    // guards all below
	before fusefs.Status // the newest status
	stuck  int64         // Mono of the operation that was told to be stuck, 0 for none
	failed int64         // Wall of the newest error, in ns
}

// wants says whether the person wants to know of a kind.
func (n *notices) wants(kind noticeKind) bool {
	w := n.wanted()
	return [numNoticeKinds]bool{w.Mounted, w.Ejected, w.InUse, w.Stuck, w.Errors, w.Disk}[kind]
}

func (n *notices) tell(note notice) {
	if n.wants(note.kind) {
		note.actions = append([]noticeAction{{say(textf("Show")), n.window}}, note.actions...)
		n.to.show(note)
	}
}

// follow tells of a new status of the drive. It is called with every one, in order.
func (n *notices) follow(s fusefs.Status) {
	n.mu.Lock()
	before := n.before
	n.before = s
	n.mu.Unlock()
	if s.State != before.State {
		n.entered(s, before.State)
	}
	if s.Problem != nil && s.Problem != before.Problem {
		n.trouble(s.Problem)
	}
	if s.Problem == nil && before.Problem != nil {
		n.to.withdraw(noticeOf(before.Problem))
	}
}

// entered tells that the drive is mounted or ejected.
func (n *notices) entered(s fusefs.Status, before fusefs.State) {
	switch {
	case s.State == fusefs.Mounted && before == fusefs.Mounting:
		n.to.withdraw(noticeEjected)
		n.tell(notice{kind: noticeMounted, title: say(textf("Mounted")), body: say(textf("%s is on %s.", s.Backing, s.MountPoint))})
	case s.State == fusefs.Unmounted && before == fusefs.Ejecting:
		for kind := range numNoticeKinds {
			n.to.withdraw(kind)
		}
		n.tell(n.ejected(s))
	}
}

func (n *notices) ejected(s fusefs.Status) notice {
	if n.forced() {
		return notice{kind: noticeEjected, title: say(textf("Ejected by force")),
			body: say(textf("Programs that had files open on %s get errors. What was written before is in %s.", s.MountPoint, s.Backing))}
	}
	return notice{kind: noticeEjected, title: say(textf("Ejected safely")), body: say(textf("Everything that was written is in %s.", s.Backing))}
}

// noticeOf is the kind of notice that tells of a problem; numNoticeKinds where the window does.
func noticeOf(p *fusefs.Problem) noticeKind {
	switch p.Kind {
	case fusefs.Busy:
		return noticeInUse
	case fusefs.InFlight:
		return noticeStuck
	case fusefs.BackingFull, fusefs.OverQuota, fusefs.BackingFails, fusefs.BackingReadOnly, fusefs.BackingGone, fusefs.SyncFailed, fusefs.Lost:
		return noticeDisk
	}
	return numNoticeKinds
}

// tells says whether a notice tells of a problem, so that the window need not come up. One that asks what to do next
// does so only with buttons.
func (n *notices) tells(p *fusefs.Problem) bool {
	shown, actions := n.to.reach()
	kind := noticeOf(p)
	return kind != numNoticeKinds && n.wants(kind) && shown && (actions || kind == noticeDisk)
}

// trouble tells of a problem.
func (n *notices) trouble(p *fusefs.Problem) {
	again := noticeAction{say(textf("Try again")), func() { n.ejectNow(false) }}
	force := noticeAction{say(textf("Force eject")), func() { n.ejectNow(true) }}
	switch noticeOf(p) {
	case noticeInUse:
		n.tell(notice{kind: noticeInUse, urgent: true, title: say(p.What), body: holding(p.Holders), actions: []noticeAction{again, force}})
	case noticeStuck:
		n.tell(notice{kind: noticeStuck, urgent: true, title: say(p.What), body: say(p.Cure), actions: []noticeAction{again, force}})
	case noticeDisk:
		n.tell(notice{kind: noticeDisk, urgent: true, title: say(p.What), body: say(p.Cure)})
	}
}

func (n *notices) ejectNow(force bool) {
	go n.eject(context.Background(), force) // what stands against it is in the next status
}

// holding says who holds what.
func holding(holders []fusefs.Holder) string {
	text := ""
	for i, h := range holders {
		if i == 3 && len(holders) > 4 {
			text += say(textf("and %d more", len(holders)-i)) + "\n"
			break
		}
		text += say(textf("%s holds %s", h, h.Path)) + "\n"
	}
	return text + say(textf("Close it and try again. A forced eject gives the programs errors; what was written before is safe."))
}

// look tells of an operation that is in flight for long. The operations begin with the oldest.
func (n *notices) look(flight []oplog.Event) {
	n.mu.Lock()
	told := n.stuck
	stuck := len(flight) > 0 && time.Duration(flight[0].Duration) >= stuckAfter
	n.stuck = 0
	if stuck {
		n.stuck = flight[0].Mono
	}
	now := n.stuck
	n.mu.Unlock()
	switch {
	case stuck && now != told:
		e := &flight[0]
		n.tell(notice{kind: noticeStuck, title: say(textf("%s does not end", e.Op)), body: n.stuckText(e)})
	case !stuck && told != 0:
		n.to.withdraw(noticeStuck)
	}
}

func (n *notices) stuckText(e *oplog.Event) string {
	who, limit := fusefs.Holder{PID: int(e.PID), Name: e.Proc}, int(stuckAfter.Seconds())
	if on := ui.SaySentence(n.waits()); on != "" {
		return say(textf("%s %s, asked for by %s, is in flight for more than %d s. It waits for %s.", e.Op, e.Path, who, limit, on))
	}
	return say(textf("%s %s, asked for by %s, is in flight for more than %d s. The disk behind the drive may be slow or gone.", e.Op, e.Path, who, limit))
}

// attend looks for operations that are stuck, until done is closed.
func (n *notices) attend(inFlight func() []oplog.Event, done <-chan struct{}) {
	beat := time.NewTicker(time.Second)
	defer beat.Stop()
	for {
		select {
		case <-beat.C:
			n.look(inFlight())
		case <-done:
			return
		}
	}
}

// Collect tells that operations begin to fail, after a minute without an error. It is a Sink's.
func (n *notices) Collect(batch []oplog.Event, _ uint64) {
	for i := range batch {
		e := &batch[i]
		if e.Flags&oplog.InFlight != 0 || !activity.IsError(*e) || ofDisk(e.Errno) {
			continue
		}
		n.mu.Lock()
		news := n.failed == 0 || e.Wall-n.failed >= int64(quietFor)
		n.failed = e.Wall
		n.mu.Unlock()
		if news {
			n.tell(notice{kind: noticeErrors, title: say(textf("Operations fail")), body: say(textf("%s of %s by %s failed: %s.",
				e.Op, e.Path, fusefs.Holder{PID: int(e.PID), Name: e.Proc}, oplog.ErrnoText(e.Errno)))})
		}
	}
}

// ofDisk tells the errors that the drive makes a problem of, which has a notice of its own.
func ofDisk(e syscall.Errno) bool {
	switch e {
	case syscall.ENOSPC, syscall.EDQUOT, syscall.EIO, syscall.ENODEV, syscall.ENXIO, syscall.ENOTCONN:
		return true
	}
	return false
}

package fusefs

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"vitrine/fusefs/oplog"
)

// State is where a drive stands in the life of a mount.
type State int

const (
	Unmounted State = iota
	Mounting
	Mounted
	Ejecting
	Failed // Status.Problem says why; Mount may be tried again
)

// String returns the state's name in lower case.
func (s State) String() string {
	return [...]string{"unmounted", "mounting", "mounted", "ejecting", "failed"}[s]
}

// Status is a drive's state at one instant. It is never changed after it was made.
type Status struct {
	State      State
	Backing    string // absolute, once the preflight has passed
	MountPoint string // likewise
	ReadOnly   bool
	Fast       bool      // single writes are not seen
	Since      time.Time // when State was entered
	Progress   Text      // what Mounting or Ejecting waits for
	Problem    *Problem  // what went wrong last, nil since the last attempt began
}

// Drive mounts a backing folder and ejects it again, any number of times. Its methods may be called from any
// goroutine but those that serve the mount.
type Drive struct {
	record  *oplog.Recorder
	changed func(Status)
	health  health

	mu     sync.Mutex // guards all below, for short
	status Status
	news   chan struct{} // closed, and replaced, when status changes
	mount  *mount        // while Mounting, Mounted or Ejecting

	notify sync.Mutex // calls changed in the order of changes
}

// mount is one mount, from attach until serve has returned.
type mount struct {
	*prepared
	fs         *FS
	attachment *attachment
	done       chan struct{} // closed when serve has returned and everything is closed
	err        error         // of serve and of the last sync; valid once done is closed
	settled    chan struct{} // closed when the drive's status says so
}

// How long things may take before a person is told.
const (
	initTimeout   = 10 * time.Second // until the kernel has shaken hands
	flightTimeout = 10 * time.Second // until the operations in flight have ended, at an eject
	forceTimeout  = 2 * time.Second  // likewise, at a forced one
	busyTimeout   = time.Second      // for holders that only pass by, as a file manager does
	endTimeout    = 10 * time.Second // from the unmount until serve has returned
	mountTimeout  = 15 * time.Second // for a mount under way, at an eject
)

// NewDrive returns an unmounted drive. changed, which may be nil, is called with every new status, one at a time and
// in order; it must not call the drive's methods that change the status.
func NewDrive(record *oplog.Recorder, changed func(Status)) *Drive {
	if changed == nil {
		changed = func(Status) {}
	}
	d := &Drive{record: record, changed: changed, status: Status{Since: time.Now()}, news: make(chan struct{})}
	d.health.drive = d
	record.Attach(&d.health)
	return d
}

// Status returns the present status.
func (d *Drive) Status() Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.status
}

// OpenHandles returns the handle table of the present mount, empty where there is none.
func (d *Drive) OpenHandles() []oplog.OpenHandle {
	d.mu.Lock()
	m := d.mount
	d.mu.Unlock()
	if m == nil {
		return nil
	}
	return m.fs.OpenHandles()
}

// update changes the status by f, unless f answers false, and tells of it.
func (d *Drive) update(f func(s *Status) bool) bool {
	d.notify.Lock()
	defer d.notify.Unlock()
	d.mu.Lock()
	old := d.status
	ok := f(&d.status)
	if !ok {
		d.status = old
	} else if d.status.State != old.State {
		d.status.Since = time.Now()
	}
	if ok {
		close(d.news)
		d.news = make(chan struct{})
	}
	now := d.status
	d.mu.Unlock()
	if ok {
		d.changed(now)
	}
	return ok
}

// enter moves from one state to another, forgetting the last problem. It answers false in any other state.
func (d *Drive) enter(from []State, to State, progress Text) bool {
	return d.update(func(s *Status) bool {
		if !slices.Contains(from, s.State) {
			return false
		}
		s.State, s.Progress, s.Problem = to, progress, nil
		return true
	})
}

func (d *Drive) progress(text Text) {
	d.update(func(s *Status) bool {
		if s.Progress.String() == text.String() || s.State != Mounting && s.State != Ejecting {
			return false
		}
		s.Progress = text
		return true
	})
}

// settle leaves Mounting or Ejecting for the given state, with the problem that led there, if any.
func (d *Drive) settle(state State, problem *Problem) {
	d.update(func(s *Status) bool {
		s.State, s.Progress, s.Problem = state, Text{}, problem
		return true
	})
}

// Mount mounts and returns once the kernel answers for the mount point. The error is a *Problem.
func (d *Drive) Mount(ctx context.Context, config Config) error {
	if !d.enter([]State{Unmounted, Failed}, Mounting, textf("Checking the folders")) {
		s := d.Status()
		return &Problem{Kind: MountPointTaken,
			What: textf("The drive is %s already: %s on %s.", s.State, s.Backing, s.MountPoint),
			Cure: textf("Eject it first.")}
	}
	err := d.mountNow(ctx, config)
	if err != nil {
		var problem *Problem
		if !errors.As(err, &problem) {
			problem = &Problem{Kind: MountFailed, Err: err, What: textf("The mount failed: %v.", err)}
		}
		d.settle(Failed, problem)
		return problem
	}
	return nil
}

func (d *Drive) mountNow(ctx context.Context, config Config) error {
	p, err := preflight(config)
	if err != nil {
		return err
	}
	d.update(func(s *Status) bool {
		s.Backing, s.MountPoint, s.ReadOnly, s.Fast = p.Backing, p.MountPoint, p.ReadOnly, p.Fast
		s.Progress = textf("Mounting")
		return true
	})
	a, err := attach(p)
	if err != nil {
		p.root.Close()
		return err
	}
	fs := New(int(p.root.Fd()), p.ReadOnly, d.record)
	if p.AllowOther {
		fs.forOthers()
	}
	if p.Fast {
		fs.gatherWrites()
	}
	m := &mount{prepared: p, fs: fs, attachment: a, done: make(chan struct{}), settled: make(chan struct{})}
	d.setMount(m)
	go m.run()
	if err := m.answers(ctx); err != nil {
		a.abort(m.done, endTimeout)
		d.setMount(nil)
		return err
	}
	d.settle(Mounted, nil)
	go d.attend(m)
	return nil
}

func (d *Drive) setMount(m *mount) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.mount = m
}

// run serves the mount until it ends, then writes everything to disk and closes the backing folder.
func (m *mount) run() {
	defer close(m.done)
	m.err = m.attachment.serve(m.fs)
	if err := m.fs.Sync(); m.err == nil && err != nil && !m.ReadOnly {
		m.err = syncProblem(m.Backing, err)
	}
	m.fs.Destroy()
	m.root.Close()
}

// answers waits until the kernel gets answers from the mount.
func (m *mount) answers(ctx context.Context) error {
	timeout := time.NewTimer(initTimeout)
	defer timeout.Stop()
	select {
	case <-m.fs.started:
		if m.fs.startErr != nil {
			return m.fs.startErr
		}
	case <-m.done:
		return &Problem{Kind: MountFailed, Err: m.err,
			What: textf("FUSE could not serve %s: %v.", m.MountPoint, m.err)}
	case <-timeout.C:
		return &Problem{Kind: NotAnswering, What: textf("The kernel did not begin to use the mount on %s.", m.MountPoint)}
	case <-ctx.Done():
		return &Problem{Kind: MountFailed, Err: ctx.Err(), What: textf("Mounting on %s was given up.", m.MountPoint)}
	}
	if err := probe(m.MountPoint); err != nil {
		return &Problem{Kind: NotAnswering, Err: err,
			What: textf("The mount on %s does not answer: %v.", m.MountPoint, err)}
	}
	return nil
}

// within reports whether done is closed before the limit has passed.
func within(limit time.Duration, done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	case <-time.After(limit):
		return false
	}
}

// attend follows a mount to its end, and notices when something else unmounts it.
func (d *Drive) attend(m *mount) {
	ctx, stop := context.WithCancel(context.Background())
	defer close(m.settled)
	defer stop()
	go m.attachment.watch(ctx, func() {
		if !m.attachment.attached() && d.gone(m) {
			go d.awaitHolders(m)
		}
	})
	go d.health.attendRoot(m.root, m.done)
	<-m.done
	d.setMount(nil)
	var problem *Problem
	if m.err != nil && !errors.As(m.err, &problem) {
		problem = &Problem{Kind: Lost, Err: m.err,
			What: textf("The mount on %s ended by itself: %v.", m.MountPoint, m.err),
			Cure: textf("What was written before is in %s. Mount it again to go on.", m.Backing)}
	}
	if problem != nil {
		m.attachment.abandon()
		d.settle(Failed, problem)
		return
	}
	d.settle(Unmounted, nil)
}

// gone notes that a mount was unmounted from outside. It answers false where that is no news.
func (d *Drive) gone(m *mount) bool {
	return d.update(func(s *Status) bool {
		if s.State != Mounted || d.mount != m { // another may be mounted by now
			return false
		}
		s.State, s.Progress, s.Problem = Ejecting, Text{}, nil
		return true
	})
}

// awaitHolders tells who keeps a mount alive that was unmounted from outside with files open (umount -l).
func (d *Drive) awaitHolders(m *mount) {
	for !within(200*time.Millisecond, m.done) {
		var open []Text
		for _, h := range m.fs.OpenHandles() {
			open = append(open, textf("%s, held by %s", h.Path, Holder{PID: int(h.PID), Name: h.Proc}))
		}
		slices.SortFunc(open, func(a, b Text) int { return strings.Compare(a.String(), b.String()) })
		d.progress(textf("Unmounted from outside; still open: %s", joined(open)))
	}
}

// Eject unmounts: it waits for the operations in flight, writes the backing folder to disk, and unmounts where
// nothing is in use. Otherwise it leaves the mount as it is and answers a *Problem that says what stands against it.
// While the drive is being mounted it waits for that first; while it is being ejected it answers what that eject does.
//
// With force it unmounts in any case, after the same waiting in short: programs that still have files open get errors
// from then on. What they were told is written stays written. On return the drive is Unmounted or, where a stalled
// operation cannot be ended, still Ejecting.
func (d *Drive) Eject(ctx context.Context, force bool) error {
	from := []State{Mounted}
	if force {
		from = append(from, Ejecting)
	}
	for !d.enter(from, Ejecting, textf("Waiting for operations in flight")) {
		over, problem := d.join(ctx, force)
		if problem != nil {
			return problem
		}
		if over {
			return nil
		}
	}
	d.mu.Lock()
	m := d.mount
	d.mu.Unlock()
	if m == nil {
		return nil
	}
	if problem := d.ejectNow(ctx, m, force); problem != nil {
		d.update(func(s *Status) bool {
			if s.State != Ejecting {
				return false
			}
			s.Problem = problem
			if m.attachment.attached() {
				s.State, s.Progress = Mounted, Text{}
			}
			return true
		})
		return problem
	}
	return nil
}

// Standing names the processes that keep the mounted drive busy though they have no file open there: it is their working
// folder, or their program lies on it. On Linux only.
func (d *Drive) Standing() []Holder {
	d.mu.Lock()
	m := d.mount
	d.mu.Unlock()
	if m == nil {
		return nil
	}
	return m.attachment.standing()
}

// join waits for what another caller began. It answers how an eject ended, and is not over where there is a mount to eject.
func (d *Drive) join(ctx context.Context, force bool) (over bool, problem *Problem) {
	limit := mountTimeout
	if force {
		limit = forceTimeout
	}
	late, ejecting := time.After(limit), false
	for {
		d.mu.Lock()
		s, news := d.status, d.news
		d.mu.Unlock()
		switch {
		case s.State == Mounting:
			ejecting = false
		case s.State == Ejecting && s.Problem == nil:
			ejecting, late = true, nil
		case s.State == Ejecting, ejecting && s.Problem != nil:
			return true, s.Problem
		default:
			return s.State != Mounted, nil
		}
		select {
		case <-news:
			continue
		case <-late:
		case <-ctx.Done():
		}
		return true, &Problem{Kind: EjectFailed, What: textf("The drive is %s just now.", s.State), Cure: textf("Try again in a moment.")}
	}
}

func (d *Drive) ejectNow(ctx context.Context, m *mount, force bool) *Problem {
	if held := m.attachment.holders(); len(held) > 0 && !force {
		return busyProblem(m, held)
	}
	problem := d.awaitFlight(ctx, m, force)
	if problem == nil || force {
		if err := d.sync(m, force); err != nil && !force {
			return syncProblem(m.Backing, err)
		}
		d.progress(textf("Unmounting"))
		problem = d.detach(ctx, m, force)
	}
	if problem != nil {
		return problem
	}
	if problem := d.awaitEnd(m, force); problem != nil {
		return problem
	}
	if m.err != nil {
		var problem *Problem
		if errors.As(m.err, &problem) {
			return problem
		}
	}
	return nil
}

// awaitEnd waits until the unmounted drive is written to disk and closed, however long the disk takes for that, but not
// for operations that do not end, and after a forced eject not for anything.
func (d *Drive) awaitEnd(m *mount, force bool) *Problem {
	for give := time.Now().Add(endTimeout); !within(100*time.Millisecond, m.settled); {
		flight := d.record.InFlight()
		if len(flight) == 0 && !force {
			d.progress(m.fs.SyncsFor())
			continue
		}
		if time.Now().After(give) {
			return &Problem{Kind: InFlight,
				What: textf("%s is unmounted, but the backing folder does not finish: %s.", m.MountPoint, flying(flight)),
				Cure: textf("Vitrine keeps waiting for it.")}
		}
	}
	return nil
}

// sync writes what was changed to disk, for a forced eject only as long as that may take.
func (d *Drive) sync(m *mount, force bool) error {
	if m.ReadOnly {
		return nil
	}
	done := make(chan error, 1)
	go func() {
		if m.Fast {
			gathered(m.MountPoint)
		}
		done <- m.fs.Sync()
	}()
	for start := time.Now(); !force || time.Since(start) < forceTimeout; {
		d.progress(m.fs.SyncsFor())
		select {
		case err := <-done:
			return err
		case <-time.After(100 * time.Millisecond):
		}
	}
	return syscall.ETIMEDOUT
}

// awaitFlight waits until no operation is in flight.
func (d *Drive) awaitFlight(ctx context.Context, m *mount, force bool) *Problem {
	limit := flightTimeout
	if force {
		limit = forceTimeout
	}
	timeout := time.After(limit)
	for {
		flight := d.record.InFlight()
		if len(flight) == 0 {
			return nil
		}
		d.progress(textf("Waiting for %s", flying(flight)))
		select {
		case <-time.After(20 * time.Millisecond):
		case <-m.done:
			return nil
		case <-timeout:
			return inFlightProblem(flight)
		case <-ctx.Done():
			return inFlightProblem(flight)
		}
	}
}

func inFlightProblem(flight []oplog.Event) *Problem {
	return &Problem{Kind: InFlight,
		What: textf("Not ejected: the backing does not finish %s.", flying(flight)),
		Cure: textf("Wait for it and try again. A forced eject gives these operations up.")}
}

// flying names operations in flight: the oldest, and how many more.
func flying(flight []oplog.Event) Text {
	if len(flight) == 0 {
		return textf("writing to disk")
	}
	first := flight[0]
	if more := len(flight) - 1; more > 0 {
		return textf("%s %s and %d more", first.Op, first.Path, more)
	}
	return textf("%s %s", first.Op, first.Path)
}

// detach unmounts. EBUSY is tried again for a moment before it is blamed on anyone.
func (d *Drive) detach(ctx context.Context, m *mount, force bool) *Problem {
	if force {
		return detachProblem(m, m.attachment.abort(m.done, endTimeout))
	}
	for give := time.Now().Add(busyTimeout); ; {
		err := m.attachment.detach()
		if err == nil || !m.attachment.attached() {
			return nil
		}
		if !errors.Is(err, syscall.EBUSY) {
			return detachProblem(m, err)
		}
		held := m.attachment.holders()
		if len(held) > 0 || time.Now().After(give) || ctx.Err() != nil {
			return busyProblem(m, held)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func detachProblem(m *mount, err error) *Problem {
	if err == nil || !m.attachment.attached() {
		return nil
	}
	return &Problem{Kind: EjectFailed, Err: err,
		What: textf("The system refused to unmount %s: %v.", m.MountPoint, err),
		Cure: textf("Try again in a moment.")}
}

func busyProblem(m *mount, held []Holder) *Problem {
	for _, h := range m.fs.OpenHandles() {
		known := slices.ContainsFunc(held, func(o Holder) bool { return o.Path == m.MountPoint+h.Path })
		if !known {
			held = append(held, Holder{PID: int(h.PID), Name: h.Proc, Path: m.MountPoint + h.Path})
		}
	}
	return &Problem{Kind: Busy, Err: syscall.EBUSY, Holders: held,
		What: textf("Not ejected: %s is in use.", m.MountPoint),
		Cure: textf("Close these files and leave the folder, then eject again. A forced eject gives the programs errors.")}
}

func syncProblem(backing string, err error) *Problem {
	what := textf("The disk behind %s did not take everything: %v.", backing, err)
	if of := (*fs.PathError)(nil); errors.As(err, &of) {
		what = textf("The disk behind %s did not take all of %s: %v.", backing, of.Path, of.Err)
	}
	return &Problem{Kind: SyncFailed, Err: err, What: what,
		Cure: textf("Do not remove it yet. Look at the disk's health and free space, and copy the last changes again.")}
}

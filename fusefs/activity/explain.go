package activity

import (
	"io/fs"
	"path"
	"strings"
	"syscall"

	"vitrine/fusefs/oplog"
)

// Explanation says what the outcome of an operation means, and what there is to prove it.
type Explanation struct {
	Errno    syscall.Errno // 0 on success
	Name     string        // e.g. "EBADF"; "" on success
	Meaning  Sentence
	Evidence []Sentence // from the record, and from the disk if it was asked; may be empty
	Because  uint64     // sequence number of the operation that is the reason; 0 where the record shows none
}

// Facts are what only the disk knows, now. Paths are those of events. Whoever does not know returns false.
type Facts interface {
	Free(path string) (bytes int64, ok bool) // for the user, where the file would be kept
	Owner(path string) (user, group string, mode fs.FileMode, ok bool)
	ReadOnly() bool // the drive refuses all writing
	Asker() string  // the user as whom the drive asks the backing folder, whoever uses it; "" where unknown
}

// Explain explains e by the events of a history, in the order of their sequence numbers; e need not be among them. Facts
// may be nil.
func Explain(e oplog.Event, history []oplog.Event, facts Facts) Explanation {
	x := explainer{e: &e, history: history, facts: facts}
	x.explain()
	name := ""
	if e.Errno != 0 {
		name = oplog.ErrnoText(e.Errno)
	}
	return Explanation{Errno: e.Errno, Name: name, Meaning: meaning(&e), Evidence: x.evidence, Because: x.because}
}

type explainer struct {
	e        *oplog.Event
	history  []oplog.Event
	facts    Facts
	evidence []Sentence
	because  uint64
}

func (x *explainer) prove(format string, args ...any) {
	x.evidence = append(x.evidence, sentence(format, args...))
}

func (x *explainer) explain() {
	if x.e.Wait > 0 {
		x.prove("Of the %s that it took, %s were spent waiting for operations on its handle.", Span(x.e.Duration), Span(x.e.Wait))
	}
	switch x.e.Errno {
	case 0:
		x.moved()
	case syscall.EBADF:
		x.badHandle()
	case syscall.ENOENT:
		x.gone()
	case syscall.EEXIST:
		x.madeBefore()
	case syscall.ENOTEMPTY:
		x.notEmpty()
	case syscall.EACCES, syscall.EPERM, syscall.EROFS:
		x.denied()
	case syscall.ENOSPC, syscall.EDQUOT:
		x.full()
	case syscall.EAGAIN:
		x.locked()
	}
	if x.e.Flags&oplog.Panicked != 0 {
		x.prove("The code that carries out %s panicked; its stack is in the log.", x.e.Op.String())
	}
	if x.e.Errno != 0 {
		x.again()
	}
}

// newest returns the newest event up to x.e that fits.
func (x *explainer) newest(fits func(*oplog.Event) bool) *oplog.Event {
	for i := len(x.history) - 1; i >= 0; i-- {
		e := &x.history[i]
		if (x.e.Seq == 0 || e.Seq < x.e.Seq) && fits(e) {
			return e
		}
	}
	return nil
}

// since is how long before x.e an event ended.
func (x *explainer) since(e *oplog.Event) Span { return Span(max(x.e.Mono-ended(e), 0)) }

func (x *explainer) moved() {
	if got := x.e.Result; x.e.Flags&oplog.InFlight == 0 && (x.e.Op == oplog.Read || x.e.Op == oplog.Write) && got < x.e.Size {
		x.prove("It moved %s of the %s that were asked for.", Bytes(got), Bytes(x.e.Size))
	}
}

func (x *explainer) badHandle() {
	e := x.e
	opened := x.newest(func(o *oplog.Event) bool { return o.Opens() && o.Handle == e.Handle })
	if e.Flags&oplog.Refused == 0 {
		if r := x.releaseOf(e.Handle); r != nil && r.Mono < ended(e) && ended(r) > e.Mono {
			x.because = r.Seq
			x.prove("The handle was released by %s while this %s was under way: its descriptor was closed under it.", whoOf(r), e.Op.String())
			return
		}
		x.openedFor(opened)
		return
	}
	if released := x.releaseOf(e.Handle); released != nil {
		x.afterRelease(released)
	} else if opened == nil {
		x.neverOpened()
	}
	if opened != nil {
		x.prove("Handle %d was given out to %s for %s %s before.", e.Handle, whoOf(opened), opened.Path, x.since(opened))
	}
}

// releaseOf looks beyond x.e too: a handle is refused while its release waits, which ends later.
func (x *explainer) releaseOf(handle uint64) *oplog.Event {
	for i := len(x.history) - 1; i >= 0; i-- {
		if o := &x.history[i]; o.Handle == handle && o.Releases() {
			return o
		}
	}
	return nil
}

func (x *explainer) afterRelease(r *oplog.Event) {
	e := x.e
	x.because = r.Seq
	if e.Mono >= ended(r) {
		x.prove("This %s began %s after the handle was released by %s.", e.Op.String(), Span(e.Mono-ended(r)), whoOf(r))
	} else {
		x.prove("This %s began while the handle was being released by %s: %s after the release had begun, %s before it ended.",
			e.Op.String(), whoOf(r), Span(max(e.Mono-r.Mono, 0)), Span(ended(r)-e.Mono))
	}
}

func (x *explainer) neverOpened() {
	if len(x.history) > 0 && x.history[0].Seq > 1 {
		x.prove("No handle %d was given out in the kept history, which goes back %s; what was before is not known.", x.e.Handle, Span(x.e.Mono-x.history[0].Mono))
	} else {
		x.prove("No handle %d was ever given out in the kept history.", x.e.Handle)
	}
}

// accessMode is the part of the flags of an open that says what for; see open(2), O_ACCMODE.
const accessMode = syscall.O_RDONLY | syscall.O_WRONLY | syscall.O_RDWR

func (x *explainer) openedFor(opened *oplog.Event) {
	switch {
	case opened == nil:
	case opened.Mode&accessMode == syscall.O_RDONLY:
		x.prove("The handle was opened for reading only by %s.", whoOf(opened))
	case opened.Mode&accessMode == syscall.O_WRONLY:
		x.prove("The handle was opened for writing only by %s.", whoOf(opened))
	}
}

// gone looks for who took the name away.
func (x *explainer) gone() {
	name := x.e.Path
	e := x.newest(func(o *oplog.Event) bool {
		return o.Moves() && (o.Path == name || below(name, o.Path)) || (o.Opens() || o.Op == oplog.Mkdir) && o.Errno == 0 && o.Path == name
	})
	if e == nil || !e.Moves() {
		return
	}
	x.because = e.Seq
	if e.Op == oplog.Rename {
		x.prove("%s renamed %s to %s %s before.", whoOf(e), e.Path, e.Path2, x.since(e))
	} else {
		x.prove("%s removed %s %s before.", whoOf(e), e.Path, x.since(e))
	}
}

func below(name, folder string) bool {
	return strings.HasPrefix(name, strings.TrimSuffix(folder, "/")+"/")
}

// madeBefore looks for who made what is in the way.
func (x *explainer) madeBefore() {
	name := x.e.Path
	if x.e.Op == oplog.Rename || x.e.Op == oplog.Link {
		name = x.e.Path2
	}
	e := x.newest(func(o *oplog.Event) bool {
		if o.Errno != 0 {
			return false
		}
		switch o.Op {
		case oplog.Create, oplog.Mkdir, oplog.Mknod, oplog.Symlink:
			return o.Path == name
		case oplog.Rename, oplog.Link:
			return o.Path2 == name
		default:
			return false
		}
	})
	if e != nil {
		x.because = e.Seq
		x.prove("%s made %s %s before, by %s.", whoOf(e), name, x.since(e), e.Op.String())
	}
}

// notEmpty looks for something that was seen in the folder and not removed since. A handle outlives the name.
func (x *explainer) notEmpty() {
	folder := x.e.Path
	if x.e.Op == oplog.Rename {
		folder = x.e.Path2
	}
	removed := make(map[string]bool)
	for i := len(x.history) - 1; i >= 0; i-- {
		e := &x.history[i]
		if e.Errno != 0 || x.e.Seq != 0 && e.Seq >= x.e.Seq || path.Dir(e.Path) != folder {
			continue
		}
		if e.Moves() {
			removed[e.Path] = true
		} else if (e.Handle == 0 || e.Opens()) && !removed[e.Path] {
			x.prove("%s is in it: %s of it succeeded %s before.", e.Path, e.Op.String(), x.since(e))
			return
		}
	}
}

// denied looks for a change of the permissions, and at what they are now.
func (x *explainer) denied() {
	name := x.e.Path
	if x.e.PID != 0 {
		x.prove("%s asked for it as uid %d.", whoOf(x.e), x.e.UID)
	}
	if x.facts != nil && x.facts.ReadOnly() {
		x.prove("The drive is mounted read-only.")
	}
	if e := x.newest(func(o *oplog.Event) bool { return o.Path == name && o.Op == oplog.Chmod && o.Errno == 0 }); e != nil {
		x.because = e.Seq
		x.prove("%s set the permissions of %s to %s %s before.", whoOf(e), name, fs.FileMode(e.Mode&0o777).String(), x.since(e))
	}
	if e := x.newest(func(o *oplog.Event) bool { return o.Path == name && o.Op == oplog.Chown && o.Errno == 0 }); e != nil {
		x.prove("%s changed the owner of %s %s before.", whoOf(e), name, x.since(e))
	}
	x.owner(name)
}

// owner names the owner of the file, or of the nearest folder above that is there.
func (x *explainer) owner(name string) {
	if x.facts == nil {
		return
	}
	for {
		if user, group, mode, ok := x.facts.Owner(name); ok {
			x.prove("%s belongs to %s and group %s, with permissions %s.", name, user, group, mode.String())
			x.asker()
			return
		}
		if name == "/" || name == "." || name == "" {
			return
		}
		name = path.Dir(name)
	}
}

// asker names the user whom the permissions did not allow it.
func (x *explainer) asker() {
	if asker := x.facts.Asker(); asker != "" {
		x.prove("The drive asked for it as %s.", asker)
	}
}

// recently is how far back bytes are counted for a full disk, in ns.
const recently = int64(60e9)

func (x *explainer) full() {
	var written int64
	for i := range x.history {
		if e := &x.history[i]; ended(e) <= x.e.Mono && ended(e) > x.e.Mono-recently {
			_, n := e.Bytes()
			written += n
		}
	}
	if written > 0 {
		x.prove("In the %s before it, %s were written through the drive.", Span(recently), Bytes(written))
	}
	if x.facts == nil {
		return
	}
	if free, ok := x.facts.Free(x.e.Path); ok {
		x.prove("There are %s free now.", Bytes(free))
	}
}

// locked looks for the newest lock of somebody else.
func (x *explainer) locked() {
	e := x.newest(func(o *oplog.Event) bool {
		return (o.Op == oplog.Lock || o.Op == oplog.Flock) && o.Errno == 0 && o.Path == x.e.Path && o.Handle != x.e.Handle
	})
	if e != nil {
		x.because = e.Seq
		x.prove("The newest lock of the file by another handle is that of %s through handle %d, %s before.", whoOf(e), e.Handle, x.since(e))
	}
}

// again counts the same error.
func (x *explainer) again() {
	n := 0
	for i := range x.history {
		o := &x.history[i]
		if o.Errno == x.e.Errno && o.Op == x.e.Op && o.Path == x.e.Path && (x.e.Seq == 0 || o.Seq < x.e.Seq) {
			n++
		}
	}
	if n > 0 {
		x.prove("The kept history holds the same error for this file and operation %d times before.", n)
	}
}

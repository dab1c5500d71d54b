package fusefs

import (
	"fmt"
	"strings"
)

// Kind names what stands against a mount or an eject.
type Kind string

const (
	LibraryMissing      Kind = "library-missing"     // libfuse is not installed
	DeviceMissing       Kind = "device-missing"      // the kernel offers no FUSE, or not to us
	HelperMissing       Kind = "helper-missing"      // fusermount3 is not installed and we are not root
	BackingMissing      Kind = "backing-missing"     // there is no such folder
	BackingNotFolder    Kind = "backing-not-folder"  // it is a file
	BackingUnreadable   Kind = "backing-unreadable"  // we may not list it
	MountPointMissing   Kind = "mount-point-missing" // there is no such folder
	MountPointNotFolder Kind = "mount-point-not-folder"
	MountPointNotEmpty  Kind = "mount-point-not-empty"
	MountPointTaken     Kind = "mount-point-taken" // something is mounted there
	MountPointDenied    Kind = "mount-point-denied"
	OthersDenied        Kind = "others-denied" // --allow-other without user_allow_other
	Nested              Kind = "nested"        // the mount point is in the backing folder, or around it
	NotAlone            Kind = "not-alone"     // fast mode, and others may change the backing folder
	MountFailed         Kind = "mount-failed"
	NotAnswering        Kind = "not-answering" // the mount is there but answers nothing
	Busy                Kind = "busy"          // files are in use
	InFlight            Kind = "in-flight"     // operations do not end
	SyncFailed          Kind = "sync-failed"   // the backing did not take what it was given
	EjectFailed         Kind = "eject-failed"
	Lost                Kind = "lost"              // the mount ended by itself
	BackingFull         Kind = "backing-full"      // while mounted: no space left
	OverQuota           Kind = "over-quota"        // likewise, for this user
	BackingFails        Kind = "backing-fails"     // while mounted: I/O errors
	BackingReadOnly     Kind = "backing-read-only" // while mounted
	BackingGone         Kind = "backing-gone"      // while mounted: disconnected or deleted
)

// Problem is an error for people: what happened and what to do next.
type Problem struct {
	Kind    Kind
	What    Text     // one sentence
	Cure    Text     // one or two sentences, none where Format is ""
	Command string   // a command line that cures it, "" where there is none
	Create  string   // the folder that Config.Create would make, with MountPointMissing
	Holders []Holder // who uses files, with Busy and NotAlone
	Err     error    `json:"-"` // the system's error, nil where there is none
}

// SystemLacks reports whether it is the system that lacks something which every mount needs: CheckSystem tells when it has
// come.
func (k Kind) SystemLacks() bool {
	return k == LibraryMissing || k == DeviceMissing || k == HelperMissing
}

// Holder is a process that keeps a mount busy.
type Holder struct {
	PID  int
	Name string // "" where unknown
	Path string // what it holds, an absolute path
}

// String names a holder as people know it, "cp (4242)".
func (h Holder) String() string {
	if h.Name == "" {
		return fmt.Sprintf("process %d", h.PID)
	}
	return fmt.Sprintf("%s (%d)", h.Name, h.PID)
}

// Error returns all that a person needs, in several lines.
func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.What.String())
	for _, h := range p.Holders {
		fmt.Fprintf(&b, "\n  %s holds %s", h, h.Path)
	}
	if p.Cure.Format != "" {
		b.WriteString("\n" + p.Cure.String())
	}
	if p.Command != "" {
		b.WriteString("\n  " + p.Command)
	}
	return b.String()
}

func (p *Problem) Unwrap() error { return p.Err }

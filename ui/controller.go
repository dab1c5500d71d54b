// Package ui is what a person sees: the tray, the activity window and the settings. It shows a model and calls a
// Controller; it knows no FUSE, touches no file of the mount, and never blocks its own thread.
package ui

import (
	"io"
	"time"

	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
)

// State is the state of the mount.
type State int

const (
	Unmounted State = iota
	Mounting
	Mounted
	Ejecting
	Failed
	Viewing // nothing is mounted: the record is that of a saved log, whose file stands in Status.Backing
)

// Status is all that the window and the tray say about the mount. It is a value, never changed after it was made.
type Status struct {
	State      State
	Backing    string // backing folder
	MountPoint string
	ReadOnly   bool
	Fast       bool      // single writes are not seen
	Since      time.Time // when State was entered
	Progress   string    // what Mounting or Ejecting is waiting for, e.g. "Waiting for 2 operations in flight"
	Problem    *Problem  // the last failure, until the next attempt; may stand beside any state (a refused eject leaves Mounted)
}

// Problem is a failure as a person needs it.
type Problem struct {
	What    string   // what happened, to which file or folder: one sentence
	Cure    string   // what to do next: one or two sentences
	Command string   // a command that does it, "" where none; shown with a copy button
	Holders []Holder // who keeps the mount busy
	Create  string   // a missing folder that Mount(true) would create, "" where that is not the problem
	Noticed bool     // the controller tells of it by a notification, so the window need not come up
}

// Holder is a process that keeps the mount busy.
type Holder struct {
	PID  int
	Name string
	Path string // what it holds, an absolute path
}

// Settings are what a person can change. Paths are absolute, or begin with "~/".
type Settings struct {
	Backing    string
	MountPoint string
	InPlace    bool // mount over the backing folder itself; MountPoint is not used
	ReadOnly   bool
	Fast       bool   // the kernel gathers writes; only with InPlace
	ShowFolder bool   // open the folder in the file manager after a mount by click
	LogFile    string // NDJSON log of every operation, "" for none
	KeepEvents int    // operations kept for the Log tab
	Notices    Notices
}

// Notices say of what a notification of the desktop tells.
type Notices struct {
	Mounted bool // the drive is mounted
	Ejected bool // it is ejected, and everything is on the disk
	InUse   bool // it cannot be ejected, because files are in use
	Stuck   bool // an operation does not end
	Errors  bool // operations begin to fail
	Disk    bool // the disk behind the drive is in trouble, or the drive was lost
}

// FieldError says which field of Settings is wrong and why. Field is the name of the struct's field.
type FieldError struct {
	Field, Message string
}

// Controller does what the person asks for. Every method returns at once, except where stated; outcomes arrive as a
// new Status. Methods may be called from any goroutine.
type Controller interface {
	// Status returns the present status.
	Status() Status
	// OnChange registers f to be called, from any goroutine, whenever Status changed. It must not block.
	OnChange(f func())

	// Mount mounts the backing folder. With create, a missing mount point is made first. With show, the folder is
	// opened in the file manager once it is mounted.
	Mount(create, show bool)
	// Eject unmounts. Without force it refuses while files are in use and says who uses them.
	Eject(force bool)
	// OpenFolder shows the mount point in the file manager.
	OpenFolder()
	// Quit ejects and, where that worked, ends the program. With force it ends it whatever holds files.
	Quit(force bool)

	// Settings returns the present settings.
	Settings() Settings
	// Check returns what is wrong with s, nil where nothing is. It may touch the disk: call it off the UI thread.
	Check(s Settings) []FieldError
	// Save writes s to the configuration. It may touch the disk: call it off the UI thread. Changes of paths and
	// ReadOnly apply at the next mount.
	Save(s Settings) error

	// Activity returns the present state of the activity model. It may take some milliseconds.
	Activity() *activity.Snapshot
	// History gives access to the kept operations.
	History() *oplog.History
	// SaveLog writes all kept operations to w as NDJSON. It takes as long as w does.
	SaveLog(w io.Writer) error
}

// FolderOpener is a Controller that can show the folder of a single file.
type FolderOpener interface {
	// OpenContaining shows the folder that holds a file of the drive in the file manager. The path is that below the
	// mount point and begins with "/".
	OpenContaining(path string)
}

// StandingTeller is a Controller that knows who keeps the drive busy without a file open there.
type StandingTeller interface {
	// Standing returns the processes whose working folder or program is on the drive. It may take some milliseconds.
	Standing() []Holder
}

// Starter is a Controller that can say and change what happens at a login and at the start of the program. Its methods
// may touch the disk: call them off the UI thread.
type Starter interface {
	// StartsAtLogin says whether the program starts when the person logs in, as the system has it at this moment.
	StartsAtLogin() (bool, error)
	// SetStartsAtLogin lets the program start when the person logs in, or not any more.
	SetStartsAtLogin(on bool) error
	// MountsOnStart says whether the drive is mounted as soon as the program starts.
	MountsOnStart() bool
	// SetMountsOnStart lets the drive be mounted as soon as the program starts, or not any more.
	SetMountsOnStart(on bool) error
}

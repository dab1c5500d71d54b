package main

import (
	"context"
	"io"
	"path/filepath"
	"sync"

	"vitrine/app/config"
	"vitrine/app/config/failure"
	"vitrine/fusefs"
	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
	"vitrine/ui"
)

// controller does for the window and the tray what the person asks for.
type controller struct {
	*layoutKeeper
	engine  *engine
	waiting *patience
	notices *notices
	path    string // of the configuration
	stop    func() // ends the user interface; set before it runs, as is window
	window  func() // shows the window

	mu       sync.Mutex // guards all below, for short
	settings config.Config
	problem  *ui.Problem // what went wrong beside the drive, nil since the last request
	changed  []func()
}

var (
	_ ui.Controller    = (*controller)(nil)
	_ ui.FolderOpener  = (*controller)(nil)
	_ ui.LayoutKeeper  = (*controller)(nil)
	_ ui.FactsProvider = (*controller)(nil)
	_ ui.Starter       = (*controller)(nil)

	_ ui.StandingTeller = (*controller)(nil)
)

// newController returns a controller of an unmounted drive; say is told what the window does not show.
func newController(path string, settings config.Config, say func(string)) *controller {
	c := &controller{layoutKeeper: &layoutKeeper{file: layoutFile(), say: say}, path: path, settings: settings}
	c.notices = &notices{to: newNotifier(), wanted: c.wantedNotices, eject: c.ejectNow, forced: func() bool { return c.engine.forced.Load() }, window: func() { c.window() }, waits: c.longestWait}
	c.engine = newEngine(settings.KeepEvents, func(s fusefs.Status) {
		c.notices.follow(s)
		c.tell()
	})
	c.engine.record.Attach(c.notices)
	c.waiting = &patience{drive: c.engine.drive, waiting: func(string) { c.tell() }}
	c.applyLog(settings)
	if err := c.engine.metricsAt(settings.Metrics); err != nil {
		c.report(failure.Textf("The drive goes on without metrics: %v.", err))
	}
	return c
}

// longestWait says what the operation waits for that is longest in flight.
func (c *controller) longestWait() (s activity.Sentence) {
	if waits := c.engine.model.Snapshot().Waits; len(waits) > 0 {
		s = waits[0]
	}
	return s
}

// Status joins the drive's status with the controller's own problem.
func (c *controller) Status() ui.Status {
	drive := c.driveStatus()
	s := showStatus(drive)
	if drive.Problem != nil {
		s.Problem.Noticed = c.notices.tells(drive.Problem)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.problem != nil {
		s.Problem = c.problem
	}
	return s
}

// driveStatus is the drive's status, with the folders of the settings where it has none of its own.
func (c *controller) driveStatus() fusefs.Status {
	s := c.waiting.status()
	c.mu.Lock()
	defer c.mu.Unlock()
	if full, err := c.settings.Expand(); err == nil && (s.State == fusefs.Unmounted || s.Backing == "") {
		s.Backing, s.MountPoint, s.ReadOnly, s.Fast = full.Backing, full.MountPoint, full.ReadOnly, full.Fast
		if full.InPlace {
			s.MountPoint = full.Backing
		}
	}
	return s
}

func (c *controller) wantedNotices() config.Notices {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.settings.Notices
}

// answers are what the commands in a terminal are told; show shows the window.
func (c *controller) answers(show func()) *answers {
	return &answers{engine: c.engine, status: c.driveStatus, eject: c.ejectNow, show: show}
}

var uiStates = map[fusefs.State]ui.State{
	fusefs.Unmounted: ui.Unmounted,
	fusefs.Mounting:  ui.Mounting,
	fusefs.Mounted:   ui.Mounted,
	fusefs.Ejecting:  ui.Ejecting,
	fusefs.Failed:    ui.Failed,
}

func showStatus(s fusefs.Status) ui.Status {
	return ui.Status{
		State:      uiStates[s.State],
		Backing:    s.Backing,
		MountPoint: s.MountPoint,
		ReadOnly:   s.ReadOnly,
		Fast:       s.Fast,
		Since:      s.Since,
		Progress:   say(s.Progress),
		Problem:    showProblem(s.Problem),
	}
}

func showProblem(p *fusefs.Problem) *ui.Problem {
	if p == nil {
		return nil
	}
	shown := &ui.Problem{What: say(p.What), Cure: say(p.Cure), Command: p.Command, Create: p.Create}
	if p.Kind.SystemLacks() {
		shown.Cure += " " + say(textf("Vitrine mounts by itself as soon as it is there."))
	}
	shown.Holders = showHolders(p.Holders)
	return shown
}

func showHolders(all []fusefs.Holder) (shown []ui.Holder) {
	for _, h := range all {
		shown = append(shown, ui.Holder(h))
	}
	return shown
}

// OnChange registers f.
func (c *controller) OnChange(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed = append(c.changed, f)
}

func (c *controller) tell() {
	c.mu.Lock()
	changed := c.changed
	c.mu.Unlock()
	for _, f := range changed {
		f()
	}
}

// report shows err as the controller's own problem; nil takes an earlier one away.
func (c *controller) report(err error) {
	var problem *ui.Problem
	if err != nil {
		problem = &ui.Problem{What: sayError(err)}
	}
	c.mu.Lock()
	same := c.problem == nil && problem == nil
	c.problem = problem
	c.mu.Unlock()
	if !same {
		c.tell()
	}
}

// Mount mounts what the settings name.
func (c *controller) Mount(create, show bool) {
	c.report(nil)
	go c.mount(create, show)
}

func (c *controller) mount(create, show bool) {
	c.waiting.giveUp()
	mount, err := c.driveConfig()
	if err != nil {
		c.report(err)
		return
	}
	mount.Create = mount.Create || create
	if c.engine.drive.Mount(context.Background(), mount) != nil {
		c.goOnOnceCured(func() { c.mount(create, show) })
		return
	}
	if show {
		c.OpenFolder()
	}
}

func (c *controller) driveConfig() (fusefs.Config, error) {
	c.mu.Lock()
	settings := c.settings
	c.mu.Unlock()
	full, err := settings.Expand()
	if err != nil {
		return fusefs.Config{}, err
	}
	return driveConfig(full)
}

// Eject unmounts; what stands against it is in the drive's status.
func (c *controller) Eject(force bool) {
	go c.ejectNow(context.Background(), force)
}

// eject ejects the drive, or ends the waiting for its folder.
func (c *controller) eject(ctx context.Context, force bool) error {
	c.engine.forced.Store(force)
	return c.waiting.eject(ctx, force)
}

// ejectNow is eject for somebody who waits; a reason to refuse that is not the drive's own is shown as the controller's.
func (c *controller) ejectNow(ctx context.Context, force bool) error {
	c.report(nil)
	err := c.eject(ctx, force)
	if err != nil && c.driveStatus().Problem == nil {
		c.report(err)
	}
	return err
}

// OpenFolder shows the mount point in the file manager, which is another process and so may touch it.
func (c *controller) OpenFolder() { c.show(c.engine.drive.Status().MountPoint) }

// OpenContaining shows the folder that holds a file of the drive in the file manager.
func (c *controller) OpenContaining(path string) {
	c.show(filepath.Join(c.engine.drive.Status().MountPoint, filepath.Dir(filepath.Clean(path))))
}

func (c *controller) show(folder string) {
	go func() {
		if err := openFolder(folder); err != nil {
			c.report(failure.Textf("The folder %s could not be shown: %v.", folder, err))
		}
	}()
}

// Standing names who is in the way of an eject though they have no file open.
func (c *controller) Standing() []ui.Holder { return showHolders(c.engine.drive.Standing()) }

// Quit ejects and ends the program where that worked, or in any case with force.
func (c *controller) Quit(force bool) {
	go func() {
		if err := c.ejectNow(context.Background(), force); err == nil || force {
			c.stop()
		}
	}()
}

// Settings returns the present settings.
func (c *controller) Settings() ui.Settings {
	c.mu.Lock()
	defer c.mu.Unlock()
	return showSettings(c.settings)
}

func showSettings(s config.Config) ui.Settings {
	return ui.Settings{
		Backing: s.Backing, MountPoint: s.MountPoint, InPlace: s.InPlace, ReadOnly: s.ReadOnly, Fast: s.Fast, ShowFolder: s.ShowFolder,
		LogFile: s.LogFile, KeepEvents: s.KeepEvents, Notices: ui.Notices(s.Notices),
	}
}

// with returns the present settings with what the settings window can change.
func (c *controller) with(s ui.Settings) config.Config {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.settings
	n.Backing, n.MountPoint, n.InPlace, n.ReadOnly, n.Fast = s.Backing, s.MountPoint, s.InPlace, s.ReadOnly, s.Fast
	n.ShowFolder, n.LogFile, n.KeepEvents, n.Notices = s.ShowFolder, s.LogFile, s.KeepEvents, config.Notices(s.Notices)
	return n
}

// Check returns what is wrong with s.
func (c *controller) Check(s ui.Settings) []ui.FieldError {
	var found []ui.FieldError
	for _, wrong := range c.with(s).Check() {
		found = append(found, ui.FieldError{Field: wrong.Field, Message: config.Sentence(say(fusefs.Text(wrong.Reason)))})
	}
	return found
}

// Save writes s and applies what applies at once: the log file and how many operations are kept.
func (c *controller) Save(s ui.Settings) error { return spoken(c.save(c.with(s))) }

func (c *controller) save(settings config.Config) error {
	if err := config.Save(c.path, settings); err != nil {
		return err
	}
	c.mu.Lock()
	old := c.settings
	c.settings = settings
	c.mu.Unlock()
	if settings.KeepEvents != old.KeepEvents {
		limitMemory(settings.KeepEvents)
		c.engine.record.History().Resize(settings.KeepEvents)
	}
	if settings.LogFile != old.LogFile {
		c.applyLog(settings)
	}
	c.tell()
	return nil
}

func (c *controller) applyLog(settings config.Config) {
	full, err := settings.Expand()
	if err == nil {
		err = c.engine.logTo(full.LogFile, c.logFailed)
	}
	if err != nil {
		c.logFailed(err)
	}
}

func (c *controller) logFailed(err error) {
	c.report(failure.Textf("The log file cannot be written; the drive goes on without it.\n%v", err))
}

// Activity returns the present state of the model.
func (c *controller) Activity() *activity.Snapshot { return c.engine.activity() }

// Facts returns what the backing folder knows of its files.
func (c *controller) Facts() activity.Facts { return c.engine.disk.now() }

// History returns the kept operations.
func (c *controller) History() *oplog.History { return c.engine.record.History() }

// SaveLog writes all kept operations as NDJSON.
func (c *controller) SaveLog(w io.Writer) error { return c.engine.saveLog(w) }

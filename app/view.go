package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"vitrine/app/config"
	"vitrine/app/config/failure"
	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
	"vitrine/ui"
)

func viewCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "view FILE",
		Short: "Look at a saved log in the window",
		Long: `Opens the window on a log that was written with --log, or saved from the window, also of another machine. Nothing is
mounted, and a running Vitrine is not disturbed.

Exit status: 0 once the window is closed, 1 with a message where the file is no log or there is no display.`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runView(args[0], func(text string) { fmt.Fprintln(cmd.ErrOrStderr(), "vitrine:", text) })
		},
	}
}

// runView shows the log; tell is told what the window does not show.
func runView(file string, tell func(string)) error {
	log, err := loadLog(file)
	if err != nil {
		return err
	}
	if err := display(); err != nil {
		return fmt.Errorf("a log is looked at in a window, and there is no display: %w", err)
	}
	v := &viewer{log: log, layoutKeeper: &layoutKeeper{file: layoutFile(), say: tell}}
	defer v.layoutKeeper.wait()
	window := ui.New(v, ui.Options{AppID: appID, Version: version, ShowWindow: true, Notice: log.notice})
	v.stop = window.Stop
	err = window.Run()
	switch {
	case errors.Is(err, ui.ErrEnded):
		return nil
	case err != nil:
		return keepFailure(err)
	}
	return nil
}

// viewer is the controller of a saved log: there is something to see and nothing to do.
type viewer struct {
	*layoutKeeper
	log  *savedLog
	stop func()
}

var (
	_ ui.Controller   = (*viewer)(nil)
	_ ui.LayoutKeeper = (*viewer)(nil)
)

// Status names the log where a drive would name its folder.
func (v *viewer) Status() ui.Status { return ui.Status{State: ui.Viewing, Backing: v.log.file} }

// OnChange has nothing to tell: a saved log stays as it is.
func (v *viewer) OnChange(func()) {}

// Mount is not offered.
func (v *viewer) Mount(_, _ bool) {}

// Eject is not offered.
func (v *viewer) Eject(bool) {}

// OpenFolder is not offered.
func (v *viewer) OpenFolder() {}

// Quit ends the program.
func (v *viewer) Quit(bool) { v.stop() }

// Settings are the business of the Vitrine that mounts.
func (v *viewer) Settings() ui.Settings { return showSettings(config.Default()) }

// Check finds nothing.
func (v *viewer) Check(ui.Settings) []ui.FieldError { return nil }

// Save refuses.
func (v *viewer) Save(ui.Settings) error {
	return spoken(failure.Textf("this window shows a saved log; start Vitrine without 'view' to change its settings"))
}

// Activity is the state at the end of the log.
func (v *viewer) Activity() *activity.Snapshot { return v.log.model.Snapshot() }

// History is the log.
func (v *viewer) History() *oplog.History { return v.log.history }

// SaveLog writes the log again.
func (v *viewer) SaveLog(w io.Writer) error {
	events, _ := v.log.history.All()
	return oplog.WriteNDJSON(w, append(events, v.log.inFlight...))
}

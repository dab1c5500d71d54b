package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"vitrine/app/config"
	"vitrine/app/control"
	"vitrine/app/crash"
	"vitrine/app/doctor"
	"vitrine/app/login"
)

func doctorCommand() *cobra.Command {
	var bundle string
	var withNames bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look at all that Vitrine needs, and say what is missing",
		Long: `Looks at the kernel, FUSE, mounts, settings, disk space, the desktop and running Vitrines, and says for each that it
is well, or the cure. It changes nothing.

With --bundle it also packs what a bug report needs into a tar.gz: what it found, the version, the settings, and crash
reports. Names of your folders and files, yours and the machine's are taken out of it, unless --with-names is given.

Exit status: 0 where everything is well, 1 where something is bad; with --bundle 0 once the bundle is written.`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if withNames && bundle == "" {
				return usageError{errors.New("--with-names is about a bundle, and --bundle is not given")}
			}
			e := examine(cmd.Context())
			for _, f := range e.findings {
				fmt.Fprint(cmd.OutOrStdout(), f)
			}
			if bundle != "" {
				if err := doctor.Bundle(bundle, e.files(withNames)); err != nil {
					return err
				}
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "\nThe bundle is %s. Look into it before you send it.\n", bundle)
				return err
			}
			return e.verdict()
		},
	}
	cmd.Flags().StringVar(&bundle, "bundle", "", "pack a bug report into `FILE`, a tar.gz")
	cmd.Flags().BoolVar(&withNames, "with-names", false, "leave names of folders and files in the bundle")
	return cmd
}

// examination is what `vitrine doctor` found, and what it saw on the way.
type examination struct {
	findings []doctor.Finding
	settings config.Config
	running  []instance
}

func (e *examination) add(name string, state doctor.State, text string) *doctor.Finding {
	e.findings = append(e.findings, doctor.Finding{Name: name, State: state, Text: text})
	return &e.findings[len(e.findings)-1]
}

func examine(ctx context.Context) *examination {
	e := &examination{settings: config.Default()}
	e.add("Vitrine", doctor.OK, version+revision())
	e.findings = append(e.findings, doctor.System()...)
	e.lookAtSettings()
	e.lookAtDesktop()
	e.lookAtRunning(ctx)
	e.lookAtCrashes()
	return e
}

func (e *examination) lookAtSettings() {
	path, err := config.Path()
	if err == nil {
		var settings config.Config
		if settings, err = config.Load(path); err == nil {
			e.settings = settings
		}
	}
	if err != nil {
		e.add("Settings", doctor.Bad, err.Error())
	} else if _, err := os.Stat(path); err != nil {
		e.add("Settings", doctor.OK, "the defaults; "+path+" is not there yet")
	} else {
		e.add("Settings", doctor.OK, path)
	}
	if full, err := e.settings.Expand(); err == nil {
		e.settings = full
		e.findings = append(e.findings, doctor.Space("Disk", full.Backing))
	}
}

func (e *examination) lookAtDesktop() {
	if err := display(); err != nil {
		e.add("Display", doctor.Note, err.Error()).Cure = "Vitrine mounts without tray and window here."
		return
	}
	e.add("Display", doctor.OK, "a window can be shown")
	if err := trayHost(); err != nil {
		e.add("Tray", doctor.Note, err.Error()).Cure = "The window opens by itself and does everything that the icon would. On GNOME the extension AppIndicator shows icons."
	} else {
		e.add("Tray", doctor.OK, "this desktop shows icons")
	}
	switch starts, err := login.Starts(); {
	case err != nil:
		e.add("Login", doctor.Note, err.Error())
	case starts:
		e.add("Login", doctor.OK, "Vitrine starts at login")
	default:
		e.add("Login", doctor.OK, "Vitrine does not start at login")
	}
}

func (e *examination) lookAtRunning(ctx context.Context) {
	var said bytes.Buffer
	running, err := instances(ctx, &said)
	e.running = running
	switch {
	case errors.Is(err, errNotRunning) && err.Error() == errNotRunning.Error():
		e.add("Running", doctor.OK, "no Vitrine is running")
	case err != nil:
		e.add("Running", doctor.Bad, err.Error())
	}
	if said.Len() > 0 {
		e.add("Running", doctor.Bad, strings.TrimSpace(said.String()))
	}
	for _, i := range running {
		text := fmt.Sprintf("process %d, version %s, %s %s", i.PID, i.Vitrine, i.State, i.MountPoint)
		f := e.add("Running", doctor.OK, text)
		if i.Vitrine != version {
			f.State, f.Cure = doctor.Note, "It is of another version than this command. Quit it and start it again to have the new one."
		}
	}
}

func (e *examination) lookAtCrashes() {
	folder, err := crash.Folder()
	if err != nil {
		return
	}
	files := crash.Files(folder)
	if len(files) == 0 {
		e.add("Crashes", doctor.OK, "no report of any")
		return
	}
	e.add("Crashes", doctor.Note, fmt.Sprintf("%d, the newest in %s", len(files), files[len(files)-1])).Cure =
		"Send a bundle with your bug report, please; remove the file when that is done."
}

// verdict is an error where something is bad.
func (e *examination) verdict() error {
	bad := 0
	for _, f := range e.findings {
		if f.State == doctor.Bad {
			bad++
		}
	}
	switch bad {
	case 0:
		return nil
	case 1:
		return errors.New("one thing is bad; its cure stands above")
	}
	return fmt.Errorf("%d things are bad; their cures stand above", bad)
}

// files are those of a bundle.
func (e *examination) files(withNames bool) []doctor.File {
	files := []doctor.File{{Name: "doctor.txt"}, {Name: "about.txt", Text: about()}, {Name: "status.json", Text: e.status()}, {Name: "config.toml", Text: settingsText()}}
	for _, f := range e.findings {
		files[0].Text += f.String()
	}
	if folder, err := crash.Folder(); err == nil {
		for _, path := range crash.Files(folder) {
			files = append(files, doctor.File{Name: filepath.Base(path), Text: start(path)})
		}
	}
	if withNames {
		return files
	}
	cover := e.cover()
	for i := range files {
		files[i].Text = cover.Text(files[i].Text)
	}
	return files
}

// cover knows the names that a bundle is not to tell.
func (e *examination) cover() *doctor.Cover {
	c := new(doctor.Cover)
	for _, s := range append(e.running, instance{Status: control.Status{Backing: e.settings.Backing, MountPoint: e.settings.MountPoint}}) {
		c.Add(s.Backing, "backing")
		c.Add(s.MountPoint, "mount point")
	}
	c.Add(e.settings.LogFile, "log file")
	if home, err := os.UserHomeDir(); err == nil {
		c.Add(home, "home")
		for _, path := range []string{e.settings.Backing, e.settings.MountPoint, e.settings.LogFile} {
			if rest, err := filepath.Rel(home, path); err == nil && filepath.IsLocal(rest) {
				c.Add("~/"+rest, "below home")
			}
		}
	}
	if who, err := user.Current(); err == nil && who.Username != "root" {
		c.Add(who.Username, "user")
	}
	if host, err := os.Hostname(); err == nil && host != "localhost" {
		c.Add(host, "host")
	}
	return c
}

func (e *examination) status() string {
	var text bytes.Buffer
	_ = writeStatusJSON(&text, e.running) // a buffer takes every write
	return text.String()
}

// about is the program, with every module in it, and the system.
func about() string {
	text := aboutProgram() + "\n"
	if info, known := debug.ReadBuildInfo(); known {
		text += info.String()
	}
	return text + start("/etc/os-release")
}

func settingsText() string {
	path, err := config.Path()
	if err != nil {
		return ""
	}
	return start(path)
}

// start returns the first part of a small file, "" where it cannot be read.
func start(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	text, _ := io.ReadAll(io.LimitReader(f, 1<<20))
	return string(text)
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"vitrine/app/control"
)

// errNotRunning is the outcome of a command that speaks to a running Vitrine, where there is none.
var errNotRunning = errors.New("no Vitrine is running. 'vitrine' starts it in the tray, 'vitrine mount' in this terminal")

// peers connects with every running Vitrine. Those that cannot be reached are told of on errOut.
func peers(errOut io.Writer) ([]*control.Peer, error) {
	place, err := control.Find()
	if err != nil {
		return nil, err
	}
	found, err := place.Peers()
	if len(found) == 0 {
		return nil, errors.Join(err, errNotRunning)
	}
	if err != nil {
		fmt.Fprintf(errOut, "vitrine: %v\n", err)
	}
	return found, nil
}

// instance is a running Vitrine and what it said of itself.
type instance struct {
	control.Status
	name string // of its socket
}

// instances asks every running Vitrine what it does.
func instances(ctx context.Context, errOut io.Writer) ([]instance, error) {
	found, err := peers(errOut)
	if err != nil {
		return nil, err
	}
	var all []instance
	for _, a := range askAll(ctx, found, control.DoStatus) {
		if a.err != nil {
			fmt.Fprintf(errOut, "vitrine: %v\n", a.err)
		}
		if a.Status != nil {
			all = append(all, instance{*a.Status, a.peer})
		}
	}
	if len(all) == 0 {
		return nil, errors.New("the running Vitrine gave no answer")
	}
	return all, nil
}

// answered is the one reply of a Vitrine, empty where it gave none.
type answered struct {
	control.Reply
	peer string // name of its socket
	err  error
}

// askAll asks each for one thing, all at the same time: one that does not answer keeps nobody from the others. It hangs up.
func askAll(ctx context.Context, peers []*control.Peer, what string) []answered {
	answers := make([]answered, len(peers))
	var asking sync.WaitGroup
	for i, peer := range peers {
		asking.Go(func() {
			defer peer.Close()
			a := &answers[i]
			a.peer = peer.Name
			a.err = peer.Ask(ctx, control.Request{Do: what}, func(r control.Reply) error {
				a.Reply = r
				return nil
			})
		})
	}
	asking.Wait()
	return answers
}

// askOne asks the Vitrine of that socket.
func askOne(ctx context.Context, name string, r control.Request, each func(control.Reply) error) error {
	place, err := control.Find()
	if err != nil {
		return err
	}
	peer, err := place.Peer(name)
	if err != nil {
		return errNotRunning
	}
	defer peer.Close()
	return peer.Ask(ctx, r, each)
}

func statusCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Say what is mounted, and what goes on there",
		Long: `Lists every running Vitrine of yours with its drive: two lines for each, or with --json one document for programs.

Exit status: 0 where one is running, 1 with a message where none is.`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := instances(cmd.Context(), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			if asJSON {
				return writeStatusJSON(cmd.OutOrStdout(), all)
			}
			for _, i := range all {
				fmt.Fprint(cmd.OutOrStdout(), statusLines(i.Status))
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	return cmd
}

func writeStatusJSON(out io.Writer, all []instance) error {
	document := struct {
		Version int              `json:"version"`
		Running []control.Status `json:"running"`
	}{Version: control.Version}
	for _, i := range all {
		document.Running = append(document.Running, i.Status)
	}
	to := json.NewEncoder(out)
	to.SetIndent("", "  ")
	return to.Encode(document)
}

// statusLines tells of one drive in two lines, or more where there is a problem.
func statusLines(s control.Status) string {
	var b strings.Builder
	switch s.State {
	case "mounted", "ejecting":
		fmt.Fprintf(&b, "%s  %s on %s%s, since %s", s.State, printable(s.Backing), printable(s.MountPoint), manner(s), s.Since.Local().Format("2006-01-02 15:04"))
	default:
		fmt.Fprintf(&b, "%s  %s, for %s", s.State, printable(s.Backing), printable(s.MountPoint))
	}
	fmt.Fprintf(&b, "  (%s, process %d)\n", kindOf(s), s.PID)
	if s.State == "mounted" || s.State == "ejecting" {
		fmt.Fprintf(&b, "  %s\n", totalsLine(s.Totals))
	}
	for _, text := range []string{s.Progress, s.Problem} {
		if text != "" {
			fmt.Fprintf(&b, "  %s\n", strings.ReplaceAll(text, "\n", "\n  "))
		}
	}
	return b.String()
}

// manner says in which ways a drive is not as usual.
func manner(s control.Status) string {
	said := ""
	if s.ReadOnly {
		said = ", read-only"
	}
	if s.Fast {
		said += ", in fast mode: single writes are not seen"
	}
	return said
}

func kindOf(s control.Status) string {
	if s.Window {
		return "with a window"
	}
	return "in a terminal"
}

func totalsLine(t control.Totals) string {
	line := fmt.Sprintf("%s open, %s in flight, in %s/s, out %s/s, %.0f operations/s, %s errors",
		humanize.Comma(int64(t.Open)), humanize.Comma(int64(t.InFlight)), humanize.Bytes(uint64(t.WriteRate)),
		humanize.Bytes(uint64(t.ReadRate)), t.OpRate, humanize.Comma(int64(t.Errors)))
	if t.Dropped > 0 {
		line += fmt.Sprintf(", %s operations missing in the record", humanize.Comma(int64(t.Dropped)))
	}
	return line
}

func openCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "open",
		Short: "Show the window of the running Vitrine",
		Long: `Shows and raises the activity window of the Vitrine that runs in the tray.

Exit status: 0 once it was asked to, 1 with a message where none is running or it has no window.`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return askOne(cmd.Context(), traySocket, control.Request{Do: control.DoOpen}, func(control.Reply) error { return nil })
		},
	}
}

func ejectCommand() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "eject [MOUNTPOINT]",
		Short: "Unmount a drive, or say who holds it",
		Long: `Ejects the drive on MOUNTPOINT, which need not be named where there is one only. It waits for operations in
flight and writes everything to disk. While programs have files open it says which, and leaves the drive as it is. With
--force it unmounts in any case: programs with open files get errors; what was written before is safe.

Exit status: 0 once it is unmounted, 1 with a message where it is not.`,
		Args: usage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			all, err := instances(cmd.Context(), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			drive, err := chooseDrive(all, args)
			if err != nil {
				return err
			}
			return eject(cmd, drive, force)
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "unmount although files are open")
	return cmd
}

func eject(cmd *cobra.Command, drive instance, force bool) error {
	last := ""
	err := askOne(cmd.Context(), drive.name, control.Request{Do: control.DoEject, Force: force}, func(r control.Reply) error {
		if r.Progress != last {
			fmt.Fprintf(cmd.ErrOrStderr(), "vitrine: %s\n", r.Progress)
			last = r.Progress
		}
		return nil
	})
	if err == nil {
		fmt.Fprintf(cmd.OutOrStdout(), "ejected %s\n", printable(drive.MountPoint))
	}
	return err
}

// chooseDrive returns the drive that is named, or the only one that is mounted.
func chooseDrive(all []instance, args []string) (instance, error) {
	var mounted []instance
	var names []string
	for _, i := range all {
		if i.State == "unmounted" || i.State == "failed" {
			continue
		}
		if len(args) == 0 || samePlace(args[0], i.MountPoint) {
			mounted = append(mounted, i)
		}
		names = append(names, "  "+printable(i.MountPoint))
	}
	slices.Sort(names)
	switch {
	case len(mounted) == 1:
		return mounted[0], nil
	case len(names) == 0:
		return instance{}, errors.New("nothing is mounted")
	case len(mounted) == 0:
		return instance{}, fmt.Errorf("no drive is mounted on %s. Mounted are:\n%s", printable(args[0]), strings.Join(names, "\n"))
	}
	return instance{}, fmt.Errorf("more than one drive is mounted; name one of:\n%s", strings.Join(names, "\n"))
}

// samePlace says whether a path means the mount point. It does not touch the mount point, which may hang.
func samePlace(path, mountPoint string) bool {
	abs, err := filepath.Abs(path)
	if err != nil {
		return false
	}
	if above, err := filepath.EvalSymlinks(filepath.Dir(abs)); err == nil && filepath.Join(above, filepath.Base(abs)) == mountPoint {
		return true
	}
	return abs == mountPoint
}

// age writes a duration as people read it on a table: three digits at most.
func age(d time.Duration) string {
	switch {
	case d < time.Microsecond:
		return fmt.Sprintf("%d ns", d.Nanoseconds())
	case d < time.Millisecond:
		return fmt.Sprintf("%.3g µs", float64(d)/float64(time.Microsecond))
	case d < time.Second:
		return fmt.Sprintf("%.3g ms", float64(d)/float64(time.Millisecond))
	case d < time.Minute:
		return fmt.Sprintf("%.3g s", d.Seconds())
	}
	return d.Round(time.Second).String()
}

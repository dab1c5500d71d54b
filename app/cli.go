package main

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"slices"

	"github.com/spf13/cobra"

	"vitrine/fusefs"
)

// Exit statuses.
const (
	exitOK    = 0
	exitError = 1 // it did not work; the reason is on stderr
	exitUsage = 2 // the command line is wrong
)

// usageError is a mistake in the command line.
type usageError struct{ error }

// execute runs the command line and returns the exit status.
func execute(args []string, out, errOut io.Writer) int {
	root := rootCommand()
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errOut)
	command, err := root.ExecuteC()
	if err == nil {
		return exitOK
	}
	fmt.Fprintf(errOut, "vitrine: %v\n", err)
	var usage usageError
	if errors.As(err, &usage) {
		fmt.Fprintf(errOut, "See '%s --help'.\n", command.CommandPath())
		return exitUsage
	}
	return exitError
}

func rootCommand() *cobra.Command {
	var o appOptions
	root := &cobra.Command{
		Use:   "vitrine",
		Short: "Mount a folder as a drive and see everything that passes through it",
		Long: `Vitrine mounts a backing folder as a drive through FUSE, keeps every write safe, and shows, live, what passes
through it. Without a command it starts the tray icon. Where there is no display it mounts at once and shows a status
line in the terminal until Ctrl-C ejects. Where it runs already, it shows the window of the running one. SIGTERM ejects
as soon as all files are closed, and by force after 20 s.

Exit status of every command: 0 where it did what it was asked, 1 with a message where it did not, 2 where the command
line is wrong.`,
		Args:          usage(cobra.NoArgs),
		Version:       versionText(),
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runApp(cmd.OutOrStdout(), cmd.ErrOrStderr(), o)
		},
	}
	root.Flags().BoolVar(&o.showWindow, "window", false, "show the activity window at once")
	root.Flags().BoolVar(&o.atLogin, "at-login", false, "started by the login: wait a little for the desktop's tray")
	root.SetVersionTemplate("vitrine {{.Version}}\n")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(mountCommand(), statusCommand(), openCommand(), ejectCommand(), tailCommand(), topCommand(), viewCommand(), doctorCommand(), versionCommand())
	root.CompletionOptions.HiddenDefaultCmd = true
	return root
}

// usage makes what a check of arguments finds a mistake in the command line.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{err}
		}
		return nil
	}
}

func mountCommand() *cobra.Command {
	var m mountOptions
	cmd := &cobra.Command{
		Use:   "mount {BACKING MOUNTPOINT | --in-place FOLDER}",
		Short: "Mount in the foreground, without tray and window",
		Long: `Mounts the folder BACKING on the empty folder MOUNTPOINT and prints one line,

  mounted BACKING on MOUNTPOINT

once it is usable. With --in-place it mounts over FOLDER itself, so that programs keep their paths; the eject brings
the folder back as it is on disk. SIGINT (Ctrl-C), SIGTERM and SIGHUP eject; while files are in use it says by whom and ejects as soon
as they are closed. A second signal ejects by force. So does SIGTERM after 20 s: a session that ends kills all programs
soon. Where systemd-logind shuts the machine down, it is asked to wait for the eject, which is forced after 3 s. What
programs were told is written stays written.

With --fast the kernel keeps what is written for a while and passes it on in large pieces, at the latest when the file is
closed or synced. The record shows these pieces, not the single writes, and not which program they come from; a full disk
is told at the close. It needs --in-place, and that nobody has a file of the folder open for writing or stands in it.

Exit status: 0 after a clean eject, 1 with a message on failure, 2 if the command line is wrong.`,
		Args: usage(m.folders),
		RunE: func(cmd *cobra.Command, args []string) error {
			m.config.Backing, m.config.MountPoint = args[0], args[len(args)-1]
			return m.run(cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().BoolVar(&m.config.ReadOnly, "read-only", false, "refuse every change with EROFS")
	cmd.Flags().BoolVar(&m.config.Create, "create", false, "create MOUNTPOINT if it is missing")
	cmd.Flags().BoolVar(&m.config.InPlace, "in-place", false, "mount over FOLDER itself, to watch it where it is")
	cmd.Flags().BoolVar(&m.config.Fast, "fast", false, "with --in-place: let the kernel gather writes before it passes them on; single writes are not seen then")
	cmd.Flags().BoolVar(&m.config.AllowOther, "allow-other", false, "let all users in, each with their own permissions; without it only you")
	cmd.Flags().StringVar(&m.metrics, "metrics", "", "serve metrics for Prometheus at `ADDRESS`, such as 127.0.0.1:9464, to this machine only")
	cmd.Flags().BoolVar(&m.metricsAnywhere, "metrics-anywhere", false, "let --metrics take an address that other machines reach; they have no password")
	cmd.Flags().StringVar(&m.logFile, "log", "", "also write every operation to `FILE` as NDJSON, rotated")
	return cmd
}

// folders checks how many folders are named: two, or one that is mounted in place.
func (m *mountOptions) folders(_ *cobra.Command, args []string) error {
	switch {
	case m.config.InPlace && len(args) != 1:
		return fmt.Errorf("mount --in-place takes one folder; %d given", len(args))
	case m.config.InPlace && m.config.Create:
		return errors.New("--create makes a mount point, and --in-place needs none")
	case m.config.Fast && !m.config.InPlace:
		return errors.New("--fast needs --in-place: what another program wrote into the backing folder beside the mount would be overwritten")
	case !m.config.InPlace && len(args) != 2:
		return fmt.Errorf("mount takes two folders, BACKING and MOUNTPOINT; %d given", len(args))
	case m.metricsAnywhere && m.metrics == "":
		return errors.New("--metrics-anywhere needs --metrics with an address")
	case slices.Contains(args, ""):
		return errors.New("the name of a folder is empty")
	}
	return nil
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "vitrine", versionText())
			return err
		},
	}
}

func versionText() string {
	return fmt.Sprintf("%s%s %s/%s %s", version, revision(), runtime.GOOS, runtime.GOARCH, runtime.Version())
}

// revision is the commit that the program was built from, where the build knows it.
func revision() string {
	if commit != "" {
		return " (" + commit + ")"
	}
	info, _ := debug.ReadBuildInfo()
	if info == nil {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return " (" + s.Value[:min(len(s.Value), 12)] + ")"
		}
	}
	return ""
}

// explain adds to a problem what can be done about it on the command line.
func explain(err error) error {
	var problem *fusefs.Problem
	if errors.As(err, &problem) && problem.Kind == fusefs.MountPointMissing {
		return fmt.Errorf("%w\nOr add --create, and Vitrine creates it.", err)
	}
	return err
}

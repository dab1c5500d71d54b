package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"vitrine/app/control"
	"vitrine/fusefs/oplog"
)

func tailCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "tail [FILTER...]",
		Short: "Follow the operations of running drives",
		Long: `Prints every operation of every running Vitrine as it ends, until Ctrl-C or until the last one has ended. With --json
a line is what --log would write; where several drives run, its field mount_point says which.

FILTER lets through what it describes, for example:

  vitrine tail write 'path:*.bin' 'dur>10ms'
  vitrine tail err:'*' proc:cp
  vitrine tail -- -op:getattr

What is:hazard lets through is what is known to be one when the operation ends; the window also marks those that only later
ones make a hazard.

Where this command is too slow for a drive, operations are left out and a line says how many.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			filter := strings.Join(args, " ")
			if _, err := parseFilter(filter); err != nil {
				return usageError{err}
			}
			ctx, stop := untilSignal(cmd.Context())
			defer stop()
			t := &tailing{out: cmd.OutOrStdout(), errOut: cmd.ErrOrStderr(), json: asJSON, filter: filter}
			return t.run(ctx)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print lines of JSON")
	return cmd
}

// untilSignal returns a context that ends at Ctrl-C and its like.
func untilSignal(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
}

// tailing prints the operations of all drives.
type tailing struct {
	filter string
	json   bool
	errOut io.Writer

	mu  sync.Mutex // keeps lines whole
	out io.Writer
}

func (t *tailing) run(ctx context.Context) error {
	all, err := instances(ctx, t.errOut)
	if err != nil {
		return err
	}
	ended := make(chan error, len(all))
	for _, drive := range all {
		go func() {
			ended <- askOne(ctx, drive.name, control.Request{Do: control.DoTail, Filter: t.filter}, func(r control.Reply) error {
				return t.show(drive, len(all) > 1, r)
			})
		}()
	}
	var failed []error
	for range all {
		failed = append(failed, <-ended)
	}
	if ctx.Err() != nil {
		return nil
	}
	return errors.Join(failed...)
}

// show prints one reply; several says that other drives print too.
func (t *tailing) show(drive instance, several bool, r control.Reply) error {
	line, err := t.line(drive, several, r)
	if err != nil || line == "" {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	_, err = fmt.Fprintln(t.out, line)
	return err
}

func (t *tailing) line(drive instance, several bool, r control.Reply) (string, error) {
	switch {
	case r.Missed > 0:
		fmt.Fprintf(t.errOut, "vitrine: %s operations are missing here\n", humanize.Comma(int64(r.Missed)))
		return "", nil
	case r.Event == nil:
		return "", nil
	case t.json && several:
		name, err := json.Marshal(drive.MountPoint)
		return fmt.Sprintf(`%s,"mount_point":%s}`, bytes.TrimSuffix(r.Event, []byte("}")), name), err
	case t.json:
		return string(r.Event), nil
	}
	e, err := oplog.ParseLine(r.Event)
	if err != nil {
		return "", fmt.Errorf("the running Vitrine sent what is no operation: %w", err)
	}
	if several {
		return printable(drive.MountPoint) + "  " + eventLine(e), nil
	}
	return eventLine(e), nil
}

// eventLine writes an operation as one line of a terminal.
func eventLine(e oplog.Event) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %-11s %8s  ", time.Unix(0, e.Wall).Format("15:04:05.000000"), e.Op, age(time.Duration(e.Duration)))
	b.WriteString(printable(e.Path))
	if e.Path2 != "" {
		fmt.Fprintf(&b, " → %s", printable(e.Path2))
	}
	switch e.Op {
	case oplog.Read, oplog.Write, oplog.CopyFileRange, oplog.Fallocate:
		fmt.Fprintf(&b, "  %s bytes at %s", humanize.Comma(e.Size), humanize.Comma(e.Offset))
	}
	if e.Handle != 0 {
		fmt.Fprintf(&b, "  #%d", e.Handle)
	}
	if e.PID != 0 {
		fmt.Fprintf(&b, "  %s(%d)", printable(e.Proc), e.PID)
	}
	switch {
	case e.Flags&oplog.InFlight != 0:
		b.WriteString("  still in flight")
	case e.Errno != 0:
		fmt.Fprintf(&b, "  %s: %v", oplog.ErrnoName(e.Errno), e.Errno)
	}
	return b.String()
}

// printable writes a name so that it cannot move the cursor of a terminal or break a line.
func printable(s string) string {
	if quoted := strconv.Quote(s); quoted != `"`+s+`"` && strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) || r == '\ufffd' }) {
		return quoted
	}
	return s
}

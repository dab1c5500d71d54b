//go:build brokenlock

package fusefs

import (
	"vitrine/fusefs/oplog"
	"vitrine/fusefs/wire"
)

// The broken build takes the first of several closes of a file for the last, too. Linux lets nothing of a file overlap with
// its release, so that the lock alone loses nothing there; with this, programs that share a file through a real mount meet
// what the storm makes by hand: a write that begins just after the release of its handle.
func init() { handlers[wire.Flush] = (*call).closeTooEarly }

// closeTooEarly releases at a flush, whose message begins as that of a release does.
func (c *call) closeTooEarly() int { return c.releaseHandle(oplog.Release) }

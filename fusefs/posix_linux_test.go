package fusefs

import (
	"os"
	"testing"

	"github.com/hanwen/go-fuse/v2/posixtest"
)

// notPosix are the cases that a plain folder fails too, and why.
var notPosix = map[string]string{
	"FcntlFlockLocksFile": "expects F_SETLK to fail against a lock of the same process, which owns it already; see fcntl(2)",
	"OpenSymlinkRace":     "expects a symbolic link that is swapped in never to be followed, which open(2) does when it is there",
}

// TestPosix runs go-fuse's library of tests for any filesystem.
func TestPosix(t *testing.T) {
	p := mountChild(t)
	for name, test := range posixtest.All {
		if notPosix[name] != "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			check(t, os.Mkdir(p.file(name), 0o755))
			test(t, p.file(name))
		})
	}
	p.ejects()
}

package main

import (
	"os"
	"path/filepath"
	"testing"

	"vitrine/app/internal/desktop"
	"vitrine/fusefs"
)

// TestStanding tells who is in the way of an eject though they have no file open, and nobody else.
func TestStanding(t *testing.T) {
	s := desktop.New(t)
	backing, mountPoint := folders(t, s.Home)
	check(t, os.Mkdir(filepath.Join(backing, "docs"), 0o755))
	write(t, filepath.Join(backing, "open"), "held open")
	e := mounted(t, fusefs.Config{Backing: backing, MountPoint: mountPoint})
	if found := e.drive.Standing(); len(found) > 0 {
		t.Errorf("somebody stands in a new drive: %v", found)
	}
	reader := s.Start("sh", "-c", `exec 3<"$1"; echo open; exec sleep 60`, "sh", filepath.Join(mountPoint, "open"))
	reader.WaitOutput("open", soon)
	stander := s.Start("sh", "-c", `cd "$1"; echo there; exec sleep 60`, "sh", filepath.Join(mountPoint, "docs"))
	stander.WaitOutput("there", soon)
	found := e.drive.Standing()
	if len(found) != 1 || found[0].PID != stander.Pid() || found[0].Path != filepath.Join(mountPoint, "docs") {
		t.Errorf("%v; %d stands in docs", found, stander.Pid())
	}
	for _, p := range []*desktop.Process{reader, stander} {
		p.Signal(os.Kill)
		p.WaitExit(soon)
	}
}

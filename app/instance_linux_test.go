package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"vitrine/app/internal/desktop"
)

// TestSecondStartRaisesTheWindow starts three at once: one stays, in the tray, and the others show its window and end.
func TestSecondStartRaisesTheWindow(t *testing.T) {
	s := desktop.New(t)
	s.StartBus()
	s.StartXvfb(1280, 800)
	s.StartWindowManager()
	host := s.StartHost()
	s.WriteFile(".config/vitrine/config.toml", quiet)
	var all []*desktop.Process
	for range 3 {
		all = append(all, s.Start(vitrine))
	}
	host.WaitItem(soon)
	s.WaitWindow("Vitrine", soon).Raise()
	ended := func(p *desktop.Process) bool { return !p.Running() }
	desktop.Until(t, soon, "two of three to end", func() error {
		if left := slices.DeleteFunc(slices.Clone(all), ended); len(left) != 1 {
			return fmt.Errorf("%d are running", len(left))
		}
		return nil
	})
	for _, p := range all {
		if !p.Running() {
			if exit := p.WaitExit(soon); exit != 0 {
				t.Errorf("exit status %d:\n%s", exit, p.Output())
			}
		}
	}
	first := all[slices.IndexFunc(all, func(p *desktop.Process) bool { return p.Running() })]
	wantCommand(t, s, 0, "", "open")
	wantCommand(t, s, 0, fmt.Sprintf("(with a window, process %d)", first.Pid()), "status")
	wantCommand(t, s, 1, "nothing is mounted", "eject")
	first.Signal(syscall.SIGTERM)
	if exit := first.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d:\n%s", exit, first.Output())
	}
}

// TestEjectOfTheTraysDrive mounts by a click and ejects from the terminal: the menu follows, and the program stays.
func TestEjectOfTheTraysDrive(t *testing.T) {
	s, p, item := startDesktop(t)
	mountPoint := filepath.Join(s.Home, "Vitrine")
	first(t, item, "Mount")
	check(t, item.Click("Mount"))
	waitMounted(t, mountPoint, true)
	first(t, item, "Eject")
	wantCommand(t, s, 0, "mounted  "+s.Home+"/.local/share/vitrine/files on "+mountPoint, "status")
	wantCommand(t, s, 0, "ejected "+mountPoint, "eject")
	waitMounted(t, mountPoint, false)
	first(t, item, "Mount")
	check(t, item.Click("Quit"))
	if exit := p.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d", exit)
	}
}

// TestDeafBus has a session bus that takes connections and never answers. Vitrine can be spoken to before it gives up on
// it: a second start ends. Its window comes up once it has given up, and mounts.
func TestDeafBus(t *testing.T) {
	s := desktop.New(t)
	s.StartXvfb(1280, 800)
	s.StartWindowManager()
	bus, err := net.Listen("unix", filepath.Join(s.RuntimeDir, "deaf"))
	check(t, err)
	defer bus.Close()
	s.Bus = "unix:path=" + bus.Addr().String()
	heard := make(chan error, 100) // for each connection that was given up: whether there was a socket by then
	go func() {
		for {
			conn, err := bus.Accept()
			if err != nil {
				return
			}
			go func() {
				io.Copy(io.Discard, conn)
				_, err := os.Stat(filepath.Join(s.RuntimeDir, "vitrine", traySocket+".sock"))
				heard <- err
			}()
		}
	}()
	s.WriteFile(".config/vitrine/config.toml", quiet)
	first := s.Start(vitrine)
	desktop.Until(t, soon, "the first to be reached", func() error {
		if exit, said := command(s, "status"); exit != 0 {
			return fmt.Errorf("it says %q", said)
		}
		return nil
	})
	wantCommand(t, s, 0, "")
	check(t, <-heard)
	first.WaitOutput("no tray icon: the session bus does not answer", soon)
	s.WaitWindow("Vitrine", soon).Raise()
	mountPoint := filepath.Join(s.Home, "Vitrine")
	pressUntil(t, s, mountPoint, true)
	keep(t, s, "deaf-bus.png")
	first.Signal(syscall.SIGTERM)
	if exit := first.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d:\n%s", exit, first.Output())
	}
}

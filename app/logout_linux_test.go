package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"vitrine/app/internal/desktop"
)

// waitDelays waits until so many programs delay the shutdown.
func waitDelays(t *testing.T, m *desktop.LoginManager, want int) {
	t.Helper()
	desktop.Until(t, soon, fmt.Sprintf("%d to delay the shutdown", want), func() error {
		if n := m.Delays(); n != want {
			return fmt.Errorf("%d do", n)
		}
		return nil
	})
}

func startLogin(t *testing.T) (*desktop.Session, *desktop.LoginManager) {
	t.Helper()
	s := desktop.New(t)
	s.StartSystemBus()
	return s, s.StartLoginManager()
}

// TestShutdownWaitsForTheEject delays a shutdown as long as the drive is mounted, and ejects when it begins.
func TestShutdownWaitsForTheEject(t *testing.T) {
	s, m := startLogin(t)
	p, backing, mountPoint := startMount(t, s)
	waitDelays(t, m, 1)
	write(t, filepath.Join(mountPoint, "f"), "saved")
	m.Shutdown()
	if exit := p.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d:\n%s", exit, p.Output())
	}
	waitDelays(t, m, 0)
	if isMounted(t, mountPoint) {
		t.Error("it is still mounted")
	}
	wantFile(t, filepath.Join(backing, "f"), "saved")
}

// TestShutdownEjectsByForce while a program holds a file and does not let go.
func TestShutdownEjectsByForce(t *testing.T) {
	s, m := startLogin(t)
	p, backing, mountPoint := startMount(t, s)
	waitDelays(t, m, 1)
	f, err := os.Create(filepath.Join(mountPoint, "held"))
	check(t, err)
	defer f.Close()
	_, err = f.WriteString("told to be written")
	check(t, err)
	m.Shutdown()
	p.WaitExit(soon)
	waitDelays(t, m, 0)
	if isMounted(t, mountPoint) {
		t.Error("it is still mounted")
	}
	wantFile(t, filepath.Join(backing, "held"), "told to be written")
}

// TestEjectEndsTheDelay: a program without a mount holds nothing up, and a shutdown that was called off delays the next.
func TestEjectEndsTheDelay(t *testing.T) {
	s := desktop.New(t)
	s.StartBus()
	s.StartSystemBus()
	s.StartXvfb(1280, 800)
	s.StartWindowManager()
	m := s.StartLoginManager()
	host := s.StartHost()
	s.WriteFile(".config/vitrine/config.toml", quiet)
	p := s.Start(vitrine)
	item := host.WaitItem(soon)
	for range 2 {
		first(t, item, "Mount")
		check(t, item.Click("Mount"))
		waitDelays(t, m, 1)
		first(t, item, "Eject")
		check(t, item.Click("Eject"))
		waitDelays(t, m, 0)
	}
	first(t, item, "Mount")
	check(t, item.Click("Mount"))
	waitDelays(t, m, 1)
	m.Shutdown()
	waitDelays(t, m, 0)
	waitMounted(t, filepath.Join(s.Home, "Vitrine"), false)
	first(t, item, "Mount")
	check(t, item.Click("Mount"))
	waitDelays(t, m, 1)
	p.Signal(syscall.SIGTERM)
	if exit := p.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d:\n%s", exit, p.Output())
	}
	waitDelays(t, m, 0)
}

// TestSessionEndEjectsByForce holds a file longer than a session that ends would wait.
func TestSessionEndEjectsByForce(t *testing.T) {
	s := desktop.New(t)
	p, backing, mountPoint := startMount(t, s)
	f, err := os.Create(filepath.Join(mountPoint, "held"))
	check(t, err)
	defer f.Close()
	_, err = f.WriteString("told to be written")
	check(t, err)
	p.Signal(syscall.SIGTERM)
	p.WaitOutput("and by force after 20 s", soon)
	if !isMounted(t, mountPoint) {
		t.Error("it did not wait")
	}
	if exit := p.WaitExit(endPatience + soon); exit != 1 || !strings.Contains(p.Output(), "ejected by force") {
		t.Errorf("exit status %d:\n%s", exit, p.Output())
	}
	if isMounted(t, mountPoint) {
		t.Error("it is still mounted")
	}
	wantFile(t, filepath.Join(backing, "held"), "told to be written")
}

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/moby/sys/mountinfo"

	"vitrine/app/internal/desktop"
)

// manager is systemd's service manager of a person, who has the unit of the packages. It sees its mounts alone.
type manager struct {
	*desktop.Process
	t *testing.T
	s *desktop.Session
}

// startManager starts a manager on a machine that looks as if systemd had booted it.
func startManager(t *testing.T) *manager {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can start a service manager where systemd may not run")
	}
	s := desktop.New(t)
	unit, err := os.ReadFile("../packaging/linux/vitrine@.service")
	check(t, err)
	s.WriteFile(".config/systemd/user/vitrine@.service", strings.ReplaceAll(string(unit), "/usr/bin/vitrine", vitrine))
	s.WriteFile(".config/systemd/user/vitrine@.service.d/soon.conf", "[Service]\nRestartSec=1\n")
	const script = `mount --make-rprivate / && mount -t tmpfs none /run && mkdir -p /run/systemd/system &&
		exec /lib/systemd/systemd --user --log-target=console`
	m := &manager{s.Start("unshare", "--mount", "--cgroup", "sh", "-c", script), t, s}
	desktop.Until(t, soon, "the service manager to answer", func() error {
		if exit, said := m.does("is-system-running"); said != "running\n" && said != "degraded\n" {
			return fmt.Errorf("exit status %d: %s", exit, said)
		}
		return nil
	})
	return m
}

// does runs a command of systemctl where the manager is.
func (m *manager) does(args ...string) (exit int, said string) {
	return runs(m.s, "nsenter", append([]string{"--mount", "--target", strconv.Itoa(m.Pid()), "systemctl", "--user", "--no-pager"}, args...)...)
}

func (m *manager) wants(exit int, args ...string) {
	m.t.Helper()
	if got, said := m.does(args...); got != exit {
		m.t.Errorf("systemctl %s: exit status %d, want %d:\n%s", strings.Join(args, " "), got, exit, said)
	}
}

// isMounted reports whether something is mounted there where the manager sees it.
func (m *manager) isMounted(path string) bool {
	m.t.Helper()
	mounts, err := os.Open(fmt.Sprintf("/proc/%d/mountinfo", m.Pid()))
	check(m.t, err)
	defer mounts.Close()
	found, err := mountinfo.GetMountsFromReader(mounts, mountinfo.SingleEntryFilter(path))
	check(m.t, err)
	return len(found) > 0
}

// TestService has systemd start the unit, which is up when the drive can be used, and stop it, which ejects. Where the
// backing folder is not there yet it is tried again.
func TestService(t *testing.T) {
	m := startManager(t)
	backing, mountPoint := filepath.Join(m.s.Home, "files"), filepath.Join(m.s.Home, "a drive")
	m.s.WriteFile(".config/vitrine/work.conf", fmt.Sprintf("BACKING=%s\nMOUNTPOINT=%s\n", backing, mountPoint))
	m.wants(1, "start", "vitrine@work")
	check(t, os.Mkdir(backing, 0o755))
	desktop.Until(t, soon, "the service to be up", func() error {
		if _, said := m.does("is-active", "vitrine@work"); said != "active\n" {
			return fmt.Errorf("it is %s", said)
		}
		return nil
	})
	if !m.isMounted(mountPoint) {
		t.Fatal("it is up, and nothing is mounted")
	}
	write(t, fmt.Sprintf("/proc/%d/root%s/f", m.Pid(), mountPoint), "by a service")
	m.wants(0, "stop", "vitrine@work")
	if m.isMounted(mountPoint) {
		t.Error("it is stopped, and the drive is not ejected")
	}
	wantFile(t, filepath.Join(backing, "f"), "by a service")
	if _, said := m.does("show", "-P", "Result", "vitrine@work"); said != "success\n" {
		t.Errorf("it ended with %s", said)
	}
	m.wants(0, "start", "vitrine@work") // returns once it is ready
	if !m.isMounted(mountPoint) {
		t.Error("started again, and nothing is mounted")
	}
	m.wants(0, "exit") // as at a logout
	if exit := m.WaitExit(diskPatience); exit != 0 {
		t.Errorf("exit status %d", exit)
	}
	if isMounted(t, mountPoint) {
		t.Error("the drive is mounted where others see it")
	}
}

// TestUnitIsKnownToSystemd has systemd read the unit: a word that it does not know, it says.
func TestUnitIsKnownToSystemd(t *testing.T) {
	s := desktop.New(t)
	unit, err := os.ReadFile("../packaging/linux/vitrine@.service")
	check(t, err)
	path := s.WriteFile("vitrine@x.service", strings.ReplaceAll(string(unit), "/usr/bin/vitrine", vitrine))
	exit, said := runs(s, "systemd-analyze", "--user", "verify", "--man=no", path)
	if exit != 0 || strings.Contains(said, "vitrine") {
		t.Errorf("exit status %d:\n%s", exit, said)
	}
}

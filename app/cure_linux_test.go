package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// withoutFUSE runs a program in a mount namespace whose /dev has a few devices, and not FUSE's.
const withoutFUSE = `set -e
mount -t tmpfs none "$1"
for device in null zero random urandom; do
	touch "$1/$device"
	mount --bind "/dev/$device" "$1/$device"
done
mkdir "$1/shm"
mount --rbind "$1" /dev
exec "$2"`

// TestMountsOnceFUSEIsThere asks for a mount where FUSE is missing: the window says what to do, and when that was done it
// mounts without being asked again.
func TestMountsOnceFUSEIsThere(t *testing.T) {
	dev := t.TempDir()
	s, p, item := startDesktopBy(t, []string{"unshare", "--map-root-user", "--mount", "sh", "-c", withoutFUSE, "sh", dev, vitrine})
	first(t, item, "Mount")
	check(t, item.Click("Mount"))
	s.WaitWindow("Vitrine", soon).Raise()
	status := func(says string) {
		t.Helper()
		waitCommand(t, s, regexp.MustCompile(regexp.QuoteMeta(says)), "status")
	}
	status("The kernel offers no FUSE here")
	keep(t, s, "fuse-missing.png")
	out, err := exec.Command("nsenter", "--target", strconv.Itoa(p.Pid()), "--user", "--mount", "--preserve-credentials", "umount", "-l", "/dev").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	status("mounted  " + filepath.Join(s.Home, ".local/share/vitrine/files"))
	keep(t, s, "fuse-came.png")
	check(t, item.Click("Quit"))
	if exit := p.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d:\n%s", exit, strings.TrimSpace(p.Output()))
	}
	if _, err := os.Stat("/dev/fuse"); err != nil {
		t.Error(err)
	}
}

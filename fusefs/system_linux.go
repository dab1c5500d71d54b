package fusefs

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"
)

// CheckSystem looks whether this system can mount at all. The error is a *Problem.
func CheckSystem() error {
	if err := checkDevice(); err != nil {
		return err
	}
	if os.Geteuid() == 0 {
		return nil
	}
	if _, err := exec.LookPath(helper); err != nil {
		return &Problem{Kind: HelperMissing, Err: err,
			What:    textf("FUSE is not installed: the program %s, which mounts for users, was not found.", helper),
			Cure:    installCure(),
			Command: installCommand()}
	}
	return nil
}

func checkDevice() error {
	fd, err := unix.Open(device, unix.O_RDWR|unix.O_CLOEXEC, 0)
	switch {
	case err == nil:
		return unix.Close(fd)
	case errors.Is(err, fs.ErrPermission):
		return &Problem{Kind: DeviceMissing, Err: err,
			What: textf("You may not use %s: %v.", device, err),
			Cure: textf("Its mode should be 0666. In a container it must be passed in with --device %s.", device), Command: "ls -l " + device}
	}
	return &Problem{Kind: DeviceMissing, Err: err,
		What: textf("The kernel offers no FUSE here: %s: %v.", device, err),
		Cure: textf("Load the kernel's fuse module. In a container the device must be passed in with --device %s.", device), Command: "sudo modprobe fuse"}
}

func installCure() Text {
	if installCommand() == "" {
		return textf("Install the package fuse3 of your distribution.")
	}
	return textf("Install it with this command.")
}

// installCommand is the command that installs FUSE 3 on this distribution; see os-release(5).
func installCommand() string {
	release, err := os.Open("/etc/os-release")
	if err != nil {
		return ""
	}
	defer release.Close()
	var ids []string
	for lines := bufio.NewScanner(release); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), "=")
		if key == "ID" || key == "ID_LIKE" {
			ids = append(ids, strings.Fields(strings.Trim(value, `"'`))...)
		}
	}
	for _, id := range ids {
		switch id {
		case "debian", "ubuntu":
			return "sudo apt install fuse3"
		case "fedora", "rhel":
			return "sudo dnf install fuse3"
		case "arch":
			return "sudo pacman -S fuse3"
		case "suse", "opensuse":
			return "sudo zypper install fuse3"
		case "alpine":
			return "sudo apk add fuse3"
		}
	}
	return ""
}

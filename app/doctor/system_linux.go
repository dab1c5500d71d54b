package doctor

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"
)

const (
	device   = "/dev/fuse"
	helper   = "fusermount3"
	fuseConf = "/etc/fuse.conf"
	fsType   = "fuse.vitrine"
)

// System looks at the kernel and at FUSE.
func System() []Finding {
	findings := []Finding{kernel(), fuseDevice(), mountHelper(), fuseConfig(fuseConf)}
	return append(findings, mounts()...)
}

// kernel wants openat2(2), which keeps every path in the backing folder; it came with Linux 5.6.
func kernel() Finding {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return Finding{Name: "Kernel", State: Bad, Text: err.Error()}
	}
	release := unix.ByteSliceToString(name.Release[:])
	fd, err := unix.Openat2(unix.AT_FDCWD, "/", &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT})
	if err != nil {
		return Finding{Name: "Kernel", State: Bad, Text: fmt.Sprintf("Linux %s lets Vitrine not use openat2: %v", release, err),
			Cure: "Vitrine needs Linux 5.6 or newer, and a container whose seccomp profile allows openat2."}
	}
	_ = unix.Close(fd)
	return ok("Kernel", "Linux %s", release)
}

func fuseDevice() Finding {
	fd, err := unix.Open(device, unix.O_RDWR|unix.O_CLOEXEC, 0)
	switch {
	case err == nil:
		_ = unix.Close(fd)
		return ok("FUSE device", "%s can be opened", device)
	case errors.Is(err, fs.ErrPermission):
		return Finding{Name: "FUSE device", State: Bad, Text: fmt.Sprintf("you may not use %s: %v", device, err),
			Cure: "Its mode should be 0666. In a container it must be passed in with --device " + device + ".", Command: "ls -l " + device}
	}
	return Finding{Name: "FUSE device", State: Bad, Text: fmt.Sprintf("%s cannot be opened: %v", device, err),
		Cure: "Load the kernel's fuse module. In a container the device must be passed in with --device " + device + ".", Command: "sudo modprobe fuse"}
}

// mountHelper looks at the program that mounts for users: it must be there, and set-user-id root.
func mountHelper() Finding {
	path, err := exec.LookPath(helper)
	if os.Geteuid() == 0 {
		return ok(helper, "you are root, who needs no helper to mount")
	}
	if err != nil {
		return Finding{Name: helper, State: Bad, Text: "the program that mounts for users was not found",
			Cure: "Install the package fuse3 of your distribution."}
	}
	info, err := os.Stat(path)
	if err != nil {
		return Finding{Name: helper, State: Bad, Text: err.Error()}
	}
	if info.Mode()&fs.ModeSetuid == 0 {
		return Finding{Name: helper, State: Bad, Text: path + " may not mount, because it is not set-user-id root",
			Cure: "Install the package fuse3 of your distribution again, or:", Command: "sudo chmod u+s " + path}
	}
	version, _ := exec.Command(path, "-V").Output()
	return ok(helper, "%s, %s", path, strings.TrimSpace(string(version)))
}

// fuseConfig reads what the administrator lets users do; see mount.fuse3(8).
func fuseConfig(path string) Finding {
	f, err := os.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Finding{Name: "fuse.conf", State: OK, Text: path + " is not there; --allow-other is for root alone"}
	case err != nil:
		return Finding{Name: "fuse.conf", State: Note, Text: fmt.Sprintf("%s cannot be read: %v", path, err),
			Cure: "fusermount3 may refuse to mount because of it. Make it readable:", Command: "sudo chmod a+r " + path}
	}
	defer f.Close()
	others, most := false, "1000"
	for lines := bufio.NewScanner(f); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), "=")
		switch strings.TrimSpace(key) {
		case "user_allow_other":
			others = true
		case "mount_max":
			most = strings.TrimSpace(value)
		}
	}
	text := "--allow-other is for root alone"
	if others {
		text = "users may mount with --allow-other"
	}
	if limit, err := strconv.Atoi(most); err != nil || limit < 1 {
		return Finding{Name: "fuse.conf", State: Note, Text: fmt.Sprintf("mount_max is %q in %s: users cannot mount", most, path),
			Cure: "Let the administrator set a number such as 1000."}
	}
	return ok("fuse.conf", "%s; users may have %s mounts", text, most)
}

// mounts looks at the mounts of Vitrine: one whose program has died must be cleared.
func mounts() []Finding {
	all, err := mountinfo.GetMounts(mountinfo.FSTypeFilter(fsType))
	if err != nil {
		return []Finding{{Name: "Mounts", State: Bad, Text: fmt.Sprintf("the mount table cannot be read: %v", err)}}
	}
	var findings []Finding
	for _, m := range all {
		var s unix.Statfs_t
		err, answered := ask(func() error { return unix.Statfs(m.Mountpoint, &s) })
		switch {
		case !answered:
			findings = append(findings, Finding{Name: "Mount", State: Bad, Text: m.Mountpoint + " does not answer",
				Cure: "Its backing folder may be on a network disk that is gone. 'vitrine top --once' shows what is in flight; a forced eject gives it up:", Command: "vitrine eject --force " + quote(m.Mountpoint)})
		case errors.Is(err, unix.ENOTCONN):
			findings = append(findings, Finding{Name: "Mount", State: Bad, Text: m.Mountpoint + " was left by a Vitrine that was killed",
				Cure: "The next mount there clears it; or clear it by hand:", Command: helper + " -uz " + quote(m.Mountpoint)})
		case err != nil && !errors.Is(err, fs.ErrPermission): // somebody else's
			findings = append(findings, Finding{Name: "Mount", State: Note, Text: fmt.Sprintf("%s: %v", m.Mountpoint, err)})
		default:
			findings = append(findings, ok("Mount", "%s answers", m.Mountpoint))
		}
	}
	if len(findings) == 0 {
		findings = append(findings, ok("Mounts", "no drive is mounted, and none was left behind"))
	}
	return findings
}

// Space looks at the disk that a folder, or the nearest one above it that exists, is on.
func Space(name, folder string) Finding {
	var s unix.Statfs_t
	err, answered := ask(func() error {
		for {
			err := unix.Statfs(folder, &s)
			if !errors.Is(err, fs.ErrNotExist) || folder == filepath.Dir(folder) {
				return err
			}
			folder = filepath.Dir(folder)
		}
	})
	if !answered {
		return Finding{Name: name, State: Bad, Text: folder + " does not answer", Cure: "If it is on a network disk, connect that again."}
	}
	if err != nil {
		return Finding{Name: name, State: Bad, Text: fmt.Sprintf("the disk of %s cannot be asked: %v", folder, err)}
	}
	return space(name, folder, uint64(s.Bsize)*s.Bavail, s.Files, s.Ffree)
}

// quote makes a path one word of a shell.
func quote(path string) string { return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'" }

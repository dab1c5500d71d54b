package fusefs

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/windows"
)

// MountsInPlace says whether Config.InPlace is possible here.
const MountsInPlace = false

// onlyFolder is no flag that Windows has: ReadDir finds out.
const onlyFolder = 0

// findMountPoint makes the mount point a drive letter, "X:", or an absolute path free of links.
func (p *prepared) findMountPoint() error {
	if p.InPlace {
		return &Problem{Kind: MountPointTaken,
			What: textf("Windows cannot mount a drive over the folder that it shows."),
			Cure: textf("Choose a free drive letter, such as V:, or a folder that does not exist yet.")}
	}
	if letter, ok := driveLetter(p.MountPoint); ok {
		p.MountPoint = letter
		return freeLetter(letter)
	}
	path, err := filepath.Abs(p.MountPoint)
	if err != nil {
		return mountPointProblem(p.MountPoint, err)
	}
	parent, err := filepath.EvalSymlinks(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) && p.Create {
		if err = os.MkdirAll(filepath.Dir(path), 0o700); err == nil {
			parent, err = filepath.EvalSymlinks(filepath.Dir(path))
		}
	}
	if err != nil {
		return mountPointProblem(filepath.Dir(path), err)
	}
	p.MountPoint = filepath.Join(parent, filepath.Base(path))
	return nil
}

// driveLetter returns a mount point that is a drive, "v:" or `v:\`, as WinFsp takes it, "V:".
func driveLetter(path string) (string, bool) {
	path = strings.ToUpper(strings.TrimRight(path, `\/`))
	if len(path) != 2 || path[1] != ':' || path[0] < 'A' || path[0] > 'Z' {
		return "", false
	}
	return path, true
}

// freeLetter refuses a drive that is there, and names one that is not.
func freeLetter(letter string) error {
	drives, err := windows.GetLogicalDrives()
	if err != nil {
		return mountPointProblem(letter, err)
	}
	if drives&(1<<(letter[0]-'A')) == 0 {
		return nil
	}
	problem := &Problem{Kind: MountPointTaken,
		What: textf("The drive %s is there already.", letter),
		Cure: textf("Choose a folder that does not exist yet: all letters are taken.")}
	for free := 'Z'; free > 'C'; free-- {
		if drives&(1<<(free-'A')) == 0 {
			problem.Cure = textf("Choose another letter: %c: is free.", free)
			break
		}
	}
	return problem
}

// checkMountPoint makes sure that WinFsp can make the folder that it mounts on: it takes none that exists. One that is
// empty goes where we may make it, since that is the same.
func (p *prepared) checkMountPoint() error {
	if _, ok := driveLetter(p.MountPoint); ok {
		return nil
	}
	folder, err := os.Open(p.MountPoint)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return mountPointProblem(p.MountPoint, err)
	}
	err = listable(folder)
	folder.Close()
	switch {
	case err == nil:
		return mountPointProblem(p.MountPoint, errNotEmpty)
	case err != io.EOF:
		return mountPointProblem(p.MountPoint, err)
	case p.Create:
		if err = os.Remove(p.MountPoint); err != nil {
			return mountPointProblem(p.MountPoint, err)
		}
		return nil
	}
	return &Problem{Kind: MountPointTaken,
		What:    textf("The mount point %s exists; WinFsp makes the folder by itself, and removes it after the eject.", p.MountPoint),
		Cure:    textf("Remove it, give --create, or choose a drive letter."),
		Command: "rmdir " + quote(p.MountPoint)}
}

// Command lines for a person to copy.
func toMake(folder string) string    { return "mkdir " + quote(folder) }
func toInspect(folder string) string { return "icacls " + quote(folder) }
func toList(folder string) string    { return "dir /a " + quote(folder) }

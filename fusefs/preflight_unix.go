//go:build unix

package fusefs

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// MountsInPlace says whether Config.InPlace is possible here.
const MountsInPlace = true

// onlyFolder has open(2) refuse what is not a folder.
const onlyFolder = unix.O_DIRECTORY

// findMountPoint makes the mount point's path absolute and real without touching the mount point itself, which may
// be a mount that no longer answers.
func (p *prepared) findMountPoint() error {
	path, err := filepath.Abs(p.MountPoint)
	if err != nil {
		return mountPointProblem(p.MountPoint, err)
	}
	parent, err := filepath.EvalSymlinks(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) && p.Create {
		p.MountPoint = path
		return nil
	}
	if err != nil {
		return mountPointProblem(path, err)
	}
	path = filepath.Join(parent, filepath.Base(path))
	taken, err := clearMountPoint(path, p.InPlace)
	if err != nil {
		return err
	}
	if !taken {
		if real, err := filepath.EvalSymlinks(path); err == nil && real != path {
			path = real
			if _, err := clearMountPoint(path, p.InPlace); err != nil {
				return err
			}
		}
	}
	p.MountPoint = path
	return nil
}

func (p *prepared) checkMountPoint() error {
	err := p.mountPointReady()
	if errors.Is(err, fs.ErrNotExist) && p.Create {
		if err = os.MkdirAll(p.MountPoint, 0o700); err == nil {
			p.MountPoint, err = filepath.EvalSymlinks(p.MountPoint)
		}
	}
	if err != nil {
		return mountPointProblem(p.MountPoint, err)
	}
	return nil
}

func (p *prepared) mountPointReady() error {
	folder, err := os.OpenFile(p.MountPoint, os.O_RDONLY|onlyFolder, 0)
	if err != nil {
		return err
	}
	defer folder.Close()
	switch err = listable(folder); err {
	case nil:
		return errNotEmpty
	case io.EOF:
		return nil
	default:
		return err
	}
}

// Command lines for a person to copy.
func toMake(folder string) string    { return "mkdir -p " + quote(folder) }
func toInspect(folder string) string { return "ls -ld " + quote(folder) }
func toList(folder string) string    { return "ls -A " + quote(folder) }

package fusefs

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Config says what to mount where.
type Config struct {
	Backing    string // backing folder
	MountPoint string // an empty folder; with InPlace not used
	InPlace    bool   // mount over the backing folder itself, so that programs keep their paths
	ReadOnly   bool   // refuse every change with EROFS
	Create     bool   // make the mount point where it is missing
	AllowOther bool   // let all users in, each with their own permissions; otherwise only who mounts
	Fast       bool   // the kernel gathers writes before it passes them on; only with InPlace, on Linux
}

// prepared is a mount that may go ahead.
type prepared struct {
	Config          // with absolute paths, free of symbolic links
	root   *os.File // the backing folder
}

// preflight checks everything that can stand against a mount before anything is changed, clears a stale mount of our
// own, and opens the backing folder.
func preflight(config Config) (*prepared, error) {
	if err := CheckSystem(); err != nil {
		return nil, err
	}
	p := &prepared{Config: config}
	if p.Fast && !p.InPlace && !fastAnywhere {
		return nil, notAlone(p.Backing)
	}
	if p.InPlace { // the backing folder may lie under a mount of ours whose program has died
		p.MountPoint = p.Backing
		var taken *Problem
		if err := p.findMountPoint(); errors.As(err, &taken) && taken.Kind == MountPointTaken {
			return nil, err
		}
	}
	if err := p.openBacking(); err != nil {
		return nil, err
	}
	checks := []func() error{p.findMountPoint, p.checkNesting, p.checkMountPoint}
	if p.InPlace {
		p.MountPoint = p.Backing
		checks = checks[:1]
	}
	if p.Fast {
		checks = append(checks, p.checkAlone)
	}
	for _, check := range checks {
		if err := check(); err != nil {
			p.root.Close()
			return nil, err
		}
	}
	return p, nil
}

// fastAnywhere lets tests look behind a mount in fast mode.
var fastAnywhere bool

func notAlone(backing string) *Problem {
	return &Problem{Kind: NotAlone,
		What:    textf("Fast mode keeps writes in memory for a while, and would overwrite what other programs write to %s meanwhile.", backing),
		Cure:    textf("Mount in place, over the folder itself: then nobody gets past the mount."),
		Command: "vitrine mount --fast --in-place " + quote(backing)}
}

func (p *prepared) openBacking() error {
	path, err := filepath.Abs(p.Backing)
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	if err == nil {
		p.root, err = os.OpenFile(path, os.O_RDONLY|onlyFolder, 0)
	}
	if err == nil {
		if err = listable(p.root); err == io.EOF {
			err = nil
		}
		if err != nil {
			p.root.Close()
		}
	}
	if err != nil {
		return backingProblem(p.Backing, err)
	}
	p.Backing = path
	return nil
}

var errNotFolder = errors.New("not a folder")

// listable looks for an entry of a folder: io.EOF where it has none.
func listable(folder *os.File) error {
	if info, err := folder.Stat(); err == nil && !info.IsDir() {
		return errNotFolder
	}
	_, err := folder.ReadDir(1)
	return err
}

func backingProblem(path string, err error) *Problem {
	switch {
	case err == errNotFolder, errors.Is(err, syscall.ENOTDIR) && !errors.Is(err, fs.ErrNotExist):
		return &Problem{Kind: BackingNotFolder, Err: err,
			What: textf("The backing folder %s is not a folder.", path),
			Cure: textf("Choose a folder; a single file cannot be mounted.")}
	case errors.Is(err, fs.ErrNotExist):
		return &Problem{Kind: BackingMissing, Err: err,
			What: textf("The backing folder %s does not exist.", path),
			Cure: textf("Create it, or choose another folder."), Command: toMake(path)}
	case errors.Is(err, syscall.ENOTCONN):
		return &Problem{Kind: BackingUnreadable, Err: err,
			What: textf("The backing folder %s lies in a mount whose program has died.", path),
			Cure: textf("Unmount that one first, then try again.")}
	}
	return &Problem{Kind: BackingUnreadable, Err: err,
		What: textf("The backing folder %s cannot be read: %s.", path, reason(err)),
		Cure: textf("Give yourself the right to list it, or choose another folder."), Command: toInspect(path)}
}

// checkNesting refuses a mount point inside the backing folder, where the mount would show itself, and one around
// it, where the mount would hide its own backing. It compares folders, not names: the same folder may have several.
func (p *prepared) checkNesting() error {
	root, err := p.root.Stat()
	if err != nil {
		return backingProblem(p.Backing, err)
	}
	if under(p.MountPoint, root) {
		return &Problem{Kind: Nested,
			What: textf("The mount point %s is, or lies in, the backing folder %s.", p.MountPoint, p.Backing),
			Cure: textf("Choose a mount point outside the backing folder.")}
	}
	if info, err := os.Lstat(p.MountPoint); err == nil && under(p.Backing, info) {
		return &Problem{Kind: Nested,
			What: textf("The backing folder %s lies in the mount point %s, which would hide it.", p.Backing, p.MountPoint),
			Cure: textf("Choose a mount point that does not contain the backing folder.")}
	}
	return nil
}

// under reports whether path or one of the folders above it is the folder.
func under(path string, folder os.FileInfo) bool {
	for {
		if info, err := os.Stat(path); err == nil && os.SameFile(info, folder) {
			return true
		}
		above := filepath.Dir(path)
		if above == path {
			return false
		}
		path = above
	}
}

var errNotEmpty = errors.New("not empty")

func mountPointProblem(path string, err error) *Problem {
	switch {
	case err == errNotFolder, errors.Is(err, syscall.ENOTDIR) && !errors.Is(err, fs.ErrNotExist): // both on Windows
		return &Problem{Kind: MountPointNotFolder, Err: err,
			What: textf("The mount point %s is not a folder.", path),
			Cure: textf("Choose an empty folder.")}
	case errors.Is(err, fs.ErrNotExist):
		return &Problem{Kind: MountPointMissing, Err: err, Create: path,
			What: textf("The mount point %s does not exist.", path),
			Cure: textf("Create it, or choose another folder."), Command: toMake(path)}
	case err == errNotEmpty:
		return &Problem{Kind: MountPointNotEmpty,
			What: textf("The mount point %s is not empty; a mount would hide what is in it.", path),
			Cure: textf("Move its files away, or choose an empty folder."), Command: toList(path)}
	}
	return &Problem{Kind: MountPointDenied, Err: err,
		What: textf("The mount point %s cannot be used: %s.", path, reason(err)),
		Cure: textf("Choose a folder of your own."), Command: toInspect(path)}
}

// reason is an error without the path and operation that os puts before it.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return err
}

package control

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/adrg/xdg"
	"github.com/gofrs/flock"
)

const (
	socketEnd = ".sock"
	lockEnd   = ".lock"
)

// Place is the folder that holds the sockets of one user's running Vitrines, and nobody else's.
type Place struct {
	dir   string
	above string // a folder that the system made for the user, "" where there is none
}

// Find returns the place of this user. It is in XDG_RUNTIME_DIR, and where that is missing in the folder for state.
// Nothing is made.
func Find() (Place, error) {
	if above := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(above) {
		return Place{dir: filepath.Join(above, "vitrine"), above: above}, nil
	}
	if filepath.IsAbs(xdg.StateHome) {
		return Place{dir: filepath.Join(xdg.StateHome, "vitrine", "run")}, nil
	}
	return Place{}, errors.New("there is no folder for the socket over which Vitrine is spoken to: neither XDG_RUNTIME_DIR nor HOME is set")
}

// prepare makes the folder, and refuses one that others could use.
func (p Place) prepare() error {
	if p.above != "" {
		if err := ours(p.above, "Unset XDG_RUNTIME_DIR, or log in as its owner."); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return fmt.Errorf("the folder for Vitrine's socket could not be made: %w", err)
	}
	return p.check()
}

// check refuses a folder that is somebody else's, or open to them.
func (p Place) check() error {
	if err := ours(p.dir, "Remove it, or have it removed, and start again."); err != nil {
		return err
	}
	info, err := os.Lstat(p.dir)
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		err = os.Chmod(p.dir, 0o700)
	}
	return err
}

// ours refuses a folder that belongs to another user, with what to do about it.
func ours(dir, cure string) error {
	info, err := os.Lstat(dir)
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is not a folder, so Vitrine does not use it for its socket. %s", dir, cure)
	case owner(info) != os.Geteuid():
		return fmt.Errorf("%s belongs to user %d and you are user %d, so Vitrine does not use it for its socket. %s",
			dir, owner(info), os.Geteuid(), cure)
	}
	return nil
}

func (p Place) path(name string) (string, error) {
	path := filepath.Join(p.dir, name)
	if len(path) > maxSocket {
		return "", fmt.Errorf("the path of Vitrine's socket, %s, is longer than the %d bytes that the system takes; set XDG_RUNTIME_DIR to a shorter one", path, maxSocket)
	}
	return path, nil
}

// names returns the sockets in the folder, by name; none where there is no folder.
func (p Place) names() ([]string, error) {
	if err := p.check(); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return nil, err
	}
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), socketEnd); ok && name[0] != '.' {
			names = append(names, name)
		}
	}
	return names, nil
}

// claimTimeout is how long two starts in the same instant may take to find out which is the first.
const claimTimeout = 10 * time.Second

// Claim makes the caller the only one of that name, until it calls release or ends. Where another one is, Claim lets
// yield speak to it and returns no release; an error of yield is returned.
func (p Place) Claim(name string, yield func(*Peer) error) (release func(), err error) {
	if err := p.prepare(); err != nil {
		return nil, err
	}
	path, err := p.path(name + lockEnd)
	if err != nil {
		return nil, err
	}
	lock := flock.New(path, flock.SetPermissions(0o600))
	for give := time.Now().Add(claimTimeout); ; time.Sleep(50 * time.Millisecond) {
		first, err := lock.TryLock()
		if err != nil {
			return nil, fmt.Errorf("Vitrine cannot tell whether it runs already: %w", err)
		}
		if first {
			return func() { _ = lock.Close() }, nil
		}
		if peer, err := p.dial(name); err == nil { // the other one may not listen yet, or no more
			defer peer.Close()
			return nil, yield(peer)
		}
		if time.Now().After(give) {
			return nil, fmt.Errorf("Vitrine runs already, but does not answer; the process that has %s open is the one to end", path)
		}
	}
}

// Package config is what Vitrine remembers between runs: a few settings in one commented TOML file that people may
// edit. It reads the file strictly, naming every mistake by line and key, and writes it atomically, leaving whatever
// else stands in the file as it was.
package config

import (
	"os"
	"path/filepath"

	"github.com/adrg/xdg"

	"vitrine/app/config/failure"
)

// Bounds of KeepEvents.
const (
	MinKeepEvents     = 1_000
	MaxKeepEvents     = 10_000_000
	DefaultKeepEvents = 65_536
)

// Config holds the settings. Paths are absolute or begin with "~/"; Expand makes them all absolute.
type Config struct {
	Backing    string // folder that holds the files
	MountPoint string // folder where they appear
	InPlace    bool   // mount over the backing folder itself; the mount point is not used
	ReadOnly   bool   // refuse every change
	Fast       bool   // the kernel gathers writes; only with InPlace
	ShowFolder bool   // open the folder in the file manager after a mount by click
	LogFile    string // NDJSON log of every operation, "" for none
	KeepEvents int    // operations kept for the Log tab

	MountOnStart bool   // mount as soon as the program starts
	Metrics      string // address on this machine where Prometheus reads metrics, "" for none
	Notices      Notices
}

// Notices say of what a notification of the desktop tells.
type Notices struct {
	Mounted bool // the drive is mounted
	Ejected bool // it is ejected, and everything is on the disk
	InUse   bool // it cannot be ejected, because files are in use
	Stuck   bool // an operation does not end
	Errors  bool // operations begin to fail
	Disk    bool // the disk behind the drive is in trouble, or the drive was lost
}

// Default returns the settings of a person who never changed one.
func Default() Config {
	return Config{
		Backing:    tilde(filepath.Join(xdg.DataHome, "vitrine", "files")),
		MountPoint: "~/Vitrine",
		ShowFolder: true,
		KeepEvents: DefaultKeepEvents,
		Notices:    Notices{Mounted: true, Ejected: true, InUse: true, Stuck: true, Errors: true, Disk: true},
	}
}

// Path returns where the configuration file belongs on this platform, whether or not it exists.
func Path() (string, error) {
	if !filepath.IsAbs(xdg.ConfigHome) {
		return "", failure.Textf("there is no folder for settings, because your home folder is not known; set HOME and start again")
	}
	return filepath.Join(xdg.ConfigHome, "vitrine", "config.toml"), nil
}

// Expand returns c with every path absolute.
func (c Config) Expand() (Config, error) {
	for _, path := range []*string{&c.Backing, &c.MountPoint, &c.LogFile} {
		full, err := Expand(*path)
		if err != nil {
			return Config{}, err
		}
		*path = full
	}
	return c, nil
}

// Expand replaces a leading "~" or "~/" by the home folder and cleans the path. An empty path stays empty.
func Expand(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	if isDrive(path) {
		return path, nil
	}
	rest, ok := belowHome(path)
	if !ok {
		return filepath.Clean(path), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", failure.Textf("cannot tell which folder %q is, because your home folder is not known; set HOME or write the whole path", path)
	}
	return filepath.Join(home, rest), nil
}

// isDrive reports whether a path is a drive of Windows, "V:", which is no path to Clean: it would mean the folder that is
// current there.
func isDrive(path string) bool { return len(path) == 2 && filepath.VolumeName(path) == path }

func belowHome(path string) (rest string, ok bool) {
	if path == "~" {
		return "", true
	}
	if len(path) > 1 && path[0] == '~' && os.IsPathSeparator(path[1]) {
		return path[2:], true
	}
	return "", false
}

func tilde(path string) string {
	home, err := os.UserHomeDir()
	if err != nil {
		return path
	}
	rest, err := filepath.Rel(home, path)
	if err != nil || !filepath.IsLocal(rest) {
		return path
	}
	return "~/" + filepath.ToSlash(rest)
}

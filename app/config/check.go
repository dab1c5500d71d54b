package config

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dustin/go-humanize"
)

// maxPath is the longest path that any system takes, in bytes.
const maxPath = 4096

// FieldError says which setting is wrong and what it takes instead.
type FieldError struct {
	Field  string // name of the field of Config
	Key    string // name of the key in the file
	Reason Reason // a clause for people
}

// Error makes a FieldError usable as an error.
func (e FieldError) Error() string { return e.Key + ": " + Sentence(e.Reason.String()) }

// Check returns what is wrong with c by itself, nil where nothing is. It does not touch the disk.
func (c Config) Check() []FieldError {
	var found []FieldError
	wrong := c.wrongFields()
	if wrong == nil {
		wrong = c.overlaps()
	}
	for _, p := range wrong {
		found = append(found, FieldError{Field: p.key.field, Key: p.key.name, Reason: p.reason})
	}
	return found
}

// problem is a wrong value: reason is a clause that can follow "KEY is VALUE; ".
type problem struct {
	key    *key
	reason Reason
}

// wrongFields finds the settings that are wrong by themselves.
func (c Config) wrongFields() []problem {
	var found []problem
	for i := range keys {
		if reason := keys[i].check(keys[i].at(&c)); reason.Format != "" {
			found = append(found, problem{&keys[i], reason})
		}
	}
	return found
}

// overlaps finds paths that lie inside each other. It compares names only: symbolic links are the mount's business.
func (c Config) overlaps() []problem {
	full, err := c.Expand()
	if err != nil {
		return []problem{{keyNamed("mount_point"), Reason{Format: "%v", Args: []any{err}}}}
	}
	var found []problem
	if full.InPlace {
		full.MountPoint = full.Backing
	}
	add := func(name string, reason Reason) { found = append(found, problem{keyNamed(name), reason}) }
	if full.Fast && !full.InPlace {
		add("fast", textf("it needs in_place: what another program wrote into backing beside the mount would be overwritten"))
	}
	switch {
	case full.InPlace:
	case full.MountPoint == full.Backing:
		add("mount_point", textf("it must be another folder than backing, which holds the files"))
	case inside(full.MountPoint, full.Backing):
		add("mount_point", textf("it lies inside backing (%s); choose a folder outside", full.Backing))
	case inside(full.Backing, full.MountPoint):
		add("mount_point", textf("it lies around backing (%s), which the mount would hide; choose another folder", full.Backing))
	}
	switch {
	case full.LogFile == "":
	case full.LogFile == full.MountPoint || full.LogFile == full.Backing:
		add("log_file", textf("it is one of the two folders; name a file outside both"))
	case inside(full.LogFile, full.MountPoint), inside(full.LogFile, full.Backing):
		add("log_file", textf("it lies in the mounted folder, so every line of the log would cause another; choose a place outside"))
	}
	return found
}

func inside(path, folder string) bool {
	rest, err := filepath.Rel(folder, path)
	return err == nil && filepath.IsLocal(rest)
}

func checkFolder(v any) (wrong Reason) {
	path := *v.(*string)
	if path == "" {
		return textf("it takes a folder: an absolute path, or one that begins with ~/")
	}
	return checkPath(path)
}

// checkMountPoint lets a mount point be a drive letter, where the system has them.
func checkMountPoint(v any) (wrong Reason) {
	if isDrive(*v.(*string)) {
		return wrong
	}
	return checkFolder(v)
}

func checkLogFile(v any) (wrong Reason) {
	path := *v.(*string)
	if path == "" {
		return wrong
	}
	return checkPath(path)
}

func checkPath(path string) (wrong Reason) {
	switch _, home := belowHome(path); {
	case !utf8.ValidString(path):
		return textf("it is not valid UTF-8 text, which a configuration file cannot hold; rename the folder or choose another")
	case strings.ContainsRune(path, 0):
		return textf("it has a NUL character, which no path can have")
	case len(path) > maxPath:
		return textf("it is longer than any path can be")
	case !home && !filepath.IsAbs(path):
		return textf("it takes an absolute path, or one that begins with ~/")
	}
	return wrong
}

func checkKeepEvents(v any) (wrong Reason) {
	if n := *v.(*int); n < MinKeepEvents || n > MaxKeepEvents {
		return textf("it takes a whole number from %s to %s", fewest, most)
	}
	return wrong
}

func checkMetrics(v any) (wrong Reason) {
	address := *v.(*string)
	if address == "" {
		return wrong
	}
	host, reason := splitMetrics(address)
	if ip := net.ParseIP(host); reason.Format == "" && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return textf("it takes an address of this machine alone, such as 127.0.0.1:9464: whoever reaches it can read the metrics")
	}
	return reason
}

// CheckMetrics returns what is wrong with an address for metrics. Anywhere allows one that other machines reach.
func CheckMetrics(address string, anywhere bool) error {
	reason := checkMetrics(&address)
	if anywhere {
		_, reason = splitMetrics(address)
	}
	if reason.Format != "" {
		return errors.New(reason.String())
	}
	return nil
}

func splitMetrics(address string) (host string, reason Reason) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", textf("it takes a host and a port, such as 127.0.0.1:9464")
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return "", textf("its port must be a number from 0 to 65535, where the system chooses one for 0")
	}
	return host, Reason{}
}

func checkSwitch(any) Reason { return Reason{} }

const fewest, most Count = MinKeepEvents, MaxKeepEvents

// Count is a whole number for people, who may write it in another language.
type Count int

// String returns the number in English, with separators between the thousands.
func (n Count) String() string { return humanize.Comma(int64(n)) }

// Reason says what is wrong with a value, in a form that can be put into another language: Format is English, as for
// fmt.Sprintf, and Args are strings, whole numbers, errors, Count and Reason.
type Reason struct {
	Format string
	Args   []any
}

// String returns the reason in English.
func (r Reason) String() string { return fmt.Sprintf(r.Format, r.Args...) }

func textf(format string, args ...any) Reason { return Reason{format, args} }

// Sentence makes a clause one that stands alone.
func Sentence(clause string) string {
	first, n := utf8.DecodeRuneInString(clause)
	return string(unicode.ToUpper(first)) + clause[n:] + "."
}

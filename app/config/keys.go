package config

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Version is the version of the file format that this package reads and writes.
const Version = 1

const versionKey = "version"

// key is one setting: where it lies in Config, how the file calls and explains it, and what it takes.
type key struct {
	name  string
	field string
	about string
	takes Reason            // clause for a value of the wrong kind
	at    func(*Config) any // *string, *bool or *int
	check func(any) Reason  // clause for a wrong value, empty for a good one; gets what at returned
}

var keys = []key{
	{
		name: "backing", field: "Backing",
		about: "The folder that holds the files. Everything you do in the mounted folder happens here.",
		takes: textf(`it takes a folder in quotes, such as "~/Files"`),
		at:    func(c *Config) any { return &c.Backing },
		check: checkFolder,
	},
	{
		name: "mount_point", field: "MountPoint",
		about: "The folder where the files appear once they are mounted. It must be empty, and outside of backing.",
		takes: textf(`it takes a folder in quotes, such as "~/Vitrine"`),
		at:    func(c *Config) any { return &c.MountPoint },
		check: checkMountPoint,
	},
	{
		name: "in_place", field: "InPlace",
		about: "Mount over the backing folder itself, to watch it where it is; mount_point is not used then.",
		takes: textf("it takes true or false, without quotes"),
		at:    func(c *Config) any { return &c.InPlace },
		check: checkSwitch,
	},
	{
		name: "read_only", field: "ReadOnly",
		about: "Refuse every change: files can be opened and copied out, never written, renamed or deleted.",
		takes: textf("it takes true or false, without quotes"),
		at:    func(c *Config) any { return &c.ReadOnly },
		check: checkSwitch,
	},
	{
		name: "fast", field: "Fast",
		about: "Let the kernel gather writes, which is faster; single writes are not seen then. Only with in_place.",
		takes: textf("it takes true or false, without quotes"),
		at:    func(c *Config) any { return &c.Fast },
		check: checkSwitch,
	},
	{
		name: "show_folder", field: "ShowFolder",
		about: "Open the mounted folder in the file manager after a mount by click.",
		takes: textf("it takes true or false, without quotes"),
		at:    func(c *Config) any { return &c.ShowFolder },
		check: checkSwitch,
	},
	{
		name: "log_file", field: "LogFile",
		about: "A file to which every operation is written as one line of JSON; empty for none.",
		takes: textf(`it takes a file in quotes, such as "~/vitrine.ndjson", or "" for none`),
		at:    func(c *Config) any { return &c.LogFile },
		check: checkLogFile,
	},
	{
		name: "keep_events", field: "KeepEvents",
		about: fmt.Sprintf("How many of the latest operations the Log tab can show: %d to %d.", MinKeepEvents, MaxKeepEvents),
		takes: textf("it takes a whole number from %s to %s", fewest, most),
		at:    func(c *Config) any { return &c.KeepEvents },
		check: checkKeepEvents,
	},
	{
		name: "mount_on_start", field: "MountOnStart",
		about: "Mount as soon as Vitrine starts. While backing is not there yet, as on a network disk, it waits for it.",
		takes: textf("it takes true or false, without quotes"),
		at:    func(c *Config) any { return &c.MountOnStart },
		check: checkSwitch,
	},
	{
		name: "metrics", field: "Metrics",
		about: "Where Prometheus may read metrics, on this machine only, such as 127.0.0.1:9464; empty for nowhere.",
		takes: textf(`it takes an address in quotes, such as "127.0.0.1:9464", or "" for none`),
		at:    func(c *Config) any { return &c.Metrics },
		check: checkMetrics,
	},
	noticeKey("notify_mounted", "Notify when the drive is mounted.", func(n *Notices) *bool { return &n.Mounted }),
	noticeKey("notify_ejected", "Notify when the drive is ejected and everything is on the disk.", func(n *Notices) *bool { return &n.Ejected }),
	noticeKey("notify_in_use", "Notify when an eject is refused because files are in use, and by whom.", func(n *Notices) *bool { return &n.InUse }),
	noticeKey("notify_stuck", "Notify when an operation takes longer than five seconds.", func(n *Notices) *bool { return &n.Stuck }),
	noticeKey("notify_errors", "Notify when operations begin to fail.", func(n *Notices) *bool { return &n.Errors }),
	noticeKey("notify_disk", "Notify when the disk behind the drive is full, fails or is gone, or the drive is lost.", func(n *Notices) *bool { return &n.Disk }),
}

func noticeKey(name, about string, at func(*Notices) *bool) key {
	return key{
		name: name, field: "Notices",
		about: about,
		takes: textf("it takes true or false, without quotes"),
		at:    func(c *Config) any { return at(&c.Notices) },
		check: checkSwitch,
	}
}

func keyNamed(name string) *key {
	for i := range keys {
		if keys[i].name == name {
			return &keys[i]
		}
	}
	return nil
}

// set stores a value as TOML has it, and says whether it is of the right kind.
func (k *key) set(c *Config, value any) bool {
	switch to := k.at(c).(type) {
	case *string:
		s, ok := value.(string)
		*to = s
		return ok
	case *bool:
		b, ok := value.(bool)
		*to = b
		return ok
	case *int:
		n, ok := value.(int64)
		*to = int(n)
		return ok && int64(*to) == n
	}
	return false
}

// text returns the setting as TOML.
func (k *key) text(c Config) string {
	switch v := k.at(&c).(type) {
	case *string:
		return quote(*v)
	case *bool:
		return strconv.FormatBool(*v)
	case *int:
		return strconv.Itoa(*v)
	}
	return ""
}

// quote writes s as a basic string of TOML, which is a string of JSON that escapes DEL too.
func quote(s string) string {
	var b strings.Builder
	to := json.NewEncoder(&b)
	to.SetEscapeHTML(false)
	if err := to.Encode(s); err != nil {
		return ""
	}
	return strings.ReplaceAll(strings.TrimSuffix(b.String(), "\n"), "\x7f", `\u007F`)
}

// nearestKey returns the known key that a person may have meant by name, "" where none is near.
func nearestKey(name string) string {
	best, distance := "", 1+max(2, len(name)/3)
	for _, known := range append(keyNames(), versionKey) {
		if d := difference(plain(name), plain(known)); d < distance {
			best, distance = known, d
		}
	}
	return best
}

// difference counts the letters in which two names differ; the beginning of a name is as good as a typing error.
func difference(name, known string) int {
	if len(name) >= 3 && strings.HasPrefix(known, name) {
		return 1
	}
	return editDistance(name, known)
}

func keyNames() []string {
	var names []string
	for _, k := range keys {
		names = append(names, k.name)
	}
	return names
}

// plain drops what people vary in a name: case, dashes and underscores.
func plain(name string) string {
	return strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(name))
}

// editDistance counts the letters to insert, delete or replace between a and b (Levenshtein).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

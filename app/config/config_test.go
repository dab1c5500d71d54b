package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adrg/xdg"
)

// home gives the test a home folder of its own.
func home(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	for _, name := range []string{"XDG_CONFIG_HOME", "XDG_DATA_HOME"} {
		t.Setenv(name, "")
	}
	xdg.Reload()
	t.Cleanup(xdg.Reload)
	return dir
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestDefaultsAreValidAndLieInTheHomeFolder(t *testing.T) {
	dir := home(t)
	c := Default()
	if wrong := c.Check(); wrong != nil {
		t.Fatalf("defaults are refused: %v", wrong)
	}
	full, err := c.Expand()
	if err != nil {
		t.Fatal(err)
	}
	if full.MountPoint != filepath.Join(dir, "Vitrine") || full.Backing != filepath.Join(dir, ".local/share/vitrine/files") {
		t.Fatalf("got %+v", full)
	}
	path, err := Path()
	if err != nil || path != filepath.Join(dir, ".config/vitrine/config.toml") {
		t.Fatalf("got %q, %v", path, err)
	}
}

func TestExpand(t *testing.T) {
	dir := home(t)
	for in, want := range map[string]string{
		"": "", "~": dir, "~/": dir, "~/a b/c": dir + "/a b/c", "/x/~/y": "/x/~/y", "/x/../y/": "/y", "~other/x": "~other/x",
	} {
		if got, err := Expand(in); err != nil || got != want {
			t.Errorf("Expand(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	t.Setenv("HOME", "")
	if _, err := Expand("~/x"); err == nil || !strings.Contains(err.Error(), "set HOME") {
		t.Errorf("without a home folder: %v", err)
	}
}

func TestLoadMissingFileGivesDefaults(t *testing.T) {
	home(t)
	c, err := Load(filepath.Join(t.TempDir(), "no", "config.toml"))
	if err != nil || c != Default() {
		t.Fatalf("got %+v, %v", c, err)
	}
}

func TestLoadKeepsDefaultsOfKeysNotSet(t *testing.T) {
	home(t)
	want := Default()
	want.KeepEvents, want.MountPoint = 2000, `/mnt/with "quotes" and \`
	for _, text := range []string{
		"keep_events = 2_000\nmount_point = '/mnt/with \"quotes\" and \\'\n",
		"\ufeff# a comment\r\nversion = 1\r\n\"keep_events\" = 0x7d0\r\nmount_point = \"\"\"\r\n/mnt/with \"quotes\" and \\\\\"\"\"",
	} {
		if c, err := Load(write(t, text)); err != nil || c != want {
			t.Errorf("%q: got %+v, %v", text, c, err)
		}
	}
}

func TestLoadNamesMistakesByLineAndKey(t *testing.T) {
	home(t)
	for text, want := range map[string][]string{
		"\n\n\n\n\n\nkeep_events = \"many\"": {`config.toml line 7: keep_events is "many"; it takes a whole number from 1,000 to 10,000,000. Correct it`},
		"keep_events = 999":                  {"line 1: keep_events is 999; it takes a whole number from 1,000 to 10,000,000"},
		`metrics = "0.0.0.0:9464"`:           {`line 1: metrics is "0.0.0.0:9464"; it takes an address of this machine alone, such as 127.0.0.1:9464`},
		`metrics = "9464"`:                   {`metrics is "9464"; it takes a host and a port`},
		`metrics = "localhost:http"`:         {`its port must be a number`},
		`metrics = 9464`:                     {`metrics is 9464; it takes an address in quotes`},
		"keep_events = 1e5":                  {"line 1: keep_events is 1e5; it takes"},
		"keep_events = 99999999999999999999": {"line 1: keep_events is 99999999999999999999; it takes"},
		"read_only = \"yes\"":                {`line 1: read_only is "yes"; it takes true or false, without quotes`},
		"show_folder = 1":                    {"line 1: show_folder is 1; it takes true or false"},
		"backing = 7":                        {`line 1: backing is 7; it takes a folder in quotes`},
		"backing = \"\"":                     {`line 1: backing is ""; it takes a folder: an absolute path`},
		"backing = \"files\"":                {`line 1: backing is "files"; it takes an absolute path, or one that begins with ~/`},
		"backing = \"/" + strings.Repeat("a", maxPath) + "\"": {"aaa…; it is longer than any path can be"},
		"backing = \"~bob/files\"":                            {`it takes an absolute path`},
		"backing = \"/a\\u0000b\"":                            {`line 1: backing is "/a\u0000b"; it has a NUL character`},
		"log_file = [\n'/a',\n'/b']":                          {"line 1: log_file is […; it takes a file in quotes"},
		"log_file = \"log\"":                                  {`log_file is "log"; it takes an absolute path`},
		"mountpoint = \"/m\"":                                 {"line 1: mountpoint is not a known key; did you mean mount_point?"},
		"Mount-Point = \"/m\"":                                {"did you mean mount_point?"},
		"keep_evnts = 1":                                      {"did you mean keep_events?"},
		"colour = 1":                                          {"colour is not a known key; the keys are backing, mount_point,"},
		"\"a\\nb\" = 1":                                       {`line 1: "a\nb" is not a known key`},
		"\"\" = 1":                                            {`line 1: "" is not a known key`},
		"mount.point = 1":                                     {"mount.point is not a known key; did you mean mount_point?"},
		"\n[paths]\nbacking = 1":                              {"line 2: [paths] is not known; there are no sections"},
		"[[paths]]":                                           {"line 1: [paths] is not known"},
		"read_only = true\nread_only = true":                  {"line 2: read_only is set a second time; line 1 sets it already"},
		"version = \"1\"":                                     {`line 1: version is "1"; it takes 1`},
		"version = 0":                                         {"line 1: version is 0; it takes 1"},
		"version = [1]":                                       {"line 1: version is [1]; it takes 1"},
		"mount = 1":                                           {"mount is not a known key; did you mean mount_point?"},
		"read_only = yes":                                     {"line 1: read_only is yes; it takes true or false, without quotes (unexpected"},
		"\nbacking = /home/me\n":                              {"line 2: backing is /home/me; it takes a folder in quotes, such as"},
		"backing = 'a' 'b'":                                   {"line 1: backing is 'a' 'b'; it takes a folder in quotes"},
		"keep_events = \n":                                    {"line 1: "},
		"backing":                                             {"line 1: this is not TOML: "},
		"backing : 1":                                         {"line 1: this is not TOML: "},
		"# x\nbacking = \"/a":                                 {`line 2: backing is "/a; it takes a folder in quotes`},
		"# x\nbacking = /a\nread_only = 1":                    {"line 2: backing is /a; "},
		"# x\n\nback\xffing = 1":                              {"line 3: the text is not valid UTF-8"},
		"backing=\"/a\"\nmount_point=\"/a/\"":                 {`line 2: mount_point is "/a/"; it must be another folder than backing`},
		"mount_point=\"/a/b\"\nbacking=\"/a\"":                {`line 1: mount_point is "/a/b"; it lies inside backing (/a)`},
		"mount_point=\"/a\"\nbacking=\"/a/b\"":                {`line 1: mount_point is "/a"; it lies around backing (/a/b)`},
		"backing=\"~/Vitrine/files\"":                         {`mount_point is not set, so it is "~/Vitrine"; it lies around backing`},
		"log_file=\"~/Vitrine/log\"":                          {`line 1: log_file is "~/Vitrine/log"; it lies in the mounted folder`},
		"log_file=\"~/Vitrine\"":                              {`it is one of the two folders`},
		"keep_events=1\nred_only=true\n\nbacking=\"x\"\nshow_folder=[": {
			"has 4 problems:\n  line 1: keep_events", "\n  line 2: red_only is not a known key; did you mean read_only?", "\n  line 4: backing", "\n  line 5: show_folder is [; it takes true", "\nCorrect them in a text editor",
		},
		"backing='~/Vitrine/x'\nmount_point='/m": {"config.toml line 2: mount_point is '/m; it takes a folder"},
	} {
		_, err := Load(write(t, text))
		var file *FileError
		if !errors.As(err, &file) {
			t.Errorf("%q: got %v", text, err)
			continue
		}
		for _, part := range want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q:\n got %v\nwant %s", text, err, part)
			}
		}
	}
}

func TestNewerVersionIsRefusedAndUntouched(t *testing.T) {
	home(t)
	const text = "# mine\n\nversion = 2\nfancy = true\n[new]\nbacking = 3\n"
	path := write(t, text)
	const want = "line 3: the file has version 2, of a newer Vitrine; this one knows version 1"
	_, err := Load(path)
	if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "fancy") {
		t.Errorf("Load: %v", err)
	}
	if err := Save(path, Default()); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("Save: %v", err)
	}
	if got := read(t, path); got != text {
		t.Errorf("the file was changed to %q", got)
	}
}

func TestLoadRefusesWhatIsNoFile(t *testing.T) {
	home(t)
	big := filepath.Join(t.TempDir(), "big.toml")
	if err := os.WriteFile(big, make([]byte, maxFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{t.TempDir(): "is not a file", os.DevNull: "is not a file", big: "larger than 1 MiB"} {
		if _, err := Load(path); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestLoadOfManyMistakesIsQuickAndBrief(t *testing.T) {
	home(t)
	_, err := Load(write(t, strings.Repeat("a=1\n", maxFile/4)))
	if err == nil || !strings.Contains(err.Error(), "has 20 problems") {
		t.Fatalf("got %.3000v", err)
	}
}

func TestCheckSpeaksOfFields(t *testing.T) {
	home(t)
	c := Config{Backing: "/a\xff", MountPoint: "m", LogFile: "/l", KeepEvents: 5}
	want := []struct{ field, key, sentence string }{
		{"Backing", "backing", "It is not valid UTF-8 text, which a configuration file cannot hold; rename the folder or choose another."},
		{"MountPoint", "mount_point", "It takes an absolute path, or one that begins with ~/."},
		{"KeepEvents", "keep_events", "It takes a whole number from 1,000 to 10,000,000."},
	}
	got := c.Check()
	if len(got) != len(want) {
		t.Fatalf("got %v", got)
	}
	for i := range want {
		if g, w := got[i], want[i]; g.Field != w.field || g.Key != w.key || g.Error() != w.key+": "+w.sentence {
			t.Errorf("got %+v, want %+v", g, w)
		}
	}
}

package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSaveWritesEveryKeyWithItsComment(t *testing.T) {
	home(t)
	folder := filepath.Join(t.TempDir(), "new", "vitrine")
	path := filepath.Join(folder, "config.toml")
	if err := Save(path, Default()); err != nil {
		t.Fatal(err)
	}
	text := read(t, path)
	for _, k := range keys {
		if !strings.Contains(text, "\n# "+k.about+"\n# Default: "+k.text(Default())+"\n"+k.name+" = ") {
			t.Errorf("%s is not written with its comment and default:\n%s", k.name, text)
		}
	}
	for name, want := range map[string]fs.FileMode{path: 0o600, folder: fs.ModeDir | 0o700} {
		if info, err := os.Stat(name); err != nil || info.Mode() != want {
			t.Errorf("%s: mode %v, %v; want %v", name, info.Mode(), err, want)
		}
	}
	if c, err := Load(path); err != nil || c != Default() {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestSaveRoundTripsEveryPath(t *testing.T) {
	home(t)
	for _, name := range []string{
		`quo"te`, `back\slash`, `'single'`, "new\nline", "tab\tcr\rbell\a\x7f\x01", "ünïcödé 🗂 \u2028\ufeff", `"""`, `'''`, "# no comment", " ", "\\u0041", "\u0080\U0010ffff",
	} {
		want := Config{Backing: "/" + name, MountPoint: "~/" + name, LogFile: "/log/" + name, ReadOnly: true, KeepEvents: MinKeepEvents}
		path := filepath.Join(t.TempDir(), "config.toml")
		for range 2 { // a new file, then over the old one
			if err := Save(path, want); err != nil {
				t.Fatalf("%q: %v", name, err)
			}
			if got, err := Load(path); err != nil || got != want {
				t.Fatalf("%q: got %+v, %v", name, got, err)
			}
		}
	}
}

func TestSaveKeepsWhatItNeedNotChange(t *testing.T) {
	home(t)
	path := write(t, "# My own words.\nkeep_events = 70_000 # not too few\r\n\nread_only=false# really\nbacking = '''\n/old\nplace''' # here\nlog_file = \"\"")
	c, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	c.ReadOnly, c.Backing = true, "/new"
	if err := Save(path, c); err != nil {
		t.Fatal(err)
	}
	want := "# My own words.\nkeep_events = 70_000 # not too few\r\n\nread_only=true# really\nbacking = \"/new\" # here\nlog_file = \"\"\n"
	got := read(t, path)
	if !strings.HasPrefix(got, want) {
		t.Errorf("got %q\nwant %q first", got, want)
	}
	for _, added := range []string{"\nmount_point = \"~/Vitrine\"\n", "\nshow_folder = true\n"} {
		if !strings.Contains(got, added) {
			t.Errorf("%q is missing in %q", added, got)
		}
	}
	if again, err := Load(path); err != nil || again != c {
		t.Errorf("got %+v, %v", again, err)
	}
}

func TestSaveRefusesBadSettingsAndBrokenFiles(t *testing.T) {
	home(t)
	bad := Default()
	bad.Backing = "/a\xff"
	const broken = "keep_events = many\n"
	path := write(t, broken)
	for _, c := range []Config{bad, Default()} {
		if err := Save(path, c); err == nil || !strings.Contains(err.Error(), "the settings were not saved, "+path+" is as it was") {
			t.Errorf("got %v", err)
		}
		if got := read(t, path); got != broken {
			t.Errorf("the file was changed to %q", got)
		}
	}
	if err := Save(path, bad); !strings.Contains(err.Error(), "backing: It is not valid UTF-8") {
		t.Errorf("got %v", err)
	}
}

func TestSaveFollowsLinks(t *testing.T) {
	home(t)
	file := write(t, "read_only = true\n")
	link := filepath.Join(t.TempDir(), "config.toml")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	if err := Save(link, Default()); err != nil {
		t.Fatal(err)
	}
	if to, err := os.Readlink(link); err != nil || to != file {
		t.Errorf("the link became %q, %v", to, err)
	}
	if got := read(t, file); !strings.HasPrefix(got, "read_only = false\n") {
		t.Errorf("the linked file has %q", got)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := Save(link, Default()); err == nil || !strings.Contains(err.Error(), "the link leads nowhere") {
		t.Errorf("got %v", err)
	}
}

// keepsOld saves into a folder where writing fails, and expects the old file and nothing else there.
func keepsOld(t *testing.T, path string, cause error) {
	t.Helper()
	old := read(t, path)
	c := Default()
	c.ReadOnly = true
	err := Save(path, c)
	if !errors.Is(err, cause) || !strings.Contains(err.Error(), "is as it was") {
		t.Errorf("got %v, want %v", err, cause)
	}
	if got := read(t, path); got != old {
		t.Errorf("the old file was changed to %q", got)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".config.toml-*"))
	if err != nil || left != nil {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

package doctor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFuseConfig(t *testing.T) {
	for text, want := range map[string]struct {
		state State
		says  string
	}{
		"# user_allow_other\n":               {OK, "--allow-other is for root alone; users may have 1000 mounts"},
		"user_allow_other\nmount_max = 12\n": {OK, "users may mount with --allow-other; users may have 12 mounts"},
		"mount_max = 0\n":                    {Note, "users cannot mount"},
		"mount_max = none\n":                 {Note, `"none"`},
	} {
		path := filepath.Join(t.TempDir(), "fuse.conf")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if f := fuseConfig(path); f.State != want.state || !strings.Contains(f.Text, want.says) {
			t.Errorf("%q: %+v", text, f)
		}
	}
	if f := fuseConfig("/none"); f.State != OK {
		t.Errorf("%+v", f)
	}
}

func TestSpace(t *testing.T) {
	for _, c := range []struct {
		free, inodes, freeInodes uint64
		want                     State
		says                     string
	}{
		{2 << 30, 0, 0, OK, "2.0 GiB free on the disk of /x"},
		{2 << 30, 10, 1, OK, "2.0 GiB"},
		{500 << 20, 10, 1, Note, "500 MiB"},
		{1 << 20, 10, 1, Bad, "1.0 MiB"},
		{2 << 30, 10, 0, Bad, "no inode"},
	} {
		if f := space("Disk", "/x", c.free, c.inodes, c.freeInodes); f.State != c.want || !strings.Contains(f.Text, c.says) {
			t.Errorf("%+v: %+v", c, f)
		}
	}
	if f := Space("Disk", filepath.Join(t.TempDir(), "not", "there")); !strings.Contains(f.Text, "free on the disk of "+os.TempDir()) {
		t.Errorf("%+v", f)
	}
}

func TestCover(t *testing.T) {
	var c Cover
	c.Add("/home/ada", "home")
	c.Add("/home/ada/Secret Plans", "backing")
	c.Add("", "nothing")
	c.Add("ada", "user")
	got := c.Text("open /home/ada/Secret Plans/a b.odt: no space\n\"/home/ada/x\" of ada, /home/ada: /usr/lib")
	if want := "open <backing>/…: no space\n\"<home>/…\" of <user>, <home>: /usr/lib"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestFindingsAsText(t *testing.T) {
	f := Finding{Name: "Disk", State: Bad, Text: "full", Cure: "Free it.", Command: "rm -i big"}
	want := "bad   Disk            full\n                      Free it.\n                        rm -i big\n"
	if f.String() != want {
		t.Errorf("%q", f.String())
	}
}

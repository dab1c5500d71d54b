package main

import (
	"archive/tar"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"vitrine/app/internal/desktop"
)

// unpack returns the files of a bundle as one text.
func unpack(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	check(t, err)
	defer f.Close()
	zip, err := gzip.NewReader(f)
	check(t, err)
	var all strings.Builder
	for archive := tar.NewReader(zip); ; {
		head, err := archive.Next()
		if err == io.EOF {
			return all.String()
		}
		check(t, err)
		all.WriteString("== " + head.Name + "\n")
		_, err = io.Copy(&all, archive)
		check(t, err)
	}
}

// TestDoctorFindsNothing looks at a machine where all is well, but for mounts that others may have left on it.
func TestDoctorFindsNothing(t *testing.T) {
	s := desktop.New(t)
	exit, output := command(s, "doctor")
	for _, want := range []string{
		"ok    Vitrine         " + version, "ok    Kernel ", "ok    FUSE device     /dev/fuse can be opened", "ok    Settings        the defaults",
		"ok    Disk ", "note  Display ", "ok    Running         no Vitrine is running", "ok    Crashes",
	} {
		if !strings.Contains(output, want) {
			t.Errorf("%q is missing in:\n%s", want, output)
		}
	}
	bad := 0
	for line := range strings.Lines(output) {
		if strings.HasPrefix(line, "bad ") {
			bad = 1
			if !strings.HasPrefix(line, "bad   Mount ") || strings.Contains(line, s.Dir) {
				t.Error(line)
			}
		}
	}
	if exit != bad {
		t.Errorf("exit status %d", exit)
	}
}

// TestDoctorFindsWhatIsBad has no device, broken settings, and a mount whose program was killed.
func TestDoctorFindsWhatIsBad(t *testing.T) {
	s := desktop.New(t)
	p, _, mountPoint := startMount(t, s)
	p.Signal(os.Kill)
	p.WaitExit(soon)
	s.WriteFile(".config/vitrine/config.toml", "read_only = perhaps\n")
	script := `mount -t tmpfs none /dev && exec "$0" doctor`
	d := s.Start("unshare", "--map-root-user", "--mount", "sh", "-c", script, vitrine)
	if exit := d.WaitExit(soon); exit != 1 {
		t.Errorf("exit status %d", exit)
	}
	for _, want := range []string{"bad   FUSE device", "sudo modprobe fuse", "bad   Settings", "read_only is perhaps", "bad   Mount           " + mountPoint + " was left by a Vitrine that was killed", "fusermount3 -uz '" + mountPoint + "'", " things are bad; their cures stand above"} {
		if !strings.Contains(d.Output(), want) {
			t.Errorf("%q is missing in:\n%s", want, d.Output())
		}
	}
	next := s.Start(vitrine, "mount", filepath.Join(s.Home, "backing"), mountPoint) // clears it
	next.WaitOutput("mounted ", soon)
	next.Signal(os.Interrupt)
	next.WaitExit(soon)
}

// TestBundle takes every name of the person out of a report, unless it is to leave them.
func TestBundle(t *testing.T) {
	s := desktop.New(t)
	backing, mountPoint := filepath.Join(s.Home, "Secret Project"), filepath.Join(s.Home, "Hidden Drive")
	check(t, os.Mkdir(backing, 0o700))
	s.WriteFile(".config/vitrine/config.toml", "# my words\nbacking = \"~/Secret Project\"\nmount_point = \"~/Hidden Drive\"\nlog_file = \"~/private.ndjson\"\n")
	s.WriteFile(".local/state/vitrine/crash/crash-20260101-000000-1.txt", "about\n---\npanic: open "+backing+"/plan nine.odt: no space\n")
	p := s.Start(vitrine, "mount", "--create", backing, mountPoint)
	p.WaitOutput("mounted ", soon)
	bundle := filepath.Join(s.Home, "report.tar.gz")
	wantCommand(t, s, 0, "The bundle is "+bundle, "doctor", "--bundle", bundle)
	text := unpack(t, bundle)
	for _, want := range []string{"doctor.txt", "FUSE device", "about.txt", "vitrine " + version, "github.com/spf13/cobra", "status.json", `"state": "mounted"`, "config.toml", "# my words", "crash-20260101-000000-1.txt", "panic: open <backing>/…: no space"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
	host, err := os.Hostname()
	check(t, err)
	for _, name := range []string{"Secret", "Hidden", "private", "plan nine", regexp.QuoteMeta(s.Home), `\b` + regexp.QuoteMeta(host) + `\b`} {
		if regexp.MustCompile(name).MatchString(text) {
			t.Errorf("the bundle tells of %q:\n%s", name, text)
		}
	}
	if info, err := os.Stat(bundle); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	wantCommand(t, s, 1, "exists already and is not replaced", "doctor", "--bundle", bundle)
	wantCommand(t, s, 2, "--bundle is not given", "doctor", "--with-names")
	named := filepath.Join(s.Home, "named.tar.gz")
	wantCommand(t, s, 0, "", "doctor", "--with-names", "--bundle", named)
	if text := unpack(t, named); !strings.Contains(text, "plan nine.odt") || !strings.Contains(text, "~/Hidden Drive") {
		t.Errorf("names are missing in:\n%s", text)
	}
	p.Signal(os.Interrupt)
	p.WaitExit(soon)
}

package fusefs

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestPreflight(t *testing.T) {
	folder := t.TempDir()
	name := func(rel string) string { return filepath.Join(folder, rel) }
	for _, dir := range []string{"backing/inside", "mount", "full/x", "around/backing", "with space"} {
		if err := os.MkdirAll(name(dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(name("file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(name("backing"), name("link")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what                string
		backing, mountPoint string
		kind                Kind
		says                string // part of the message
	}{
		{"no backing", "nowhere", "mount", BackingMissing, "nowhere does not exist"},
		{"a file as backing", "file", "mount", BackingNotFolder, "file is not a folder"},
		{"no mount point", "backing", "with space/nowhere", MountPointMissing, "mkdir -p '" + name("with space/nowhere") + "'"},
		{"no parent of the mount point", "backing", "nowhere/mount", MountPointMissing, "does not exist"},
		{"a file as mount point", "backing", "file", MountPointNotFolder, "file is not a folder"},
		{"not empty", "backing", "full", MountPointNotEmpty, "full is not empty"},
		{"mount point inside", "backing", "backing/inside", Nested, "outside the backing folder"},
		{"mount point inside by a link", "backing", "link/inside", Nested, "outside the backing folder"},
		{"the same folder", "backing", "backing", Nested, "outside the backing folder"},
		{"mount point around", "around/backing", "around", Nested, "would hide it"},
	} {
		t.Run(c.what, func(t *testing.T) {
			p := serveChild(t, Config{Backing: name(c.backing), MountPoint: name(c.mountPoint)})
			err := p.first.Err
			if err == nil || err.Kind != c.kind || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("%+v", err)
			}
			if err.Cure.String() == "" {
				t.Error("no cure")
			}
			if p.first.Status.State != Failed || p.first.Status.Problem == nil {
				t.Errorf("status %+v", p.first.Status)
			}
		})
	}
}

func TestPreflightCreatesTheMountPoint(t *testing.T) {
	p := serveChild(t, Config{Backing: freshFolder(t, "backing"), MountPoint: filepath.Join(t.TempDir(), "a", "b"), Create: true})
	if p.first.Err != nil {
		t.Fatal(p.first.Err)
	}
	p.ejects()
}

func TestPreflightAlreadyMounted(t *testing.T) {
	p := mountChild(t)
	q := serveChild(t, Config{Backing: freshFolder(t, "backing"), MountPoint: p.path})
	if q.first.Err == nil || q.first.Err.Kind != MountPointTaken || !strings.Contains(q.first.Err.What.String(), "Another Vitrine has "+p.backing) {
		t.Fatalf("%+v", q.first.Err)
	}
	p.ejects()
}

func TestPreflightForeignMount(t *testing.T) {
	path := freshFolder(t, "mount")
	if err := unix.Mount("none", path, "tmpfs", 0, ""); err != nil {
		t.Fatal(err)
	}
	defer unix.Unmount(path, unix.MNT_DETACH)
	p := serveChild(t, Config{Backing: freshFolder(t, "backing"), MountPoint: path})
	if p.first.Err == nil || p.first.Err.Kind != MountPointTaken || !strings.Contains(p.first.Err.What.String(), "tmpfs") {
		t.Fatalf("%+v", p.first.Err)
	}
}

// TestInPlaceOverAMount watches a folder that is a mount of its own, as a USB drive is.
func TestInPlaceOverAMount(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a drive to watch")
	}
	path := freshFolder(t, "drive")
	check(t, unix.Mount("none", path, "tmpfs", 0, ""))
	defer unix.Unmount(path, unix.MNT_DETACH)
	check(t, os.WriteFile(filepath.Join(path, "f"), []byte("on the drive"), 0o600))
	p := serveChild(t, Config{Backing: path, MountPoint: path, InPlace: true})
	if p.first.Err != nil {
		t.Fatal(p.first.Err)
	}
	if got, err := os.ReadFile(p.file("f")); err != nil || string(got) != "on the drive" {
		t.Errorf("%q, %v", got, err)
	}
	q := serveChild(t, Config{Backing: path, InPlace: true})
	if q.first.Err == nil || q.first.Err.Kind != MountPointTaken {
		t.Errorf("a second one over the first: %+v", q.first.Err)
	}
	if a := p.ask("eject"); a.Err != nil || a.Status.State != Unmounted {
		t.Errorf("%v, %+v", a.Err, a.Status)
	}
	if info, err := mountAt(path); err != nil || info == nil || info.FSType != "tmpfs" {
		t.Errorf("the drive itself is gone: %+v, %v", info, err)
	}
}

// TestPreflightSystem hides what FUSE needs from a child, in a mount namespace of its own.
func TestPreflightSystem(t *testing.T) {
	for what, c := range map[string]struct {
		hide string
		kind Kind
		says string
	}{
		"no device": {"mount -t tmpfs none /dev", DeviceMissing, device},
	} {
		t.Run(what, func(t *testing.T) {
			config, _ := json.Marshal(Config{Backing: freshFolder(t, "backing"), MountPoint: freshFolder(t, "mount")})
			cmd := exec.Command("unshare", "--map-root-user", "--mount", "sh", "-c", c.hide+` && exec "$0"`, os.Args[0])
			cmd.Env = append(os.Environ(), serveEnv+"="+string(config))
			cmd.Stderr = os.Stderr
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			var a answer
			if err := json.Unmarshal(out, &a); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if a.Err == nil || a.Err.Kind != c.kind || !strings.Contains(a.Err.Error(), c.says) || a.Err.Command == "" {
				t.Fatalf("%+v", a.Err)
			}
		})
	}
}

func TestQuote(t *testing.T) {
	for path, want := range map[string]string{
		"/a/b-c.d":  "/a/b-c.d",
		"/a b":      "'/a b'",
		"/it's":     `'/it'\''s'`,
		"/ä/$HOME":  "'/ä/$HOME'",
		"/`reboot`": "'/`reboot`'",
		"":          "''",
	} {
		if got := quote(path); got != want {
			t.Errorf("quote(%q) = %s, want %s", path, got, want)
		}
		if out, err := exec.Command("sh", "-c", "printf %s "+quote(path)).Output(); err != nil || string(out) != path {
			t.Errorf("a shell reads quote(%q) as %q, %v", path, out, err)
		}
	}
}

// TestAsUser mounts as a user who is not root, through fusermount3.
func TestAsUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Log("all tests run as such a user already")
	}
	folder, err := os.MkdirTemp("", "vitrine-user-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	p := serveAs(t, 65534, folder, Config{Backing: filepath.Join(folder, "back,ing\\"), MountPoint: filepath.Join(folder, "mount")})
	if p.first.Err != nil {
		t.Fatal(p.first.Err)
	}
	info, err := mountAt(p.path)
	if err != nil || info == nil || info.FSType != fsType {
		t.Fatalf("%+v, %v", info, err)
	}
	user := func(script string) (string, error) {
		cmd := exec.Command("sh", "-c", script)
		cmd.Dir = p.path
		cmd.SysProcAttr = asUser(65534)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := user("echo hello >a && cat a && mkdir d && mv a d/b && ls d"); err != nil || out != "hello\nb\n" {
		t.Fatalf("%q, %v", out, err)
	}
	if got, err := os.ReadFile(p.behind("d/b")); err != nil || string(got) != "hello\n" {
		t.Fatalf("%q, %v", got, err)
	}
	holder := exec.Command("sleep", "60")
	holder.Dir, holder.SysProcAttr = p.path, asUser(65534)
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	if a := p.ask("eject"); a.Err == nil || a.Err.Kind != Busy || len(a.Err.Holders) != 1 {
		t.Fatalf("%+v", a.Err)
	}
	if a := p.ask("force"); a.Err != nil || a.Status.State != Unmounted {
		t.Fatalf("%v, %+v", a.Err, a.Status)
	}
	holder.Process.Kill()
	holder.Wait()
	if a := p.ask("mount"); a.Err != nil {
		t.Fatal(a.Err)
	}
	p.ejects()
}

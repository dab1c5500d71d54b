package fusefs

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// mountForOthers mounts, as root, two folders that all users reach.
func mountForOthers(t *testing.T) *child {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can be another user")
	}
	folder, err := os.MkdirTemp("", "vitrine-others-*")
	check(t, err)
	t.Cleanup(func() { os.RemoveAll(folder) })
	check(t, os.Chmod(folder, 0o755))
	c := Config{Backing: filepath.Join(folder, "backing"), MountPoint: filepath.Join(folder, "mount"), AllowOther: true}
	for _, dir := range []string{c.Backing, c.MountPoint} {
		check(t, os.Mkdir(dir, 0o755))
		check(t, os.Chmod(dir, 0o777|os.ModeSticky))
	}
	p := serveChild(t, c)
	if p.first.Err != nil {
		t.Fatal(p.first.Err)
	}
	return p
}

// as runs a script in a folder as a user of the given groups, the first of which is the user's own.
func as(t *testing.T, dir string, uid uint32, script string, groups ...uint32) (string, error) {
	t.Helper()
	cmd := exec.Command("sh", "-c", script)
	cmd.Dir = dir
	cmd.SysProcAttr = asUser(int(uid))
	cmd.SysProcAttr.Credential.Gid = groups[0]
	cmd.SysProcAttr.Credential.Groups = groups[1:]
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// TestOthersOwnWhatTheyMake compares what a user makes through the mount with what the same makes on the backing.
func TestOthersOwnWhatTheyMake(t *testing.T) {
	p := mountForOthers(t)
	script := `umask 027
		>file; mkdir dir; ln -s x link; mkfifo fifo
		mkdir team; chgrp 300 team; chmod 2775 team; >team/file; mkdir team/dir
		umask 0; >open; mkdir -m 1777 sticky
		for f in file dir link fifo team team/file team/dir open sticky; do stat -c '%n %A %u:%g' $f; done`
	for _, user := range []uint32{1000, 0} {
		var said [2]string
		for i, dir := range []string{p.path, p.backing} {
			sub := filepath.Join(dir, fmt.Sprintf("%d-%d", user, i))
			check(t, os.Mkdir(sub, 0o777))
			check(t, os.Chmod(sub, 0o777))
			out, err := as(t, sub, user, script, 200, 300)
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			said[i] = out
		}
		if said[0] != said[1] {
			t.Errorf("as user %d through the mount:\n%s\non the backing:\n%s", user, said[0], said[1])
		}
	}
	p.ejects()
}

// TestOthersAreKeptOut lets a user try what is not theirs.
func TestOthersAreKeptOut(t *testing.T) {
	p := mountForOthers(t)
	check(t, os.WriteFile(p.file("private"), []byte("x"), 0o600))
	check(t, os.WriteFile(p.file("readable"), []byte("x"), 0o644))
	for script, want := range map[string]string{
		"cat private":             "Permission denied",
		"cat readable":            "x",
		"echo y >>readable":       "Permission denied",
		"rm -f private":           "Operation not permitted", // the folder is sticky
		"chmod 777 readable":      "Operation not permitted",
		"chown 1000 readable":     "Operation not permitted",
		">own && chmod 4755 own":  "",
		"cp own copy && rm copy":  "",
		"mv readable elsewhere":   "Operation not permitted",
		"mkdir d && rmdir d":      "",
		"ln -s private l && rm l": "",
	} {
		if out, _ := as(t, p.path, 1000, "set -e; >own; "+script, 1000); !strings.Contains(out, want) || want == "" && out != "" {
			t.Errorf("%s: %q, want %q", script, out, want)
		}
	}
	p.ejects()
}

// TestSetuidEndsWithAWrite gives up setuid and setgid on write, truncate and chown.
func TestSetuidEndsWithAWrite(t *testing.T) {
	p := mountForOthers(t)
	for what, script := range map[string]string{
		"write":    "echo x >>f",
		"truncate": "truncate -s 0 f",
		"chgrp":    "chgrp 300 f",
	} {
		out, err := as(t, p.path, 1000, "rm -f f; echo abc >f; chmod 6755 f; "+script+"; stat -c %a f", 200, 300)
		if err != nil || out != "755" {
			t.Errorf("after %s: mode %q, %v", what, out, err)
		}
	}
	p.ejects()
}

// TestDefaultACL makes a file below a folder with a default ACL, which stands in for the umask; see acl(5).
func TestDefaultACL(t *testing.T) {
	p := mountForOthers(t)
	// version 2; user::rwx, user 1000:rw-, group::r-x, mask::rwx, other::---
	acl := "\x02\x00\x00\x00" + "\x01\x00\x07\x00\xff\xff\xff\xff" + "\x02\x00\x06\x00\xe8\x03\x00\x00" +
		"\x04\x00\x05\x00\xff\xff\xff\xff" + "\x10\x00\x07\x00\xff\xff\xff\xff" + "\x20\x00\x00\x00\xff\xff\xff\xff"
	var modes [2]uint32
	for i, dir := range []string{p.file("a"), p.behind("b")} {
		check(t, os.Mkdir(dir, 0o777))
		if err := unix.Setxattr(dir, "system.posix_acl_default", []byte(acl), 0); err != nil {
			t.Fatalf("this filesystem has no ACLs: %v", err)
		}
		if out, err := exec.Command("sh", "-c", "umask 077; >"+dir+"/f").CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		modes[i] = lstat(t, dir+"/f").Mode & 0o7777
	}
	if modes[0] != modes[1] || modes[0] != 0o660 {
		t.Errorf("mode %o through the mount, %o on the backing", modes[0], modes[1])
	}
	p.ejects()
}

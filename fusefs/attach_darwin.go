package fusefs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/winfsp/cgofuse/fuse"
	"golang.org/x/sys/unix"
)

// attachment is a mount that cgofuse makes: macFUSE and FUSE-T mount inside Mount.
type attachment struct {
	p *prepared
}

func attach(p *prepared) (*attachment, error) { return &attachment{p: p}, nil }

// Init is called when the kernel begins to talk to the mount.
func (fs *FS) Init() { fs.start(nil) }

// serve mounts, and answers the kernel until the mount ends.
func (a *attachment) serve(fs *FS) (err error) {
	defer func() {
		if r := recover(); r != nil { // how cgofuse says that it cannot find FUSE
			err = fmt.Errorf("%v", r)
		}
	}()
	options := mountOptions(a.p, volumeIcon())
	if !fuse.NewFileSystemHost(fs).Mount(a.p.MountPoint, []string{"-o", options}) {
		return errors.New("FUSE refused; its reason is in the terminal or in Console")
	}
	return nil
}

// mountOptions are what macFUSE and FUSE-T are told; icon is a file, "" for none.
func mountOptions(p *prepared, icon string) string {
	comma := strings.NewReplacer(`\`, `\\`, `,`, `\,`)
	options := "fsname=" + comma.Replace(p.Backing) + ",volname=" + comma.Replace(filepath.Base(p.MountPoint))
	if icon != "" {
		options += ",volicon=" + comma.Replace(icon)
	}
	if p.ReadOnly {
		options += ",ro"
	}
	if p.AllowOther {
		options += ",allow_other,default_permissions"
	}
	return options
}

// volumeIcon is the file with the icon that the Finder shows for the drive: the application's own, where the program
// runs from its bundle and macFUSE is there. FUSE-T has no icons and would refuse to mount.
func volumeIcon() string {
	const macFUSE = "/usr/local/lib/libfuse.2.dylib" // which cgofuse prefers
	program, err := os.Executable()
	if err != nil {
		return ""
	}
	icon := filepath.Join(filepath.Dir(program), "..", "Resources", "Vitrine.icns")
	for _, path := range []string{macFUSE, icon} {
		if _, err := os.Stat(path); err != nil {
			return ""
		}
	}
	return icon
}

// abandon undoes what serve left behind.
func (a *attachment) abandon() {
	if a.attached() {
		unix.Unmount(a.p.MountPoint, unix.MNT_FORCE)
	}
}

// detach unmounts, and fails with EBUSY where a file is open or a process stands in the mount.
func (a *attachment) detach() error { return unix.Unmount(a.p.MountPoint, 0) }

// abort unmounts whatever is open. It returns when done is closed, or after the limit.
func (a *attachment) abort(done <-chan struct{}, limit time.Duration) error {
	if err := unix.Unmount(a.p.MountPoint, unix.MNT_FORCE); err != nil && a.attached() {
		return err
	}
	within(limit, done)
	return nil
}

// attached reports whether the mount is in the mount table.
func (a *attachment) attached() bool {
	mount, err := mountAt(a.p.MountPoint)
	return err != nil || mount != nil
}

// watch calls changed at once and twice a second, until ctx ends.
func (a *attachment) watch(ctx context.Context, changed func()) {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		changed()
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// mountAt returns the mount at exactly that path, nil where there is none. It reads the kernel's table and asks no
// filesystem; see getfsstat(2), MNT_NOWAIT.
func mountAt(path string) (*unix.Statfs_t, error) {
	n, err := unix.Getfsstat(nil, unix.MNT_NOWAIT)
	if err != nil {
		return nil, err
	}
	mounts := make([]unix.Statfs_t, n+8)
	if n, err = unix.Getfsstat(mounts, unix.MNT_NOWAIT); err != nil {
		return nil, err
	}
	for i := n - 1; i >= 0; i-- {
		if text(mounts[i].Mntonname[:]) == path {
			return &mounts[i], nil
		}
	}
	return nil, nil
}

func text(b []byte) string {
	b, _, _ = bytes.Cut(b, []byte{0})
	return string(b)
}

// clearMountPoint looks what is mounted at path. A FUSE mount whose program has died is cleared away; anything else is
// a Problem, but for a mount by others where we may mount over it.
func clearMountPoint(path string, over bool) (was bool, err error) {
	mount, err := mountAt(path)
	if err != nil || mount == nil {
		return false, err
	}
	kind := text(mount.Fstypename[:])
	if strings.Contains(kind, "fuse") && probe(path) != nil {
		if err := unix.Unmount(path, unix.MNT_FORCE); err == nil {
			return true, nil
		}
	}
	if over && !strings.Contains(kind, "fuse") {
		return false, nil
	}
	return true, &Problem{Kind: MountPointTaken,
		What:    textf("Something is mounted on %s already (%s, %s).", path, kind, text(mount.Mntfromname[:])),
		Cure:    textf("Choose another mount point, or unmount that first."),
		Command: "umount " + quote(path)}
}

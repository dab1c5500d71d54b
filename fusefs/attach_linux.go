package fusefs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"
)

const (
	fsType    = "fuse.vitrine"
	device    = "/dev/fuse"
	helper    = "fusermount3"
	mountFile = "/proc/self/mountinfo"
)

// forOthers are the mount options that let other users in; see fuse(8). The kernel checks then who may do what. A mount
// without them is open only to processes of which all user and group ids are ours (fuse_allow_current_process in
// fs/fuse/dir.c): what they may is what we may, and the backing folder says that with each call. So the kernel need not
// ask for a folder's attributes after each change in it.
const forOthers = ",default_permissions,allow_other"

// attachment is a mount in the kernel's mount table.
type attachment struct {
	fd         int // open /dev/fuse, -1 once serve has taken it over
	mountPoint string
	server     atomic.Pointer[server] // once serve has begun
	mountID    int                    // in /proc/self/mountinfo
	minor      int                    // of the mount's device number: names its connection in /sys/fs/fuse/connections
}

// attach mounts at an empty folder. Nothing answers there before serve runs.
func attach(p *prepared) (*attachment, error) {
	attach := attachWithHelper
	if os.Geteuid() == 0 {
		attach = attachAsRoot
	}
	fd, err := attach(p)
	if err != nil && strings.Contains(err.Error(), "user_allow_other") {
		return nil, &Problem{Kind: OthersDenied, Err: err,
			What:    textf("This system does not let users mount for other users."),
			Cure:    textf("Mount without --allow-other, or let the administrator add the line user_allow_other to /etc/fuse.conf:"),
			Command: "echo user_allow_other | sudo tee -a /etc/fuse.conf"}
	}
	if err != nil {
		return nil, &Problem{Kind: MountFailed, Err: err,
			What: textf("The system refused to mount on %s: %v.", p.MountPoint, err),
			Cure: textf("Check that you own the mount point and that mounting is allowed here.")}
	}
	a := &attachment{fd: fd, mountPoint: p.MountPoint}
	info, err := mountAt(p.MountPoint)
	if err != nil || info == nil {
		a.abandon()
		return nil, &Problem{Kind: MountFailed, Err: err,
			What: textf("The mount on %s did not appear in %s.", p.MountPoint, mountFile)}
	}
	a.mountID, a.minor = info.ID, info.Minor
	return a, nil
}

// attachAsRoot uses mount(2); the options are those of fs/fuse/inode.c.
func attachAsRoot(p *prepared) (fd int, err error) {
	fd, err = unix.Open(device, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	options := fmt.Sprintf("fd=%d,rootmode=40000,user_id=%d,group_id=%d", fd, os.Getuid(), os.Getgid())
	if p.AllowOther {
		options += forOthers
	}
	if err := unix.Mount(p.Backing, p.MountPoint, fsType, mountFlags(p), options); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

func mountFlags(p *prepared) uintptr {
	flags := uintptr(unix.MS_NOSUID | unix.MS_NODEV)
	if p.ReadOnly {
		flags |= unix.MS_RDONLY
	}
	return flags
}

// attachWithHelper asks fusermount3, which is setuid root, and receives the open /dev/fuse over a socket; see
// fusermount3(1) and util/fusermount.c in libfuse for the protocol.
func attachWithHelper(p *prepared) (fd int, err error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "fusermount3"), os.NewFile(uintptr(pair[1]), "fusermount3")
	defer ours.Close()
	options := "subtype=vitrine,nosuid,nodev,fsname=" + strings.NewReplacer(`\`, `\\`, `,`, `\,`).Replace(p.Backing)
	if p.ReadOnly {
		options += ",ro"
	}
	if p.AllowOther {
		options += forOthers
	}
	var said bytes.Buffer
	cmd := exec.Command(helper, "-o", options, "--", p.MountPoint)
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.Env = append(os.Environ(), "_FUSE_COMMFD=3", "LC_ALL=C")
	cmd.Stderr = &said
	err = cmd.Run()
	theirs.Close()
	if err != nil {
		return -1, helperError(&said, err)
	}
	return receiveFd(int(ours.Fd()))
}

func helperError(said *bytes.Buffer, err error) error {
	text := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(said.String()), helper+": "), ".")
	if text == "" {
		return err
	}
	return errors.New(text)
}

// receiveFd receives one descriptor; see unix(7), SCM_RIGHTS.
func receiveFd(socket int) (int, error) {
	control := make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := unix.Recvmsg(socket, make([]byte, 1), control, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return -1, err
	}
	messages, err := unix.ParseSocketControlMessage(control[:n])
	if err != nil || len(messages) == 0 {
		return -1, fmt.Errorf("%s handed over no descriptor", helper)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) == 0 {
		return -1, fmt.Errorf("%s handed over no descriptor", helper)
	}
	return fds[0], nil
}

// serve answers the kernel until the mount ends.
func (a *attachment) serve(fs *FS) error {
	s := newServer(fs, a.fd)
	a.fd = -1
	a.server.Store(s)
	fs.server.Store(s)
	return s.serve()
}

// abandon undoes attach where serve did not run.
func (a *attachment) abandon() {
	if a.fd >= 0 {
		unix.Close(a.fd)
		a.fd = -1
	}
	unmount(a.mountPoint, unix.MNT_DETACH)
}

// detach unmounts, and fails with EBUSY where a file is open or a process stands in the mount.
func (a *attachment) detach() error { return unmount(a.mountPoint, 0) }

// abort unmounts whatever is open and ends the connection: open files answer errors from then on. It returns when
// done is closed, or after the limit where operations on the backing folder do not end.
func (a *attachment) abort(done <-chan struct{}, limit time.Duration) error {
	if err := unmount(a.mountPoint, unix.MNT_DETACH); err != nil && a.attached() {
		return err
	}
	// Where fusectl is mounted (see fs/fuse/control.c), those who wait for an answer get an error even if ours never comes.
	control := filepath.Join("/sys/fs/fuse/connections", strconv.Itoa(a.minor), "abort")
	if err := os.WriteFile(control, []byte("1"), 0); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for give := time.Now().Add(limit); time.Now().Before(give) && !within(20*time.Millisecond, done); {
		if s := a.server.Load(); s != nil {
			s.stop()
		}
	}
	return nil
}

// attached reports whether the mount is still in the mount table.
func (a *attachment) attached() bool {
	info, err := mountAt(a.mountPoint)
	return err != nil || info != nil && info.FSType == fsType && info.Minor == a.minor
}

// watch calls changed at once and whenever the mount table has changed, until ctx ends; see proc(5),
// /proc/[pid]/mounts.
func (a *attachment) watch(ctx context.Context, changed func()) {
	table, err := unix.Open(mountFile, unix.O_RDONLY|unix.O_CLOEXEC, 0) // os.Open's poller would eat the events
	if err != nil {
		return
	}
	defer unix.Close(table)
	changed()
	poll := []unix.PollFd{{Fd: int32(table), Events: unix.POLLPRI}}
	for ctx.Err() == nil {
		n, err := unix.Poll(poll, 500)
		if err != nil && err != unix.EINTR {
			return
		}
		if n > 0 {
			changed()
		}
	}
}

// unmount unmounts with umount2(2) as root and through fusermount3 otherwise. It answers EBUSY where it is that.
func unmount(mountPoint string, flags int) error {
	if os.Geteuid() == 0 {
		return unix.Unmount(mountPoint, flags)
	}
	args := []string{"-u", "--", mountPoint}
	if flags&unix.MNT_DETACH != 0 {
		args = append([]string{"-z"}, args...)
	}
	cmd := exec.Command(helper, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	said, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	if bytes.Contains(said, []byte("Device or resource busy")) {
		return unix.EBUSY
	}
	return helperError(bytes.NewBuffer(said), err)
}

// mountAt returns the topmost mount at exactly that path, nil where there is none.
func mountAt(path string) (*mountinfo.Info, error) {
	mounts, err := mountinfo.GetMounts(mountinfo.SingleEntryFilter(path))
	if err != nil || len(mounts) == 0 {
		return nil, err
	}
	mounts, err = mountinfo.GetMounts(func(i *mountinfo.Info) (skip, stop bool) { return i.Mountpoint != path, false })
	if err != nil || len(mounts) == 0 {
		return nil, err
	}
	return mounts[len(mounts)-1], nil
}

// clearMountPoint looks what is mounted at path. A mount of ours whose program has died is cleared away; anything else is
// a Problem, but for a mount by others where we may mount over it.
func clearMountPoint(path string, over bool) (was bool, err error) {
	info, err := mountAt(path)
	if err != nil {
		return false, &Problem{Kind: MountFailed, Err: err, What: textf("%s cannot be read: %v.", mountFile, err)}
	}
	if info == nil || over && info.FSType != fsType {
		return false, nil
	}
	if info.FSType != fsType {
		return true, &Problem{Kind: MountPointTaken,
			What:    textf("Something is mounted on %s already (%s, %s).", path, info.FSType, info.Source),
			Cure:    textf("Choose another mount point, or unmount that first."),
			Command: "umount " + quote(path)}
	}
	if answer := probe(path); !errors.Is(answer, unix.ENOTCONN) {
		return true, &Problem{Kind: MountPointTaken,
			What:    textf("Another Vitrine has %s mounted on %s already.", info.Source, path),
			Cure:    textf("Eject it there, or choose another mount point."),
			Command: helper + " -u " + quote(path)}
	}
	if err := unmount(path, unix.MNT_DETACH); err != nil {
		return true, &Problem{Kind: MountPointTaken, Err: err,
			What:    textf("A mount that was left on %s by a crash cannot be cleared: %v.", path, err),
			Cure:    textf("Clear it by hand, then try again."),
			Command: helper + " -uz " + quote(path)}
	}
	return true, nil
}

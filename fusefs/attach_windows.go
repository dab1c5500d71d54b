package fusefs

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/winfsp/cgofuse/fuse"
)

// attachment is a mount that WinFsp makes, inside Mount.
type attachment struct {
	p     *prepared
	fs    atomic.Pointer[FS] // nil until serve is called
	ended chan struct{}      // closed when serve has returned
}

func attach(p *prepared) (*attachment, error) {
	return &attachment{p: p, ended: make(chan struct{})}, nil
}

// Init is called when Windows begins to talk to the mount.
func (fs *FS) Init() { fs.start(nil) }

// serve mounts, and answers Windows until the mount ends.
func (a *attachment) serve(fs *FS) (err error) {
	defer close(a.ended)
	defer func() {
		if r := recover(); r != nil { // how cgofuse says that it cannot find WinFsp
			err = fmt.Errorf("%v", r)
		}
	}()
	fs.host = fuse.NewFileSystemHost(fs)
	fs.host.SetCapCaseInsensitive(true)
	fs.host.SetCapReaddirPlus(true)
	a.fs.Store(fs)
	if !fs.host.Mount(a.p.MountPoint, []string{"-o", mountOptions(a.p.Backing)}) {
		return errors.New("WinFsp refused; its reason is in the Event Viewer, Windows Logs, Application")
	}
	return nil
}

// mountOptions has every file belong to who mounts (-1), and names the drive after its backing folder.
func mountOptions(backing string) string {
	const longest = 32 // characters of a volume's name
	name := []rune(strings.Map(func(r rune) rune {
		if strings.ContainsRune(`,:\/`, r) {
			return -1
		}
		return r
	}, filepath.Base(backing)))
	return "uid=-1,gid=-1,FileSystemName=Vitrine,volname=" + string(name[:min(len(name), longest)])
}

// abandon has nothing to undo: WinFsp takes a mount away with the process that serves it.
func (a *attachment) abandon() {}

// detach unmounts, and fails with EBUSY where a file is open.
func (a *attachment) detach() error {
	if fs := a.fs.Load(); fs != nil && !fs.close() {
		return syscall.EBUSY
	}
	return a.leave()
}

// abort unmounts whatever is open. It returns when done is closed, or after the limit.
func (a *attachment) abort(done <-chan struct{}, limit time.Duration) error {
	if err := a.leave(); err != nil {
		return err
	}
	within(limit, done)
	return nil
}

func (a *attachment) leave() error {
	if fs := a.fs.Load(); a.attached() && (fs == nil || !fs.host.Unmount()) {
		return errors.New("WinFsp has not begun to serve the mount")
	}
	return nil
}

// attached reports whether the mount is served. Nobody else can end it.
func (a *attachment) attached() bool {
	select {
	case <-a.ended:
		return false
	default:
		return true
	}
}

// watch has nothing to see, since nothing else unmounts.
func (a *attachment) watch(context.Context, func()) {}

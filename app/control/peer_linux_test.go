package control

import (
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestOtherUsersAreNotAnswered opens folder and socket to everybody, which Vitrine never does, and speaks as another
// user, whom only root can be.
func TestOtherUsersAreNotAnswered(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can speak as somebody else; the modes of folder and socket are tested in any case")
	}
	p := place(t)
	listen(t, p, "a", answering(nothing))
	for path, mode := range map[string]os.FileMode{p.above: 0o711, p.dir: 0o711, filepath.Join(p.dir, "a.sock"): 0o666} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	peer, err := dialAs(t, p, 4242)
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	if _, err := ask(peer, Request{Do: DoStatus}); err == nil || !strings.Contains(err.Error(), "belongs to another user") {
		t.Errorf("%v", err)
	}
}

// dialAs connects with the effective user id of another, which the kernel notes for the other end.
func dialAs(t *testing.T, p Place, uid int) (*Peer, error) {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	become := func(uid int) {
		if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, ^uintptr(0), uintptr(uid), ^uintptr(0)); errno != 0 {
			t.Fatal(errno)
		}
	}
	become(uid)
	defer become(0)
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: filepath.Join(p.dir, "a.sock"), Net: "unix"})
	return &Peer{conn: conn}, err
}

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
func dialAs(t *testing.T, p Place, uid int) (peer *Peer, err error) {
	t.Helper()
	as(t, uid, func() {
		var conn *net.UnixConn
		conn, err = net.DialUnix("unix", nil, &net.UnixAddr{Name: filepath.Join(p.dir, "a.sock"), Net: "unix"})
		peer = &Peer{conn: conn}
	})
	return peer, err
}

// as does something with the effective user id of another.
func as(t *testing.T, uid int, do func()) {
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
	do()
}

// TestSocketsOfOtherUsersAreNotUsed has somebody else answer in our folder, as one could who came into it before it was
// closed: nothing is said to him, and Vitrine's own takes the place of his.
func TestSocketsOfOtherUsersAreNotUsed(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can answer as somebody else; that others cannot come into the folder is tested in any case")
	}
	p := place(t)
	for path, mode := range map[string]os.FileMode{p.above: 0o711, p.dir: 0o777} {
		if err := os.MkdirAll(path, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	as(t, 4242, func() {
		l, err := net.Listen("unix", filepath.Join(p.dir, "a.sock"))
		if err != nil {
			t.Fatal(err)
		}
		l.(*net.UnixListener).SetUnlinkOnClose(false)
		t.Cleanup(func() { l.Close() })
	})
	const says = "is served by user 4242 and you are user 0"
	if _, err := p.Peer("a"); err == nil || !strings.Contains(err.Error(), says) {
		t.Errorf("%v", err)
	}
	if found, err := p.Peers(); len(found) > 0 || err == nil || !strings.Contains(err.Error(), says) {
		t.Errorf("%d peers, %v", len(found), err)
	}
	listen(t, p, "a", answering(nothing))
	if _, err := ask(peer(t, p, "a"), Request{Do: DoStatus}); err != nil {
		t.Errorf("after we took the place: %v", err)
	}
}

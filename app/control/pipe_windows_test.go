package control

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/windows"
)

// dead leaves the file of a process that was killed.
func dead(t *testing.T, p Place, name string) string {
	t.Helper()
	if err := p.prepare(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(p.dir, name+socketEnd)
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOnlyTheUserMayOpenThePipe(t *testing.T) {
	p := place(t)
	listen(t, p, "a", answering(nothing))
	conn, err := dialAt(filepath.Join(p.dir, "a.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	security, err := windows.GetSecurityInfo(windows.Handle(conn.(*pipe).Fd()), windows.SE_KERNEL_OBJECT, windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		t.Fatal(err)
	}
	user, err := userOf(windows.GetCurrentProcessToken())
	if err != nil {
		t.Fatal(err)
	}
	rules := security.String()
	if strings.Count(rules, "(") != 2 || !strings.Contains(rules, user) || !strings.Contains(rules, ";;;SY)") {
		t.Errorf("%s", rules)
	}
	if pid, uid, err := who(conn); err != nil || pid != os.Getpid() || !trusted(uid) {
		t.Errorf("%d %d %v", pid, uid, err)
	}
}

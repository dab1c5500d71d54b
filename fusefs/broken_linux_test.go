//go:build !brokenlock

package fusefs

import (
	"os/exec"
	"strings"
	"testing"
)

// TestStormNoticesTheBug builds the filesystem with the lock dropped before the system call, as in the program that
// lost writes, and runs TestStorm on it: it must fail.
func TestStormNoticesTheBug(t *testing.T) {
	cmd := exec.Command("go", "test", "-race", "-tags", "brokenlock", "-count=1", "-run", "^TestStorm$", ".")
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Fatalf("TestStorm passes without the lock:\n%s", out)
	}
	if !strings.Contains(string(out), "met a closed descriptor (EBADF)") && !strings.Contains(string(out), "is lost") {
		t.Fatalf("TestStorm failed, but not because of the lock:\n%s", out)
	}
	t.Logf("without the lock:\n%s", out)
}

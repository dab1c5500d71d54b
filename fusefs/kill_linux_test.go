package fusefs

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"
)

// TestKilled kills the serving process at random moments under load, again and again over the same folders. Whatever
// write(2) acknowledged is in the backing folder, and the next mount clears what the dead one left.
func TestKilled(t *testing.T) {
	times := soakCount(40, 200)
	c := Config{Backing: freshFolder(t, "backing"), MountPoint: freshFolder(t, "mount")}
	acknowledged := 0
	for round := range times {
		p := serveChild(t, c)
		if p.first.Err != nil {
			t.Fatalf("round %d: %v", round, p.first.Err)
		}
		go func() {
			time.Sleep(time.Duration(rand.IntN(200)) * time.Millisecond)
			p.cmd.Process.Kill()
		}()
		written := writeUntilKilled(p)
		p.cmd.Wait()
		for name, want := range written {
			got, err := os.ReadFile(p.behind(name))
			if err != nil || !bytes.HasPrefix(got, want) {
				t.Fatalf("round %d, %s: %d bytes were acknowledged, the backing has %d (%v)", round, name, len(want), len(got), err)
			}
			acknowledged += len(want)
			os.Remove(p.behind(name))
		}
	}
	if acknowledged == 0 {
		t.Error("nothing was ever acknowledged: this tested nothing")
	}
	t.Logf("%d kills, %d bytes acknowledged, none lost", times, acknowledged)
	if info, _ := mountAt(c.MountPoint); info != nil {
		unmount(c.MountPoint, 2 /* MNT_DETACH */)
	}
}

// writeUntilKilled writes small files, some of them to their end, until the mount is gone. It returns what was
// acknowledged of each.
func writeUntilKilled(p *child) map[string][]byte {
	written := make(map[string][]byte)
	for i := 0; ; i++ {
		name := fmt.Sprintf("f%d", i)
		file, err := os.Create(p.file(name))
		if err != nil {
			return written
		}
		for line := range 50 {
			text := fmt.Appendf(nil, "%d of %d, said to be written\n", line, i)
			if _, err := file.Write(text); err != nil {
				file.Close()
				return written
			}
			written[name] = append(written[name], text...)
		}
		if file.Close() != nil {
			return written
		}
	}
}

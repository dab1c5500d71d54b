package fusefs

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// synced ejects a drive and returns which files and folders below its backing folder were synced, each once, sorted, and
// whether the whole disk was.
func (p *child) synced(t *testing.T) (files []string, whole bool) {
	t.Helper()
	trace := filepath.Join(t.TempDir(), "trace")
	strace := exec.Command("strace", "-f", "-qq", "-y", "-e", "trace=fsync,syncfs", "-o", trace, "-p", fmt.Sprint(p.cmd.Process.Pid))
	check(t, strace.Start())
	for !tracedBy(p.cmd.Process.Pid, strace.Process.Pid) {
		time.Sleep(10 * time.Millisecond)
	}
	p.ejects()
	strace.Process.Signal(syscall.SIGINT)
	strace.Wait()
	text, err := os.ReadFile(trace)
	check(t, err)
	for _, call := range regexp.MustCompile(`(fsync|syncfs)\(\d+<([^>]*)>`).FindAllStringSubmatch(string(text), -1) {
		if call[1] == "syncfs" {
			whole = true
			continue
		}
		path, below := strings.CutPrefix(call[2], p.backing)
		if !below {
			t.Errorf("fsync of %s", call[2])
		}
		files = append(files, "."+path)
	}
	slices.Sort(files)
	return slices.Compact(files), whole
}

// tracedBy reports whether every thread of a process is traced by another; see proc(5), TracerPid.
func tracedBy(pid, tracer int) bool {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	for _, task := range tasks {
		status, err := os.ReadFile(task)
		if err == nil && !strings.Contains(string(status), fmt.Sprintf("\nTracerPid:\t%d\n", tracer)) {
			return false
		}
	}
	return len(tasks) > 0
}

func TestEjectSyncsWhatWasChanged(t *testing.T) {
	p := mountChild(t)
	check(t, os.WriteFile(p.behind("old"), []byte("old"), 0o600))
	check(t, os.WriteFile(p.behind("read"), []byte("read"), 0o600))
	check(t, os.Mkdir(p.behind("seen"), 0o700))
	steps := []func() error{
		func() error { _, err := os.ReadFile(p.file("read")); return err },
		func() error { _, err := os.ReadDir(p.file("seen")); return err },
		func() error { return os.Truncate(p.file("old"), 1) },
		func() error { return os.WriteFile(p.file("gone"), []byte("x"), 0o600) },
		func() error { return os.Remove(p.file("gone")) },
		func() error { return os.MkdirAll(p.file("a/b"), 0o700) },
		func() error { return os.WriteFile(p.file("a/b/replaced"), []byte("x"), 0o600) },
		func() error { return os.WriteFile(p.file("a/b/new"), []byte("x"), 0o200) },
		func() error { return os.Rename(p.file("a/b/new"), p.file("a/b/replaced")) },
		func() error { return os.Rename(p.file("a/b"), p.file("a/c")) },
		func() error { return os.Symlink("nowhere", p.file("link")) },
		func() error { return os.Remove(p.file("seen/missing")) },
	}
	for i, step := range steps {
		if err := step(); err != nil && i != len(steps)-1 {
			t.Fatalf("step %d: %v", i, err)
		}
	}
	files, whole := p.synced(t)
	if want := []string{".", "./a", "./a/c", "./a/c/replaced", "./old"}; !slices.Equal(files, want) || whole {
		t.Errorf("synced %q, want %q; the whole disk: %v", files, want, whole)
	}
}

// TestEjectSyncsWhatTheKernelForgot looks that a node that no name and no handle leads to is still known.
func TestEjectSyncsWhatTheKernelForgot(t *testing.T) {
	p := mountChild(t)
	check(t, os.WriteFile(p.file("f"), []byte("x"), 0o600))
	nodes := p.ask("status").Nodes
	check(t, os.WriteFile("/proc/sys/vm/drop_caches", []byte("2"), 0))
	if files, whole := p.synced(t); !slices.Equal(files, []string{".", "./f"}) || whole {
		t.Errorf("synced %q of %d nodes; the whole disk: %v", files, nodes, whole)
	}
}

// TestEjectSyncsTheDisk has another program take the way to a changed file away.
func TestEjectSyncsTheDisk(t *testing.T) {
	p := mountChild(t)
	check(t, os.WriteFile(p.file("f"), []byte("x"), 0o600))
	check(t, os.Rename(p.behind("f"), p.behind("g")))
	if files, whole := p.synced(t); !whole {
		t.Errorf("only %q", files)
	}
}

// TestEjectSyncsTheDiskAfterManyChanges makes more files than are remembered.
func TestEjectSyncsTheDiskAfterManyChanges(t *testing.T) {
	p := mountChild(t)
	for i := range unsyncedLimit + 1 {
		check(t, os.WriteFile(p.file(fmt.Sprint(i)), nil, 0o600))
	}
	if files, whole := p.synced(t); !whole {
		t.Errorf("only %d files", len(files))
	}
	if a := p.ask("mount"); a.Err != nil {
		t.Fatal(a.Err)
	}
	check(t, os.Chmod(p.file("0"), 0o640))
	if files, whole := p.synced(t); whole || !slices.Equal(files, []string{"./0"}) {
		t.Errorf("synced %q after that; the whole disk: %v", files, whole)
	}
}

// TestRemovedFileTakesNoSpace looks that a file without names is not kept for a sync.
func TestRemovedFileTakesNoSpace(t *testing.T) {
	p := mountChild(t)
	file, err := os.Create(p.file("f"))
	check(t, err)
	_, err = file.Write(make([]byte, 1<<20))
	check(t, err)
	check(t, os.Remove(p.file("f")))
	_, err = file.Write(make([]byte, 1<<20))
	check(t, err)
	check(t, file.Close())
	for give := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		fds, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", p.cmd.Process.Pid))
		check(t, err)
		held := slices.ContainsFunc(fds, func(fd string) bool {
			name, _ := os.Readlink(fd)
			return strings.HasSuffix(name, "/f (deleted)")
		})
		if !held {
			break
		}
		if time.Now().After(give) {
			t.Fatal("the file's inode is still held")
		}
	}
	if files, whole := p.synced(t); !slices.Equal(files, []string{"."}) || whole {
		t.Errorf("synced %q; the whole disk: %v", files, whole)
	}
}

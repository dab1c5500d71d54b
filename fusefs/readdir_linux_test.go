package fusefs

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestFolderUnderChange lists a large folder from random positions while other processes create and delete in it. What
// is there all the time comes exactly once.
func TestFolderUnderChange(t *testing.T) {
	p := mountChild(t)
	count := soakCount(25_000, 100_000)
	check(t, os.Mkdir(p.file("d"), 0o755))
	for i := range count {
		fd, err := unix.Open(p.behind(fmt.Sprintf("d/stays-%d", i)), unix.O_CREAT|unix.O_WRONLY|unix.O_CLOEXEC, 0o600)
		check(t, err)
		unix.Close(fd)
	}
	changers := startClerks(t, 2, job{Kind: "names", Folder: p.file("d")})
	for _, w := range changers {
		w.tell("begin")
		w.hear(new(int)) // it has changed something
	}
	fd, err := unix.Open(p.file("d"), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	check(t, err)
	defer unix.Close(fd)
	for pass := range 2 {
		seen := listJumping(t, fd)
		for i := range count {
			if n := seen[fmt.Sprintf("stays-%d", i)]; n != 1 {
				t.Fatalf("pass %d: stays-%d came %d times", pass, i, n)
			}
		}
		before, gone := fmt.Sprintf("new-%d", pass), fmt.Sprintf("new-%d", pass-1)
		check(t, os.WriteFile(p.file("d/"+before), nil, 0o600))
		if pass > 0 {
			check(t, os.Remove(p.file("d/"+gone)))
		}
		_, err := unix.Seek(fd, 0, unix.SEEK_SET) // rewinddir(3)
		check(t, err)
		seen = listJumping(t, fd)
		if seen[before] != 1 || seen[gone] != 0 {
			t.Errorf("pass %d: after rewinddir %s comes %d times, and %s, which is gone, %d times", pass, before, seen[before], gone, seen[gone])
		}
		_, err = unix.Seek(fd, 0, unix.SEEK_SET)
		check(t, err)
	}
	for _, w := range changers {
		w.tell("end")
		var changes int
		w.hear(&changes)
		t.Logf("%d names came and went", changes)
		w.end()
	}
	unix.Close(fd)
	p.ejects()
}

// listJumping lists a folder from where its descriptor stands. Now and then it goes back to an earlier position and
// forgets what came after that.
func listJumping(t *testing.T, fd int) map[string]int {
	t.Helper()
	var order []string
	var marks [][2]int64 // position in the folder, names before it
	buf := make([]byte, 8<<10)
	for jumps := 0; ; {
		some, err := readSomeEntries(fd, buf)
		check(t, err)
		if len(some) == 0 {
			break
		}
		use := 1 + rand.IntN(len(some))
		for _, e := range some[:use] {
			order = append(order, e.name)
		}
		marks = append(marks, [2]int64{some[use-1].next, int64(len(order))})
		if jumps < 50 && rand.IntN(20) == 0 {
			marks = marks[:1+rand.IntN(len(marks))]
			jumps++
		}
		back := marks[len(marks)-1]
		_, err = unix.Seek(fd, back[0], unix.SEEK_SET)
		check(t, err)
		order = order[:back[1]]
	}
	seen := make(map[string]int)
	for _, name := range order {
		seen[name]++
	}
	return seen
}

// workOnNames creates, renames and deletes until it is told to end.
func workOnNames(j job, in *bufio.Scanner, out *json.Encoder) {
	stop := make(chan struct{})
	in.Scan()
	go func() {
		in.Scan()
		close(stop)
	}()
	var names []string
	for changes := 0; ; changes++ {
		select {
		case <-stop:
			mustWork(out.Encode(changes))
			return
		default:
		}
		name := filepath.Join(j.Folder, fmt.Sprintf("%d-%d-%s", j.Number, changes, strings.Repeat("x", rand.IntN(100))))
		mustWork(os.WriteFile(name, nil, 0o600))
		names = append(names, name)
		if i := rand.IntN(len(names)); changes%3 == 0 {
			mustWork(os.Rename(names[i], names[i]+"-renamed"))
			names[i] += "-renamed"
		} else if len(names) > 200 {
			mustWork(os.Remove(names[i]))
			names[i] = names[len(names)-1]
			names = names[:len(names)-1]
		}
		if changes == 10 {
			mustWork(out.Encode(changes))
		}
	}
}

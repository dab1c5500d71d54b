package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vitrine/app/internal/desktop"
	"vitrine/fusefs/oplog/export"
)

// sharerVariable makes the test's program share files among threads: see shareFiles.
const sharerVariable = "VITRINE_TEST_SHARER"

func init() {
	if os.Getenv(sharerVariable) != "" {
		if err := shareFiles(os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
}

// shareFiles writes to files through several duplicates of a descriptor, each of which is closed when its writer is done. It
// says how many of the writes met EBADF.
func shareFiles(folder string) error {
	var mu sync.Mutex // guards what follows
	var met int
	var other error
	for i := range 8 {
		fd, err := unix.Open(fmt.Sprintf("%s/part-%d", folder, i), unix.O_CREAT|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
		if err != nil {
			return err
		}
		var writers sync.WaitGroup
		for w := range 4 {
			own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
			if err != nil {
				return err
			}
			writers.Go(func() {
				for n := range 1 + 4*w {
					_, err := unix.Pwrite(own, make([]byte, 64<<10), int64(w*16+n)<<16)
					mu.Lock()
					if errors.Is(err, unix.EBADF) {
						met++
					} else {
						other = errors.Join(other, err)
					}
					mu.Unlock()
				}
				unix.Close(own) // meets EBADF too, and nobody looks at that, as in most programs
			})
		}
		writers.Wait()
		unix.Close(fd)
	}
	return errors.Join(other, json.NewEncoder(os.Stdout).Encode(met))
}

// released is the evidence that this window was made for.
var released = regexp.MustCompile(`(?m)^• This write began [0-9.]+ (?:ns|µs|ms|s) after the handle was released by app\.test \(\d+\)\.`)

// TestFromBadFileDescriptorToTheReason drags a film in, lets a program meet the fault that began all this, and asks the window
// by keyboard: which writes failed, why did the last one, and to keep the proof. The proof says the same to who opens it.
func TestFromBadFileDescriptorToTheReason(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "vitrine")
	if out, err := exec.Command("go", "build", "-tags", "brokenlock", "-o", broken, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s, p, item := startDesktopOf(t, broken, `mount_point = "~/Drive"`)
	mountPoint := filepath.Join(s.Home, "Drive")
	check(t, os.Mkdir(mountPoint, 0o755))
	first(t, item, "Mount")
	check(t, item.Click("Mount"))
	waitMounted(t, mountPoint, true)
	check(t, item.LeftClick())
	window := s.WaitWindow("Vitrine", soon)
	dragFilmIn(t, s, window, mountPoint)

	window.Place(image.Rect(40, 40, 1240, 760))
	window.Raise()
	storm := exec.Command(os.Args[0], mountPoint)
	storm.Env = []string{sharerVariable + "=1"}
	sharer := s.StartCmd(storm)
	if exit := sharer.WaitExit(soon); exit != 0 || strings.TrimSpace(sharer.Output()) == "0" {
		t.Fatalf("the program that shares files ended with %d and said %q: it was to meet EBADF", exit, sharer.Output())
	}
	look := func(picture string, keys ...string) {
		s.Key(keys...)
		time.Sleep(700 * time.Millisecond) // for the window to draw, and to take the next key
		keep(t, s, picture+".png")
	}
	look("evidence-1-log", "ctrl+6")
	s.Key("ctrl+f")
	s.Type("write err:EB")
	look("evidence-2-completed", "Tab")
	look("evidence-3-filtered", "Escape", "Return")
	look("evidence-4-paused", "space")
	look("evidence-5-error", "shift+e")
	s.Key("Return")
	s.SetClipboard("nothing was copied yet")
	readStory(t, s)
	keep(t, s, "evidence-6-story.png")
	proof := saveByKeys(t, s, look)
	viewProof(t, s, window, proof)

	p.Signal(syscall.SIGTERM)
	if exit := p.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d", exit)
	}
}

// dragFilmIn drags a film from one file manager window to the drive in another.
func dragFilmIn(t *testing.T, s *desktop.Session, activity desktop.Window, mountPoint string) {
	t.Helper()
	film := filepath.Join(s.Home, "Films", "film.mkv")
	write(t, film, strings.Repeat("a film that somebody shot on holiday", 2<<20))
	from := s.StartFileManager(filepath.Dir(film))
	from.Place(image.Rect(10, 10, 420, 370))
	into := s.StartFileManager(mountPoint)
	into.Place(image.Rect(10, 400, 420, 760))
	activity.Place(image.Rect(440, 40, 1270, 780))
	from.Raise()
	into.Raise()
	activity.Raise()
	s.Drag(from.FirstIcon(), into.Bounds().Min.Add(into.Bounds().Size().Div(2)))
	desktop.Until(t, soon, "the film to arrive", func() error {
		out, err := exec.Command("cmp", film, filepath.Join(s.Home, ".local/share/vitrine/files/film.mkv")).CombinedOutput()
		if err != nil {
			err = fmt.Errorf("%w: %s", err, out)
		}
		return err
	})
	keep(t, s, "evidence-0-dragged.png")
}

// readStory opens the story of the last operation listed, and goes back and opens it again until it is the right one: the list
// may not have been filtered yet.
func readStory(t *testing.T, s *desktop.Session) {
	t.Helper()
	desktop.Until(t, long, "the story to name who released the handle", func() error {
		s.Key("ctrl+c")
		time.Sleep(500 * time.Millisecond) // for the window to copy it
		text := s.Clipboard()
		if released.MatchString(text) && strings.HasPrefix(text, "/part-") {
			return nil
		}
		if !strings.Contains(text, "\nwrite EBADF\n") { // else it is being explained
			s.Key("Escape", "End", "Return")
			time.Sleep(500 * time.Millisecond) // for the window to open it
		}
		return fmt.Errorf("it says %q", text)
	})
}

// saveByKeys saves what the log shows, and returns the file.
func saveByKeys(t *testing.T, s *desktop.Session, look func(string, ...string)) (file string) {
	t.Helper()
	look("evidence-7-save", "ctrl+s")
	look("evidence-8-format", "Return")
	look("evidence-9-saved", "Return")
	desktop.Until(t, soon, "the saved log", func() error {
		found, err := filepath.Glob(filepath.Join(s.Home, "vitrine-*.ndjson"))
		if len(found) != 1 {
			return errors.Join(err, fmt.Errorf("there are %v", found))
		}
		file = found[0]
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		defer f.Close()
		n := 0
		for e, err := range export.Read(f) {
			if err != nil {
				return err
			}
			if e.Errno == unix.EBADF {
				n++
			}
		}
		if n == 0 {
			return errors.New("no EBADF is in it")
		}
		return nil
	})
	return file
}

// viewProof opens a saved log in a window of its own and asks it for the same story.
func viewProof(t *testing.T, s *desktop.Session, running desktop.Window, proof string) {
	t.Helper()
	running.Close() // into the tray
	s.WaitNoWindow("Vitrine", soon)
	s.SetClipboard("nothing was copied yet")
	p := s.Start(vitrine, "view", proof)
	w := s.WaitWindow("Vitrine", soon)
	w.Raise()
	time.Sleep(time.Second) // for the window to take keys
	s.Key("ctrl+f")
	s.Type("write err:EBADF")
	s.Key("Escape", "Return")
	readStory(t, s)
	keep(t, s, "evidence-10-viewed.png")
	w.Close()
	if exit := p.WaitExit(soon); exit != 0 {
		t.Errorf("view ended with %d", exit)
	}
}

// TestFromPermissionDeniedToTheReason lets a program ask for a file of somebody else's, and asks the window why it was refused.
func TestFromPermissionDeniedToTheReason(t *testing.T) {
	s, p, item := startDesktopBy(t, mortal())
	mountPoint := filepath.Join(s.Home, "Vitrine")
	writeSecret(t, filepath.Join(s.Home, ".local/share/vitrine/files"))
	first(t, item, "Mount")
	click(t, item, "Mount")
	waitMounted(t, mountPoint, true)
	if _, err := os.ReadFile(mountPoint + secretFile); !errors.Is(err, unix.EACCES) {
		t.Fatalf("reading what is somebody else's: %v; want EACCES", err)
	}
	check(t, item.LeftClick())
	s.WaitWindow("Vitrine", soon).Raise()
	time.Sleep(time.Second) // for the window to take keys
	s.Key("ctrl+6", "ctrl+f")
	s.Type("open err:EACCES")
	for _, key := range []string{"ctrl+t", "space", "shift+e", "Return"} { // listed, paused, chosen, told
		time.Sleep(700 * time.Millisecond) // for the window to take the next
		s.Key(key)
	}
	s.SetClipboard("nothing was copied yet")
	owner, err := user.LookupId(strconv.Itoa(somebody))
	check(t, err)
	group, err := user.LookupGroupId(strconv.Itoa(somebody))
	check(t, err)
	evidence := fmt.Sprintf("• %s belongs to %s and group %s, with permissions -rw-------.", secretFile, owner.Username, group.Name)
	desktop.Until(t, long, "the story to name the owner", func() error {
		s.Key("ctrl+c")
		time.Sleep(500 * time.Millisecond) // for the window to copy it
		text := s.Clipboard()
		if strings.HasPrefix(text, secretFile) && strings.Contains(text, "\nopen EACCES\n") && strings.Contains(text, evidence) && strings.Contains(text, "• The drive asked for it as root (uid 0).") {
			return nil
		}
		if !strings.Contains(text, "\nopen EACCES\n") { // else it is being explained
			s.Key("Escape", "End", "Return")
			time.Sleep(500 * time.Millisecond) // for the window to open it
		}
		return fmt.Errorf("it says %q", text)
	})
	keep(t, s, "denied-story.png")
	p.Signal(syscall.SIGTERM)
	if exit := p.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d", exit)
	}
}

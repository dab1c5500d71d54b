package main

import (
	"crypto/sha256"
	"fmt"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"vitrine/app/internal/desktop"
)

// quiet are settings under which a mount by click opens no file manager.
const quiet = "version = 1\nshow_folder = false\n"

// startDesktop makes a session with a bus, a display and a tray host, and starts the program in it.
func startDesktop(t *testing.T, settings ...string) (s *desktop.Session, p *desktop.Process, item *desktop.Item) {
	t.Helper()
	return startDesktopOf(t, vitrine, settings...)
}

// startDesktopOf is startDesktop with another build of the program.
func startDesktopOf(t testing.TB, program string, settings ...string) (s *desktop.Session, p *desktop.Process, item *desktop.Item) {
	t.Helper()
	return startDesktopBy(t, []string{program}, settings...)
}

// mortal is a command line that runs the program as a user whom the permissions of files bind: root without the
// capabilities to go past them.
func mortal() []string {
	return []string{"setpriv", "--bounding-set", "-dac_override,-dac_read_search", vitrine}
}

// startDesktopBy is startDesktop by way of a command line.
func startDesktopBy(t testing.TB, by []string, settings ...string) (s *desktop.Session, p *desktop.Process, item *desktop.Item) {
	t.Helper()
	s = desktop.New(t)
	s.StartBus()
	s.StartXvfb(1280, 800)
	s.StartWindowManager()
	host := s.StartHost()
	s.WriteFile(".config/vitrine/config.toml", quiet+strings.Join(settings, "\n"))
	p = s.Start(by[0], by[1:]...)
	return s, p, host.WaitItem(soon)
}

// first waits until the tray menu's first entry, which says what can be done, is the given one.
func first(t testing.TB, item *desktop.Item, label string) {
	t.Helper()
	desktop.Until(t, soon, "the tray menu to begin with "+label, func() error {
		menu, err := item.Menu()
		if err != nil {
			return err
		}
		if labels := menu.Labels(); len(labels) == 0 || labels[0] != label {
			return fmt.Errorf("it has %q", labels)
		}
		return nil
	})
}

// click clicks on an entry of the tray menu, and waits for it where the menu is just being renewed.
func click(t testing.TB, item *desktop.Item, label string) {
	t.Helper()
	desktop.Until(t, soon, "a click on "+label, func() error { return item.Click(label) })
}

func waitMounted(t testing.TB, path string, want bool) {
	t.Helper()
	desktop.Until(t, soon, fmt.Sprintf("mounted = %v at %s", want, path), func() error {
		if isMounted(t, path) != want {
			return fmt.Errorf("it is not so")
		}
		return nil
	})
}

func iconOf(t *testing.T, item *desktop.Item) string {
	t.Helper()
	icon, err := item.Icon()
	if err != nil {
		t.Fatal(err)
	}
	return icon.Digest
}

// TestTray clicks through a whole day: mount, copy, eject, quit.
func TestTray(t *testing.T) {
	s, p, item := startDesktop(t)
	mountPoint := filepath.Join(s.Home, "Vitrine")
	first(t, item, "Mount")
	unmounted := iconOf(t, item)
	check(t, item.Click("Mount"))
	waitMounted(t, mountPoint, true)
	first(t, item, "Eject")
	desktop.Until(t, soon, "the icon to change", func() error {
		if iconOf(t, item) == unmounted {
			return fmt.Errorf("mounted it looks like unmounted")
		}
		return nil
	})
	mounted := iconOf(t, item)

	stop, copied := make(chan struct{}), make(chan error, 1)
	go func() { copied <- copyAgainAndAgain(s.Home, mountPoint, stop) }()
	desktop.Until(t, soon, "the icon of flowing data", func() error {
		if icon := iconOf(t, item); icon == mounted || icon == unmounted {
			return fmt.Errorf("the icon stays")
		}
		return nil
	})
	desktop.Until(t, soon, "live numbers in the tooltip", func() error {
		tip, err := item.ToolTip()
		if err == nil && !strings.Contains(tip, "B/s") {
			err = fmt.Errorf("it says %q", tip)
		}
		return err
	})
	close(stop)
	check(t, <-copied)
	same(t, filepath.Join(s.Home, "film"), filepath.Join(s.Home, ".local/share/vitrine/files/film"))

	check(t, item.Click("Eject"))
	waitMounted(t, mountPoint, false)
	first(t, item, "Mount")
	check(t, item.Click("Quit"))
	if exit := p.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d", exit)
	}
}

// copyAgainAndAgain copies a file into the folder until stop is closed.
func copyAgainAndAgain(home, folder string, stop <-chan struct{}) error {
	film := filepath.Join(home, "film")
	if err := os.WriteFile(film, []byte(strings.Repeat("vitrine ", 4<<20)), 0o600); err != nil {
		return err
	}
	for {
		if out, err := exec.Command("cp", film, folder).CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		select {
		case <-stop:
			return nil
		default:
		}
	}
}

func same(t *testing.T, a, b string) {
	t.Helper()
	var sums [2][32]byte
	for i, path := range []string{a, b} {
		data, err := os.ReadFile(path)
		check(t, err)
		sums[i] = sha256.Sum256(data)
	}
	if sums[0] != sums[1] {
		t.Errorf("%s and %s differ", a, b)
	}
}

// TestTrayLeftClick mounts by a left click, and shows and hides the window by the next ones.
func TestTrayLeftClick(t *testing.T) {
	s, p, item := startDesktop(t)
	mountPoint := filepath.Join(s.Home, "Vitrine")
	first(t, item, "Mount")
	check(t, item.LeftClick())
	waitMounted(t, mountPoint, true)
	first(t, item, "Eject")
	check(t, item.LeftClick())
	s.WaitWindow("Vitrine", soon)
	check(t, item.LeftClick())
	s.WaitNoWindow("Vitrine", soon)
	p.Signal(syscall.SIGTERM)
	if exit := p.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d", exit)
	}
	if isMounted(t, mountPoint) {
		t.Error("SIGTERM ended it and left the mount")
	}
}

// TestTrayEjectBusy is refused while a file is open: the window comes up and names the holder. Quit is refused too.
func TestTrayEjectBusy(t *testing.T) {
	s, p, item := startDesktop(t)
	mountPoint := filepath.Join(s.Home, "Vitrine")
	first(t, item, "Mount")
	check(t, item.Click("Mount"))
	waitMounted(t, mountPoint, true)
	first(t, item, "Eject")
	file, err := os.Create(filepath.Join(mountPoint, "held"))
	check(t, err)
	defer file.Close()
	check(t, item.Click("Eject"))
	s.WaitWindow("Vitrine", soon)
	if !isMounted(t, mountPoint) {
		t.Fatal("ejected under an open file")
	}
	first(t, item, "Eject")
	check(t, item.Click("Quit"))
	time.Sleep(time.Second)
	if !p.Running() || !isMounted(t, mountPoint) {
		t.Fatal("quit under an open file")
	}
	keep(t, s, "eject-busy.png")
	check(t, file.Close())
	first(t, item, "Eject")
	check(t, item.Click("Quit"))
	if exit := p.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d", exit)
	}
	waitMounted(t, mountPoint, false)
}

// keep saves a picture of the screen where VITRINE_SCREENSHOTS names a folder.
func keep(t *testing.T, s *desktop.Session, name string) {
	if folder := os.Getenv("VITRINE_SCREENSHOTS"); folder != "" {
		s.Screenshot(filepath.Join(folder, name))
	}
}

// TestTrayInPlace watches a folder where it is, as the settings ask for.
func TestTrayInPlace(t *testing.T) {
	s, p, item := startDesktop(t, "in_place = true", `backing = "~/work"`)
	work := filepath.Join(s.Home, "work")
	write(t, filepath.Join(work, "before"), "was there")
	first(t, item, "Mount")
	check(t, item.Click("Mount"))
	waitMounted(t, work, true)
	first(t, item, "Eject")
	wantFile(t, filepath.Join(work, "before"), "was there")
	write(t, filepath.Join(work, "during"), "written in place")
	check(t, item.LeftClick())
	s.WaitWindow("Vitrine", soon).Raise()
	time.Sleep(time.Second) // for the picture only
	keep(t, s, "in-place.png")
	check(t, item.Click("Quit"))
	if exit := p.WaitExit(soon); exit != 0 || isMounted(t, work) {
		t.Errorf("exit status %d", exit)
	}
	wantFile(t, filepath.Join(work, "during"), "written in place")
}

// TestWithoutTray has no bus, or a bus on which nobody shows tray icons: the window opens by itself, everything works
// from there, and closing it ejects and ends the program.
func TestWithoutTray(t *testing.T) {
	for name, bus := range map[string]bool{"no bus": false, "no host": true} {
		t.Run(name, func(t *testing.T) {
			s := desktop.New(t)
			if bus {
				s.StartBus()
			}
			s.StartXvfb(1280, 800)
			s.StartWindowManager()
			s.WriteFile(".config/vitrine/config.toml", quiet)
			p := s.Start(vitrine)
			window := s.WaitWindow("Vitrine", soon)
			window.Raise()
			mountPoint := filepath.Join(s.Home, "Vitrine")
			pressUntil(t, s, mountPoint, true)
			write(t, filepath.Join(mountPoint, "f"), "kept")
			keep(t, s, "without-tray.png")
			pressUntil(t, s, mountPoint, false)
			pressUntil(t, s, mountPoint, true)
			window.Close()
			if exit := p.WaitExit(soon); exit != 0 {
				t.Errorf("exit status %d", exit)
			}
			if isMounted(t, mountPoint) {
				t.Error("closing the window left the mount")
			}
			wantFile(t, filepath.Join(s.Home, ".local/share/vitrine/files/f"), "kept")
		})
	}
}

// pressUntil presses the shortcut of the window's main button, which mounts or ejects. A window that is not ready yet
// takes no keys: then it is pressed again.
func pressUntil(t *testing.T, s *desktop.Session, mountPoint string, want bool) {
	t.Helper()
	desktop.Until(t, 3*soon, fmt.Sprintf("the key to make mounted = %v at %s", want, mountPoint), func() error {
		time.Sleep(500 * time.Millisecond)
		s.Key("ctrl+m")
		for end := time.Now().Add(soon / 3); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			if isMounted(t, mountPoint) == want {
				return nil
			}
		}
		return fmt.Errorf("it did nothing")
	})
}

// TestDrag drags a file from one file manager window into the mounted folder in another.
func TestDrag(t *testing.T) {
	s, p, item := startDesktop(t, `mount_point = "~/Drive"`) // not Vitrine, as the activity window is called
	mountPoint := filepath.Join(s.Home, "Drive")
	if err := os.Mkdir(mountPoint, 0o755); err != nil {
		t.Fatal(err)
	}
	first(t, item, "Mount")
	check(t, item.Click("Mount"))
	waitMounted(t, mountPoint, true)
	first(t, item, "Eject")
	check(t, item.LeftClick())
	activity := s.WaitWindow("Vitrine", soon)

	source := filepath.Join(s.Home, "Films")
	film := filepath.Join(source, "film.mkv")
	write(t, film, strings.Repeat("a film that somebody shot on holiday", 8<<20))
	from := s.StartFileManager(source)
	from.Place(image.Rect(10, 10, 420, 370))
	into := s.StartFileManager(mountPoint)
	into.Place(image.Rect(10, 400, 420, 760))
	activity.Place(image.Rect(440, 40, 1270, 780))
	from.Raise()
	into.Raise()
	activity.Raise()
	icon := from.FirstIcon()
	s.Drag(icon, into.Bounds().Min.Add(into.Bounds().Size().Div(2)))

	arrived := filepath.Join(s.Home, ".local/share/vitrine/files/film.mkv")
	desktop.Until(t, soon, "a third of the film to arrive", func() error {
		info, err := os.Stat(arrived)
		if err == nil && info.Size() < 100<<20 {
			err = fmt.Errorf("%d bytes", info.Size())
		}
		return err
	})
	check(t, syscall.Kill(into.Pid(), syscall.SIGSTOP)) // for as long as the window takes to show what is there
	time.Sleep(700 * time.Millisecond)
	keep(t, s, "drag.png")
	check(t, syscall.Kill(into.Pid(), syscall.SIGCONT))
	desktop.Until(t, soon, "the film to arrive", func() error {
		out, err := exec.Command("cmp", film, arrived).CombinedOutput()
		if err != nil {
			err = fmt.Errorf("%w: %s", err, out)
		}
		return err
	})
	p.Signal(syscall.SIGTERM)
	if exit := p.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d", exit)
	}
	waitMounted(t, mountPoint, false)
	same(t, film, arrived)
}

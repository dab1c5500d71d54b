package desktop

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestPanelShowsAndClicksATrayIcon(t *testing.T) {
	s := New(t)
	s.StartBus()
	s.StartXvfb(800, 600)
	s.StartWindowManager()
	s.StartPanel()
	program := startFakeItem(s)
	s.Click(waitColor(t, s, orange))
	program.WaitOutput("tapped", soon)
}

func TestDragBetweenFileManagerWindows(t *testing.T) {
	s := New(t)
	s.StartBus()
	s.StartXvfb(1000, 600)
	s.StartWindowManager()
	letter := s.WriteFile("from-here/letter.txt", "dragged\n")
	there := filepath.Join(s.Home, "to-there")
	if err := os.Mkdir(there, 0o700); err != nil {
		t.Fatal(err)
	}
	left, right := s.StartFileManager(filepath.Dir(letter)), s.StartFileManager(there)
	left.Place(image.Rect(10, 40, 480, 500))
	right.Place(image.Rect(510, 40, 980, 500))
	s.Drag(left.FirstIcon(), image.Pt(750, 300))
	Until(t, soon, "the file to arrive", func() error {
		text, err := os.ReadFile(filepath.Join(there, "letter.txt"))
		if err == nil && string(text) != "dragged\n" {
			err = fmt.Errorf("it has %q", text)
		}
		return err
	})
	right.FirstIcon()
	if _, err := firstIcon(image.NewNRGBA(image.Rect(0, 0, 300, 300))); err == nil {
		t.Error("an icon is found where there is none")
	}
	right.Close()
	s.WaitNoWindow("to-there", soon)
}

func TestXvfbTakesScreenshots(t *testing.T) {
	s := New(t)
	s.StartXvfb(320, 200)
	path := filepath.Join(t.TempDir(), "screen.png")
	s.Screenshot(path)
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if picture, err := png.DecodeConfig(f); err != nil || picture.Width != 320 || picture.Height != 200 {
		t.Errorf("screenshot of %d×%d, %v", picture.Width, picture.Height, err)
	}
	if windows := s.Windows(); windows != nil {
		t.Errorf("an empty display has windows: %v", windows)
	}
}

func TestNothingOfASessionIsLeft(t *testing.T) {
	var dir string
	var stray int
	t.Run("session", func(t *testing.T) {
		s := New(t)
		dir = s.Dir
		s.StartBus()
		s.StartXvfb(320, 200)
		shell := s.Start("sh", "-c", "setsid sh -c 'echo stray $$; exec sleep 600' & trap '' TERM; echo up; sleep 600")
		shell.WaitOutput("up", soon)
		shell.WaitOutput("stray", soon)
		_, after, _ := strings.Cut(shell.Output(), "stray ")
		if _, err := fmt.Sscan(after, &stray); err != nil {
			t.Fatal(err)
		}
	})
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is still there (%v)", dir, err)
	}
	Until(t, soon, "the stray program to end", func() error {
		if _, err := os.Stat(fmt.Sprintf("/proc/%d/cwd/.", stray)); err == nil {
			return fmt.Errorf("process %d lives", stray)
		}
		return nil
	})
	if left := endMarked("VITRINE_TEST_SESSION=" + dir); left != nil {
		t.Errorf("left running: %v", left)
	}
}

func TestProgramsSeeNothingOfTheTestersDesktop(t *testing.T) {
	t.Setenv("DISPLAY", ":4711")
	t.Setenv("XDG_CONFIG_HOME", "/elsewhere")
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/elsewhere")
	s := New(t)
	p := s.Start("sh", "-c", `echo "$DISPLAY|$XDG_CONFIG_HOME|$DBUS_SESSION_BUS_ADDRESS|$HOME"; exit 3`)
	if status := p.WaitExit(soon); status != 3 || p.Running() {
		t.Errorf("exit status %d", status)
	}
	if got, want := p.Output(), "||unix:path="+s.RuntimeDir+"/no-bus|"+s.Home+"\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func waitColor(t *testing.T, s *Session, want color.NRGBA) (at image.Point) {
	t.Helper()
	Until(t, 3*soon, "the icon's colour on the screen", func() error {
		picture := s.Screen()
		for y := range picture.Bounds().Dy() {
			for x := range picture.Bounds().Dx() {
				if picture.NRGBAAt(x, y) == want {
					at = image.Pt(x+4, y+4)
					return nil
				}
			}
		}
		time.Sleep(10 * pollEvery)
		return errors.New("it is not there")
	})
	return at
}

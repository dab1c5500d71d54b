package desktop

import (
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// StartXvfb starts an X server that draws into memory, with a screen of the given size, on a display nobody uses.
func (s *Session) StartXvfb(width, height int) {
	s.t.Helper()
	number := s.startAnnounced("Xvfb", "-displayfd", "3", "-screen", "0", fmt.Sprintf("%dx%dx24", width, height),
		"-nolisten", "tcp", "-noreset", "+extension", "GLX", "+extension", "RANDR")
	s.Display = ":" + number
}

// Screenshot writes the whole screen as a PNG file.
func (s *Session) Screenshot(path string) {
	s.t.Helper()
	s.capture("root", path)
}

// Screen returns a picture of the whole screen.
func (s *Session) Screen() *image.NRGBA {
	s.t.Helper()
	return s.picture("root")
}

// capture uses ImageMagick, which tells the format of a file by its ending unless it is told.
func (s *Session) capture(window, path string) {
	s.t.Helper()
	s.mustRun("import", "-silent", "-window", window, "png:"+path)
}

func (s *Session) picture(window string) *image.NRGBA {
	s.t.Helper()
	path := filepath.Join(s.Dir, "picture.png")
	s.capture(window, path)
	f, err := os.Open(path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	decoded, err := png.Decode(f)
	if err != nil {
		s.t.Fatal(err)
	}
	picture := image.NewNRGBA(decoded.Bounds())
	draw.Draw(picture, picture.Bounds(), decoded, decoded.Bounds().Min, draw.Src)
	return picture
}

// Click presses and releases the left mouse button at a place on the screen.
func (s *Session) Click(at image.Point) {
	s.t.Helper()
	s.pointer(at, "click", "1")
}

// RightClick presses and releases the right mouse button at a place on the screen.
func (s *Session) RightClick(at image.Point) {
	s.t.Helper()
	s.pointer(at, "click", "3")
}

func (s *Session) pointer(at image.Point, then ...string) {
	s.t.Helper()
	s.mustRun("xdotool", append([]string{"mousemove", strconv.Itoa(at.X), strconv.Itoa(at.Y), "sleep", "0.1"}, then...)...)
}

// Key presses keys in the focused window, named as xdotool names them: "Return", "ctrl+l".
func (s *Session) Key(keys ...string) {
	s.t.Helper()
	s.mustRun("xdotool", append([]string{"key", "--clearmodifiers"}, keys...)...)
}

// Type types text into the focused window.
func (s *Session) Type(text string) {
	s.t.Helper()
	s.mustRun("xdotool", "type", "--delay", "20", "--", text)
}

// Clipboard returns the text that was copied last.
func (s *Session) Clipboard() string {
	s.t.Helper()
	text, err := s.clipboard()
	if err != nil {
		s.t.Fatal(err)
	}
	return text
}

func (s *Session) clipboard() (string, error) {
	return s.run("xclip", "-selection", "clipboard", "-target", "UTF8_STRING", "-o")
}

// SetClipboard makes text what was copied last.
func (s *Session) SetClipboard(text string) {
	s.t.Helper()
	s.Start("xclip", "-quiet", "-selection", "clipboard", s.WriteFile(".clipboard", text))
	Until(s.t, patience, "the clipboard to be set", func() error {
		now, err := s.clipboard() // an error while nobody has it
		if now != text {
			return errors.Join(err, fmt.Errorf("it has %q", now))
		}
		return nil
	})
}

// Copied presses keys that copy and returns what was copied by them.
func (s *Session) Copied(keys ...string) (text string) {
	s.t.Helper()
	const before = "nothing was copied yet"
	s.SetClipboard(before)
	s.Key(keys...)
	Until(s.t, patience, "something to be copied", func() (err error) {
		if text, err = s.clipboard(); text == before {
			err = errors.New("it is what it was")
		}
		return err
	})
	return text
}

// Drag drags with the left mouse button, as file managers accept it: many small steps, a rest over the target, and
// only then the release.
func (s *Session) Drag(from, to image.Point) {
	s.t.Helper()
	const steps = 20
	var args []string
	move := func(x, y int, pause string) {
		args = append(args, "mousemove", strconv.Itoa(x), strconv.Itoa(y), "sleep", pause)
	}
	move(from.X, from.Y, "0.2")
	args = append(args, "mousedown", "1", "sleep", "0.3")
	for i := 1; i <= steps; i++ {
		move(from.X+(to.X-from.X)*i/steps, from.Y+(to.Y-from.Y)*i/steps, "0.03")
	}
	move(to.X+3, to.Y+3, "0.5")
	s.mustRun("xdotool", append(args, "mouseup", "1")...)
}

// Window is a window on the session's display.
type Window struct {
	s     *Session
	ID    string // as X knows it
	Title string
}

// Pid returns the process that the window belongs to, 0 where it does not say.
func (w Window) Pid() int {
	w.s.t.Helper()
	out, err := w.s.run("xdotool", "getwindowpid", w.ID)
	if err != nil {
		return 0
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(out))
	return pid
}

// Windows returns every visible window with a title.
func (s *Session) Windows() []Window {
	s.t.Helper()
	out, err := s.run("xdotool", "search", "--onlyvisible", "--name", ".")
	if err != nil {
		return nil // xdotool's way to say that there are none
	}
	var found []Window
	for id := range strings.FieldsSeq(out) {
		if title, err := s.run("xdotool", "getwindowname", id); err == nil {
			found = append(found, Window{s, id, strings.TrimSuffix(title, "\n")})
		}
	}
	return found
}

// FindWindow returns a visible window whose title contains the given text.
func (s *Session) FindWindow(title string) (Window, bool) {
	s.t.Helper()
	for _, w := range s.Windows() {
		if strings.Contains(w.Title, title) {
			return w, true
		}
	}
	return Window{}, false
}

// WaitWindow waits for a visible window whose title contains the given text, and for it to stand still.
func (s *Session) WaitWindow(title string, limit time.Duration) Window {
	s.t.Helper()
	var found Window
	Until(s.t, limit, fmt.Sprintf("a window with %q in its title", title), func() error {
		w, ok := s.FindWindow(title)
		found = w
		if !ok {
			return fmt.Errorf("there are %d other windows: %v", len(s.Windows()), s.titles())
		}
		return nil
	})
	found.settle()
	return found
}

// WaitNoWindow waits until no visible window has the given text in its title.
func (s *Session) WaitNoWindow(title string, limit time.Duration) {
	s.t.Helper()
	Until(s.t, limit, fmt.Sprintf("the window with %q in its title to go", title), func() error {
		if w, ok := s.FindWindow(title); ok {
			return fmt.Errorf("%q is still there", w.Title)
		}
		return nil
	})
}

func (s *Session) titles() []string {
	var all []string
	for _, w := range s.Windows() {
		all = append(all, w.Title)
	}
	return all
}

// Bounds returns where the window's content lies on the screen, without its frame.
func (w Window) Bounds() image.Rectangle {
	w.s.t.Helper()
	bounds, err := w.bounds()
	if err != nil {
		w.s.t.Fatal(err)
	}
	return bounds
}

func (w Window) bounds() (image.Rectangle, error) {
	out, err := w.s.run("xdotool", "getwindowgeometry", "--shell", w.ID)
	if err != nil {
		return image.Rectangle{}, err
	}
	values := map[string]int{}
	for line := range strings.Lines(out) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		values[name], _ = strconv.Atoi(value)
	}
	return image.Rect(0, 0, values["WIDTH"], values["HEIGHT"]).Add(image.Pt(values["X"], values["Y"])), nil
}

// Place moves and resizes the window; the window manager may keep it off its own borders.
func (w Window) Place(to image.Rectangle) {
	w.s.t.Helper()
	w.s.mustRun("xdotool", "windowsize", w.ID, strconv.Itoa(to.Dx()), strconv.Itoa(to.Dy()),
		"windowmove", w.ID, strconv.Itoa(to.Min.X), strconv.Itoa(to.Min.Y))
	w.settle()
}

// Raise puts the window before all others and gives it the focus.
func (w Window) Raise() {
	w.s.t.Helper()
	w.s.mustRun("xdotool", "windowactivate", w.ID)
}

// Close asks the window to close, as the button in its frame does.
func (w Window) Close() {
	w.s.t.Helper()
	w.s.mustRun("wmctrl", "-i", "-c", w.ID)
}

// Screenshot writes the window as a PNG file.
func (w Window) Screenshot(path string) {
	w.s.t.Helper()
	w.s.capture(w.ID, path)
}

// Picture returns a picture of the window.
func (w Window) Picture() *image.NRGBA {
	w.s.t.Helper()
	return w.s.picture(w.ID)
}

// settle waits until the window has kept its place for three looks.
func (w Window) settle() {
	w.s.t.Helper()
	var last image.Rectangle
	same := 0
	Until(w.s.t, 5*time.Second, fmt.Sprintf("window %q to stand still", w.Title), func() error {
		now, err := w.bounds()
		if err != nil {
			return err
		}
		if now != last {
			last, same = now, 0
		}
		if same++; same < 3 {
			time.Sleep(2 * pollEvery)
			return fmt.Errorf("it is at %v", now)
		}
		return nil
	})
}

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// screen is an X server that draws into memory, and a home folder with settings, for a Vitrine with a window that finds
// nothing of the desktop the benchmark was started from.
type screen struct {
	env     []string // of the programs on it
	runtime string   // $XDG_RUNTIME_DIR: not in the server's folder, since the path of a socket has at most 107 bytes
	cmd     *exec.Cmd
}

// openScreen returns a screen for a drive at a place.
func openScreen(p place) (*screen, error) {
	home := filepath.Join(p.scratch, "home")
	settings := fmt.Sprintf("version = 1\nbacking = %q\nmount_point = %q\nmount_on_start = true\nshow_folder = false\n", p.backing, p.mount)
	if err := writeSettings(home, settings); err != nil {
		return nil, err
	}
	runtime, err := os.MkdirTemp("", folderName(os.Getpid()))
	if err != nil {
		return nil, err
	}
	s := &screen{runtime: runtime}
	display, err := s.startX()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("Xvfb, which the window is shown on, did not start: %w", err), os.Remove(runtime))
	}
	nobody := "unix:path=" + filepath.Join(runtime, "no-bus")
	s.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "XDG_RUNTIME_DIR=" + runtime, "DISPLAY=:" + display, "LANG=C.UTF-8",
		"DBUS_SESSION_BUS_ADDRESS=" + nobody, "DBUS_SYSTEM_BUS_ADDRESS=" + nobody, "NO_AT_BRIDGE=1",
	}
	return s, nil
}

func writeSettings(home, settings string) error {
	file := filepath.Join(home, ".config", "vitrine", "config.toml")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(settings), 0o600)
}

// startX starts the X server and returns its number, which it says once it can be used.
func (s *screen) startX() (number string, err error) {
	said, say, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer said.Close()
	cmd := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-noreset", "+extension", "GLX")
	cmd.ExtraFiles = []*os.File{say}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	err = cmd.Start()
	say.Close()
	if err != nil {
		return "", err
	}
	s.cmd = cmd
	if _, err := fmt.Fscan(said, &number); err != nil {
		return "", errors.Join(cmd.Wait(), err)
	}
	return number, nil
}

// shows reports whether a window is visible.
func (s *screen) shows() bool {
	search := exec.Command("xdotool", "search", "--onlyvisible", "--name", "Vitrine")
	search.Env = s.env
	found, err := search.Output()
	return err == nil && strings.TrimSpace(string(found)) != ""
}

func (s *screen) close() {
	s.cmd.Process.Signal(syscall.SIGTERM)
	s.cmd.Wait()
	os.RemoveAll(s.runtime)
}

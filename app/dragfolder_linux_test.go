package main

import (
	"fmt"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"vitrine/app/internal/desktop"
)

// TestDragFolder drags a folder with folders in it from one file manager window into the drive in another.
func TestDragFolder(t *testing.T) {
	s, p, item := startDesktop(t, `mount_point = "~/Drive"`)
	mountPoint := filepath.Join(s.Home, "Drive")
	check(t, os.Mkdir(mountPoint, 0o755))
	first(t, item, "Mount")
	check(t, item.Click("Mount"))
	waitMounted(t, mountPoint, true)

	source := filepath.Join(s.Home, "Holidays")
	album := filepath.Join(source, "album")
	for day := range 5 {
		folder := filepath.Join(album, fmt.Sprintf("day %d", day), "pictures")
		check(t, os.MkdirAll(folder, 0o755))
		for n := range 40 {
			write(t, filepath.Join(folder, fmt.Sprintf("pïcture %d.jpg", n)), strings.Repeat(fmt.Sprint(day, n), 20_000))
		}
	}
	from := s.StartFileManager(source)
	from.Place(image.Rect(10, 10, 420, 370))
	into := s.StartFileManager(mountPoint)
	into.Place(image.Rect(10, 400, 420, 760))
	from.Raise()
	into.Raise()
	s.Drag(from.FirstIcon(), into.Bounds().Min.Add(into.Bounds().Size().Div(2)))

	arrived := filepath.Join(s.Home, ".local/share/vitrine/files/album")
	arrives := func() error {
		out, err := exec.Command("diff", "-r", album, arrived).CombinedOutput()
		if err != nil {
			err = fmt.Errorf("%w: %.300s", err, out)
		}
		return err
	}
	desktop.Until(t, soon, "the album to arrive", arrives)
	p.Signal(syscall.SIGTERM)
	if exit := p.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d", exit)
	}
	waitMounted(t, mountPoint, false)
	check(t, arrives())
}

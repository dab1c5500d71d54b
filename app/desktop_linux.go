package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"vitrine/app/config/failure"
)

// display reports why no window can be shown, nil where one can.
func display() error {
	if name := os.Getenv("DISPLAY"); name != "" {
		return dialX(name)
	}
	name := os.Getenv("WAYLAND_DISPLAY")
	if name == "" {
		return errors.New("neither DISPLAY nor WAYLAND_DISPLAY is set")
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), name)
	}
	return dial("unix", name)
}

// dialX tries the X server of a DISPLAY such as ":0", "unix:0.1" or "host:10.0"; see X(7), DISPLAY NAMES.
func dialX(name string) error {
	i := strings.LastIndexByte(name, ':')
	if i < 0 {
		return fmt.Errorf("DISPLAY is %q, which names no display", name)
	}
	host := name[:i]
	number, _, _ := strings.Cut(name[i+1:], ".")
	if host != "" && host != "unix" {
		var port int
		if _, err := fmt.Sscan(number, &port); err != nil {
			return fmt.Errorf("DISPLAY is %q, which names no display", name)
		}
		return dial("tcp", fmt.Sprintf("%s:%d", host, 6000+port))
	}
	path := "/tmp/.X11-unix/X" + number
	if dial("unix", "@"+path) == nil {
		return nil
	}
	return dial("unix", path)
}

func dial(network, address string) error {
	conn, err := net.Dial(network, address)
	if err != nil {
		return err
	}
	return conn.Close()
}

// trayHost reports why there can be no tray icon, nil where there can: a session bus on which something shows
// StatusNotifierItems.
func trayHost() error {
	bus, err := sessionBus()
	if err != nil {
		return err
	}
	defer bus.Close()
	ctx, stop := context.WithTimeout(context.Background(), busPatience)
	defer stop()
	const watcher = "org.kde.StatusNotifierWatcher"
	var shown dbus.Variant
	err = bus.Object(watcher, "/StatusNotifierWatcher").CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0,
		watcher, "IsStatusNotifierHostRegistered").Store(&shown)
	if err != nil || shown.Value() != true {
		return failure.Textf("this desktop shows none")
	}
	return nil
}

// busPatience is how long the session bus, and who is on it, may take to answer.
const busPatience = 5 * time.Second

// sessionBus opens a connection of its own to the person's session bus.
func sessionBus() (*dbus.Conn, error) {
	address := os.Getenv("DBUS_SESSION_BUS_ADDRESS")
	if address == "" {
		address = "unix:path=" + filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "bus")
	}
	ctx, giveUp := context.WithCancel(context.Background()) // lives as long as the connection
	late := time.AfterFunc(busPatience, giveUp)
	bus, err := dbus.Connect(address, dbus.WithContext(ctx))
	switch {
	case late.Stop() && err == nil:
		return bus, nil
	case ctx.Err() != nil:
		return nil, failure.Textf("the session bus does not answer")
	}
	giveUp()
	return nil, failure.Textf("there is no session bus")
}

// openFolder shows a folder in the file manager.
func openFolder(folder string) error {
	said, err := exec.Command("xdg-open", folder).CombinedOutput()
	if text := strings.TrimSpace(string(said)); err != nil && text != "" {
		return errors.New(text)
	}
	if errors.Is(err, exec.ErrNotFound) {
		return failure.Textf("the program %s, which does that, was not found", "xdg-open")
	}
	return err
}

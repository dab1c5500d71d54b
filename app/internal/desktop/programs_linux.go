package desktop

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"time"

	"github.com/godbus/dbus/v5"
)

const startup = 20 * time.Second // a program's first window, on a busy machine

// busConfig lets everybody talk to everybody, and starts no service but the one the panel has its settings from.
const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=%s</listen>
  <servicedir>%s</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`

// StartBus starts a private session bus.
func (s *Session) StartBus() {
	s.t.Helper()
	services := filepath.Join(s.RuntimeDir, "services")
	if err := os.Mkdir(services, 0o700); err != nil {
		s.t.Fatal(err)
	}
	const settings = "org.xfce.Xfconf.service"
	if err := os.Symlink("/usr/share/dbus-1/services/"+settings, filepath.Join(services, settings)); err != nil {
		s.t.Fatal(err)
	}
	s.Bus = s.startBus("bus", services)
}

// StartSystemBus starts a private bus in place of the system's. Nothing is on it.
func (s *Session) StartSystemBus() {
	s.t.Helper()
	s.System = s.startBus("system-bus", s.Home)
}

func (s *Session) startBus(name, services string) (address string) {
	s.t.Helper()
	config := filepath.Join(s.RuntimeDir, name+".conf")
	text := fmt.Sprintf(busConfig, filepath.Join(s.RuntimeDir, name), services)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return s.startAnnounced("dbus-daemon", "--config-file="+config, "--nofork", "--nopidfile", "--print-address=3")
}

// connect opens a connection to a bus of the session.
func (s *Session) connect(bus string) *dbus.Conn {
	s.t.Helper()
	if bus == "" {
		s.t.Fatal("the session has no such bus: start it first")
	}
	conn, err := dbus.Connect(bus)
	if err != nil {
		s.t.Fatalf("cannot connect to the bus: %v", err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// StartWindowManager starts openbox and waits until it manages the display.
func (s *Session) StartWindowManager() *Process {
	s.t.Helper()
	p := s.Start("openbox")
	Until(s.t, startup, "the window manager", func() error {
		_, err := s.run("wmctrl", "-m")
		return err
	})
	return p
}

const panelConfig = `<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="32"/>
      <property name="plugin-ids" type="array">
        <value type="int" value="2"/>
        <value type="int" value="1"/>
      </property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="tasklist"/>
    <property name="plugin-2" type="string" value="systray">
      <property name="square-icons" type="bool" value="true"/>
    </property>
  </property>
</channel>
`

// StartPanel starts xfce4-panel along the top of the screen, tray icons at its left end, and waits until it takes them.
// It needs a bus, a display and a window manager, and cannot run beside a Host.
func (s *Session) StartPanel() *Process {
	s.t.Helper()
	s.WriteFile(".config/xfce4/xfconf/xfce-perchannel-xml/xfce4-panel.xml", panelConfig)
	conn := s.connect(s.Bus)
	p := s.Start("xfce4-panel", "--disable-wm-check")
	Until(s.t, startup, "the panel to take tray icons", func() error {
		var owned bool
		err := conn.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, watcherName).Store(&owned)
		if err == nil && !owned {
			err = errors.New("nobody does")
		}
		return err
	})
	return p
}

const fileManagerConfig = `[config]
bm_open_method=0

[volume]
mount_on_startup=0
mount_removable=0

[ui]
always_show_tabs=0
win_width=480
win_height=400
side_pane_mode=hidden;places;
view_mode=icon
show_hidden=0
sort=name;ascending;
show_statusbar=0
`

const libfmConfig = `[config]
single_click=0
use_trash=0
confirm_del=0
quick_exec=1

[ui]
big_icon_size=48
show_thumbnail=0
`

// StartFileManager shows a folder in a pcmanfm window. It needs a display and a window manager.
func (s *Session) StartFileManager(folder string) Window {
	s.t.Helper()
	s.WriteFile(".config/pcmanfm/default/pcmanfm.conf", fileManagerConfig)
	s.WriteFile(".config/libfm/libfm.conf", libfmConfig)
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		s.t.Fatalf("%s is not a folder (%v)", folder, err)
	}
	s.Start("pcmanfm", "--new-win", folder)
	return s.WaitWindow(filepath.Base(folder), startup)
}

// FirstIcon returns where a window of the file manager shows the icon of its first file.
func (w Window) FirstIcon() image.Point {
	w.s.t.Helper()
	var icon image.Point
	Until(w.s.t, startup, fmt.Sprintf("a file in window %q", w.Title), func() (err error) {
		icon, err = firstIcon(w.Picture())
		return err
	})
	return icon.Add(w.Bounds().Min)
}

// firstIcon finds the first drawing on the white ground below the bars of a file manager's window.
func firstIcon(picture *image.NRGBA) (image.Point, error) {
	const iconHeight, inside, margin = 48, 18, 5
	end := picture.Bounds().Max
	top, white := 0, 0
	for ; top < end.Y; top++ { // a bevel between two bars is white too, but not as high as the margin above a file
		if leftmost(picture, top) == end.X {
			white++
		} else if white >= margin {
			break
		} else {
			white = 0
		}
	}
	left := end.X
	for y := top; y < min(top+iconHeight, end.Y); y++ {
		left = min(left, leftmost(picture, y))
	}
	if top+iconHeight > end.Y || left == frame {
		return image.Point{}, errors.New("it shows none")
	}
	return image.Pt(left+inside, top+inside), nil
}

// frame is how much of a window's sides may be drawn as its border.
const frame = 3

// leftmost returns where a row has its first pixel that is not white, the row's end where there is none.
func leftmost(picture *image.NRGBA, y int) int {
	end := picture.Bounds().Max.X
	for x := frame; x < end-frame; x++ {
		if picture.NRGBAAt(x, y) != (color.NRGBA{255, 255, 255, 255}) {
			return x
		}
	}
	return end
}

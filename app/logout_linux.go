package main

import (
	"context"
	"os"
	"sync"

	"github.com/godbus/dbus/v5"

	"vitrine/fusefs"
)

// The login manager of the system; see org.freedesktop.login1(5).
const (
	loginName    = "org.freedesktop.login1"
	loginPath    = dbus.ObjectPath("/org/freedesktop/login1")
	loginManager = "org.freedesktop.login1.Manager"
)

// logout delays a shutdown while the drive is mounted, and ejects before it goes on. Without a login manager it does
// nothing.
type logout struct {
	eject   func(ctx context.Context, force bool) error
	begin   sync.Once
	mounted chan bool // the newest that was not looked at
	done    chan struct{}
}

func newLogout(eject func(ctx context.Context, force bool) error) *logout {
	return &logout{eject: eject, mounted: make(chan bool, 1), done: make(chan struct{})}
}

// follow is told every status of the drive, in order.
func (l *logout) follow(s fusefs.Status) {
	mounted := s.State == fusefs.Mounted || s.State == fusefs.Ejecting
	if mounted {
		l.begin.Do(func() { go l.run() })
	}
	select {
	case <-l.mounted:
	default:
	}
	l.mounted <- mounted
}

func (l *logout) close() { close(l.done) }

// run speaks with the login manager until close.
func (l *logout) run() {
	bus, err := dbus.ConnectSystemBus()
	if err != nil {
		return
	}
	defer bus.Close()
	heard := make(chan *dbus.Signal, 4)
	bus.Signal(heard)
	err = bus.AddMatchSignal(dbus.WithMatchInterface(loginManager), dbus.WithMatchMember("PrepareForShutdown"), dbus.WithMatchObjectPath(loginPath))
	if err != nil {
		return
	}
	var delay *os.File // open while the shutdown is delayed
	defer func() { delayed(bus, delay, false) }()
	for {
		select {
		case mounted := <-l.mounted:
			delay = delayed(bus, delay, mounted)
		case s := <-heard:
			if s == nil { // the bus is gone
				return
			}
			if len(s.Body) == 1 && s.Body[0] == true && delay != nil {
				ejectBefore(l.eject, politely)
				delay = delayed(bus, delay, false)
			}
		case <-l.done:
			return
		}
	}
}

// delayed takes or lets go of what delays a shutdown, so that one is held as long as the drive is mounted.
func delayed(bus *dbus.Conn, delay *os.File, mounted bool) *os.File {
	switch {
	case mounted && delay == nil:
		var fd dbus.UnixFD
		err := bus.Object(loginName, loginPath).Call(loginManager+".Inhibit", 0,
			"shutdown", "Vitrine", "What programs saved is written to disk, and the drive is ejected", "delay").Store(&fd)
		if err != nil {
			return nil
		}
		return os.NewFile(uintptr(fd), "inhibitor")
	case !mounted && delay != nil:
		delay.Close()
		return nil
	}
	return delay
}

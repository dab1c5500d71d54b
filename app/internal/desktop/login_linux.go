package desktop

import (
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/godbus/dbus/v5"
)

const (
	loginName = "org.freedesktop.login1"
	loginPath = dbus.ObjectPath("/org/freedesktop/login1")
)

// LoginManager stands in for the one that shuts the machine down.
type LoginManager struct {
	s    *Session
	conn *dbus.Conn

	delays atomic.Int32 // how many programs delay a shutdown
}

// StartLoginManager takes the login manager's place on the session's system bus.
func (s *Session) StartLoginManager() *LoginManager {
	s.t.Helper()
	m := &LoginManager{s: s, conn: s.connect(s.System)}
	if err := m.conn.ExportMethodTable(map[string]any{"Inhibit": m.inhibit}, loginPath, loginName+".Manager"); err != nil {
		s.t.Fatal(err)
	}
	reply, err := m.conn.RequestName(loginName, dbus.NameFlagDoNotQueue)
	if err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		s.t.Fatalf("cannot stand in for the login manager: %v", err)
	}
	return m
}

// inhibit answers with an end of a pipe; whoever asked holds the shutdown until it is closed.
func (m *LoginManager) inhibit(what, _, _, mode string) (dbus.UnixFD, *dbus.Error) {
	if what != "shutdown" || mode != "delay" {
		return 0, dbus.MakeFailedError(fmt.Errorf("%s is not to be inhibited by %s here", what, mode))
	}
	seen, given, err := os.Pipe()
	if err != nil {
		return 0, dbus.MakeFailedError(err)
	}
	m.delays.Add(1)
	go func() {
		defer seen.Close()
		_, _ = seen.Read(make([]byte, 1)) // ends when every copy of the other end is closed
		m.delays.Add(-1)
	}()
	fd := dbus.UnixFD(given.Fd())
	time.AfterFunc(time.Second, func() { given.Close() }) // once it was sent
	return fd, nil
}

// Delays returns how many programs delay a shutdown.
func (m *LoginManager) Delays() int { return int(m.delays.Load()) }

// Shutdown tells all programs that the machine is to shut down.
func (m *LoginManager) Shutdown() {
	m.s.t.Helper()
	if err := m.conn.Emit(loginPath, loginName+".Manager.PrepareForShutdown", true); err != nil {
		m.s.t.Fatal(err)
	}
}

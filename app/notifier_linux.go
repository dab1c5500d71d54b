package main

import (
	"context"
	"html"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"
)

// The notification server of the desktop; see its specification at freedesktop.org.
const (
	serverName = "org.freedesktop.Notifications"
	serverPath = dbus.ObjectPath("/org/freedesktop/Notifications")
)

// desktopNotifier shows notices through the session bus. One goroutine speaks with the server.
type desktopNotifier struct {
	orders chan func()
	done   chan struct{} // closed when the goroutine has ended
	bus    *dbus.Conn    // used by the goroutine alone, as is all below up to mu
	heard  chan *dbus.Signal
	shown  map[noticeKind]shownNotice
	ending bool

	mu   sync.Mutex // guards all below
	caps []string   // what the server can do, nil where there is none
}

// shownNotice is a notice that the server shows.
type shownNotice struct {
	id      uint32
	actions []noticeAction
}

// newNotifier returns at once, and connects to the notification server meanwhile. Where there is none nothing is shown.
func newNotifier() notifier {
	n := &desktopNotifier{
		orders: make(chan func(), 64), done: make(chan struct{}), heard: make(chan *dbus.Signal, 16), shown: map[noticeKind]shownNotice{},
	}
	n.order(func() { n.askServer() })
	go n.run()
	return n
}

// run carries out orders and answers clicks until close, where there is a bus.
func (n *desktopNotifier) run() {
	defer close(n.done)
	bus, err := sessionBus()
	if err != nil {
		return
	}
	defer bus.Close()
	n.bus = bus
	bus.Signal(n.heard)
	if bus.AddMatchSignal(dbus.WithMatchInterface(serverName), dbus.WithMatchObjectPath(serverPath)) != nil {
		return
	}
	for !n.ending {
		select {
		case order := <-n.orders:
			order()
		case s := <-n.heard:
			if s == nil { // the bus is gone
				n.heard = nil
				n.setCaps(nil)
				continue
			}
			n.answer(s)
		}
	}
}

func (n *desktopNotifier) setCaps(caps []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.caps = caps
}

func (n *desktopNotifier) reach() (shown, actions bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.caps != nil, slices.Contains(n.caps, "actions")
}

// askServer asks what the server can do; it may have come up, or gone, since the last time.
func (n *desktopNotifier) askServer() (caps []string) {
	if n.call("GetCapabilities").Store(&caps) != nil {
		caps = nil
	} else if caps == nil {
		caps = []string{}
	}
	n.setCaps(caps)
	return caps
}

func (n *desktopNotifier) call(method string, args ...any) *dbus.Call {
	ctx, stop := context.WithTimeout(context.Background(), busPatience)
	defer stop()
	return n.bus.Object(serverName, serverPath).CallWithContext(ctx, serverName+"."+method, 0, args...)
}

// order has something done by the goroutine. Where that is far behind, as with a server that does not answer, it is left out.
func (n *desktopNotifier) order(f func()) {
	select {
	case n.orders <- f:
	default:
	}
}

func (n *desktopNotifier) show(note notice) { n.order(func() { n.showNow(note) }) }

func (n *desktopNotifier) showNow(note notice) {
	caps := n.askServer()
	if caps == nil {
		return
	}
	body := note.body
	if slices.Contains(caps, "body-markup") {
		body = html.EscapeString(body)
	}
	actions := []string{}
	if slices.Contains(caps, "actions") {
		for i, a := range note.actions {
			actions = append(actions, actionKey(i), a.label)
		}
	}
	urgency := byte(1)
	if note.urgent {
		urgency = 2
	}
	hints := map[string]dbus.Variant{"desktop-entry": dbus.MakeVariant(appID), "urgency": dbus.MakeVariant(urgency)}
	var id uint32
	err := n.call("Notify", "Vitrine", n.shown[note.kind].id, appID, note.title, body, actions, hints, int32(-1)).Store(&id)
	if err == nil {
		n.shown[note.kind] = shownNotice{id, note.actions}
	}
}

// actionKey names an action to the server. A click on the notice itself is the first action.
func actionKey(i int) string {
	if i == 0 {
		return "default"
	}
	return strconv.Itoa(i)
}

func (n *desktopNotifier) withdraw(kind noticeKind) {
	n.order(func() {
		if s, ok := n.shown[kind]; ok {
			delete(n.shown, kind)
			n.call("CloseNotification", s.id)
		}
	})
}

// answer does what was clicked on, and forgets a notice that is no longer shown.
func (n *desktopNotifier) answer(s *dbus.Signal) {
	var id uint32
	if len(s.Body) != 2 || dbus.Store(s.Body[:1], &id) != nil {
		return
	}
	for kind, shown := range n.shown {
		if shown.id != id {
			continue
		}
		switch s.Name {
		case serverName + ".NotificationClosed":
			delete(n.shown, kind)
		case serverName + ".ActionInvoked":
			for i, a := range shown.actions {
				if s.Body[1] == actionKey(i) {
					a.do()
				}
			}
		}
	}
}

// close ends the notifier after what was ordered before, unless the server does not answer.
func (n *desktopNotifier) close() {
	n.order(func() { n.ending = true })
	select {
	case <-n.done:
	case <-time.After(busPatience):
	}
}

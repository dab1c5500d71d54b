package desktop

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"
)

const (
	watcherName = "org.kde.StatusNotifierWatcher"
	watcherPath = dbus.ObjectPath("/StatusNotifierWatcher")
	itemName    = "org.kde.StatusNotifierItem"
	itemPath    = dbus.ObjectPath("/StatusNotifierItem")
	notesName   = "org.freedesktop.Notifications"
	notesPath   = dbus.ObjectPath("/org/freedesktop/Notifications")
)

// Host stands in for the panel: tray icons register with it, and notifications go to it.
type Host struct {
	s     *Session
	conn  *dbus.Conn
	props *prop.Properties

	mu    sync.Mutex // guards the fields below
	items []*Item
	taken int // items that WaitItem has returned
	notes []Notification
}

// Notification is what a program wanted to tell the person.
type Notification struct {
	App, Summary, Body string
}

// StartHost takes the panel's place on the session's bus.
func (s *Session) StartHost() *Host {
	s.t.Helper()
	h := &Host{s: s, conn: s.connect()}
	for _, err := range []error{h.exportWatcher(), h.exportNotifications(), h.own(notesName)} {
		if err != nil {
			s.t.Fatalf("cannot stand in for the panel: %v", err)
		}
	}
	h.Return()
	return h
}

func (h *Host) exportWatcher() error {
	methods := map[string]any{
		"RegisterStatusNotifierItem": h.register,
		"RegisterStatusNotifierHost": func(string) *dbus.Error { return nil },
	}
	if err := h.conn.ExportMethodTable(methods, watcherPath, watcherName); err != nil {
		return err
	}
	props, err := prop.Export(h.conn, watcherPath, prop.Map{watcherName: {
		"IsStatusNotifierHostRegistered": {Value: true},
		"ProtocolVersion":                {Value: int32(0)},
		"RegisteredStatusNotifierItems":  {Value: []string{}, Emit: prop.EmitTrue},
	}})
	h.props = props
	return err
}

func (h *Host) exportNotifications() error {
	return h.conn.ExportMethodTable(map[string]any{
		"Notify":            h.notify,
		"CloseNotification": func(uint32) *dbus.Error { return nil },
		"GetCapabilities":   func() ([]string, *dbus.Error) { return []string{"body"}, nil },
		"GetServerInformation": func() (name, vendor, version, spec string, err *dbus.Error) {
			return "host", "vitrine", "1", "1.2", nil
		},
	}, notesPath, notesName)
}

func (h *Host) own(name string) error {
	reply, err := h.conn.RequestName(name, dbus.NameFlagDoNotQueue)
	if err == nil && reply != dbus.RequestNameReplyPrimaryOwner {
		err = errors.New("another program owns " + name)
	}
	return err
}

func (h *Host) register(sender dbus.Sender, service string) *dbus.Error {
	item := &Item{conn: h.conn, dest: string(sender), path: itemPath}
	if strings.HasPrefix(service, "/") {
		item.path = dbus.ObjectPath(service)
	} else if service != "" {
		item.dest = service
	}
	h.mu.Lock()
	h.items = append(h.items, item)
	var all []string
	for _, i := range h.items {
		all = append(all, i.dest+string(i.path))
	}
	h.mu.Unlock()
	h.props.SetMust(watcherName, "RegisteredStatusNotifierItems", all)
	return nil
}

func (h *Host) notify(app string, _ uint32, _, summary, body string, _ []string, _ map[string]dbus.Variant, _ int32) (uint32, *dbus.Error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.notes = append(h.notes, Notification{app, summary, body})
	return uint32(len(h.notes)), nil
}

// Leave makes the panel's place empty, as when it crashes. Icons that registered are forgotten.
func (h *Host) Leave() {
	h.s.t.Helper()
	if _, err := h.conn.ReleaseName(watcherName); err != nil {
		h.s.t.Fatal(err)
	}
	h.mu.Lock()
	h.items, h.taken = nil, 0
	h.mu.Unlock()
	h.props.SetMust(watcherName, "RegisteredStatusNotifierItems", []string{})
}

// Return takes the panel's place again. Programs are to register their icons anew: see WaitItem.
func (h *Host) Return() {
	h.s.t.Helper()
	if err := h.own(watcherName); err != nil {
		h.s.t.Fatalf("cannot stand in for the panel: %v", err)
	}
}

// WaitItem waits for the next tray icon to register.
func (h *Host) WaitItem(limit time.Duration) *Item {
	h.s.t.Helper()
	var item *Item
	Until(h.s.t, limit, "a program to register its tray icon", func() error {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.taken == len(h.items) {
			return fmt.Errorf("%d have registered so far", h.taken)
		}
		item = h.items[h.taken]
		h.taken++
		return nil
	})
	return item
}

// Notifications returns every notification so far, oldest first.
func (h *Host) Notifications() []Notification {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]Notification(nil), h.notes...)
}

// WaitNotification waits for a notification whose summary or body contains text.
func (h *Host) WaitNotification(text string, limit time.Duration) Notification {
	h.s.t.Helper()
	var found Notification
	Until(h.s.t, limit, fmt.Sprintf("a notification with %q", text), func() error {
		all := h.Notifications()
		for _, found = range all {
			if strings.Contains(found.Summary+"\n"+found.Body, text) {
				return nil
			}
		}
		return fmt.Errorf("there were %q", all)
	})
	return found
}

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
	open  map[uint32][]string // buttons of the notifications that are shown, key and label in turn, by number
	able  []string            // what notifications can have
}

// Notification is what a program wanted to tell the person.
type Notification struct {
	App, Summary, Body string
}

// Offer lets notifications have more than a body from now on, such as "actions".
func (h *Host) Offer(able ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.able = able
}

// StartHost takes the panel's place on the session's bus.
func (s *Session) StartHost() *Host {
	s.t.Helper()
	h := &Host{s: s, conn: s.connect(s.Bus)}
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
		"CloseNotification": h.closeNote,
		"GetCapabilities":   h.capabilities,
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

func (h *Host) capabilities() ([]string, *dbus.Error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string{"body"}, h.able...), nil
}

func (h *Host) notify(app string, replaces uint32, _, summary, body string, actions []string, _ map[string]dbus.Variant, _ int32) (uint32, *dbus.Error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.notes = append(h.notes, Notification{app, summary, body})
	id := uint32(len(h.notes))
	if replaces != 0 {
		id = replaces
	}
	if h.open == nil {
		h.open = map[uint32][]string{}
	}
	h.open[id] = actions
	return id, nil
}

func (h *Host) closeNote(id uint32) *dbus.Error {
	h.mu.Lock()
	delete(h.open, id)
	h.mu.Unlock()
	h.emit("NotificationClosed", id, uint32(3))
	return nil
}

func (h *Host) emit(name string, values ...any) {
	if err := h.conn.Emit(notesPath, notesName+"."+name, values...); err != nil {
		h.s.t.Error(err)
	}
}

// Shown returns how many notifications are shown now.
func (h *Host) Shown() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.open)
}

// Press waits for a notification with a button of that label, and presses it.
func (h *Host) Press(label string, limit time.Duration) {
	h.s.t.Helper()
	Until(h.s.t, limit, fmt.Sprintf("a notification with the button %q", label), func() error {
		id, key := h.button(label)
		if key == "" {
			return fmt.Errorf("%d are shown", h.Shown())
		}
		h.emit("ActionInvoked", id, key)
		return nil
	})
}

// button finds a button of a notification that is shown, key "" where there is none.
func (h *Host) button(label string) (id uint32, key string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, actions := range h.open {
		for i := 1; i < len(actions); i += 2 {
			if actions[i] == label {
				return id, actions[i-1]
			}
		}
	}
	return 0, ""
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

package desktop

import (
	"fmt"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

const menuName = "com.canonical.dbusmenu"

// Entry is one line of a tray menu.
type Entry struct {
	ID        int32
	Label     string
	Enabled   bool
	Checked   bool
	Separator bool
	Children  []Entry
}

// layout is an entry as D-Bus has it.
type layout struct {
	ID       int32
	Props    map[string]dbus.Variant
	Children []dbus.Variant
}

func (l layout) entry() (Entry, error) {
	e := Entry{ID: l.ID, Enabled: true}
	e.Label, _ = l.Props["label"].Value().(string)
	if enabled, ok := l.Props["enabled"].Value().(bool); ok {
		e.Enabled = enabled
	}
	e.Checked = l.Props["toggle-state"].Value() == int32(1)
	e.Separator = l.Props["type"].Value() == "separator"
	for _, child := range l.Children {
		var c layout
		if err := dbus.Store([]any{child.Value()}, &c); err != nil {
			return e, fmt.Errorf("tray menu: entry below %q: %w", e.Label, err)
		}
		entry, err := c.entry()
		if err != nil {
			return e, err
		}
		e.Children = append(e.Children, entry)
	}
	return e, nil
}

// Find returns the entry with the given label, in any submenu.
func (e Entry) Find(label string) (Entry, bool) {
	if e.Label == label && !e.Separator && e.ID != 0 {
		return e, true
	}
	for _, child := range e.Children {
		if found, ok := child.Find(label); ok {
			return found, true
		}
	}
	return Entry{}, false
}

// Labels returns the labels of all entries that are no separators, in order.
func (e Entry) Labels() []string {
	var all []string
	for _, child := range e.Children {
		if !child.Separator {
			all = append(all, child.Label)
		}
		all = append(all, child.Labels()...)
	}
	return all
}

// Menu reads the icon's whole menu.
func (i *Item) Menu() (Entry, error) {
	path, err := i.menuPath()
	if err != nil {
		return Entry{}, err
	}
	var revision uint32
	var root layout
	call := i.call(path, menuName+".GetLayout", int32(0), int32(-1), []string{})
	if err := call.Store(&revision, &root); err != nil {
		return Entry{}, fmt.Errorf("tray menu: %w", err)
	}
	return root.entry()
}

func (i *Item) menuPath() (path dbus.ObjectPath, err error) {
	return path, i.property("Menu", &path)
}

// Click reads the menu and clicks the entry with that label.
func (i *Item) Click(label string) error {
	menu, err := i.Menu()
	if err != nil {
		return err
	}
	entry, ok := menu.Find(label)
	switch {
	case !ok:
		return fmt.Errorf("tray menu: no entry %q; there are: %s", label, strings.Join(menu.Labels(), ", "))
	case !entry.Enabled:
		return fmt.Errorf("tray menu: entry %q cannot be clicked now", label)
	}
	path, err := i.menuPath()
	if err != nil {
		return err
	}
	err = i.call(path, menuName+".Event", entry.ID, "clicked", dbus.MakeVariant(int32(0)), uint32(time.Now().Unix())).Err
	if err != nil && !i.Alive() {
		return nil // a program that ends by the click need not answer
	}
	return err
}

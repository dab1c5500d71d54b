package desktop

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/color"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

// callLimit is how long a program may take to answer the panel.
const callLimit = 5 * time.Second

// Item is a tray icon, as the panel sees it. Its methods ask the program each time, and return an error where it does
// not answer as a panel needs it.
type Item struct {
	conn *dbus.Conn
	dest string
	path dbus.ObjectPath
}

// Icon is the picture in the tray. Equal pictures have equal digests.
type Icon struct {
	*image.NRGBA
	Digest string
}

// Center returns the colour in the middle of the icon.
func (i Icon) Center() color.NRGBA {
	b := i.Bounds()
	return i.NRGBAAt((b.Min.X+b.Max.X)/2, (b.Min.Y+b.Max.Y)/2)
}

func (i *Item) call(path dbus.ObjectPath, method string, args ...any) *dbus.Call {
	ctx, cancel := context.WithTimeout(context.Background(), callLimit)
	defer cancel()
	return i.conn.Object(i.dest, path).CallWithContext(ctx, method, 0, args...)
}

func (i *Item) property(name string, into any) error {
	var v dbus.Variant
	if err := i.call(i.path, "org.freedesktop.DBus.Properties.Get", itemName, name).Store(&v); err != nil {
		return fmt.Errorf("tray icon: %s: %w", name, err)
	}
	if err := dbus.Store([]any{v.Value()}, into); err != nil {
		return fmt.Errorf("tray icon: %s: %w", name, err)
	}
	return nil
}

// Alive says whether the program that registered the icon is still on the bus.
func (i *Item) Alive() bool {
	var alive bool
	err := i.conn.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, i.dest).Store(&alive)
	return err == nil && alive
}

// Title returns the icon's title.
func (i *Item) Title() (title string, err error) {
	return title, i.property("Title", &title)
}

// MenuOnLeftClick says whether a panel opens the menu on a left click instead of telling the program.
func (i *Item) MenuOnLeftClick() (only bool, err error) {
	return only, i.property("ItemIsMenu", &only)
}

// ToolTip returns the text shown when the pointer rests on the icon: title and description, one per line.
func (i *Item) ToolTip() (string, error) {
	var tip struct {
		IconName           string
		Icons              []pixmap
		Title, Description string
	}
	if err := i.property("ToolTip", &tip); err != nil {
		return "", err
	}
	return strings.TrimSuffix(tip.Title+"\n"+tip.Description, "\n"), nil
}

// pixmap is a picture on D-Bus: rows from the top, pixels from the left, four bytes each in the order A, R, G, B.
type pixmap struct {
	Width, Height int32
	Data          []byte
}

// Icon returns the icon's largest picture.
func (i *Item) Icon() (Icon, error) {
	var pictures []pixmap
	if err := i.property("IconPixmap", &pictures); err != nil {
		return noIcon(), err
	}
	var largest pixmap
	for _, p := range pictures {
		if p.Width > largest.Width {
			largest = p
		}
	}
	return largest.icon()
}

func noIcon() Icon { return Icon{NRGBA: &image.NRGBA{}} }

func (p pixmap) icon() (Icon, error) {
	if p.Width <= 0 || p.Height <= 0 {
		return noIcon(), errors.New("tray icon: it has no picture")
	}
	if len(p.Data) != int(p.Width)*int(p.Height)*4 {
		return noIcon(), fmt.Errorf("tray icon: %d bytes for a picture of %d×%d", len(p.Data), p.Width, p.Height)
	}
	picture := image.NewNRGBA(image.Rect(0, 0, int(p.Width), int(p.Height)))
	for at := 0; at < len(p.Data); at += 4 {
		argb := p.Data[at : at+4]
		copy(picture.Pix[at:], []byte{argb[1], argb[2], argb[3], argb[0]})
	}
	digest := sha256.Sum256(fmt.Appendf(nil, "%d×%d %s", p.Width, p.Height, p.Data))
	return Icon{picture, hex.EncodeToString(digest[:8])}, nil
}

// LeftClick clicks the icon with the left mouse button.
func (i *Item) LeftClick() error {
	return i.call(i.path, itemName+".Activate", int32(0), int32(0)).Err
}

// MiddleClick clicks the icon with the middle mouse button.
func (i *Item) MiddleClick() error {
	return i.call(i.path, itemName+".SecondaryActivate", int32(0), int32(0)).Err
}

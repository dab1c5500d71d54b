package desktop

import (
	"fmt"
	"image/color"
	"slices"
	"strings"
	"testing"
	"time"
)

const soon = 10 * time.Second

func TestHostReadsAndClicksATrayIcon(t *testing.T) {
	s := New(t)
	s.StartBus()
	host := s.StartHost()
	program := startFakeItem(s)
	item := host.WaitItem(soon)

	before := wantColor(t, item, orange)
	if before.Bounds().Dx() != 32 || before.Bounds().Dy() != 32 {
		t.Errorf("the icon has %v", before.Bounds())
	}
	wantToolTip(t, item, "At rest")
	if title, err := item.Title(); err != nil || title != "Fake" {
		t.Errorf("title %q, %v", title, err)
	}
	if menu, err := item.MenuOnLeftClick(); err != nil || menu {
		t.Errorf("menu on left click: %v, %v", menu, err)
	}

	click(t, item, "Turn violet")
	if after := wantColor(t, item, violet); after.Digest == before.Digest {
		t.Error("two pictures have one digest")
	}
	wantToolTip(t, item, "Violet now")

	if err := item.LeftClick(); err != nil {
		t.Fatal(err)
	}
	program.WaitOutput("tapped", soon)
	click(t, item, "Notify")
	if note := host.WaitNotification("Look", soon); note != (Notification{"fake", "Look", "at this"}) {
		t.Errorf("notification %+v", note)
	}
}

func TestHostReadsTheMenu(t *testing.T) {
	s := New(t)
	s.StartBus()
	host := s.StartHost()
	startFakeItem(s)
	item := host.WaitItem(soon)
	var menu Entry
	Until(t, soon, "the whole menu", func() (err error) {
		menu, err = item.Menu()
		if _, ok := menu.Find("Quit"); err == nil && !ok {
			err = fmt.Errorf("%q", menu.Labels())
		}
		return err
	})
	if got, want := menu.Labels(), []string{"Turn violet", "Check me", "Never", "More", "Notify", "Quit"}; !slices.Equal(got, want) {
		t.Errorf("labels %q, want %q", got, want)
	}
	if got := len(menu.Children); got != 6 || !menu.Children[3].Separator {
		t.Errorf("%d entries, %+v", got, menu)
	}
	if err := item.Click("Never"); err == nil || !strings.Contains(err.Error(), "cannot be clicked") {
		t.Errorf("click on a disabled entry: %v", err)
	}
	if err := item.Click("Nowhere"); err == nil || !strings.Contains(err.Error(), `no entry "Nowhere"; there are: Turn violet, Check me`) {
		t.Errorf("click on no entry: %v", err)
	}
	click(t, item, "Check me")
	Until(t, soon, "the check mark", func() error {
		menu, err := item.Menu()
		if entry, _ := menu.Find("Check me"); err == nil && !entry.Checked {
			err = fmt.Errorf("%+v", entry)
		}
		return err
	})
}

func TestItemRegistersAgainWhenThePanelComesBack(t *testing.T) {
	s := New(t)
	s.StartBus()
	host := s.StartHost()
	program := startFakeItem(s)
	first := host.WaitItem(soon)
	host.Leave()
	host.Return()
	second := host.WaitItem(soon)
	wantToolTip(t, second, "At rest")
	click(t, second, "Quit")
	if status := program.WaitExit(soon); status != 0 {
		t.Errorf("exit status %d: %s", status, program.Output())
	}
	program.WaitOutput("over", soon)
	Until(t, soon, "the icon to go", func() error {
		if first.Alive() || second.Alive() {
			return fmt.Errorf("its program is still on the bus")
		}
		return nil
	})
	if _, err := second.Icon(); err == nil {
		t.Error("a program that is over shows an icon")
	}
}

func wantColor(t *testing.T, item *Item, want color.NRGBA) (icon Icon) {
	t.Helper()
	Until(t, soon, "the icon", func() (err error) {
		icon, err = item.Icon()
		if err == nil && icon.Center() != want {
			err = fmt.Errorf("it is %v, not %v", icon.Center(), want)
		}
		return err
	})
	return icon
}

func click(t *testing.T, item *Item, label string) {
	t.Helper()
	Until(t, soon, "the entry", func() error { return item.Click(label) })
}

func wantToolTip(t *testing.T, item *Item, want string) {
	t.Helper()
	Until(t, soon, "the tooltip", func() error {
		got, err := item.ToolTip()
		if err == nil && got != want {
			err = fmt.Errorf("it is %q, not %q", got, want)
		}
		return err
	})
}

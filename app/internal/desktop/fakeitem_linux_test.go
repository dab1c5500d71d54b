package desktop

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"fyne.io/systray"
	"github.com/godbus/dbus/v5"
)

const asFakeItem = "VITRINE_TEST_FAKE_ITEM"

var (
	orange = color.NRGBA{255, 128, 0, 255}
	violet = color.NRGBA{128, 0, 255, 255}
)

func TestMain(m *testing.M) {
	if os.Getenv(asFakeItem) != "" {
		fakeItem()
		return
	}
	os.Exit(m.Run())
}

// startFakeItem runs this test binary once more, as a program with a tray icon.
func startFakeItem(s *Session) *Process {
	s.t.Helper()
	self, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = []string{asFakeItem + "=1"}
	return s.StartCmd(cmd)
}

// fakeItem is a program with an orange tray icon, which says on standard output what is done to it.
func fakeItem() {
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, syscall.SIGTERM)
	go func() { <-interrupted; systray.Quit() }()
	systray.SetOnTapped(func() { fmt.Println("tapped") })
	fakeMenu() // before Run: what is set while the library connects can be lost
	systray.Run(func() {}, func() { fmt.Println("over") })
}

func fakeMenu() {
	systray.SetIcon(square(orange))
	systray.SetTitle("Fake")
	systray.SetTooltip("At rest")
	onClick(systray.AddMenuItem("Turn violet", ""), func(*systray.MenuItem) {
		systray.SetIcon(square(violet))
		systray.SetTooltip("Violet now")
	})
	onClick(systray.AddMenuItemCheckbox("Check me", "", false), func(item *systray.MenuItem) { item.Check() })
	systray.AddMenuItem("Never", "").Disable()
	systray.AddSeparator()
	more := systray.AddMenuItem("More", "")
	onClick(more.AddSubMenuItem("Notify", ""), func(*systray.MenuItem) { notifyPerson() })
	onClick(systray.AddMenuItem("Quit", ""), func(*systray.MenuItem) { systray.Quit() })
}

func onClick(item *systray.MenuItem, do func(*systray.MenuItem)) {
	go func() {
		for range item.ClickedCh {
			do(item)
		}
	}()
}

func notifyPerson() {
	conn, err := dbus.SessionBus()
	if err != nil {
		fmt.Println(err)
		return
	}
	conn.Object(notesName, notesPath).Call(notesName+".Notify", 0, "fake", uint32(0), "", "Look", "at this",
		[]string{}, map[string]dbus.Variant{}, int32(time.Second.Milliseconds()))
}

func square(c color.Color) []byte {
	picture := image.NewNRGBA(image.Rect(0, 0, 32, 32))
	draw.Draw(picture, picture.Bounds(), image.NewUniform(c), image.Point{}, draw.Src)
	var file bytes.Buffer
	if err := png.Encode(&file, picture); err != nil {
		panic(err)
	}
	return file.Bytes()
}

package ui

import (
	"time"

	"fyne.io/systray"

	"vitrine/assets"
)

var templates = map[trayIcon]func() []byte{
	iconUnmounted: assets.TemplateUnmounted,
	iconMounted:   assets.TemplateMounted,
	iconBusy:      assets.TemplateBusy,
	iconError:     assets.TemplateError,
}

// menuBarPatience is how long the menu bar may take until it is ready.
const menuBarPatience = 3 * time.Second

// showIcon shows the icon's template in the menu bar. Fyne knows no templates of pixels: it is given the coloured icon,
// which it shows once more when the menu bar is ready, so the first template comes again after that.
func (t *tray) showIcon(icon trayIcon) {
	t.desk.SetSystemTrayIcon(iconResources[icon]())
	systray.SetTemplateIcon(templates[icon](), templates[icon]())
	if t.shown.icon == iconNone {
		time.AfterFunc(menuBarPatience, func() {
			t.ui.do(func() { systray.SetTemplateIcon(templates[t.shown.icon](), templates[t.shown.icon]()) })
		})
	}
}

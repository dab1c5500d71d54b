//go:build !darwin

package ui

func (t *tray) showIcon(icon trayIcon) { t.desk.SetSystemTrayIcon(iconResources[icon]()) }

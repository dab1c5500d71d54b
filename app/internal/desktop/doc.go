// Package desktop gives tests a desktop of their own: home folder, session bus, display, window manager, panel and file
// manager, and a stand-in for the panel that reads and clicks a tray icon over D-Bus. What it starts it also ends, so
// that nothing of a test is left running.
package desktop

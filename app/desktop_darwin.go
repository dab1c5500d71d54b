package main

import "os/exec"

// display reports why no window can be shown; macOS always has one.
func display() error { return nil }

// trayHost reports why there can be no icon in the menu bar; macOS always has room.
func trayHost() error { return nil }

// openFolder shows a folder in the Finder.
func openFolder(folder string) error { return exec.Command("open", folder).Run() }

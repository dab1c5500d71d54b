package main

import "os/exec"

// display reports why no window can be shown; Windows always has one.
func display() error { return nil }

// trayHost reports why there can be no icon in the notification area; Windows always has room.
func trayHost() error { return nil }

// openFolder shows a folder in the Explorer, whose exit status says nothing.
func openFolder(folder string) error {
	explorer := exec.Command("explorer.exe", folder)
	if err := explorer.Start(); err != nil {
		return err
	}
	go explorer.Wait()
	return nil
}

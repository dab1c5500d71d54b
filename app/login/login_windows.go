package login

import (
	"errors"

	"golang.org/x/sys/windows/registry"
)

const (
	runKey   = `Software\Microsoft\Windows\CurrentVersion\Run`
	approved = `Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run` // what the Task Manager switches
	value    = "Vitrine"
)

// Starts says whether the program starts at login: it does where it stands in the person's Run key and the Task Manager
// has not switched it off.
func Starts() (bool, error) {
	key, err := registry.OpenKey(registry.CURRENT_USER, runKey, registry.QUERY_VALUE)
	if err != nil {
		return false, unlessMissing(err)
	}
	defer key.Close()
	if _, _, err := key.GetStringValue(value); err != nil {
		return false, unlessMissing(err)
	}
	return !switchedOff(), nil
}

// switchedOff reads what the Task Manager noted: the lowest bit of the first byte means off.
func switchedOff() bool {
	key, err := registry.OpenKey(registry.CURRENT_USER, approved, registry.QUERY_VALUE)
	if err != nil {
		return false
	}
	defer key.Close()
	state, _, err := key.GetBinaryValue(value)
	return err == nil && len(state) > 0 && state[0]&1 != 0
}

// Set lets the program at that absolute path start at login, or not any more.
func Set(on bool, program string) error {
	if err := forget(approved); err != nil {
		return err
	}
	if !on {
		return forget(runKey)
	}
	key, _, err := registry.CreateKey(registry.CURRENT_USER, runKey, registry.SET_VALUE)
	if err != nil {
		return err
	}
	defer key.Close()
	return key.SetStringValue(value, `"`+program+`" --at-login`)
}

// forget removes the program's value from a key.
func forget(path string) error {
	key, err := registry.OpenKey(registry.CURRENT_USER, path, registry.SET_VALUE)
	if err != nil {
		return unlessMissing(err)
	}
	defer key.Close()
	return unlessMissing(key.DeleteValue(value))
}

func unlessMissing(err error) error {
	if errors.Is(err, registry.ErrNotExist) {
		return nil
	}
	return err
}

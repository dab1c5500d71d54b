// Package login lets Vitrine start when the person logs in. What is so is read from the system each time: the desktop's
// own settings can change it too.
package login

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// ID names the program to the system.
const ID = "app.vitrine.Vitrine"

// Starts says whether the program starts at login.
func Starts() (bool, error) {
	file, err := file()
	if err != nil {
		return false, err
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && starts(string(text)), err
}

// Set lets the program at that absolute path start at login, or not any more.
func Set(on bool, program string) error {
	file, err := file()
	if err != nil {
		return err
	}
	if !on {
		if err := os.Remove(file); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	return write(file, entry(program))
}

// write replaces a file by a whole one.
func write(file, text string) error {
	folder := filepath.Dir(file)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(folder, ".vitrine-*")
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

//go:build unix

package login

import (
	"errors"
	"io/fs"
	"os"

	"vitrine/app/config"
)

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
	return config.Replace(file, []byte(entry(program)))
}

package config

import (
	"os"
	"path/filepath"
	"testing"
)

// TestOnWindows saves paths of Windows and reads them again: a drive letter stays one.
func TestOnWindows(t *testing.T) {
	folder, err := os.MkdirTemp("", "vitrine-")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "config.toml")
	t.Cleanup(func() {
		for _, name := range []string{path, folder} {
			if err := os.Remove(name); err != nil {
				t.Error(err)
			}
		}
	})
	want := Default()
	want.Backing, want.MountPoint, want.LogFile = `C:\Users\me\My Files`, "V:", `D:\log.ndjson`
	for range 2 {
		if err := Save(path, want); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Load(path)
	if err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	if full, err := got.Expand(); err != nil || full != want {
		t.Errorf("%+v, %v", full, err)
	}
	got.MountPoint = `V:folder` // the folder that is current there
	if wrong := got.Check(); len(wrong) != 1 || wrong[0].Field != "MountPoint" {
		t.Errorf("%v", wrong)
	}
}

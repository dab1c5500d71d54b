package login

import (
	"testing"

	"golang.org/x/sys/windows/registry"
)

func starts(t *testing.T, want bool) {
	t.Helper()
	if got, err := Starts(); err != nil || got != want {
		t.Errorf("starts: %v, %v; want %v", got, err, want)
	}
}

func TestRunKey(t *testing.T) {
	const program = `C:\Program Files\Vitrine\vitrine.exe`
	starts(t, false)
	for range 2 {
		if err := Set(true, program); err != nil {
			t.Fatal(err)
		}
		starts(t, true)
	}
	key, err := registry.OpenKey(registry.CURRENT_USER, runKey, registry.QUERY_VALUE)
	if err != nil {
		t.Fatal(err)
	}
	defer key.Close()
	if line, _, err := key.GetStringValue(value); err != nil || line != `"`+program+`" --at-login` {
		t.Errorf("%q, %v", line, err)
	}
	for range 2 {
		if err := Set(false, program); err != nil {
			t.Fatal(err)
		}
		starts(t, false)
	}
}

// TestTaskManagerSwitchesOff writes what the Task Manager does: 3 for off, 2 for on.
func TestTaskManagerSwitchesOff(t *testing.T) {
	if err := Set(true, `C:\vitrine.exe`); err != nil {
		t.Fatal(err)
	}
	key, _, err := registry.CreateKey(registry.CURRENT_USER, approved, registry.SET_VALUE)
	if err != nil {
		t.Fatal(err)
	}
	defer key.Close()
	for state, want := range map[byte]bool{2: true, 3: false} {
		if err := key.SetBinaryValue(value, []byte{state, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}); err != nil {
			t.Fatal(err)
		}
		starts(t, want)
	}
	if err := Set(true, `C:\vitrine.exe`); err != nil { // switched on here, it is on
		t.Fatal(err)
	}
	starts(t, true)
	if err := Set(false, ""); err != nil {
		t.Fatal(err)
	}
}

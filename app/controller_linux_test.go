package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adrg/xdg"

	"vitrine/app/config"
)

// TestStartSettings changes what the settings window does not have, and then what it has: neither loses the other.
func TestStartSettings(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", "")
	xdg.Reload()
	t.Cleanup(xdg.Reload)
	path := filepath.Join(t.TempDir(), "config.toml")
	settings := config.Default()
	settings.Metrics = "127.0.0.1:0"
	c := newController(path, settings, func(text string) { t.Log(text) })
	t.Cleanup(func() { c.engine.close() })
	check(t, c.SetMountsOnStart(true))
	shown := c.Settings()
	shown.ReadOnly = true
	check(t, c.Save(shown))
	got, err := config.Load(path)
	check(t, err)
	if !got.MountOnStart || !got.ReadOnly || got.Metrics != "127.0.0.1:0" || !c.MountsOnStart() {
		t.Errorf("%+v", got)
	}
	if on, err := c.StartsAtLogin(); on || err != nil {
		t.Errorf("%v, %v", on, err)
	}
	check(t, c.SetStartsAtLogin(true))
	if on, err := c.StartsAtLogin(); !on || err != nil {
		t.Errorf("%v, %v", on, err)
	}
	program, err := os.Executable()
	check(t, err)
	if text, err := os.ReadFile(filepath.Join(xdg.ConfigHome, "autostart", appID+".desktop")); err != nil || !strings.Contains(string(text), program) {
		t.Errorf("%v:\n%s", err, text)
	}
	check(t, c.SetStartsAtLogin(false))
}

package login

import (
	"path/filepath"
	"strings"

	"github.com/adrg/xdg"

	"vitrine/app/config/failure"
)

// file is the entry of the person's own folder; see the Desktop Application Autostart Specification.
func file() (string, error) {
	if !filepath.IsAbs(xdg.ConfigHome) {
		return "", failure.Textf("there is no folder for programs that start at login, because your home folder is not known; set HOME and start again")
	}
	return filepath.Join(xdg.ConfigHome, "autostart", ID+".desktop"), nil
}

// starts says what an entry means: desktops switch it off by one of two keys.
func starts(text string) bool {
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(line, "=")
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(key) {
		case "Hidden":
			if value == "true" {
				return false
			}
		case "X-GNOME-Autostart-enabled":
			if value == "false" {
				return false
			}
		}
	}
	return strings.Contains(text, "Exec=")
}

// entry starts a program where it is still there, and says nothing where it was removed.
func entry(program string) string {
	return `[Desktop Entry]
Type=Application
Name=Vitrine
Comment=Mounts a folder as a drive and shows everything that passes through it
Icon=` + ID + `
TryExec=` + text(program) + `
Exec=` + argument(program) + ` --at-login
Terminal=false
X-GNOME-Autostart-enabled=true
`
}

// argument quotes a path for the Exec key: first as an argument, then as a string; see the Desktop Entry Specification,
// The Exec key.
func argument(path string) string {
	quoted := strings.NewReplacer(`"`, `\"`, "`", "\\`", `$`, `\$`, `\`, `\\`, `%`, `%%`).Replace(path)
	return text(`"` + quoted + `"`)
}

// text writes a string as a value of a desktop entry.
func text(s string) string {
	return strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\t", `\t`, "\r", `\r`).Replace(s)
}

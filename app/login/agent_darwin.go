package login

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
)

// file is the person's launch agent; see launchd.plist(5).
func file() (string, error) {
	home, err := os.UserHomeDir()
	return filepath.Join(home, "Library", "LaunchAgents", ID+".plist"), err
}

func starts(text string) bool {
	_, after, _ := strings.Cut(text, "<key>Disabled</key>")
	return !strings.HasPrefix(strings.TrimSpace(after), "<true/>")
}

func entry(program string) string {
	var path strings.Builder
	_ = xml.EscapeText(&path, []byte(program)) // a builder takes every write
	return xml.Header + `<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>Label</key>
	<string>` + ID + `</string>
	<key>ProgramArguments</key>
	<array>
		<string>` + path.String() + `</string>
		<string>--at-login</string>
	</array>
	<key>RunAtLoad</key>
	<true/>
	<key>ProcessType</key>
	<string>Interactive</string>
</dict>
</plist>
`
}

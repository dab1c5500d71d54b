package doctor

import (
	"fmt"
	"strings"

	"golang.org/x/sys/windows"

	"vitrine/fusefs"
)

// System looks at Windows and for WinFsp.
func System() []Finding {
	major, minor, build := windows.RtlGetNtVersionNumbers()
	found := []Finding{ok("Windows", "%d.%d.%d", major, minor, build)}
	switch folder, err := fusefs.WinFsp(); {
	case err != nil:
		return append(found, Finding{Name: "WinFsp", State: Bad, Text: "it was not found, and without it nothing can be mounted",
			Cure: "Install it with this command, or from https://winfsp.dev/rel/.", Command: "winget install WinFsp.WinFsp"})
	case folder == "":
		return append(found, ok("WinFsp", "its library is there"))
	default:
		return append(found, ok("WinFsp", "installed in %s", strings.TrimSuffix(folder, `\`)))
	}
}

// Space looks at the disk that a folder is on.
func Space(name, folder string) Finding {
	var free uint64
	path, err := windows.UTF16PtrFromString(folder)
	answered := true
	if err == nil {
		err, answered = ask(func() error { return windows.GetDiskFreeSpaceEx(path, &free, nil, nil) })
	}
	if err != nil || !answered {
		return Finding{Name: name, State: Note, Text: fmt.Sprintf("the disk of %s does not tell its free space", folder)}
	}
	return space(name, folder, free, 0, 0)
}

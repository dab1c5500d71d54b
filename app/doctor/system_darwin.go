package doctor

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// System looks for macFUSE or FUSE-T.
func System() []Finding {
	for name, path := range map[string]string{"macFUSE": "/Library/Filesystems/macfuse.fs", "FUSE-T": "/usr/local/lib/libfuse-t.dylib"} {
		if _, err := os.Stat(path); err == nil {
			return []Finding{ok("FUSE", "%s is installed", name)}
		}
	}
	return []Finding{{Name: "FUSE", State: Bad, Text: "neither macFUSE nor FUSE-T was found",
		Cure: "Install macFUSE, then allow it in System Settings, Privacy & Security.", Command: "brew install --cask macfuse"}}
}

// Space looks at the disk that a folder is on.
func Space(name, folder string) Finding {
	var s unix.Statfs_t
	err, answered := ask(func() error { return unix.Statfs(folder, &s) })
	if err != nil || !answered {
		return Finding{Name: name, State: Note, Text: fmt.Sprintf("the disk of %s does not tell its free space", folder)}
	}
	return space(name, folder, uint64(s.Bsize)*s.Bavail, s.Files, s.Ffree)
}

package fusefs

import (
	"os"
	"slices"
)

// libraries are where macFUSE, its predecessor and FUSE-T put their libfuse.
var libraries = []string{
	"/usr/local/lib/libfuse.2.dylib",
	"/usr/local/lib/libosxfuse.2.dylib",
	"/usr/local/lib/libfuse-t.dylib",
}

// CheckSystem looks whether this system can mount at all. The error is a *Problem.
func CheckSystem() error {
	if slices.ContainsFunc(libraries, func(path string) bool { _, err := os.Stat(path); return err == nil }) {
		return nil
	}
	return &Problem{Kind: LibraryMissing,
		What:    textf("FUSE is not installed: neither macFUSE nor FUSE-T was found."),
		Cure:    textf("Install macFUSE, allow its system extension in System Settings, Privacy & Security."),
		Command: "brew install --cask macfuse"}
}

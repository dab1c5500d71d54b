// Vitrine mounts a folder as a drive, keeps every write safe, and shows, live, everything that passes through it.
package main

import (
	"os"
)

// version and commit are set by the linker when a package is built.
var (
	version = "0.1.0"
	commit  string
)

const appID = "app.vitrine.Vitrine"

func main() {
	os.Exit(execute(os.Args[1:], os.Stdout, os.Stderr))
}

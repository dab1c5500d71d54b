//go:build manual

package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// In a build with the tag manual the program writes its manual pages to a folder, from the text of --help, and ends.
func init() {
	if len(os.Args) != 3 || os.Args[1] != "manual" {
		return
	}
	if err := writeManual(os.Args[2]); err != nil {
		fmt.Fprintf(os.Stderr, "manual: %v\n", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func writeManual(folder string) error {
	root := rootCommand()
	undated(root)
	header := &doc.GenManHeader{Section: "1", Source: "Vitrine " + version, Manual: "User Commands"} // dated by SOURCE_DATE_EPOCH
	return doc.GenManTree(root, header, folder)
}

// undated leaves out when and by what the page was made.
func undated(c *cobra.Command) {
	c.DisableAutoGenTag = true
	for _, below := range c.Commands() {
		undated(below)
	}
}

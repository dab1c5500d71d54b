package main

import "vitrine/fusefs/oplog"

// newSources returns nil: macOS tells nobody how far another process has read a file.
func newSources(func() string) func(oplog.OpenHandle) (position, size int64, ok bool) { return nil }

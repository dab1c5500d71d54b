//go:build !linux

package main

import (
	"os"

	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
)

// storage is not looked up: these systems tell nothing of what a thread waits for.
type storage struct{}

func storageOf(*os.Root) storage { return storage{} }

func (f *facts) wait(oplog.Event) activity.Wait { return activity.Wait{} }

package main

import (
	"testing"

	"vitrine/fusefs"
	"vitrine/fusefs/oplog"
)

// TestActivityIsOfThisInstant sees that who looks does not wait for the record's next batch.
func TestActivityIsOfThisInstant(t *testing.T) {
	e := newEngine(100, func(fusefs.Status) {})
	defer func() { check(t, e.close()) }()
	for i := range uint64(100) {
		e.record.Begin(oplog.Event{Op: oplog.Getattr, Path: "/"}).End(oplog.Outcome{}, nil)
		if n := e.activity().Count; n != i+1 {
			t.Fatalf("%d operations of %d are shown", n, i+1)
		}
	}
}

package main

import (
	"context"
	"strings"
	"syscall"
	"testing"
	"time"

	"vitrine/app/control"
	"vitrine/fusefs"
	"vitrine/fusefs/oplog"
)

// TestTailOfHazards lets through what the model found to be a hazard, and nothing else.
func TestTailOfHazards(t *testing.T) {
	e := newEngine(100, func(fusefs.Status) {})
	defer func() { check(t, e.close()) }()
	ctx, stop := context.WithCancel(t.Context())
	sent := make(chan control.Reply, 10)
	ended := make(chan error, 1)
	go func() {
		ended <- (&answers{engine: e}).tail(ctx, "is:hazard", func(r control.Reply) error {
			sent <- r
			return nil
		})
	}()
	next := func() control.Reply {
		select {
		case r := <-sent:
			return r
		case <-time.After(10 * time.Second):
			t.Fatal("nothing comes")
			return control.Reply{}
		}
	}
	next() // it follows
	e.record.Begin(oplog.Event{Op: oplog.Getattr, Path: "/usual"}).End(oplog.Outcome{}, nil)
	e.record.Begin(oplog.Event{Op: oplog.Write, Path: "/late", Handle: 9}).End(oplog.Outcome{Errno: syscall.EBADF, Flags: oplog.Refused}, nil)
	if got := string(next().Event); !strings.Contains(got, `"/late"`) {
		t.Errorf("let through: %s", got)
	}
	stop()
	check(t, <-ended)
}

// TestTailEndsWithTheLastOperation sees that what was recorded right before the end is sent too.
func TestTailEndsWithTheLastOperation(t *testing.T) {
	e := newEngine(100, func(fusefs.Status) {})
	defer func() { check(t, e.close()) }()
	ctx, stop := context.WithCancel(t.Context())
	var last control.Reply
	check(t, (&answers{engine: e}).tail(ctx, "", func(r control.Reply) error {
		if r.Progress != "" { // it follows
			e.record.Begin(oplog.Event{Op: oplog.Getattr, Path: "/last"}).End(oplog.Outcome{}, nil)
			stop()
		}
		last = r
		return nil
	}))
	if got := string(last.Event); !strings.Contains(got, `"/last"`) {
		t.Errorf("the last reply is %+v", last)
	}
}

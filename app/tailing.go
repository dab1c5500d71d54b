package main

import (
	"bytes"
	"context"
	"encoding/json"
	"sync"
	"time"

	"vitrine/app/control"
	"vitrine/fusefs/oplog"
)

// tailQueue is how many operations may wait for a caller who reads slowly.
const tailQueue = 16_384

// tailEvery is how often the record is asked for what has come.
const tailEvery = 50 * time.Millisecond

// tail is a sink that keeps what one caller has still to be sent. It never makes the record wait.
type tail struct {
	match func(*oplog.Event) bool
	wake  chan struct{} // a token: there is something to send

	mu      sync.Mutex // guards all below
	queue   []oplog.Event
	missed  uint64 // what did not fit, and what the record dropped, since the last take
	dropped uint64 // as the record said it last
	begun   bool
}

// tail sends every operation that passes the filter, until the caller hangs up or the process ends.
func (a *answers) tail(ctx context.Context, filter string, send func(control.Reply) error) error {
	f, err := parseFilter(filter)
	if err != nil {
		return err
	}
	f.Hazards = a.engine.model.InHazard // it was attached before, so that it knows each batch first
	t := &tail{match: f.Match, wake: make(chan struct{}, 1)}
	a.engine.record.Attach(t)
	defer a.engine.record.Detach(t)
	beat := time.NewTicker(tailEvery)
	defer beat.Stop()
	if err := send(control.Reply{Progress: "tailing"}); err != nil {
		return err
	}
	for {
		select {
		case <-beat.C:
			a.engine.record.Flush()
		case <-t.wake:
		case <-ctx.Done():
			a.engine.record.Flush()
			return t.sendTo(send)
		}
		if err := t.sendTo(send); err != nil {
			return err
		}
	}
}

// Collect queues what the caller wants to see.
func (t *tail) Collect(batch []oplog.Event, dropped uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.begun {
		t.missed += dropped - t.dropped
	}
	t.dropped, t.begun = dropped, true
	for i := range batch {
		switch {
		case !t.match(&batch[i]):
		case len(t.queue) < tailQueue:
			t.queue = append(t.queue, batch[i])
		default:
			t.missed++
		}
	}
	if len(t.queue) > 0 || t.missed > 0 {
		select {
		case t.wake <- struct{}{}:
		default:
		}
	}
}

func (t *tail) take() (events []oplog.Event, missed uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	events, missed = t.queue, t.missed
	t.queue, t.missed = nil, 0
	return events, missed
}

func (t *tail) sendTo(send func(control.Reply) error) error {
	events, missed := t.take()
	for i := range events {
		var line bytes.Buffer
		if err := oplog.WriteNDJSON(&line, events[i:i+1]); err != nil {
			return err
		}
		if err := send(control.Reply{Event: json.RawMessage(line.Bytes())}); err != nil {
			return err
		}
	}
	if missed == 0 {
		return nil
	}
	return send(control.Reply{Missed: missed})
}

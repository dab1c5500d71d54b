package main

import (
	"context"

	"vitrine/fusefs"
)

// logout does nothing: macOS ends programs by a signal, and waits for them.
type logout struct{}

func newLogout(func(context.Context, bool) error) *logout { return nil }

func (*logout) follow(fusefs.Status) {}
func (*logout) close()               {}

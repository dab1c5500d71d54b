package main

import (
	"context"
	"time"
)

// politely is how long programs may take to close their files when the machine shuts down. Systems wait 5 s for those
// that delay it.
const politely = 3 * time.Second

// ejectBefore ejects as soon as the files are closed, and by force where that takes longer than the limit.
func ejectBefore(eject func(ctx context.Context, force bool) error, limit time.Duration) {
	ctx, stop := context.WithTimeout(context.Background(), limit)
	defer stop()
	free := make(chan struct{})
	go func() {
		for eject(ctx, false) != nil {
			select {
			case <-ctx.Done():
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
		close(free)
	}()
	select {
	case <-free:
	case <-ctx.Done():
		eject(context.Background(), true) // what remains of it is in the drive's status
	}
}

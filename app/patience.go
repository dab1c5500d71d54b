package main

import (
	"context"
	"errors"
	"io/fs"
	"sync"
	"time"

	"vitrine/fusefs"
)

// longestPause is the longest time between two looks for a backing folder that is not there.
const longestPause = 30 * time.Second

// patience mounts a drive whose backing folder may not be there yet, as on a network disk after a login.
type patience struct {
	drive   *fusefs.Drive
	waiting func(text string) // told what is waited for, "" when that is over

	mu     sync.Mutex    // guards all below
	text   fusefs.Text   // Format is "" where nothing is waited for
	wanted fusefs.Config // what text is about
	stop   context.CancelFunc
	done   chan struct{} // closed when mount returns
}

// mount mounts what is wanted. As long as only the backing folder is missing it tries again, until ctx ends or
// giveUp is called; then the error is that of ctx.
func (p *patience) mount(ctx context.Context, wanted func() (fusefs.Config, error)) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan struct{})
	defer close(done)
	p.mu.Lock()
	p.stop, p.done = stop, done
	p.mu.Unlock()
	for pause := time.Second; ; pause = min(2*pause, longestPause) {
		c, err := wanted()
		if err == nil {
			err = p.drive.Mount(ctx, c)
		}
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		if !mayCome(err) {
			p.say(fusefs.Text{}, c)
			return err
		}
		p.say(textf("Waiting for %s, which is not there yet", c.Backing), c)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// mayCome says whether a mount failed because of a backing folder that may come by itself.
func mayCome(err error) bool {
	var problem *fusefs.Problem
	if !errors.As(err, &problem) || errors.Is(err, fs.ErrPermission) {
		return false
	}
	return problem.Kind == fusefs.BackingMissing || problem.Kind == fusefs.BackingUnreadable
}

func (p *patience) say(text fusefs.Text, wanted fusefs.Config) {
	p.mu.Lock()
	same := p.text.String() == text.String()
	p.text, p.wanted = text, wanted
	p.mu.Unlock()
	if !same {
		p.waiting(text.String())
	}
}

// giveUp ends the waiting, and returns when it has ended. It says whether there was any.
func (p *patience) giveUp() bool {
	p.mu.Lock()
	waited, stop, done := p.text.Format != "", p.stop, p.done
	p.mu.Unlock()
	if stop != nil {
		stop()
		<-done
	}
	return waited
}

// status is the drive's status, and while a folder is waited for one that says so.
func (p *patience) status() fusefs.Status {
	s := p.drive.Status()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.text.Format != "" && s.State != fusefs.Mounted && s.State != fusefs.Ejecting {
		s.State, s.Progress, s.Problem = fusefs.Mounting, p.text, nil
		s.Backing, s.MountPoint, s.ReadOnly, s.Fast = p.wanted.Backing, p.wanted.MountPoint, p.wanted.ReadOnly, p.wanted.Fast
		if p.wanted.InPlace {
			s.MountPoint = s.Backing
		}
	}
	return s
}

// eject ejects the drive, or ends the waiting for its folder.
func (p *patience) eject(ctx context.Context, force bool) error {
	if p.giveUp() {
		return nil
	}
	return p.drive.Eject(ctx, force)
}

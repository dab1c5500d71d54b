package main

import (
	"context"
	"errors"
	"os"

	"vitrine/app/crash"
	"vitrine/app/login"
	"vitrine/fusefs"
	"vitrine/ui"
)

// What happens at a login and at the start of the program: ui.Starter.

// StartsAtLogin says whether Vitrine starts when the person logs in, as the system has it at this moment.
func (c *controller) StartsAtLogin() (bool, error) {
	on, err := login.Starts()
	return on, spoken(err)
}

// SetStartsAtLogin lets Vitrine start when the person logs in, or not any more.
func (c *controller) SetStartsAtLogin(on bool) error {
	program, err := os.Executable()
	if err != nil {
		return spoken(err)
	}
	return spoken(login.Set(on, program))
}

// MountsOnStart says whether the drive is mounted as soon as Vitrine starts.
func (c *controller) MountsOnStart() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.settings.MountOnStart
}

// SetMountsOnStart lets the drive be mounted as soon as Vitrine starts, or not any more. It touches the disk.
func (c *controller) SetMountsOnStart(on bool) error {
	c.mu.Lock()
	settings := c.settings
	c.mu.Unlock()
	settings.MountOnStart = on
	return spoken(c.save(settings))
}

// mountOnStart mounts, and waits for a backing folder that is not there yet.
func (c *controller) mountOnStart() {
	err := c.waiting.mount(context.Background(), c.driveConfig)
	defer c.goOnOnceCured(c.mountOnStart)
	var problem *fusefs.Problem
	if err != nil && !errors.As(err, &problem) && !errors.Is(err, context.Canceled) { // the drive shows its problems itself
		c.report(err)
	}
}

// showCrashes shows the newest crash of an earlier run, until the next request.
func (c *controller) showCrashes(found []crash.Report) {
	if len(found) == 0 {
		return
	}
	newest := found[len(found)-1]
	c.mu.Lock()
	defer c.mu.Unlock()
	c.problem = &ui.Problem{What: say(crashText(newest)), Cure: say(crashCure(newest))}
}

package main

import (
	"time"

	"vitrine/fusefs"
)

// cureLook is how often it is looked whether the system has got what a mount failed for want of.
const cureLook = time.Second

// goOnOnceCured calls mount as soon as the system has what a mount has failed for want of, unless something else was tried
// meanwhile.
func (c *controller) goOnOnceCured(mount func()) {
	failed := c.engine.drive.Status()
	if failed.State != fusefs.Failed || failed.Problem == nil || !failed.Problem.Kind.SystemLacks() {
		return
	}
	look := time.NewTicker(cureLook)
	defer look.Stop()
	for range look.C {
		if s := c.engine.drive.Status(); s.Problem != failed.Problem || s.State != failed.State {
			return
		}
		if fusefs.CheckSystem() == nil {
			mount()
			return
		}
	}
}

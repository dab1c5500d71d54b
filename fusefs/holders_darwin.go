package fusefs

import (
	"os/exec"
	"strconv"
	"strings"
)

// holders names the processes that keep the mount busy, as lsof(8) sees them. It asks in a process of its own, since a
// mount must not be touched by its own.
func (a *attachment) holders() (found []Holder) {
	out, _ := exec.Command("lsof", "-w", "-F", "pcn", "--", a.p.MountPoint).Output()
	var h Holder
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" {
			continue
		}
		switch value := line[1:]; line[0] {
		case 'p':
			h.PID, _ = strconv.Atoi(value)
		case 'c':
			h.Name = value
		case 'n':
			h.Path = value
			found = append(found, h)
		}
	}
	return found
}

// standing is not looked for here.
func (a *attachment) standing() []Holder { return nil }

package fusefs

import (
	"syscall"
	"time"
)

// probeTimeout is how long a mount may take to answer a statfs.
const probeTimeout = 5 * time.Second

// probe asks the mount at path for an answer: nil where it gives one, ENOTCONN where its program has died, ETIMEDOUT
// where it gives none. It asks from a goroutine of its own, which stays behind where no answer ever comes.
func probe(path string) error {
	answer := make(chan error, 1)
	go func() { answer <- statMount(path) }()
	select {
	case err := <-answer:
		return err
	case <-time.After(probeTimeout):
		return syscall.ETIMEDOUT
	}
}

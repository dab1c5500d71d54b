package fusefs

import (
	"time"

	"golang.org/x/sys/unix"
)

// probeTimeout is how long a mount may take to answer a statfs.
const probeTimeout = 5 * time.Second

// probe asks the mount at path for an answer: nil where it gives one, ENOTCONN where its program has died, ETIMEDOUT
// where it gives none. It asks from a goroutine of its own, which stays behind where no answer ever comes.
func probe(path string) error {
	answer := make(chan error, 1)
	go func() {
		var st unix.Statfs_t
		answer <- retry(func() error { return unix.Statfs(path, &st) })
	}()
	select {
	case err := <-answer:
		return err
	case <-time.After(probeTimeout):
		return unix.ETIMEDOUT
	}
}

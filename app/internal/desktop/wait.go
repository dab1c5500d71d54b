package desktop

import (
	"testing"
	"time"
)

const pollEvery = 20 * time.Millisecond

// Until repeats try until it returns nil, and fails the test with its last error when that takes longer than limit.
// What says in the failure what was waited for.
func Until(t testing.TB, limit time.Duration, what string, try func() error) {
	t.Helper()
	end := time.Now().Add(limit)
	for {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("waited %v for %s: %v", limit, what, err)
		}
		time.Sleep(pollEvery)
	}
}

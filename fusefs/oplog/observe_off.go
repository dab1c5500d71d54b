//go:build unobserved

package oplog

// Observed is false in a build that serves a mount without any record: no operation is in flight, no handle has a row,
// no error is told of. An eject from it cannot say what it waits for, and who holds a file only as the system knows it.
const Observed = false

//go:build !unobserved

package oplog

// Observed says whether operations are recorded. They are, but for the build that the benchmark compares with to see
// what the record costs.
const Observed = true

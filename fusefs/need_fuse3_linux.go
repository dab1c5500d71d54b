//go:build linux && !fuse3

package fusefs

// libfuse 2 hands /dev/fuse to every child process, so that a mount can outlive its program and hang.
var _ = build_with_tags_fuse3

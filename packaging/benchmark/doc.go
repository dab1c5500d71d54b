// Command benchmark measures what a drive costs: the same work in a plain folder, in one that Vitrine has mounted, and in
// mounts of other FUSE filesystems. packaging/bench builds all of them and starts it. It runs on Linux.
//
// The servers take turns in every row of every round, so that what the machine does meanwhile meets them all. Each
// piece of work runs in a process and in a folder of its own.
package main

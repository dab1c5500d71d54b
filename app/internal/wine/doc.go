// Package wine tests the program for Windows under Wine: the operations of the filesystem, the named pipe, the Run key, the
// command line and the window. WinFsp does not run there, so nothing is mounted.
package wine

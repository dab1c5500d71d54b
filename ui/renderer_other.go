//go:build !linux

package ui

// drawnByProcessor would say whether there is no graphics card. On these systems a window is not drawn without one.
func drawnByProcessor() bool { return false }

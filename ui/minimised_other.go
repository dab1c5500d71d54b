//go:build !linux

package ui

import "fyne.io/fyne/v2"

// minimised would tell whether a window is minimised. Nobody knows here.
type minimised struct{}

func (*minimised) look(fyne.Window) {}
func (*minimised) is() bool         { return false }

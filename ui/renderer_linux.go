package ui

import (
	"os"
	"path/filepath"
)

// drawnByProcessor says whether Mesa draws with the processor, for want of a graphics card that it may use. Cards are nodes
// in /dev/dri (Direct Rendering Manager, Linux's Documentation/gpu/drm-uapi.rst), or NVIDIA's own.
func drawnByProcessor() bool {
	if told := os.Getenv("LIBGL_ALWAYS_SOFTWARE"); told == "1" || told == "true" { // docs.mesa3d.org/envvars.html
		return true
	}
	for _, card := range []string{"/dev/dri/renderD*", "/dev/nvidiactl"} {
		if found, _ := filepath.Glob(card); len(found) > 0 {
			return false
		}
	}
	return true
}

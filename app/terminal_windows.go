package main

import (
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/sys/windows"
)

// A program with a window begins without a terminal on Windows, even where it is started in one. It takes that one, unless
// its output goes elsewhere. The prompt does not wait for it: a script uses start /wait.
func init() {
	cobra.MousetrapHelpText = "" // a double click in the Explorer is no mistake
	const parent = ^uint32(0)    // ATTACH_PARENT_PROCESS
	if goesSomewhere(os.Stdout) && goesSomewhere(os.Stderr) || attachConsole(parent) != nil {
		return
	}
	screen, err := os.OpenFile("CONOUT$", os.O_RDWR, 0)
	if err != nil {
		return
	}
	var mode uint32
	if windows.GetConsoleMode(windows.Handle(screen.Fd()), &mode) == nil { // for the escape sequences of vitrine top
		_ = windows.SetConsoleMode(windows.Handle(screen.Fd()), mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING)
	}
	for _, out := range []**os.File{&os.Stdout, &os.Stderr} {
		if !goesSomewhere(*out) {
			*out = screen
		}
	}
}

// goesSomewhere reports whether a file was given to the program.
func goesSomewhere(f *os.File) bool {
	kind, err := windows.GetFileType(windows.Handle(f.Fd()))
	return err == nil && kind != windows.FILE_TYPE_UNKNOWN
}

var procAttachConsole = windows.NewLazySystemDLL("kernel32.dll").NewProc("AttachConsole")

// attachConsole takes the terminal of another process.
func attachConsole(pid uint32) error {
	if ok, _, err := procAttachConsole.Call(uintptr(pid)); ok == 0 {
		return err
	}
	return nil
}

// terminalSize returns how many characters wide and high a terminal is, 0 where it does not tell.
func terminalSize(screen *os.File) (width, height int) {
	var info windows.ConsoleScreenBufferInfo
	if windows.GetConsoleScreenBufferInfo(windows.Handle(screen.Fd()), &info) != nil {
		return 0, 0
	}
	return int(info.Window.Right-info.Window.Left) + 1, int(info.Window.Bottom-info.Window.Top) + 1
}

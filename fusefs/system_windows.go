package fusefs

import (
	"path/filepath"
	"runtime"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// library is WinFsp's for programs of this processor.
var library = map[string]string{"amd64": "winfsp-x64.dll", "arm64": "winfsp-a64.dll", "386": "winfsp-x86.dll"}[runtime.GOARCH]

// WinFsp loads WinFsp's library, as cgofuse will, and returns the folder that it is installed in, "" where its library
// was found without it.
func WinFsp() (folder string, err error) {
	if _, err = windows.LoadLibrary(library); err == nil {
		return "", nil
	}
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, `Software\WinFsp`, registry.QUERY_VALUE|registry.WOW64_32KEY)
	if err != nil {
		return "", err
	}
	defer key.Close()
	if folder, _, err = key.GetStringValue("InstallDir"); err != nil {
		return "", err
	}
	_, err = windows.LoadLibrary(filepath.Join(folder, "bin", library))
	return folder, err
}

// CheckSystem looks whether this system can mount at all. The error is a *Problem.
func CheckSystem() error {
	folder, err := WinFsp()
	if err == nil {
		return nil
	}
	problem := &Problem{Kind: LibraryMissing, Err: err,
		What:    textf("WinFsp is not installed, and without it Windows can mount nothing."),
		Cure:    textf("Install it with this command, or from https://winfsp.dev/rel/."),
		Command: "winget install WinFsp.WinFsp"}
	if folder != "" {
		problem.What = textf("WinFsp is installed in %s, but its library cannot be loaded: %v.", folder, err)
		problem.Cure = textf("Install it anew with this command, or from https://winfsp.dev/rel/.")
	}
	return problem
}

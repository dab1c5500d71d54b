package main

import (
	"io/fs"
	"os/user"
	"path/filepath"

	"golang.org/x/sys/windows"
)

// Owner names who owns a file, itself where it is a symbolic link. Files of Windows have no group to speak of.
func (f *facts) Owner(name string) (owner, group string, mode fs.FileMode, ok bool) {
	info, err := f.root.Lstat(below(name))
	if err != nil {
		return "", "", 0, false
	}
	security, err := windows.GetNamedSecurityInfo(filepath.Join(f.root.Name(), below(name)), windows.SE_FILE_OBJECT, windows.OWNER_SECURITY_INFORMATION)
	if err != nil {
		return "", "", 0, false
	}
	sid, _, err := security.Owner()
	if err != nil {
		return "", "", 0, false
	}
	if owner, _, _, err = sid.LookupAccount(""); err != nil {
		owner = sid.String()
	}
	return owner, "", info.Mode(), true
}

// Asker is the user of this process: it asks the backing folder for whoever uses the drive.
func (f *facts) Asker() string {
	u, err := user.Current()
	if err != nil {
		return ""
	}
	return u.Username
}

// Free returns how many bytes the user may still write on the disk of the backing folder.
func (f *facts) Free(string) (bytes int64, ok bool) {
	folder, err := windows.UTF16PtrFromString(f.root.Name())
	if err != nil {
		return 0, false
	}
	var free uint64
	err = windows.GetDiskFreeSpaceEx(folder, &free, nil, nil)
	return int64(free), err == nil
}

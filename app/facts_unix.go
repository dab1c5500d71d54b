//go:build unix

package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// Owner names who owns a file, itself where it is a symbolic link. Who has no name is named by number.
func (f *facts) Owner(name string) (owner, group string, mode fs.FileMode, ok bool) {
	info, err := f.root.Lstat(below(name))
	if err != nil {
		return "", "", 0, false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return "", "", 0, false
	}
	owner, group = strconv.Itoa(int(st.Uid)), strconv.Itoa(int(st.Gid))
	if u, err := user.LookupId(owner); err == nil {
		owner = u.Username
	}
	if g, err := user.LookupGroupId(group); err == nil {
		group = g.Name
	}
	return owner, group, info.Mode(), true
}

// Asker is the user of this process: it asks the backing folder for whoever uses the drive.
func (f *facts) Asker() string {
	uid := os.Geteuid()
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return fmt.Sprintf("%s (uid %d)", u.Username, uid)
	}
	return fmt.Sprintf("uid %d", uid)
}

// Free returns how many bytes the user may still write where a file is kept, or would be.
func (f *facts) Free(name string) (bytes int64, ok bool) {
	for at := path.Dir(below(name)); ; at = path.Dir(at) {
		folder, err := f.root.OpenFile(at, syscall.O_DIRECTORY|syscall.O_NONBLOCK, 0)
		if err == nil {
			defer folder.Close()
			var st unix.Statfs_t
			err = unix.Fstatfs(int(folder.Fd()), &st)
			return int64(st.Bavail) * int64(st.Bsize), err == nil
		}
		if at == "." {
			return 0, false
		}
	}
}

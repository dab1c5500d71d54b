package fusefs

import (
	"errors"
	"strings"
	"syscall"
	"unsafe"

	"github.com/winfsp/cgofuse/fuse"
	"golang.org/x/sys/windows"
)

// Ways to open that the C library has no flags for.
const (
	openFolder = 1 << 20 // a folder to list, or to resolve names in
	openOnly   = 1 << 21 // anything, also a link itself, only to refer to it and to read its attributes
	openAttrs  = 1 << 22 // likewise, and to change them
	openDelete = 1 << 23 // likewise, to remove or rename it
)

// shareAll lets other programs read, write, rename and remove what we have open, and us what they have open alike: the
// drive's own share modes are WinFsp's business, which keeps the programs on the drive apart.
const shareAll = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE

// openBeneath opens the existing file rel below root.
func openBeneath(root int, rel string, flags int) (fd int, err error) {
	fd, err = ntOpen(root, rel, flags, windows.FILE_OPEN, 0)
	if err == nil && flags&fuse.O_TRUNC != 0 {
		fd, err = emptied(fd)
	}
	return fd, err
}

// createBeneath creates and opens the file rel below root. It is read-only for everybody else where the mode gives
// nobody the right to write.
func createBeneath(root int, rel string, flags int, mode uint32, _ caller) (fd int, err error) {
	disposition := uint32(windows.FILE_OPEN_IF)
	if flags&fuse.O_EXCL != 0 {
		disposition = windows.FILE_CREATE
	}
	attributes := uint32(windows.FILE_ATTRIBUTE_NORMAL)
	if mode&0o222 == 0 {
		attributes = windows.FILE_ATTRIBUTE_READONLY
	}
	fd, err = ntOpen(root, rel, flags, disposition, attributes)
	if err == nil && flags&fuse.O_TRUNC != 0 {
		fd, err = emptied(fd)
	}
	return fd, err
}

func emptied(fd int) (int, error) {
	if err := truncate(fd, 0); err != nil {
		return -1, errors.Join(err, closeFD(fd))
	}
	return fd, nil
}

// mkdirBeneath makes a folder.
func mkdirBeneath(root int, rel string) error {
	fd, err := ntOpen(root, rel, openFolder, windows.FILE_CREATE, windows.FILE_ATTRIBUTE_NORMAL)
	if err != nil {
		return err
	}
	return closeFD(fd)
}

// ntOpen opens rel, which is resolved from the open folder root on and never through a link (OBJ_DONT_REPARSE), however
// the tree changes meanwhile. With names that hold no ".." this keeps every open beneath the root. Case does not
// matter. See NtCreateFile.
func ntOpen(root int, rel string, flags int, disposition, attributes uint32) (fd int, err error) {
	path, err := nativePath(rel)
	if err != nil {
		return -1, err
	}
	name, err := windows.NewNTUnicodeString(path)
	if err != nil {
		return -1, err
	}
	object := windows.OBJECT_ATTRIBUTES{RootDirectory: windows.Handle(root), ObjectName: name,
		Attributes: windows.OBJ_CASE_INSENSITIVE | windows.OBJ_DONT_REPARSE}
	object.Length = uint32(unsafe.Sizeof(object))
	access, options := ntAccess(flags)
	var h windows.Handle
	var status windows.IO_STATUS_BLOCK
	err = windows.NtCreateFile(&h, access, &object, &status, nil, attributes, shareAll, disposition, options, 0, 0)
	return int(h), ofStatus(err)
}

// ntAccess returns the access rights and create options for flags.
func ntAccess(flags int) (access, options uint32) {
	access = windows.SYNCHRONIZE | windows.FILE_READ_ATTRIBUTES
	options = windows.FILE_SYNCHRONOUS_IO_NONALERT | windows.FILE_OPEN_FOR_BACKUP_INTENT
	switch {
	case flags&openFolder != 0:
		return access | windows.FILE_LIST_DIRECTORY | windows.FILE_TRAVERSE, options | windows.FILE_DIRECTORY_FILE
	case flags&openOnly != 0:
		return access, options | windows.FILE_OPEN_REPARSE_POINT
	case flags&openAttrs != 0:
		return access | windows.FILE_WRITE_ATTRIBUTES, options | windows.FILE_OPEN_REPARSE_POINT
	case flags&openDelete != 0:
		return access | windows.DELETE, options | windows.FILE_OPEN_REPARSE_POINT
	}
	options |= windows.FILE_NON_DIRECTORY_FILE
	if flags&fuse.O_ACCMODE != fuse.O_WRONLY {
		access |= windows.FILE_GENERIC_READ
	}
	if flags&(fuse.O_WRONLY|fuse.O_RDWR) != 0 || flags&fuse.O_TRUNC != 0 {
		access |= windows.FILE_GENERIC_WRITE
	}
	if flags&fuse.O_APPEND != 0 && flags&fuse.O_TRUNC == 0 {
		access &^= windows.FILE_WRITE_DATA // what is left, FILE_APPEND_DATA, writes at the end whatever the position
	}
	return access, options
}

// backingFlags are the flags with which the backing file is opened for a caller's flags.
func backingFlags(flags int) int { return flags &^ (fuse.O_CREAT | fuse.O_EXCL) }

// recordedFlags are the caller's flags as package syscall has them, which is how the record does.
func recordedFlags(flags int) uint32 {
	recorded := uint32(flags & fuse.O_ACCMODE)
	for _, f := range []struct{ c, recorded int }{
		{fuse.O_APPEND, syscall.O_APPEND}, {fuse.O_CREAT, syscall.O_CREAT}, {fuse.O_EXCL, syscall.O_EXCL}, {fuse.O_TRUNC, syscall.O_TRUNC},
	} {
		if flags&f.c != 0 {
			recorded |= uint32(f.recorded)
		}
	}
	return recorded
}

// parent opens the folder that holds path, beneath the root, and returns path's own name as the system takes it.
func (fs *FS) parent(path string) (fd int, name string, err error) {
	rel := relative(path)
	if _, err = nativePath(rel); err != nil {
		return -1, "", err
	}
	above := "."
	if i := strings.LastIndexByte(rel, '/'); i >= 0 {
		above, rel = rel[:i], rel[i+1:]
	}
	if rel == "." {
		return -1, "", syscall.EBUSY // the root itself has no name
	}
	if name, err = nativePath(rel); err != nil {
		return -1, "", err
	}
	fd, err = openBeneath(fs.root, above, openFolder)
	return fd, name, err
}

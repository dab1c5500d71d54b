package fusefs

import (
	"encoding/binary"
	"errors"
	"os"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"github.com/winfsp/cgofuse/fuse"
	"golang.org/x/sys/windows"
)

func closeFD(fd int) error { return windows.CloseHandle(windows.Handle(fd)) }

// position has a read or write begin at byte at, wherever the handle stands.
func position(at int64) *windows.Overlapped {
	return &windows.Overlapped{Offset: uint32(at), OffsetHigh: uint32(at >> 32)}
}

func pread(fd int, b []byte, at int64) (int, error) {
	var n uint32
	err := windows.ReadFile(windows.Handle(fd), b, &n, position(at))
	if err == windows.ERROR_HANDLE_EOF {
		err = nil
	}
	return int(n), err
}

func pwrite(fd int, b []byte, at int64) (int, error) {
	var n uint32
	err := windows.WriteFile(windows.Handle(fd), b, &n, position(at))
	return int(n), err
}

func truncate(fd int, size int64) error {
	return windows.SetFileInformationByHandle(windows.Handle(fd), windows.FileEndOfFileInfo,
		(*byte)(unsafe.Pointer(&size)), uint32(unsafe.Sizeof(size)))
}

// closeDuplicate has nothing to do: Windows reports a lost write to who flushes, never at a close.
func closeDuplicate(int) error { return nil }

// syncFile writes a file to its disk. A handle that may not write has nothing to be written.
func syncFile(fd int, _ bool) error {
	err := windows.FlushFileBuffers(windows.Handle(fd))
	if err == windows.ERROR_ACCESS_DENIED {
		return nil
	}
	return err
}

// syncFilesystem writes the whole volume of the backing folder to its disk, which only administrators may. For others
// there is no such call, and Windows does it within seconds; who must know flushes the file.
func syncFilesystem(root int) error {
	path, err := finalPath(root)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(path, `\\?\`) || len(path) < 6 || path[5] != ':' { // \\?\C:\…
		return nil
	}
	name, err := windows.UTF16PtrFromString(`\\.\` + path[4:6])
	if err != nil {
		return err
	}
	volume, err := windows.CreateFile(name, windows.GENERIC_WRITE, shareAll, nil, windows.OPEN_EXISTING, 0, 0)
	if err != nil {
		return nil
	}
	defer windows.CloseHandle(volume)
	if err = syncFile(int(volume), false); err == windows.ERROR_INVALID_FUNCTION { // not a disk
		err = nil
	}
	return err
}

// nameless reports nothing: while the backing folder is open here, Windows lets nobody remove it.
func nameless(int) bool { return false }

// statMount asks the filesystem at path for its statistics. WinFsp begins to talk to us a little before it makes the mount
// point, so that one is waited for.
func statMount(path string) error {
	name, err := windows.UTF16PtrFromString(strings.TrimSuffix(path, `\`) + `\`)
	if err != nil {
		return err
	}
	for give := time.Now().Add(probeTimeout); ; time.Sleep(10 * time.Millisecond) {
		err := windows.GetDiskFreeSpaceEx(name, nil, nil, nil)
		if !errors.Is(err, os.ErrNotExist) || time.Now().After(give) {
			return err
		}
	}
}

// blockSize is the unit in which Statfs and Getattr count, in bytes.
const blockSize = 4096

func fillStatfs(to *fuse.Statfs_t, root int) error {
	path, err := finalPath(root)
	if err != nil {
		return err
	}
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return err
	}
	var ours, total, free uint64
	if err := windows.GetDiskFreeSpaceEx(name, &ours, &total, &free); err != nil {
		return err
	}
	*to = fuse.Statfs_t{Bsize: blockSize, Frsize: blockSize, Blocks: total / blockSize, Bfree: free / blockSize,
		Bavail: ours / blockSize, Namemax: 255}
	return nil
}

// ioSize is the st_blksize of every file, in bytes.
const ioSize = 1 << 20

// fill describes the open file.
func (fs *FS) fill(to *fuse.Stat_t, fd int) error {
	var info windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(windows.Handle(fd), &info); err != nil {
		return err
	}
	link := false
	if info.FileAttributes&windows.FILE_ATTRIBUTE_REPARSE_POINT != 0 {
		_, err := linkTarget(fd)
		link = err == nil
	}
	fs.describe(to, info.FileAttributes, link)
	to.Ino = uint64(info.FileIndexHigh)<<32 | uint64(info.FileIndexLow)
	to.Nlink = info.NumberOfLinks
	to.Size = int64(info.FileSizeHigh)<<32 | int64(info.FileSizeLow)
	to.Blocks = (to.Size + 511) / 512
	to.Atim, to.Mtim, to.Birthtim = timespec(ticks(info.LastAccessTime)), timespec(ticks(info.LastWriteTime)), timespec(ticks(info.CreationTime))
	to.Ctim = to.Mtim
	return nil
}

// describe sets what follows from the attributes. The permissions are for whom the drive is; what the disk permits beyond
// that, it permits to us.
func (fs *FS) describe(to *fuse.Stat_t, attributes uint32, link bool) {
	*to = fuse.Stat_t{Mode: 0o700, Nlink: 1, Blksize: ioSize}
	if fs.others {
		to.Mode = 0o777
	}
	switch {
	case link:
		to.Mode |= fuse.S_IFLNK
	case attributes&windows.FILE_ATTRIBUTE_DIRECTORY != 0:
		to.Mode |= fuse.S_IFDIR
	default:
		to.Mode |= fuse.S_IFREG
		if attributes&windows.FILE_ATTRIBUTE_READONLY != 0 {
			to.Mode &^= 0o222
		}
	}
	for _, s := range settable {
		if attributes&s.attribute != 0 {
			to.Flags |= s.flag
		}
	}
}

// isFolder reports whether the attributes are those of a folder, and not of a link to one.
func isFolder(attributes uint32) bool {
	return attributes&windows.FILE_ATTRIBUTE_DIRECTORY != 0 && attributes&windows.FILE_ATTRIBUTE_REPARSE_POINT == 0
}

// Windows counts time in ticks of 100 ns since 1601, epoch seconds before that of POSIX.
const (
	tick  = 1e7 // in a second
	epoch = 11644473600
)

func timespec(ticks int64) fuse.Timespec {
	return fuse.Timespec{Sec: ticks/tick - epoch, Nsec: ticks % tick * 100}
}

func ticks(t windows.Filetime) int64 { return int64(t.HighDateTime)<<32 | int64(t.LowDateTime) }

func filetime(t fuse.Timespec) windows.Filetime {
	ticks := (t.Sec+epoch)*tick + t.Nsec/100
	return windows.Filetime{LowDateTime: uint32(ticks), HighDateTime: uint32(ticks >> 32)}
}

// setAttributes sets and clears attributes of the open file, and leaves its times.
func setAttributes(fd int, set, clear uint32) error {
	var basic struct {
		made, accessed, written, changed int64
		attributes                       uint32
		_                                uint32
	}
	size := uint32(unsafe.Sizeof(basic))
	buf := (*byte)(unsafe.Pointer(&basic))
	if err := windows.GetFileInformationByHandleEx(windows.Handle(fd), windows.FileBasicInfo, buf, size); err != nil {
		return err
	}
	basic.made, basic.accessed, basic.written, basic.changed = 0, 0, 0, 0 // 0 leaves a time
	basic.attributes = basic.attributes&^clear | set
	if basic.attributes&^windows.FILE_ATTRIBUTE_DIRECTORY == 0 { // likewise 0 would leave the attributes
		basic.attributes |= windows.FILE_ATTRIBUTE_NORMAL
	}
	return windows.SetFileInformationByHandle(windows.Handle(fd), windows.FileBasicInfo, buf, size)
}

// deleteFile takes the open file's name away at once, also where others have it open, as POSIX does; on a disk that cannot,
// such as FAT, the name goes with the last handle.
func deleteFile(fd int) error {
	var status windows.IO_STATUS_BLOCK
	how := uint32(windows.FILE_DISPOSITION_DELETE | windows.FILE_DISPOSITION_POSIX_SEMANTICS | windows.FILE_DISPOSITION_FORCE_IMAGE_SECTION_CHECK)
	err := windows.NtSetInformationFile(windows.Handle(fd), &status, (*byte)(unsafe.Pointer(&how)), 4, windows.FileDispositionInformationEx)
	if !lacking(err) {
		return ofStatus(err)
	}
	gone := byte(1)
	return ofStatus(windows.NtSetInformationFile(windows.Handle(fd), &status, &gone, 1, windows.FileDispositionInformation))
}

// lacking reports whether the disk or the system does not know the kind of request.
func lacking(err error) bool {
	return errors.Is(err, windows.STATUS_INVALID_INFO_CLASS) || errors.Is(err, windows.STATUS_INVALID_PARAMETER) ||
		errors.Is(err, windows.STATUS_NOT_SUPPORTED) || errors.Is(err, windows.STATUS_NOT_IMPLEMENTED)
}

// renameFile gives the open file the name in the open folder dir, over what has it, also where that is open.
func renameFile(fd, dir int, name string) error {
	const extended = 65 // FileRenameInformationEx: the flags of FILE_RENAME_INFORMATION are heeded
	err := setName(fd, dir, name, extended, windows.FILE_RENAME_REPLACE_IF_EXISTS|windows.FILE_RENAME_POSIX_SEMANTICS)
	if lacking(err) {
		err = setName(fd, dir, name, windows.FileRenameInformation, windows.FILE_RENAME_REPLACE_IF_EXISTS)
	}
	return ofStatus(err)
}

// setName hands FILE_RENAME_INFORMATION to the system: flags, the folder, the name's length in bytes, the name.
func setName(fd, dir int, name string, class uint32, flags uint32) error {
	const dirAt, lengthAt, nameAt = 8, 16, 20
	text, err := windows.UTF16FromString(name)
	if err != nil {
		return err
	}
	text = text[:len(text)-1]
	buf := make([]byte, nameAt, max(nameAt+2*len(text), 24))
	binary.LittleEndian.PutUint32(buf, flags)
	binary.LittleEndian.PutUint64(buf[dirAt:], uint64(dir))
	binary.LittleEndian.PutUint32(buf[lengthAt:], uint32(2*len(text)))
	for _, c := range text {
		buf = binary.LittleEndian.AppendUint16(buf, c)
	}
	buf = buf[:max(len(buf), 24)]
	var status windows.IO_STATUS_BLOCK
	return windows.NtSetInformationFile(windows.Handle(fd), &status, &buf[0], uint32(len(buf)), class)
}

// linkTarget returns what the open symbolic link or junction holds, and EINVAL for any other file. For the layout see
// REPARSE_DATA_BUFFER.
func linkTarget(fd int) (string, error) {
	const (
		lengthAt    = 4
		printNameAt = 12 // its offset and length, in bytes, from where the names begin
		linkNames   = 20
		pointNames  = 16
	)
	buf := make([]byte, windows.MAXIMUM_REPARSE_DATA_BUFFER_SIZE)
	var n uint32
	err := windows.DeviceIoControl(windows.Handle(fd), windows.FSCTL_GET_REPARSE_POINT, nil, 0, &buf[0], uint32(len(buf)), &n, nil)
	if err != nil || n < linkNames {
		return "", syscall.EINVAL
	}
	names := pointNames
	switch binary.LittleEndian.Uint32(buf) {
	case windows.IO_REPARSE_TAG_SYMLINK:
		names = linkNames
	case windows.IO_REPARSE_TAG_MOUNT_POINT:
	default:
		return "", syscall.EINVAL
	}
	from := names + int(binary.LittleEndian.Uint16(buf[printNameAt:]))
	to := from + int(binary.LittleEndian.Uint16(buf[printNameAt+2:]))
	if to > int(n) {
		return "", syscall.EINVAL
	}
	return utf16Text(buf[from:to]), nil
}

func utf16Text(b []byte) string {
	text := make([]uint16, len(b)/2)
	for i := range text {
		text[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return windows.UTF16ToString(text)
}

// finalPath returns the whole path of an open file as its folders spell it, `\\?\C:\a\b`.
func finalPath(fd int) (string, error) {
	buf := make([]uint16, 512)
	for {
		n, err := windows.GetFinalPathNameByHandle(windows.Handle(fd), &buf[0], uint32(len(buf)), 0)
		if err != nil {
			return "", err
		}
		if int(n) <= len(buf) {
			return windows.UTF16ToString(buf[:n]), nil
		}
		buf = make([]uint16, n)
	}
}

// spelled returns the path of the open file below the root, "/a/b", as its folders spell it.
func (fs *FS) spelled(fd int) (string, error) {
	root, err := finalPath(fs.root)
	if err != nil {
		return "", err
	}
	path, err := finalPath(fd)
	if err != nil {
		return "", err
	}
	below, ok := strings.CutPrefix(path, strings.TrimSuffix(root, `\`))
	if !ok {
		return "", syscall.ENOENT // moved away meanwhile
	}
	names := strings.Split(strings.Trim(below, `\`), `\`)
	for i, name := range names {
		names[i] = posixName(name)
	}
	return "/" + strings.Join(names, "/"), nil
}

// list reads a whole folder, whatever ofst says: with a next position of 0 FUSE keeps the entries itself. For the layout
// of an entry see FILE_ID_BOTH_DIR_INFO.
func (c *call) list(fd int, _ int64, each func(name string, stat *fuse.Stat_t, next int64) bool) int {
	buf := make([]byte, 64<<10)
	class := uint32(windows.FileIdBothDirectoryRestartInfo)
	for {
		err := windows.GetFileInformationByHandleEx(windows.Handle(fd), class, &buf[0], uint32(len(buf)))
		if err == windows.ERROR_NO_MORE_FILES || err == windows.ERROR_FILE_NOT_FOUND {
			return 0
		}
		if err != nil {
			return errc(err)
		}
		class = windows.FileIdBothDirectoryInfo
		for entries := buf; entries != nil; {
			var more bool
			if entries, more = c.entry(entries, each); !more {
				return 0
			}
		}
	}
}

// entry hands one entry of a folder to each. It returns the entries behind it, nil where it was the last one.
func (c *call) entry(b []byte, each func(name string, stat *fuse.Stat_t, next int64) bool) (rest []byte, more bool) {
	const madeAt, accessedAt, writtenAt, sizeAt, attributesAt, lengthAt, eaAt, inoAt, nameAt = 8, 16, 24, 40, 56, 60, 64, 96, 104
	attributes := binary.LittleEndian.Uint32(b[attributesAt:])
	var stat fuse.Stat_t
	c.fs.describe(&stat, attributes, attributes&windows.FILE_ATTRIBUTE_REPARSE_POINT != 0 && isLinkTag(binary.LittleEndian.Uint32(b[eaAt:])))
	stat.Ino = binary.LittleEndian.Uint64(b[inoAt:])
	stat.Size = int64(binary.LittleEndian.Uint64(b[sizeAt:]))
	stat.Blocks = (stat.Size + 511) / 512
	stat.Atim, stat.Mtim, stat.Birthtim = timeIn(b[accessedAt:]), timeIn(b[writtenAt:]), timeIn(b[madeAt:])
	stat.Ctim = stat.Mtim
	name := posixName(utf16Text(b[nameAt : nameAt+binary.LittleEndian.Uint32(b[lengthAt:])]))
	more = each(name, &stat, 0)
	if next := binary.LittleEndian.Uint32(b); next != 0 {
		return b[next:], more
	}
	return nil, more
}

// isLinkTag reports whether a reparse point of that kind leads elsewhere.
func isLinkTag(tag uint32) bool {
	return tag == windows.IO_REPARSE_TAG_SYMLINK || tag == windows.IO_REPARSE_TAG_MOUNT_POINT
}

func timeIn(b []byte) fuse.Timespec { return timespec(int64(binary.LittleEndian.Uint64(b))) }

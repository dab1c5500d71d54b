package fusefs

import (
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"vitrine/fusefs/wire"
)

// In fast mode the kernel keeps what is written for a while, and passes it on in large pieces: it alone knows a file's
// size and times meanwhile. Whatever another program changed in the backing folder would be overwritten, or not be seen.
// So the mount must lie over the backing folder itself, where nobody gets past it, and nobody may have a file open there
// from before. For the same reason all that the kernel was told stays true.

// validWhenAlone is how long the kernel may answer from what it was told where nobody else changes anything, in seconds.
const validWhenAlone = 3600

func (p *platform) gatherWrites() { p.fast = true }

// checkAlone refuses fast mode where a process has a file of the backing folder open for writing, or stands in the folder:
// it would go on beside the mount. A folder that a program has open, or a file that it has mapped only, is not noticed.
func (p *prepared) checkAlone() error {
	before := (&attachment{mountPoint: p.Backing}).holdersOf(leadsPast)
	before = slices.DeleteFunc(before, func(h Holder) bool { return h.PID == os.Getpid() })
	if len(before) == 0 {
		return nil
	}
	var users []Text
	for _, h := range before {
		users = append(users, textf("%s has %s open", h, h.Path))
	}
	return &Problem{Kind: NotAlone, Holders: before,
		What: textf("Fast mode cannot begin: %s, and would go on there beside the mount.", joined(users)),
		Cure: textf("Close these files, leave the folder (cd /) and try again, or mount without --fast.")}
}

// leadsPast reports whether a link in /proc/PID is of a file that is open for writing, or of the folder that names begin
// in; see proc(5).
func leadsPast(link string) bool {
	var st unix.Stat_t
	switch filepath.Base(link) {
	case "cwd", "root":
		return true
	}
	return filepath.Base(filepath.Dir(link)) == "fd" && unix.Lstat(link, &st) == nil && st.Mode&unix.S_IWUSR != 0
}

// gathering are the flags to open the backing file with for a caller's: what lies around gathered data is read first.
func (fs *FS) gathering(flags uint32) uint32 {
	if fs.fast && flags&unix.O_ACCMODE == unix.O_WRONLY {
		return flags&^unix.O_ACCMODE | unix.O_RDWR
	}
	return flags
}

// openToGather opens the request's node. It answers unread where the file may be written and not be read: its data cannot
// be gathered then.
func (c *call) openToGather(flags uint32, st *unix.Stat_t) (fd int, unread bool, err error) {
	both := c.fs.gathering(flags)
	fd, err = c.openNode(openFlags(both), st)
	if both != flags && err == unix.EACCES {
		fd, err = c.openNode(openFlags(flags), st)
		return fd, true, err
	}
	return fd, false, err
}

// gathered has the kernel pass on what it has gathered.
func gathered(mountPoint string) {
	fd, err := unix.Open(mountPoint, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err == nil {
		retry(func() error { return unix.Syncfs(fd) })
		unix.Close(fd)
	}
}

// nowhere answers that a name leads nowhere, which stays so until it is made through the mount.
func (c *call) nowhere() int {
	c.out.Errno = unix.ENOENT
	out := wire.Put[wire.EntryOut](&c.reply)
	out.EntryValid, out.EntryValidNsec = c.fs.valid()
	return 0
}

package control

import "golang.org/x/sys/unix"

// credentials returns the process and the user at the other end of a socket; see unix(4), LOCAL_PEERCRED.
func credentials(fd int) (pid, uid int, err error) {
	c, err := unix.GetsockoptXucred(fd, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return 0, 0, err
	}
	pid, err = unix.GetsockoptInt(fd, unix.SOL_LOCAL, unix.LOCAL_PEERPID)
	return pid, int(c.Uid), err
}

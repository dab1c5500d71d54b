package control

import "golang.org/x/sys/unix"

// credentials returns the process and the user at the other end of a socket; see unix(7), SO_PEERCRED.
func credentials(fd int) (pid, uid int, err error) {
	c, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return 0, 0, err
	}
	return int(c.Pid), int(c.Uid), nil
}

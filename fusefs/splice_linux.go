package fusefs

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"vitrine/fusefs/wire"
)

// pipe is how a worker answers a large read: the pages of the backing file go through it to the kernel by reference, and
// are copied once, to where the caller's pages are, instead of to our memory and from there. See splice(2).
type pipe struct {
	from, to int // its ends, open where pages is not 0
	pages    int // that it holds at most; less than 0 where it cannot be had
	filled   int // bytes in it: a header and as much as it says
}

const (
	spliceFrom = 64 << 10 // bytes from which on this is quicker than a copy
	pipePages  = 256      // that a user may have in a pipe as a rule; see pipe(7), /proc/sys/fs/pipe-max-size
)

// load fills the pipe with the reply to a read of size bytes at offset. It returns size, or 0 where it has not done so: the
// read is small, or ends with the file, or the backing's filesystem cannot.
func (p *pipe) load(fd int, offset int64, size int, unique uint64) int {
	if size < spliceFrom || !p.holds(size/os.Getpagesize()+2) {
		return 0
	}
	head := wire.OutHeader{Len: uint32(wire.OutHeaderSize + size), Unique: unique}
	if n, err := unix.Write(p.to, unsafe.Slice((*byte)(unsafe.Pointer(&head)), wire.OutHeaderSize)); n != wire.OutHeaderSize {
		p.giveUp(err)
		return 0
	}
	for got := 0; got < size; {
		n, err := unix.Splice(fd, &offset, p.to, nil, size-got, unix.SPLICE_F_NONBLOCK)
		switch {
		case err == unix.EINTR:
		case err != nil || n == 0:
			p.giveUp(err)
			return 0
		default:
			got += int(n)
		}
	}
	p.filled = int(head.Len)
	return size
}

// holds reports whether there is a pipe for so many pages.
func (p *pipe) holds(pages int) bool {
	if p.pages == 0 {
		p.open()
	}
	return pages <= p.pages
}

func (p *pipe) open() {
	var ends [2]int
	p.pages = -1
	if unix.Pipe2(ends[:], unix.O_CLOEXEC|unix.O_NONBLOCK) != nil {
		return
	}
	p.from, p.to = ends[0], ends[1]
	size, err := unix.FcntlInt(uintptr(p.to), unix.F_SETPIPE_SZ, pipePages*os.Getpagesize())
	if err != nil {
		size = 16 * os.Getpagesize() // what every pipe has
	}
	p.pages = size / os.Getpagesize()
}

// giveUp drops what is in the pipe, and the pipe for good where the backing's filesystem cannot splice.
func (p *pipe) giveUp(err error) {
	p.close()
	if err == unix.EINVAL {
		p.pages = -1
	}
}

// empty hands the reply over to the kernel.
func (p *pipe) empty(device int) {
	if p.filled == 0 {
		return
	}
	n, err := unix.Splice(p.from, nil, device, nil, p.filled, 0)
	if err != nil || int(n) != p.filled {
		p.giveUp(err) // nobody waits for it any more
	}
	p.filled = 0
}

func (p *pipe) close() {
	if p.pages <= 0 {
		return
	}
	unix.Close(p.from)
	unix.Close(p.to)
	p.pages, p.filled = 0, 0
}

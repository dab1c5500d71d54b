package wire

import (
	"bytes"
	"errors"
	"fmt"
	"unsafe"
)

// Bytes around what a request and a reply carry.
const (
	HeaderSize    = int(unsafe.Sizeof(InHeader{}))
	WriteInSize   = int(unsafe.Sizeof(WriteIn{}))
	OutHeaderSize = int(unsafe.Sizeof(OutHeader{}))
)

// ErrMalformed is the error of a request that is not what its header says.
var ErrMalformed = errors.New("malformed FUSE request")

// Request is one request. It points into the buffer that it was read into, which must be aligned to 8 bytes.
type Request struct {
	*InHeader
	Args // what follows the header
}

// ParseRequest interprets what one read(2) of /dev/fuse gave.
func ParseRequest(buf []byte) (Request, error) {
	if len(buf) < HeaderSize {
		return Request{}, fmt.Errorf("%w: %d bytes", ErrMalformed, len(buf))
	}
	head := (*InHeader)(unsafe.Pointer(unsafe.SliceData(buf)))
	end := int(head.Len) - 8*int(head.ExtLen)
	if int(head.Len) != len(buf) || end < HeaderSize {
		return Request{}, fmt.Errorf("%w: %d bytes, %d by its header, of which %d in extensions",
			ErrMalformed, len(buf), head.Len, 8*int(head.ExtLen))
	}
	return Request{InHeader: head, Args: buf[HeaderSize:end]}, nil
}

// Args is what of a request has not been taken yet.
type Args []byte

// Take takes a T. It answers nil where there is not enough for one.
func Take[T any](a *Args) *T {
	size := int(unsafe.Sizeof(*new(T)))
	if len(*a) < size {
		return nil
	}
	t := (*T)(unsafe.Pointer(unsafe.SliceData(*a)))
	*a = (*a)[size:]
	return t
}

// Name is a file's name with the zero byte that ends it, as system calls take it. A nil Name is none.
type Name []byte

// String returns the name without the zero byte.
func (n Name) String() string {
	if len(n) == 0 {
		return ""
	}
	return string(n[:len(n)-1])
}

// Ptr returns the name's address for a system call.
func (n Name) Ptr() *byte { return unsafe.SliceData(n) }

// Entry reports whether the name can be one of an entry in a folder: not empty, no slash, not "." or "..".
func (n Name) Entry() bool {
	return len(n) > 1 && bytes.IndexByte(n, '/') < 0 && string(n) != ".\x00" && string(n) != "..\x00"
}

// TakeName takes a name, nil where none is there.
func (a *Args) TakeName() Name {
	i := bytes.IndexByte(*a, 0)
	if i < 0 {
		return nil
	}
	name := Name((*a)[:i+1])
	*a = (*a)[i+1:]
	return name
}

// TakeBytes takes n bytes, nil where there are fewer.
func (a *Args) TakeBytes(n uint32) []byte {
	if uint64(len(*a)) < uint64(n) {
		return nil
	}
	b := (*a)[:n:n]
	*a = (*a)[n:]
	return b
}

// Reply is a reply in the making, in a buffer that is aligned to 8 bytes.
type Reply struct {
	buf  []byte
	used int
}

// Into returns an empty reply to be made in buf.
func Into(buf []byte) Reply { return Reply{buf: buf, used: OutHeaderSize} }

// Clear makes the reply empty again.
func (r *Reply) Clear() { r.used = OutHeaderSize }

// Len returns how many bytes follow the header.
func (r *Reply) Len() int { return r.used - OutHeaderSize }

// Room returns the next n bytes, as they are in the buffer, nil where it has fewer. Keep keeps them.
func (r *Reply) Room(n int) []byte {
	if n < 0 || n > len(r.buf)-r.used {
		return nil
	}
	return r.buf[r.used : r.used+n : r.used+n]
}

// Keep adds the first n bytes of the Room.
func (r *Reply) Keep(n int) { r.used += n }

// Put adds a T of zeros and returns it to be filled. The buffer must have room: only a list can be longer than that.
func Put[T any](r *Reply) *T {
	room := r.Room(int(unsafe.Sizeof(*new(T))))
	clear(room)
	r.Keep(len(room))
	return (*T)(unsafe.Pointer(unsafe.SliceData(room)))
}

// Finish returns the message for a request, to be written to /dev/fuse in one piece. errno is negated or 0; with an
// errno nothing follows the header.
func (r *Reply) Finish(unique uint64, errno int32) []byte {
	if errno != 0 {
		r.Clear()
	}
	*(*OutHeader)(unsafe.Pointer(unsafe.SliceData(r.buf))) = OutHeader{Len: uint32(r.used), Error: errno, Unique: unique}
	return r.buf[:r.used]
}

// direntSize is the size of an entry's fixed part, in bytes.
const (
	direntSize = int(unsafe.Sizeof(Dirent{}))
	entrySize  = int(unsafe.Sizeof(EntryOut{}))
)

func padded(n int) int { return (n + 7) &^ 7 }

// PutDirent adds an entry of a folder. It answers false, and adds nothing, where that would make more than limit bytes.
func (r *Reply) PutDirent(limit int, d Dirent, name []byte) bool {
	size := padded(direntSize + len(name))
	if r.Len()+size > limit || r.Room(size) == nil {
		return false
	}
	d.NameLen = uint32(len(name))
	*Put[Dirent](r) = d
	tail := r.Room(size - direntSize)
	clear(tail[copy(tail, name):])
	r.Keep(len(tail))
	return true
}

// PutDirentPlus adds an entry together with its node, which is to be filled.
func (r *Reply) PutDirentPlus(limit int, d Dirent, name []byte) (*EntryOut, bool) {
	before := r.used
	if r.Len()+entrySize > limit || r.Room(entrySize) == nil {
		return nil, false
	}
	entry := Put[EntryOut](r)
	if !r.PutDirent(limit, d, name) {
		r.used = before
		return nil, false
	}
	return entry, true
}

// Notice is a message that tells the kernel something unasked, followed by bytes.
func Notice[T any](code int32, what T, bytes string) []byte {
	r := Into(make([]byte, OutHeaderSize+int(unsafe.Sizeof(what))+len(bytes)))
	*Put[T](&r) = what
	r.Keep(copy(r.Room(len(bytes)), bytes))
	message := r.Finish(0, 0)
	(*OutHeader)(unsafe.Pointer(unsafe.SliceData(message))).Error = code
	return message
}

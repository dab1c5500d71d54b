package fusefs

import (
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"vitrine/fusefs/oplog"
	"vitrine/fusefs/wire"
)

// kernel asks a filesystem as the kernel would, without a mount and with nothing between: requests that overlap in any
// way, on nodes and handles that may be gone.
type kernel struct {
	fs     *FS
	unique atomic.Uint64
	calls  sync.Pool
}

// openFS returns a filesystem over a fresh folder, without a mount, and what it records.
func openFS(t testing.TB, readOnly bool) (k *kernel, record *oplog.Recorder, folder string) {
	t.Helper()
	folder = t.TempDir()
	root, err := os.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	record = oplog.New(oplog.Options{})
	fs := New(int(root.Fd()), readOnly, record)
	t.Cleanup(func() {
		fs.Destroy()
		record.Close()
		root.Close()
	})
	k = &kernel{fs: fs}
	k.calls.New = func() any { return &call{fs: fs, message: message{reply: wire.Into(make([]byte, 128<<10))}} }
	return k, record, folder
}

// ask sends one request. It returns what follows the reply's header, and 0 or the negated errno.
func (k *kernel) ask(op wire.Opcode, node uint64, args ...[]byte) (reply []byte, errc int) {
	size := wire.HeaderSize
	for _, arg := range args {
		size += len(arg)
	}
	buf := make([]byte, size)
	*(*wire.InHeader)(unsafe.Pointer(&buf[0])) = wire.InHeader{Len: uint32(size), Opcode: op, Unique: k.unique.Add(1), Node: node}
	at := buf[wire.HeaderSize:]
	for _, arg := range args {
		at = at[copy(at, arg):]
	}
	request, err := wire.ParseRequest(buf)
	if err != nil {
		panic(err)
	}
	c := k.calls.Get().(*call)
	defer k.calls.Put(c)
	answer := c.answer(request)
	if answer == nil {
		return nil, 0
	}
	head := (*wire.OutHeader)(unsafe.Pointer(&answer[0]))
	if int(head.Len) != len(answer) || head.Unique != request.Unique {
		panic("a reply that the kernel would refuse")
	}
	return append([]byte(nil), answer[wire.OutHeaderSize:]...), int(head.Error)
}

// raw is a struct as bytes.
func raw[T any](v T) []byte {
	return append([]byte(nil), unsafe.Slice((*byte)(unsafe.Pointer(&v)), unsafe.Sizeof(v))...)
}

// replied is the struct that a reply begins with.
func replied[T any](reply []byte) *T { return (*T)(unsafe.Pointer(unsafe.SliceData(reply))) }

func name(s string) []byte { return append([]byte(s), 0) }

// walk looks each name of a path up, and returns the node of the last; the lookups are not taken back.
func (k *kernel) walk(path string) (node uint64, errc int) {
	node = wire.RootID
	for part := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '/' }) {
		reply, errc := k.ask(wire.Lookup, node, name(part))
		if errc != 0 {
			return 0, errc
		}
		node = replied[wire.EntryOut](reply).Node
	}
	return node, 0
}

// split returns the node of the folder that a path leads into, and the name there.
func (k *kernel) split(path string) (folder uint64, last []byte, errc int) {
	i := strings.LastIndexByte(path, '/')
	folder, errc = k.walk(path[:i])
	return folder, name(path[i+1:]), errc
}

// in asks something about a name in a folder.
func (k *kernel) in(op wire.Opcode, path string, args ...[]byte) (reply []byte, errc int) {
	folder, last, errc := k.split(path)
	if errc != 0 {
		return nil, errc
	}
	return k.ask(op, folder, append(args, last)...)
}

// on asks something about what a path leads to.
func (k *kernel) on(op wire.Opcode, path string, args ...[]byte) (reply []byte, errc int) {
	node, errc := k.walk(path)
	if errc != 0 {
		return nil, errc
	}
	return k.ask(op, node, args...)
}

// file is an open file as the kernel knows it.
type file struct {
	k        *kernel
	node, fh uint64
}

func (k *kernel) create(path string, flags int, mode uint32) (file, int) {
	reply, errc := k.in(wire.Create, path, raw(wire.CreateIn{Flags: uint32(flags | unix.O_CREAT), Mode: mode}))
	if errc != 0 {
		return file{}, errc
	}
	entry := replied[wire.EntryOut](reply)
	return file{k, entry.Node, replied[wire.OpenOut](reply[unsafe.Sizeof(*entry):]).FH}, 0
}

func (k *kernel) open(path string, flags int) (file, int) {
	node, errc := k.walk(path)
	if errc != 0 {
		return file{}, errc
	}
	reply, errc := k.ask(wire.Open, node, raw(wire.OpenIn{Flags: uint32(flags)}))
	if errc != 0 {
		return file{}, errc
	}
	return file{k, node, replied[wire.OpenOut](reply).FH}, 0
}

func (f file) write(data []byte, at int64) int {
	reply, errc := f.k.ask(wire.Write, f.node, raw(wire.WriteIn{FH: f.fh, Offset: uint64(at), Size: uint32(len(data))}), data)
	if errc != 0 {
		return errc
	}
	return int(replied[wire.WriteOut](reply).Size)
}

func (f file) read(buf []byte, at int64) int {
	reply, errc := f.k.ask(wire.Read, f.node, raw(wire.ReadIn{FH: f.fh, Offset: uint64(at), Size: uint32(len(buf))}))
	if errc != 0 {
		return errc
	}
	return copy(buf, reply)
}

func (f file) fsync() int {
	_, errc := f.k.ask(wire.Fsync, f.node, raw(wire.FsyncIn{FH: f.fh, Flags: wire.FsyncDatasync}))
	return errc
}

func (f file) truncate(size int64) int {
	_, errc := f.k.ask(wire.Setattr, f.node, raw(wire.SetattrIn{Valid: wire.FattrSize | wire.FattrFH, FH: f.fh, Size: uint64(size)}))
	return errc
}

func (f file) release() int {
	_, errc := f.k.ask(wire.Release, f.node, raw(wire.ReleaseIn{FH: f.fh}))
	return errc
}

func (k *kernel) setattr(path string, in wire.SetattrIn) int {
	_, errc := k.on(wire.Setattr, path, raw(in))
	return errc
}

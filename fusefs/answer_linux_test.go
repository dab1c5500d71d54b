package fusefs

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"vitrine/fusefs/oplog"
	"vitrine/fusefs/wire"
)

// FuzzAnswer sends requests that no kernel would send, three in a row so that nodes and handles of one matter to the
// next: every reply is well-formed, no handler panics, and nothing outside the folder changes.
func FuzzAnswer(f *testing.F) {
	add := func(requests ...[]byte) {
		var all []byte
		for _, r := range requests {
			all = append(append(all, byte(len(r))), r...)
		}
		f.Add(all)
	}
	one := func(op wire.Opcode, node byte, args ...[]byte) []byte {
		return append([]byte{byte(op), node}, bytes.Join(args, nil)...)
	}
	add(one(wire.Lookup, 1, name("f")), one(wire.Open, 2, raw(wire.OpenIn{Flags: 2})), one(wire.Write, 2, raw(wire.WriteIn{FH: 1, Size: 3}), []byte("abc")))
	add(one(wire.Create, 1, raw(wire.CreateIn{Flags: 0x42, Mode: 0o600}), name("g")), one(wire.Release, 3, raw(wire.ReleaseIn{FH: 1})), one(wire.Unlink, 1, name("g")))
	add(one(wire.Opendir, 1, raw(wire.OpenIn{})), one(wire.Readdirplus, 1, raw(wire.ReadIn{FH: 1, Size: 4096})), one(wire.Releasedir, 1, raw(wire.ReleaseIn{FH: 1})))
	add(one(wire.Rename2, 1, raw(wire.Rename2In{NewDir: 1, Flags: 2}), name("f"), name("d")), one(wire.Getattr, 1, raw(wire.GetattrIn{})), one(wire.Forget, 2, raw(wire.ForgetIn{Lookups: 9})))
	add(one(wire.Setxattr, 1, raw(wire.SetxattrCompatIn{Size: 1}), name("user.a"), []byte("b")), one(wire.Getxattr, 1, raw(wire.GetxattrIn{Size: 9}), name("user.a")), one(wire.Listxattr, 1, raw(wire.GetxattrIn{})))
	add(one(wire.Setlk, 2, raw(wire.LkIn{FH: 1, Owner: 1, Lock: wire.FileLock{End: 9, Type: 1}})), one(wire.Interrupt, 0, raw(wire.InterruptIn{Unique: 2})), one(wire.Init, 0, raw(wire.InitIn{Major: 7, Minor: 40})))
	f.Fuzz(func(t *testing.T, data []byte) {
		k, record, folder := openFS(t, false)
		outside := filepath.Dir(folder)
		before, _ := os.ReadDir(outside)
		check(t, os.WriteFile(filepath.Join(folder, "f"), []byte("data"), 0o600))
		check(t, os.Mkdir(filepath.Join(folder, "d"), 0o700))
		k.calls.New = func() any { return &call{fs: k.fs, message: message{reply: wire.Into(make([]byte, 2<<20))}} }
		for range 3 {
			if len(data) < 3 {
				break
			}
			size := min(int(data[0])+1, len(data)-1)
			request := data[1 : 1+size]
			data = data[1+size:]
			if op := wire.Opcode(request[0]); op != wire.Setlkw && op != wire.Mknod && len(request) > 1 {
				sendAnything(t, k, op, uint64(request[1]), request[2:])
			}
		}
		record.Flush()
		events, _ := record.History().All()
		for _, e := range events {
			if e.Flags&oplog.Panicked != 0 {
				t.Errorf("%s: %s", e.Op, e.Detail)
			}
		}
		if after, _ := os.ReadDir(outside); len(after) != len(before) {
			t.Errorf("outside there are %v now, and were %v", after, before)
		}
		unix.Chmod(folder, 0o700)
	})
}

func sendAnything(t *testing.T, k *kernel, op wire.Opcode, node uint64, args []byte) {
	reply, errc := k.ask(op, node, args)
	if errc > 0 || errc < -4095 {
		t.Errorf("request %d is answered with %d", op, errc)
	}
	if op == wire.Lookup && errc == 0 && len(reply) != int(unsafe.Sizeof(wire.EntryOut{})) {
		t.Errorf("%d bytes for an entry", len(reply))
	}
}

// TestHandshake meets kernels of several ages.
func TestHandshake(t *testing.T) {
	for what, c := range map[string]struct {
		args  [][]byte
		errc  int
		minor uint32
		flags uint64
	}{
		"before 5.4":     {[][]byte{raw(wire.InitIn{Major: 7, Minor: 30})}, -int(unix.EPROTO), 0, 0},
		"another major":  {[][]byte{raw(wire.InitIn{Major: 8, Minor: 1})}, -int(unix.EPROTO), 0, 0},
		"short":          {[][]byte{{7, 0, 0, 0}}, -int(unix.EPROTO), 0, 0},
		"5.4, no more":   {[][]byte{raw(wire.InitIn{Major: 7, Minor: 31, Flags: wire.BigWrites})}, 0, 31, wire.BigWrites},
		"what we do not": {[][]byte{raw(wire.InitIn{Major: 7, Minor: 31, Flags: wire.WritebackCache | wire.DontMask})}, 0, 31, wire.DontMask},
		"newer than us":  {[][]byte{raw(wire.InitIn{Major: 7, Minor: 99, Flags: wire.InitExt}), raw(wire.InitExtIn{Flags2: ^uint32(0)})}, 0, wire.Minor, wire.InitExt},
	} {
		k, _, _ := openFS(t, false)
		reply, errc := k.ask(wire.Init, 0, c.args...)
		if errc != c.errc {
			t.Errorf("%s: %d, want %d", what, errc, c.errc)
			continue
		}
		if errc != 0 {
			continue
		}
		out := replied[wire.InitOut](reply)
		if got := uint64(out.Flags) | uint64(out.Flags2)<<32; out.Minor != c.minor || got != c.flags || out.MaxWrite != maxWrite {
			t.Errorf("%s: %+v", what, out)
		}
	}
}

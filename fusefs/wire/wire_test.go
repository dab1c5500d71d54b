package wire

import (
	"bytes"
	"slices"
	"testing"
	"unsafe"
)

// TestSizes compares what is laid out here to the sizes that the kernel's compiler gives include/uapi/linux/fuse.h.
func TestSizes(t *testing.T) {
	for name, c := range map[string]struct{ got, want uintptr }{
		"fuse_in_header":           {unsafe.Sizeof(InHeader{}), 40},
		"fuse_out_header":          {unsafe.Sizeof(OutHeader{}), 16},
		"fuse_init_in":             {unsafe.Sizeof(InitIn{}) + unsafe.Sizeof(InitExtIn{}), 64},
		"fuse_init_out":            {unsafe.Sizeof(InitOut{}), 64},
		"fuse_attr":                {unsafe.Sizeof(Attr{}), 88},
		"fuse_entry_out":           {unsafe.Sizeof(EntryOut{}), 128},
		"fuse_attr_out":            {unsafe.Sizeof(AttrOut{}), 104},
		"fuse_getattr_in":          {unsafe.Sizeof(GetattrIn{}), 16},
		"fuse_setattr_in":          {unsafe.Sizeof(SetattrIn{}), 88},
		"fuse_mknod_in":            {unsafe.Sizeof(MknodIn{}), 16},
		"fuse_mkdir_in":            {unsafe.Sizeof(MkdirIn{}), 8},
		"fuse_rename_in":           {unsafe.Sizeof(RenameIn{}), 8},
		"fuse_rename2_in":          {unsafe.Sizeof(Rename2In{}), 16},
		"fuse_link_in":             {unsafe.Sizeof(LinkIn{}), 8},
		"fuse_open_in":             {unsafe.Sizeof(OpenIn{}), 8},
		"fuse_create_in":           {unsafe.Sizeof(CreateIn{}), 16},
		"fuse_open_out":            {unsafe.Sizeof(OpenOut{}), 16},
		"fuse_release_in":          {unsafe.Sizeof(ReleaseIn{}), 24},
		"fuse_flush_in":            {unsafe.Sizeof(FlushIn{}), 24},
		"fuse_read_in":             {unsafe.Sizeof(ReadIn{}), 40},
		"fuse_write_in":            {unsafe.Sizeof(WriteIn{}), 40},
		"fuse_write_out":           {unsafe.Sizeof(WriteOut{}), 8},
		"fuse_statfs_out":          {unsafe.Sizeof(StatfsOut{}), 80},
		"fuse_fsync_in":            {unsafe.Sizeof(FsyncIn{}), 16},
		"fuse_setxattr_in":         {unsafe.Sizeof(SetxattrIn{}), 16},
		"fuse_getxattr_in":         {unsafe.Sizeof(GetxattrIn{}), 8},
		"fuse_getxattr_out":        {unsafe.Sizeof(GetxattrOut{}), 8},
		"fuse_lk_in":               {unsafe.Sizeof(LkIn{}), 48},
		"fuse_lk_out":              {unsafe.Sizeof(LkOut{}), 24},
		"fuse_access_in":           {unsafe.Sizeof(AccessIn{}), 8},
		"fuse_interrupt_in":        {unsafe.Sizeof(InterruptIn{}), 8},
		"fuse_ioctl_in":            {unsafe.Sizeof(IoctlIn{}), 32},
		"fuse_ioctl_out":           {unsafe.Sizeof(IoctlOut{}), 16},
		"fuse_fallocate_in":        {unsafe.Sizeof(FallocateIn{}), 32},
		"fuse_lseek_in":            {unsafe.Sizeof(LseekIn{}), 24},
		"fuse_lseek_out":           {unsafe.Sizeof(LseekOut{}), 8},
		"fuse_copy_file_range_in":  {unsafe.Sizeof(CopyFileRangeIn{}), 56},
		"fuse_copy_file_range_out": {unsafe.Sizeof(CopyFileRangeOut{}), 8},
		"fuse_forget_in":           {unsafe.Sizeof(ForgetIn{}), 8},
		"fuse_batch_forget_in":     {unsafe.Sizeof(BatchForgetIn{}), 8},
		"fuse_forget_one":          {unsafe.Sizeof(ForgetOne{}), 16},
		"fuse_statx_in":            {unsafe.Sizeof(StatxIn{}), 24},
		"fuse_statx":               {unsafe.Sizeof(StatxAttr{}), 256},
		"fuse_statx_out":           {unsafe.Sizeof(StatxOut{}), 288},
		"fuse_dirent":              {unsafe.Sizeof(Dirent{}), 24},
		"fuse_notify_inval_inode":  {unsafe.Sizeof(InvalInodeOut{}), 24},
		"fuse_notify_store":        {unsafe.Sizeof(StoreOut{}), 24},
		"fuse_notify_inval_entry":  {unsafe.Sizeof(InvalEntryOut{}), 16},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d bytes, want %d", name, c.got, c.want)
		}
	}
}

// request is a request as bytes.
func request(head InHeader, args ...[]byte) []byte {
	body := slices.Concat(args...)
	head.Len = uint32(HeaderSize + len(body))
	buf := make([]byte, head.Len)
	*(*InHeader)(unsafe.Pointer(&buf[0])) = head
	copy(buf[HeaderSize:], body)
	return buf
}

func TestRequest(t *testing.T) {
	buf := request(InHeader{Opcode: Rename2, Unique: 7, Node: RootID},
		[]byte{2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0}, []byte("old\x00new\x00"))
	r, err := ParseRequest(buf)
	if err != nil || r.Opcode != Rename2 || r.Unique != 7 {
		t.Fatalf("%+v, %v", r, err)
	}
	in := Take[Rename2In](&r.Args)
	if in == nil || in.NewDir != 2 || in.Flags != 1 {
		t.Fatalf("%+v", in)
	}
	if from, to := r.TakeName(), r.TakeName(); from.String() != "old" || to.String() != "new" || !to.Entry() {
		t.Errorf("%q, %q", from, to)
	}
	if rest := r.TakeName(); rest != nil || rest.Entry() {
		t.Errorf("a third name: %q", rest)
	}
	for cut := range buf {
		if _, err := ParseRequest(buf[:cut]); err == nil {
			t.Errorf("%d of %d bytes were taken for a request", cut, len(buf))
		}
	}
}

func TestReply(t *testing.T) {
	r := Into(make([]byte, 512))
	Put[AttrOut](&r).Attr.Size = 5
	if message := r.Finish(3, 0); len(message) != OutHeaderSize+104 || message[0] != byte(len(message)) || message[8] != 3 {
		t.Errorf("%v", message)
	}
	if message := r.Finish(3, -2); len(message) != OutHeaderSize || int8(message[4]) != -2 {
		t.Errorf("%v", message)
	}
	r.Clear()
	n := 0
	for r.PutDirent(100, Dirent{Ino: 1, Off: 2, Type: 4}, []byte("twelve bytes")) {
		n++
	}
	if n != 2 || r.Len() != 2*(24+16) {
		t.Errorf("%d entries in %d bytes", n, r.Len())
	}
	if _, ok := r.PutDirentPlus(100, Dirent{}, []byte("a")); ok || r.Len() != 80 {
		t.Errorf("an entry too many: %v, %d bytes", ok, r.Len())
	}
}

func TestNotice(t *testing.T) {
	message := Notice(NotifyInvalEntry, InvalEntryOut{Parent: 1, NameLen: 3}, "abc\x00")
	if len(message) != 16+16+4 || message[4] != NotifyInvalEntry || !bytes.HasSuffix(message, []byte("abc\x00")) {
		t.Errorf("%v", message)
	}
}

// FuzzRequest takes anything for a request and everything out of it that there may be.
func FuzzRequest(f *testing.F) {
	f.Add(request(InHeader{Opcode: Write}, make([]byte, 45)))
	f.Add(request(InHeader{Opcode: Lookup, ExtLen: 1}, []byte("name\x00....")))
	f.Fuzz(func(t *testing.T, data []byte) {
		buf := make([]byte, len(data)+8) // aligned as a worker's
		buf = buf[:copy(buf, data)]
		r, err := ParseRequest(buf)
		if err != nil {
			return
		}
		if len(r.Args) > len(buf)-HeaderSize {
			t.Fatalf("%d bytes of arguments in %d", len(r.Args), len(buf))
		}
		Take[SetattrIn](&r.Args)
		for {
			name := r.TakeName()
			if name == nil {
				break
			}
			if name.Entry() && (len(name) < 2 || bytes.ContainsAny(name[:len(name)-1], "/\x00")) {
				t.Fatalf("%q", name)
			}
		}
		if b := r.TakeBytes(uint32(len(r.Args))); len(b) != 0 && len(r.Args) != 0 {
			t.Fatalf("%d bytes are left", len(r.Args))
		}
	})
}

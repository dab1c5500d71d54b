package fusefs

import (
	"fmt"
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// BenchmarkLookup asks for names that are not there, which the kernel does not remember: one request each and next to no
// work for it, from one client and from many.
func BenchmarkLookup(b *testing.B) {
	p := mountChild(b)
	for _, clients := range []int{1, 64} {
		b.Run(fmt.Sprintf("%d", clients), func(b *testing.B) {
			b.SetParallelism(max(1, clients/runtime.GOMAXPROCS(0)))
			ask := func() {
				var st unix.Stat_t
				if err := unix.Lstat(p.file("none"), &st); err != unix.ENOENT {
					b.Fatal(err)
				}
			}
			if clients == 1 {
				for b.Loop() {
					ask()
				}
				return
			}
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					ask()
				}
			})
		})
	}
}

// BenchmarkWriteSize writes through a mount with write(2) calls of several sizes, and BenchmarkReadSize reads so. The
// st_blksize that a file reports (ioSize) is what cp and others take for the size of theirs.
func BenchmarkWriteSize(b *testing.B) {
	p := mountChild(b)
	for _, size := range writeSizes {
		b.Run(fmt.Sprintf("%dK", size>>10), func(b *testing.B) {
			file, err := os.Create(p.file("f"))
			if err != nil {
				b.Fatal(err)
			}
			defer file.Close()
			buf := make([]byte, size)
			b.SetBytes(int64(size))
			for i := 0; b.Loop(); i++ {
				if _, err := file.WriteAt(buf, int64(i*size%benchFile)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkReadSize(b *testing.B) {
	p := mountChild(b)
	if err := os.WriteFile(p.behind("f"), make([]byte, benchFile), 0o600); err != nil {
		b.Fatal(err)
	}
	for _, size := range writeSizes {
		b.Run(fmt.Sprintf("%dK", size>>10), func(b *testing.B) {
			buf := make([]byte, size)
			b.SetBytes(int64(size))
			var file *os.File
			for i := 0; b.Loop(); i++ {
				if i*size%benchFile == 0 { // opened anew, so that it is read from the mount and not from the page cache
					file.Close()
					var err error
					if file, err = os.OpenFile(p.file("f"), os.O_RDONLY|unix.O_DIRECT, 0); err != nil {
						b.Fatal(err)
					}
				}
				if _, err := file.ReadAt(buf, int64(i*size%benchFile)); err != nil {
					b.Fatal(err)
				}
			}
			file.Close()
		})
	}
}

var writeSizes = []int{4 << 10, 16 << 10, 64 << 10, 128 << 10, 256 << 10, 512 << 10, 1 << 20, 2 << 20}

const benchFile = 64 << 20

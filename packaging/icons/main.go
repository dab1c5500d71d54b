// Icons writes the application icon in the sizes of the hicolor theme, or as one file for macOS.
//
//	icons PICTURE FOLDER NAME
//	icons -icns PICTURE FILE
package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"

	"golang.org/x/image/draw"
)

// sizes are those that the Icon Theme Specification's hicolor theme names for applications, in pixels.
var sizes = []int{16, 22, 24, 32, 48, 64, 96, 128, 256, 512}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "icons takes a picture, a folder and a name, or -icns, a picture and a file")
		os.Exit(2)
	}
	do := func() error { return write(os.Args[1], os.Args[2], os.Args[3]) }
	if os.Args[1] == "-icns" {
		do = func() error { return writeICNS(os.Args[2], os.Args[3]) }
	}
	if err := do(); err != nil {
		fmt.Fprintf(os.Stderr, "icons: %v\n", err)
		os.Exit(1)
	}
}

func open(picture string) (image.Image, error) {
	f, err := os.Open(picture)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	whole, err := png.Decode(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", picture, err)
	}
	return whole, nil
}

func write(picture, folder, name string) error {
	whole, err := open(picture)
	if err != nil {
		return err
	}
	for _, size := range sizes {
		path := filepath.Join(folder, fmt.Sprintf("%dx%d", size, size), "apps", name+".png")
		if err := writePNG(path, scaled(whole, size)); err != nil {
			return err
		}
	}
	return nil
}

func scaled(whole image.Image, size int) image.Image {
	to := image.NewNRGBA(image.Rect(0, 0, size, size))
	draw.CatmullRom.Scale(to, to.Bounds(), whole, whole.Bounds(), draw.Src, nil)
	return to
}

func writePNG(path string, picture image.Image) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(encoder.Encode(f, picture), f.Close())
}

var encoder = png.Encoder{CompressionLevel: png.BestCompression}

// icnsKinds are the entries of an icon file of macOS that hold a PNG, by how many pixels that has: for screens of one
// and of two pixels a point.
var icnsKinds = []struct {
	kind string
	size int
}{
	{"icp4", 16}, {"icp5", 32}, {"ic07", 128}, {"ic08", 256}, {"ic09", 512}, // of one
	{"ic11", 32}, {"ic12", 64}, {"ic13", 256}, {"ic14", 512}, // of two
}

// writeICNS writes an icon file of macOS: each entry, and the whole, begins with a kind of four letters and its length
// in bytes, big-endian.
func writeICNS(picture, file string) error {
	whole, err := open(picture)
	if err != nil {
		return err
	}
	var entries []byte
	for _, k := range icnsKinds {
		var data bytes.Buffer
		if err := encoder.Encode(&data, scaled(whole, k.size)); err != nil {
			return err
		}
		entries = appendEntry(entries, k.kind, data.Bytes())
	}
	return os.WriteFile(file, appendEntry(nil, "icns", entries), 0o644)
}

func appendEntry(to []byte, kind string, data []byte) []byte {
	to = append(to, kind...)
	to = binary.BigEndian.AppendUint32(to, uint32(8+len(data)))
	return append(to, data...)
}

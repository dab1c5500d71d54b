// Icons writes the application icon in the sizes of the hicolor theme.
//
//	icons PICTURE FOLDER NAME
package main

import (
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
		fmt.Fprintln(os.Stderr, "icons takes a picture, a folder and a name")
		os.Exit(2)
	}
	if err := write(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintf(os.Stderr, "icons: %v\n", err)
		os.Exit(1)
	}
}

func write(picture, folder, name string) error {
	f, err := os.Open(picture)
	if err != nil {
		return err
	}
	defer f.Close()
	whole, err := png.Decode(f)
	if err != nil {
		return fmt.Errorf("%s: %w", picture, err)
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
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	return errors.Join(encoder.Encode(f, picture), f.Close())
}

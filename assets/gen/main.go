// Command gen writes icon.png, the application icon, into the current folder. Run it through go generate in assets.
package main

import (
	"image/png"
	"log"
	"os"

	"vitrine/assets/draw"
)

func main() {
	f, err := os.Create("icon.png")
	if err != nil {
		log.Fatal(err)
	}
	if err := png.Encode(f, draw.App(512)); err != nil {
		log.Fatal(err)
	}
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}

package layout

import (
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

// metadata is what Fyne 2.7 knows in FyneApp.toml, as far as it is used here.
type metadata struct {
	Details struct {
		Icon, Name, ID, Version string
		Build                   int
	}
	LinuxAndBSD struct {
		GenericName, Comment string
		Categories, Keywords []string
	}
}

func TestMetadataIsCompleteAndKnownToFyne(t *testing.T) {
	f, err := os.Open(filepath.Join(top(t), "FyneApp.toml"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var m metadata
	if err := toml.NewDecoder(f).DisallowUnknownFields().Decode(&m); err != nil {
		t.Fatal(err)
	}
	d := m.Details
	if d.Name != "Vitrine" || d.ID != "app.vitrine.Vitrine" || d.Version == "" || d.Build < 1 {
		t.Errorf("details: %+v", d)
	}
	icon, err := os.Open(filepath.Join(top(t), d.Icon))
	if err != nil {
		t.Fatal(err)
	}
	defer icon.Close()
	if picture, err := png.DecodeConfig(icon); err != nil || picture.Width != picture.Height || picture.Width < 128 {
		t.Errorf("%s: %d×%d, %v; it must be square, of 128 pixels or more", d.Icon, picture.Width, picture.Height, err)
	}
}

package layout

import (
	"image/png"
	"os"
	"path/filepath"
	"strings"
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

// TestDependenciesSayWhy reads go.mod: what is required directly has a comment.
func TestDependenciesSayWhy(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(top(t), "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	_, direct, _ := strings.Cut(string(text), "require (")
	direct, _, _ = strings.Cut(direct, ")")
	count := 0
	for line := range strings.Lines(direct) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		count++
		if _, why, _ := strings.Cut(line, "//"); strings.TrimSpace(why) == "" {
			t.Errorf("go.mod does not say why %s is there", line)
		}
	}
	if count < 10 {
		t.Errorf("%d dependencies are read, which cannot be all", count)
	}
}

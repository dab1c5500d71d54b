package assets

import (
	"bytes"
	"image"
	"image/png"
	"testing"
)

func decode(t *testing.T, icon func() []byte) *image.NRGBA {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(icon()))
	if err != nil {
		t.Fatal(err)
	}
	return picture.(*image.NRGBA)
}

// TestTemplates are black and have the shapes of the coloured icons, and no two are the same.
func TestTemplates(t *testing.T) {
	seen := make(map[string]bool)
	for name, icons := range map[string][2]func() []byte{
		"unmounted": {TrayUnmounted, TemplateUnmounted}, "mounted": {TrayMounted, TemplateMounted},
		"busy": {TrayBusy, TemplateBusy}, "error": {TrayError, TemplateError},
	} {
		coloured, template := decode(t, icons[0]), decode(t, icons[1])
		solid := 0
		for i := 0; i < len(template.Pix); i += 4 {
			p, q := template.Pix[i:i+4], coloured.Pix[i:i+4]
			if p[0]|p[1]|p[2] != 0 || p[3] != q[3] {
				t.Fatalf("%s: %v where the coloured one is %v", name, p, q)
			}
			if p[3] == 0xff {
				solid++
			}
		}
		if whole := len(template.Pix) / 4; solid < whole/10 || solid > whole*9/10 {
			t.Errorf("%s: %d of %d pixels are solid", name, solid, whole)
		}
		seen[string(template.Pix)] = true
	}
	if len(seen) != 4 {
		t.Errorf("%d different icons, want 4", len(seen))
	}
}

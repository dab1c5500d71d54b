package main

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"testing"
)

func TestBillOfThisTest(t *testing.T) {
	var first, second bytes.Buffer
	for _, to := range []*bytes.Buffer{&first, &second} {
		if err := write(to, os.Args[0], "vitrine", "1.2.3", "2026-01-02T03:04:05Z"); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("twice the same is not the same")
	}
	var d document
	if err := json.Unmarshal(first.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(d.SerialNumber) {
		t.Error(d.SerialNumber)
	}
	if d.BOMFormat != "CycloneDX" || d.SpecVersion != "1.5" || d.Metadata.Component.Version != "1.2.3" || d.Components[0].Name != "std" {
		t.Errorf("%+v", d)
	}
	var refs []string
	for _, c := range d.Components {
		if slices.Contains(refs, c.Ref) || c.Type != "library" || c.PURL == "" {
			t.Errorf("%+v", c)
		}
		refs = append(refs, c.Ref)
	}
	if !slices.Equal(refs, d.Dependencies[0].DependsOn) {
		t.Errorf("%v", d.Dependencies)
	}
}

func TestRefuses(t *testing.T) {
	if err := write(&bytes.Buffer{}, os.Args[0], "vitrine", "1", "yesterday"); err == nil {
		t.Error("a time that is none is taken")
	}
	if err := write(&bytes.Buffer{}, "main_test.go", "vitrine", "1", "2026-01-02T03:04:05Z"); err == nil {
		t.Error("a text is taken for a program")
	}
}

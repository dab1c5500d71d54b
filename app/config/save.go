package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"vitrine/app/config/failure"
)

const header = `# Settings of Vitrine. The settings window changes the values below and leaves all else in this file as it is.
# Vitrine reads the file when it starts. A path may begin with ~/ for your home folder.

# The version of this file's format.
version = 1
`

// Save writes c to path, atomically: whatever goes wrong, the file that was there stays as it was. Comments and the
// spelling of unchanged values are kept. A file with mistakes, or of a newer Vitrine, is not replaced.
func Save(path string, c Config) error {
	if wrong := c.Check(); wrong != nil {
		return notSaved(path, joinFields(wrong))
	}
	path, err := target(path)
	if err != nil {
		return notSaved(path, err)
	}
	text, err := readFile(path)
	if err != nil {
		return notSaved(path, err)
	}
	doc, err := parse(path, text)
	if err != nil {
		return notSaved(path, err)
	}
	text = doc.with(c)
	if again, err := parse(path, text); err != nil || again.config != c {
		return notSaved(path, failure.Textf("the new text would not read back as it was meant (%v); please report this", err))
	}
	if err := Replace(path, text); err != nil {
		return notSaved(path, err)
	}
	return nil
}

func notSaved(path string, err error) error {
	return failure.Textf("the settings were not saved, %s is as it was: %v", path, err)
}

func joinFields(wrong []FieldError) error {
	var all []error
	for _, e := range wrong {
		all = append(all, e)
	}
	return errors.Join(all...)
}

// target follows symbolic links, so that a link to a file kept elsewhere stays a link.
func target(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if err == nil {
		return real, nil
	}
	if _, lerr := os.Lstat(path); errors.Is(lerr, fs.ErrNotExist) {
		return path, nil
	}
	return path, failure.Textf("the link leads nowhere (%v); correct or remove it", err)
}

// with returns the document's text with the values of c.
func (d *document) with(c Config) []byte {
	text := d.text
	if len(strings.TrimSpace(string(text))) == 0 {
		text = []byte(header)
	}
	var changed []*key
	var missing strings.Builder
	for i := range keys {
		k := &keys[i]
		_, set := d.entries[k.name]
		switch {
		case !set:
			fmt.Fprintf(&missing, "\n# %s\n# Default: %s\n%s = %s\n", k.about, k.text(Default()), k.name, k.text(c))
		case k.text(c) != k.text(d.config):
			changed = append(changed, k)
		}
	}
	slices.SortFunc(changed, func(a, b *key) int { return d.entries[b.name].start - d.entries[a.name].start })
	for _, k := range changed {
		e := d.entries[k.name]
		text = slices.Concat(text[:e.start], []byte(k.text(c)), text[e.end:])
	}
	if missing.Len() > 0 && !strings.HasSuffix(string(text), "\n") {
		text = append(slices.Clip(text), '\n')
	}
	return slices.Concat(text, []byte(missing.String()))
}

// Replace writes a file that only the person may read, whole or not at all: beside path, forced to the disk and then
// moved into place. It makes the folder where that is missing.
func Replace(path string, text []byte) error {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(folder, "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return err
	}
	if err := errors.Join(fill(f, text), f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	syncFolder(folder)
	return nil
}

func fill(f *os.File, text []byte) error {
	if _, err := f.Write(text); err != nil {
		return err
	}
	return f.Sync()
}

// syncFolder makes the move last through a power cut. Where a system cannot do that, a power cut leaves the old file
// or the new one, each of them whole.
func syncFolder(folder string) {
	if f, err := os.Open(folder); err == nil {
		_ = f.Sync()
		_ = f.Close()
	}
}

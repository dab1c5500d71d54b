package doctor

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

// File is one of a bundle.
type File struct {
	Name string
	Text string
}

// Bundle writes the files to a new tar.gz at path, which only its owner can read. One that exists is not replaced.
func Bundle(path string, files []File) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s exists already and is not replaced; name another file", path)
	}
	if err != nil {
		return fmt.Errorf("the bundle could not be written: %w", err)
	}
	if err := errors.Join(pack(f, files), f.Close()); err != nil {
		return fmt.Errorf("the bundle could not be written: %w", errors.Join(err, os.Remove(path)))
	}
	return nil
}

func pack(w io.Writer, files []File) error {
	zip := gzip.NewWriter(w)
	archive := tar.NewWriter(zip)
	for _, f := range files {
		head := &tar.Header{Name: "vitrine-report/" + f.Name, Mode: 0o600, Size: int64(len(f.Text)), ModTime: time.Now()}
		if err := archive.WriteHeader(head); err != nil {
			return err
		}
		if _, err := io.WriteString(archive, f.Text); err != nil {
			return err
		}
	}
	return errors.Join(archive.Close(), zip.Close())
}

// Cover takes the person's names out of a text: each folder, with what lies below it, becomes what it is called in
// brackets. Words shorter than two bytes are left.
type Cover struct {
	folders []covered
}

type covered struct {
	path, as string
	pattern  *regexp.Regexp
}

// Add covers a folder, or any other word, as a name.
func (c *Cover) Add(path, as string) {
	if len(path) < 2 {
		return
	}
	pattern := regexp.QuoteMeta(path)
	if strings.Contains(path, "/") {
		pattern += `(/[^\n":]*)?`
	} else {
		pattern = `\b` + pattern + `\b`
	}
	c.folders = append(c.folders, covered{path, "<" + as + ">", regexp.MustCompile(pattern)})
	slices.SortStableFunc(c.folders, func(a, b covered) int { return len(b.path) - len(a.path) }) // the longest first
}

// Text returns a text without the names.
func (c *Cover) Text(text string) string {
	for _, f := range c.folders {
		text = f.pattern.ReplaceAllStringFunc(text, func(found string) string {
			if strings.HasPrefix(found, f.path+"/") {
				return f.as + "/…"
			}
			return f.as
		})
	}
	return text
}

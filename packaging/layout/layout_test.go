// Package layout guards the shape of the repository: what stands at its top, and which package may import which.
package layout

import (
	"errors"
	"go/build"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "vitrine"

// atTop is all that may stand at the repository's top, besides dotfiles and what git ignores.
var atTop = []string{"app", "assets", "fusefs", "packaging", "ui", "FyneApp.toml", "LICENSE", "README.md", "go.mod", "go.sum"}

// mayImport says for each part of the repository which other parts it may import. A part is a folder and what lies in
// it, but for those that are parts themselves.
var mayImport = map[string][]string{
	"fusefs/oplog":         nil,
	"fusefs/activity":      {"fusefs/oplog"},
	"fusefs":               {"fusefs/oplog", "fusefs/wire"},
	"fusefs/wire":          nil,
	"assets":               nil,
	"ui":                   {"assets", "fusefs/activity", "fusefs/oplog"},
	"app/config":           nil,
	"app/internal/desktop": nil,
	"app":                  {"app/config", "app/internal/desktop", "assets", "fusefs", "fusefs/activity", "fusefs/oplog", "ui"},
	"packaging":            nil,
}

func top(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestTopLevel(t *testing.T) {
	entries, err := os.ReadDir(top(t))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, e := range entries {
		if name := e.Name(); name[0] != '.' && !ignored(t, name) {
			found = append(found, name)
		}
	}
	for _, name := range found {
		if !slices.Contains(atTop, name) {
			t.Errorf("%s does not belong to the repository's top", name)
		}
	}
	for _, name := range atTop {
		if !slices.Contains(found, name) {
			t.Errorf("%s is missing at the repository's top", name)
		}
	}
}

// ignored says whether .gitignore names an entry of the top.
func ignored(t *testing.T, name string) bool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(top(t), ".gitignore"))
	if err != nil {
		t.Fatal(err)
	}
	for pattern := range strings.FieldsSeq(string(text)) {
		if ok, _ := filepath.Match(strings.Trim(pattern, "/"), name); ok {
			return true
		}
	}
	return false
}

func TestImportsPointOneWay(t *testing.T) {
	for _, system := range []string{"linux", "darwin"} {
		for _, p := range packages(t, system) {
			from := partOf(p.ImportPath)
			if from == "" {
				t.Errorf("%s belongs to no known part", p.ImportPath)
			}
			for _, path := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
				to := partOf(path)
				if to != "" && to != from && !slices.Contains(mayImport[from], to) {
					t.Errorf("%s: %s imports %s, and %s may not import %s", system, p.ImportPath, path, from, to)
				}
			}
		}
	}
}

// partOf returns the part a package belongs to, "" where it is not of this module.
func partOf(path string) string {
	best := ""
	for part := range mayImport {
		if whole := module + "/" + part; (path == whole || strings.HasPrefix(path, whole+"/")) && len(part) > len(best) {
			best = part
		}
	}
	return best
}

// packages returns the module's packages as a system sees them. It reads the files itself, so that the go command knows
// what the result of this test depends on.
func packages(t *testing.T, system string) []*build.Package {
	t.Helper()
	context := build.Default
	context.GOOS, context.CgoEnabled = system, true
	var all []*build.Package
	err := filepath.WalkDir(top(t), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if name := entry.Name(); strings.HasPrefix(name, ".") || name == "testdata" {
			return fs.SkipDir
		}
		p, err := context.ImportDir(path, 0)
		if none := (*build.NoGoError)(nil); errors.As(err, &none) {
			return nil
		}
		rest, _ := filepath.Rel(top(t), path)
		p.ImportPath = module + "/" + filepath.ToSlash(rest)
		all = append(all, p)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

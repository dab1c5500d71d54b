package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// check says for what to check, and where.
type check struct {
	os, arch, tags, dir string
	tests               bool
}

// result is what a check found.
type result struct {
	errors       []error // in the packages that were asked for
	packages     int     // of these
	dependencies int     // checked without the bodies of their functions
	ignored      int     // errors in dependencies: C has no types here
}

func (r result) String() string {
	return fmt.Sprintf("%d packages with %d dependencies: %d errors (and %d in dependencies, ignored)",
		r.packages, r.dependencies, len(r.errors), r.ignored)
}

// run checks the packages that match the patterns, and whatever they import, from source.
func (c check) run(patterns ...string) (result, error) {
	config := &packages.Config{
		// Without compiled files, or types, the go command does not run cgo.
		Mode:       packages.NeedName | packages.NeedFiles | packages.NeedImports | packages.NeedDeps | packages.NeedModule,
		Dir:        c.dir,
		Env:        append(os.Environ(), "GOOS="+c.os, "GOARCH="+c.arch, "CGO_ENABLED=1"),
		BuildFlags: []string{"-tags=" + c.tags},
		Tests:      c.tests,
	}
	roots, err := packages.Load(config, patterns...)
	if err != nil {
		return result{}, err
	}
	if len(roots) == 0 {
		return result{}, fmt.Errorf("no package matches %s", strings.Join(patterns, " "))
	}
	w := &walk{check: c, fset: token.NewFileSet(), done: map[*packages.Package]*types.Package{}, roots: roots}
	w.sizes = types.SizesFor("gc", c.arch)
	if w.sizes == nil {
		return result{}, fmt.Errorf("unknown processor %q", c.arch)
	}
	packages.Visit(roots, nil, w.visit)
	return w.result, nil
}

// walk checks packages one after another, each after all that it imports.
type walk struct {
	check
	result
	fset  *token.FileSet
	sizes types.Sizes
	roots []*packages.Package
	done  map[*packages.Package]*types.Package
}

func (w *walk) visit(p *packages.Package) {
	if p.PkgPath == "unsafe" {
		w.done[p] = types.Unsafe
		return
	}
	root := slices.Contains(w.roots, p)
	if root && strings.HasSuffix(p.ID, ".test") {
		return // the main function that the go command writes for tests
	}
	if root {
		w.packages++
	} else {
		w.dependencies++
	}
	report := func(err error) {
		if root {
			w.errors = append(w.errors, err)
		} else {
			w.ignored++
		}
	}
	for _, err := range p.Errors {
		report(err)
	}
	config := types.Config{
		FakeImportC:      true,
		IgnoreFuncBodies: !root,
		Importer:         importer{w, p},
		Sizes:            w.sizes,
		GoVersion:        goVersion(p),
		Error:            report,
	}
	w.done[p], _ = config.Check(p.PkgPath, w.fset, w.parse(p, report), nil)
}

func (w *walk) parse(p *packages.Package, report func(error)) []*ast.File {
	var files []*ast.File
	for _, name := range p.GoFiles {
		file, err := parser.ParseFile(w.fset, withoutC(p, name), nil, parser.SkipObjectResolution)
		if err != nil {
			report(err)
			continue
		}
		files = append(files, file)
	}
	return files
}

// withoutC swaps the file in which cgofuse takes its constants from C for the one that has the same names in plain Go:
// a constant that is C.ENOENT would have no type here, and every use of it would pass.
func withoutC(p *packages.Package, name string) string {
	if p.PkgPath == "github.com/winfsp/cgofuse/fuse" && filepath.Base(name) == "fsop_cgo.go" {
		return filepath.Join(filepath.Dir(name), "fsop_nocgo_windows.go")
	}
	return name
}

func goVersion(p *packages.Package) string {
	if p.Module == nil || p.Module.GoVersion == "" {
		return ""
	}
	return "go" + p.Module.GoVersion
}

// importer finds what one package imports among those that are checked already.
type importer struct {
	walk *walk
	from *packages.Package
}

// Import returns the package that the path means where it is imported.
func (i importer) Import(path string) (*types.Package, error) {
	p, known := i.from.Imports[path]
	if !known && path == "unsafe" {
		return types.Unsafe, nil
	}
	if t := i.walk.done[p]; t != nil {
		return t, nil
	}
	return nil, errors.New("cannot find package " + path)
}

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// module writes a module of its own, with files named as the keys say.
func module(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	files["go.mod"] = "module planted\n\ngo 1.26\n"
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func darwin(dir string) check { return check{os: "darwin", arch: "arm64", dir: dir} }

const (
	shared  = "package planted\n\nfunc Where() string { return where() }\n"
	onLinux = "package planted\n\nfunc where() string { return \"linux\" }\n"
)

func TestSoundModulePasses(t *testing.T) {
	dir := module(t, map[string]string{
		"shared.go":      shared,
		"at_linux.go":    onLinux,
		"at_darwin.go":   "package planted\n\n// #include <sys/mount.h>\nimport \"C\"\n\nimport \"syscall\"\n\nfunc where() string {\n\tvar fs C.struct_statfs\n\tC.statfs(nil, &fs)\n\tvar sys syscall.Statfs_t\n\treturn string(rune(sys.Fstypename[0]))\n}\n",
		"inner/inner.go": "package inner\n\nimport \"planted\"\n\nvar Where = planted.Where()\n",
	})
	r, err := darwin(dir).run("./...")
	if err != nil || len(r.errors) > 0 || r.packages != 2 {
		t.Fatalf("%v, %v, %v", r, r.errors, err)
	}
}

func TestPlantedErrorsAreCaught(t *testing.T) {
	for name, c := range map[string]struct{ darwin, want string }{
		"a wrong type":           {"func where() string { return 1 }", "at_darwin.go:3:30: cannot use 1"},
		"a wrong type after cgo": {"// int f(void);\nimport \"C\"\n\nfunc where() string {\n\tC.f()\n\tvar n int = \"one\"\n\treturn \"\"\n}", `at_darwin.go:8:14: cannot use "one"`},
		"a missing function":     {"func elsewhere() {}", "shared.go:3:30: undefined: where"},
		"of Linux only":          {"import \"syscall\"\n\nfunc where() string { syscall.Fallocate(0, 0, 0, 0); return \"\" }", "undefined: syscall.Fallocate"},
		"a field of Linux only":  {"import \"syscall\"\n\nfunc where() string { var s syscall.Stat_t; _ = s.Atim; return \"\" }", "at_darwin.go:5:51: s.Atim undefined"},
		"an unused import":       {"import \"os\"\n\nfunc where() string { return \"\" }", `"os" imported and not used`},
		"a missing package":      {"import \"golang.org/x/none\"\n\nfunc where() string { return none.Where }", "golang.org/x/none"},
		"a mistake of syntax":    {"func where() string { return \"\"", "at_darwin.go:3:"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := module(t, map[string]string{"shared.go": shared, "at_linux.go": onLinux, "at_darwin.go": "package planted\n\n" + c.darwin + "\n"})
			r, err := darwin(dir).run("./...")
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range r.errors {
				if strings.Contains(e.Error(), c.want) {
					return
				}
			}
			t.Errorf("got %v, want %s", r.errors, c.want)
		})
	}
}

func TestErrorsOfOtherSystemsAreNotOurs(t *testing.T) {
	dir := module(t, map[string]string{"shared.go": shared, "at_linux.go": "package planted\n\nfunc where() int { return x }\n", "at_darwin.go": "package planted\n\nfunc where() string { return \"\" }\n"})
	if r, err := darwin(dir).run("./..."); err != nil || len(r.errors) > 0 {
		t.Fatalf("%v, %v", r.errors, err)
	}
}

func TestTestFilesAreCheckedWhenAsked(t *testing.T) {
	dir := module(t, map[string]string{"shared.go": "package planted\n", "shared_test.go": "package planted\n\nvar n int = \"one\"\n"})
	c := darwin(dir)
	for _, tests := range []bool{false, true} {
		c.tests = tests
		if r, err := c.run("./..."); err != nil || (len(r.errors) > 0) != tests {
			t.Errorf("tests %v: %v, %v", tests, r.errors, err)
		}
	}
}

func TestBadRequestsAreErrors(t *testing.T) {
	dir := module(t, map[string]string{"shared.go": "package planted\n"})
	if _, err := darwin(filepath.Join(dir, "none")).run("./..."); err == nil {
		t.Error("a missing folder passes")
	}
	c := darwin(dir)
	c.arch = "abacus"
	if _, err := c.run("./..."); err == nil {
		t.Error("a processor that does not exist passes")
	}
}

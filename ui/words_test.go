package ui

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// language returns the translations into a language, by English text.
func language(t *testing.T, name string) map[string]string {
	t.Helper()
	text, err := os.ReadFile("translation/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var keyed map[string]string
	if err := json.Unmarshal(text, &keyed); err != nil {
		t.Fatal(err)
	}
	out := make(map[string]string, len(keyed))
	for k, v := range keyed {
		out[strings.TrimPrefix(k, wordPrefix)] = v
	}
	return out
}

// speak makes the user interface speak a language for the rest of a test.
func speak(t *testing.T, name string) {
	for k, v := range language(t, name) {
		words.Store(k, v)
	}
	ownMarks.Store(nil)
	t.Cleanup(func() {
		words.Clear()
		ownMarks.Store(nil)
	})
}

// texts are the literals that the code hands to certain functions, and all that certain declarations hold.
type texts struct {
	calls, declarations []string
	found               map[string]token.Position
}

func (x *texts) read(t *testing.T, dir string) {
	t.Helper()
	set := token.NewFileSet()
	packages, err := parser.ParseDir(set, dir, func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packages {
		ast.Inspect(p, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if len(n.Args) > 0 && slices.Contains(x.calls, nameOf(n.Fun)) {
					x.add(set, n.Args[0])
				}
			case *ast.ValueSpec:
				if slices.Contains(x.declarations, n.Names[0].Name) {
					x.addAll(set, n)
				}
			case *ast.FuncDecl:
				if slices.Contains(x.declarations, n.Name.Name) {
					x.addAll(set, n)
				}
			}
			return true
		})
	}
}

func nameOf(f ast.Expr) string {
	switch f := f.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	default:
		return ""
	}
}

func (x *texts) addAll(set *token.FileSet, n ast.Node) {
	ast.Inspect(n, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
			x.add(set, l)
		}
		return true
	})
}

func (x *texts) add(set *token.FileSet, e ast.Expr) {
	if s := literal(e); s != "" {
		x.found[s] = set.Position(e.Pos())
	}
}

// literal is the text of an expression made of literals, "" of any other.
func literal(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, _ := strconv.Unquote(e.Value)
		return s
	case *ast.BinaryExpr:
		if a, b := literal(e.X), literal(e.Y); a != "" && b != "" {
			return a + b
		}
	}
	return ""
}

// shown are all texts that a person can see: those of this package, and the sentences of the model.
func shown(t *testing.T) map[string]token.Position {
	x := texts{calls: []string{"tr"}, found: map[string]token.Position{}}
	x.read(t, ".")
	x.calls, x.declarations = []string{"sentence", "prove"}, []string{"meanings", "meaningFor", "replaced"}
	x.read(t, "../fusefs/activity")
	x.calls, x.declarations = []string{"phrase"}, nil
	x.read(t, "../fusefs/oplog/filter")
	x.calls, x.declarations = nil, []string{"CutFormat"}
	x.read(t, "../fusefs/oplog/export")
	x.calls, x.declarations = []string{"textf", "Textf"}, []string{"faults", "diskGone"}
	x.read(t, "../fusefs")
	x.read(t, "../app")
	for _, part := range []string{"config", "crash", "login", "metrics"} {
		x.read(t, "../app/"+part)
	}
	if len(x.found) < 200 {
		t.Fatalf("only %d texts were found", len(x.found))
	}
	return x.found
}

var verb = regexp.MustCompile(`%[#+]*[a-z]`)

func TestEveryTextIsTranslated(t *testing.T) {
	files, err := fs.Glob(translations, "translation/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no translations: %v", err)
	}
	texts := shown(t)
	for _, f := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(f, "translation/"), ".json")
		have := language(t, name)
		for _, text := range slices.Sorted(maps.Keys(texts)) {
			switch there, ok := have[text]; {
			case !ok || there == "":
				t.Errorf("%s: %q is not translated (%v)", name, text, texts[text])
			case !slices.Equal(verb.FindAllString(text, -1), verb.FindAllString(there, -1)):
				t.Errorf("%s: %q and %q want different values", name, text, there)
			}
		}
		if sample := []rune(have["1,234.5"]); len(sample) != len("1,234.5") {
			t.Errorf("%s: the marks of numbers cannot be taken from %q", name, string(sample))
		}
		for text := range have {
			if _, ok := texts[text]; !ok {
				t.Errorf("%s: %q is shown nowhere", name, text)
			}
		}
	}
}

// TestGermanFits builds the window in German, whose words are longer, and looks for what is cut.
func TestGermanFits(t *testing.T) {
	speak(t, "de")
	f := newFake()
	f.status.State = Mounted
	b := newBench(t, f)
	b.window.win.Resize(b.window.win.Content().MinSize())
	if w := b.window.win.Content().MinSize().Width; w > 800 {
		t.Errorf("the window is at least %v wide in German", w)
	}
	for _, tab := range b.window.tabList {
		g := tab.panel.grid()
		for j, s := range g.spans(1040) {
			if title := g.cols[j].title; s.chars > 0 && len([]rune(title)) > s.chars {
				t.Errorf("%s: the title %q does not fit into %d letters", tab.key, title, s.chars)
			}
		}
	}
}

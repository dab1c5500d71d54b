package ui

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

func TestHelpListsEveryCommand(t *testing.T) {
	b := newBench(t, newFake())
	b.window.show()
	b.window.typedRune('?')
	words := wordsIn(b.window.win.Canvas().Overlays().Top())
	for _, c := range b.window.commands() {
		if !strings.Contains(words, shortcutName(c.key)) || !strings.Contains(words, c.what) {
			t.Errorf("%s (%s) is missing in %q", c.key, c.what, words)
		}
	}
}

// keyHandlers are the methods that answer keys and letters, and in which parts of the help sheet these must be.
var keyHandlers = map[string][]string{
	"window.typedRune":     {"Window", "Chart", "Filter"},
	"window.typedKey":      {"Window", "Tables"},
	"window.addShortcuts":  {"Window"},
	"chart.TypedKey":       {"Chart"},
	"chart.move":           {"Chart"},
	"gridBody.TypedRune":   {"Tables"},
	"gridBody.TypedKey":    {"Tables"},
	"gridBody.moveTo":      {"Tables"},
	"gridBody.Tapped":      {"Tables"},
	"logPanel.typed":       {"Log"},
	"filterEntry.TypedKey": {"Filter"},
	"storyChart.TypedRune": {"Story"},
	"storyChart.TypedKey":  {"Story", "Window"},
}

// onSheet is what the sheet calls the keys whose names it does not spell as Fyne does.
var onSheet = map[string]string{
	"KeyUp": "↑", "KeyDown": "↓", "KeyLeft": "←", "KeyRight": "→", "KeyPageUp": "PgUp", "KeyPageDown": "PgDn", "KeyReturn": "Enter",
	"KeyEscape": "Esc", "KeyMenu": "Menu key", "KeyF10": "Shift F10", "KeyModifierShift": "Shift click", "KeyModifierShortcutDefault": "Ctrl click",
}

// TestHelpListsEveryShortcut reads from the code which keys are answered, and looks each of them up in the help sheet.
func TestHelpListsEveryShortcut(t *testing.T) {
	sheet := map[string][]string{}
	for _, s := range newBench(t, newFake()).window.helpSheet() {
		for _, l := range s.lines {
			sheet[s.title] = append(sheet[s.title], l.keys...)
		}
	}
	for handler, keys := range answeredKeys(t) {
		for _, k := range keys {
			if !slices.ContainsFunc(keyHandlers[handler], func(part string) bool { return slices.Contains(sheet[part], k) }) {
				t.Errorf("%s answers %q, which is not on the help sheet in %v", handler, k, keyHandlers[handler])
			}
		}
	}
}

// answeredKeys are the keys that the code of this package answers, as the help sheet writes them, by the method that does. It
// complains about methods that answer keys and are not known here, and about known ones that are gone.
func answeredKeys(t *testing.T) map[string][]string {
	t.Helper()
	packages, err := parser.ParseDir(token.NewFileSet(), ".", func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	ast.Inspect(packages["ui"], func(n ast.Node) bool {
		f, ok := n.(*ast.FuncDecl)
		if !ok || f.Recv == nil {
			return true
		}
		name := receiver(f) + "." + f.Name.Name
		if _, known := keyHandlers[name]; known {
			found[name] = keysIn(f)
		} else if strings.HasPrefix(f.Name.Name, "Typed") && len(keysIn(f)) > 0 && !strings.HasPrefix(receiver(f), "key") {
			t.Errorf("%s answers keys, and it is not known where the help sheet lists them", name)
		}
		return true
	})
	for name := range keyHandlers {
		if len(found[name]) == 0 {
			t.Errorf("%s answers no key", name)
		}
	}
	return found
}

func receiver(f *ast.FuncDecl) string {
	switch r := f.Recv.List[0].Type.(type) {
	case *ast.StarExpr:
		return nameOf(r.X)
	default:
		return nameOf(r)
	}
}

// keysIn are the letters and the names of keys in a method. A capital is a letter with Shift, unless its small one does the same.
// Where Shift itself is asked for, it is with the arrows that the method, or the one that calls it, answers.
func keysIn(f *ast.FuncDecl) (keys []string) {
	ctrl := ""
	if f.Name.Name == "addShortcuts" {
		ctrl = "Ctrl "
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CaseClause:
			keys = append(keys, lettersIn(n)...)
		case *ast.SelectorExpr:
			if name := n.Sel.Name; strings.HasPrefix(name, "Key") && name != "KeyEvent" && name != "KeyName" && (ctrl == "" || !strings.HasPrefix(name, "KeyModifier")) {
				if k, renamed := onSheet[name]; renamed {
					keys = append(keys, ctrl+k)
				} else {
					keys = append(keys, ctrl+strings.TrimPrefix(name, "Key"))
				}
			}
			if n.Sel.Name == "shift" {
				keys = append(keys, "Shift "+map[bool]string{true: "→", false: "↓"}[f.Name.Name == "move"])
			}
		}
		return true
	})
	return keys
}

func lettersIn(c *ast.CaseClause) (keys []string) {
	var letters []rune
	for _, e := range c.List {
		ast.Inspect(e, func(n ast.Node) bool {
			if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.CHAR {
				s, _ := strconv.Unquote(l.Value)
				letters = append(letters, []rune(s)...)
			}
			return true
		})
	}
	for _, r := range letters {
		switch {
		case r == ' ':
			keys = append(keys, "Space")
		case unicode.IsUpper(r) && !slices.Contains(letters, unicode.ToLower(r)):
			keys = append(keys, "Shift "+string(r))
		default:
			keys = append(keys, strings.ToUpper(string(r)))
		}
	}
	return keys
}

// TestEscapeClosesDialogs presses Escape in every dialog: while nothing in it has the keys, and in whatever can have them.
func TestEscapeClosesDialogs(t *testing.T) {
	for name, open := range map[string]func(b *bench) fyne.Window{
		"help": func(b *bench) fyne.Window { b.window.showHelp(); return b.window.win },
		"save": func(b *bench) fyne.Window {
			b.window.log.saveDialog(formats()[0], b.window.log.writeAll)
			return b.window.win
		},
		"force":   func(b *bench) fyne.Window { b.confirmForce(); return b.window.win },
		"failure": func(b *bench) fyne.Window { showFailure("Not saved", "It is full.", b.window.win); return b.window.win },
		"folder": func(b *bench) fyne.Window {
			b.showSettings()
			b.settings.pickFolder(b.settings.backing)
			return b.settings.win
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, newFake())
			b.folders = func(string) ([]string, error) { return []string{"films"}, nil }
			b.window.show()
			win := open(b)
			inside := focusable(win.Canvas().Overlays().Top())
			win.Canvas().Overlays().Top().Hide()
			for _, focus := range append(inside, nil) {
				win = open(b)
				canvas := win.Canvas()
				if focus == nil {
					canvas.Unfocus()
					canvas.OnTypedKey()(&fyne.KeyEvent{Name: fyne.KeyEscape})
				} else {
					same := focusable(canvas.Overlays().Top())[slices.Index(inside, focus)]
					same.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
				}
				if canvas.Overlays().Top() != nil {
					t.Errorf("it stays open while %T has the keys", focus)
					canvas.Overlays().Top().Hide()
				}
			}
			if got := b.ctl.last(); got != "" {
				t.Errorf("it asked for %q", got)
			}
		})
	}
}

// focusable is all in a dialog that can have the keys.
func focusable(o fyne.CanvasObject) (out []fyne.Focusable) {
	visit(o, func(o fyne.CanvasObject) {
		if f, ok := o.(fyne.Focusable); ok {
			out = append(out, f)
		}
	})
	return out
}

// TestKeysAfterADialog go where they went before it.
func TestKeysAfterADialog(t *testing.T) {
	b := newBench(t, newFake())
	b.window.show()
	canvas := b.window.win.Canvas()
	b.confirmForce()
	canvas.OnTypedKey()(&fyne.KeyEvent{Name: fyne.KeyF1})
	canvas.OnTypedKey()(&fyne.KeyEvent{Name: fyne.KeyEscape})
	canvas.OnTypedKey()(&fyne.KeyEvent{Name: fyne.KeyF1})
	if top := canvas.Overlays().Top(); top == nil || !strings.Contains(wordsIn(top), "mount or eject") {
		t.Error("F1 does not show the keys after a dialog was closed")
	}
}

// TestHelpScrollsByKeys reaches the last line in a small window.
func TestHelpScrollsByKeys(t *testing.T) {
	b := newBench(t, newFake())
	b.window.show()
	b.window.win.Resize(fyne.NewSize(800, 500))
	b.window.showHelp()
	var sign *moreSign
	look := func() bool {
		sign = nil
		visit(b.window.win.Canvas().Overlays().Top(), func(o fyne.CanvasObject) {
			if m, ok := o.(*moreSign); ok {
				sign = m
			}
		})
		return sign != nil
	}
	if !look() {
		t.Fatal("nothing says that there is more")
	}
	for range 3 {
		b.window.win.Canvas().OnTypedKey()(&fyne.KeyEvent{Name: fyne.KeyPageDown})
	}
	if look() {
		t.Error("the end is not reached, or there is said to be more")
	}
}

// TestWordsScrollByKeys reads a story's words to their end and back, and the detail of a row of the log.
func TestWordsScrollByKeys(t *testing.T) {
	b, c := storyOfRaces(t)
	b.window.win.Resize(fyne.NewSize(800, 500))
	p := b.window.log
	b.window.selectTab(b.window.tabIndex("log"))
	p.openStoryOf(13)
	b.wait("the story", func() bool { return p.story.box.Visible() && p.story.told != nil })
	p.story.reader.box.Resize(fyne.NewSize(250, 100))
	c.TypedRune('d')
	if y := p.story.reader.scroll.Offset.Y; y < 50 {
		t.Errorf("the words are scrolled by %v", y)
	}
	c.TypedRune('D')
	if y := p.story.reader.scroll.Offset.Y; y != 0 {
		t.Errorf("back up the words are scrolled by %v", y)
	}
	p.closeStory()
	p.tab.grid.pick(12)
	p.detail.reader.box.Resize(fyne.NewSize(300, 30))
	p.tab.grid.body.TypedRune('d')
	if y := p.detail.reader.scroll.Offset.Y; y == 0 {
		t.Error("the details are not scrolled")
	}
}

// TestWidthsByKeys makes columns wider and narrower: that which the rows are sorted by, and the one beside a column that takes the
// spare room.
func TestWidthsByKeys(t *testing.T) {
	_, p := openFilesBench(t)
	g := p.grid()
	width := func(key string) int {
		return g.chars(g.cols[slices.IndexFunc(g.cols, func(c column) bool { return c.key == key })])
	}
	kept := 0
	g.arranged = func() { kept++ }
	clickTitle(g, "written")
	kept = 0
	before, name := width("written"), g.spans(1100)[0].width
	g.body.TypedRune('>')
	g.body.TypedRune('>')
	if got := width("written"); got != before+2 || kept != 2 {
		t.Errorf("a column of %d letters has %d, remembered %d times", before, got, kept)
	}
	for range 50 {
		g.body.TypedRune('<')
	}
	if got := width("written"); got != leastChars {
		t.Errorf("it has %d letters at least", got)
	}
	clickTitle(g, "file")
	name = g.spans(1100)[0].width
	before = width("process")
	g.body.TypedRune('>')
	if got := g.spans(1100)[0].width; got <= name || width("process") != before-1 {
		t.Errorf("the file has %v instead of %v, the process %d letters", got, name, width("process"))
	}
}

// TestMenuByKeys shows the menu of the selected row by Shift and F10, for keyboards without a menu key, and not by F10 alone.
func TestMenuByKeys(t *testing.T) {
	b, p := openFilesBench(t)
	g := p.grid()
	key(g, fyne.KeyDown, fyne.KeyF10)
	if b.window.win.Canvas().Overlays().Top() != nil {
		t.Error("F10 alone shows a menu")
	}
	g.body.KeyDown(&fyne.KeyEvent{Name: desktop.KeyShiftLeft})
	key(g, fyne.KeyF10)
	if b.window.win.Canvas().Overlays().Top() == nil {
		t.Fatal("there is no menu")
	}
	b.window.win.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	key(g, fyne.KeyDown)
	if got := g.pickedRows(); len(got) != 1 {
		t.Errorf("Shift is still held down after the menu: rows %v are selected", got)
	}
}

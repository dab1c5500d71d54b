package ui

import "maps"

// column describes one column of a grid.
type column struct {
	key    string // names it in a TableLayout
	title  string
	chars  int    // width in letters; the least width where flex is set
	flex   bool   // takes its share of the room that is left,
	most   int    // until it is so many letters wide; 0 for flexMost
	right  bool   // aligned to the right, as numbers are
	figure bool   // a number all the same, where it is not: a click sorts from the largest
	line   bool   // a line stands before it
	group  string // stands above the titles, from this column on
	drop   int    // where there is no room for all columns the highest goes first; 0 stays
}

// flexMost is how wide a column becomes by itself, in letters: the eye should not have to look for what belongs together.
const flexMost = 120

// limit is the width up to which a column takes room that is left, in units.
func (c *column) limit() float32 {
	if c.most > 0 {
		return float32(c.most) * letterWidth()
	}
	return flexMost * letterWidth()
}

// leastChars is how narrow a person can make a column, in letters.
const leastChars = 4

// arrangement is how a person has arranged the columns of a grid.
type arrangement struct {
	widths   map[string]int // in letters, of the columns that were resized
	sorted   int            // index of the column that the rows are sorted by, -1 for their own order
	down     bool           // from the largest to the smallest
	sort     func()         // sorted or down changed; nil where the rows cannot be sorted
	arranged func()         // the person changed something of this; may be nil
}

// TableLayout is how a person has arranged one table.
type TableLayout struct {
	Widths map[string]int `json:"widths,omitempty" toml:"widths,omitempty"` // in letters, by column
	Sort   string         `json:"sort,omitempty" toml:"sort,omitempty"`     // column, "" for the rows' own order
	Down   bool           `json:"down,omitempty" toml:"down,omitempty"`     // from the largest to the smallest
}

func (g *grid) tableLayout() TableLayout {
	l := TableLayout{Widths: maps.Clone(g.widths), Down: g.down}
	if g.sorted >= 0 {
		l.Sort = g.cols[g.sorted].key
	}
	return l
}

// arrange restores what tableLayout returned. Columns that no longer exist are forgotten.
func (g *grid) arrange(l TableLayout) {
	for j, c := range g.cols {
		if w, ok := l.Widths[c.key]; ok {
			g.widths[c.key] = max(w, leastChars)
		}
		if c.key == l.Sort && l.Sort != "" && g.sort != nil {
			g.sorted, g.down = j, l.Down
			g.sort()
		}
	}
}

// sortBy sorts by a column: numbers from the largest, words from A; a second time the other way round.
func (g *grid) sortBy(col int) {
	if g.sort == nil || col < 0 {
		return
	}
	if g.sorted == col {
		g.down = !g.down
	} else {
		g.sorted, g.down = col, g.cols[col].right || g.cols[col].figure
	}
	g.sort()
	g.redraw()
	g.tellArranged()
}

// sortByNext sorts by the next column to the right that is in sight; after the last by the first.
func (g *grid) sortByNext() {
	spans := g.spans(g.Size().Width)
	for step := range g.cols {
		col := (g.sorted + 1 + step) % len(g.cols)
		if spans[col].chars > 0 {
			g.sortBy(col)
			return
		}
	}
}

// widen makes the column that the rows are sorted by wider by some letters, or narrower: without one, the first. Of a column that
// takes the spare room, the next one gives way.
func (g *grid) widen(letters int) {
	col, spans := max(g.sorted, 0), g.spans(g.Size().Width)
	if g.cols[col].flex {
		letters = -letters
		for col++; col < len(g.cols) && (g.cols[col].flex || spans[col].chars == 0); col++ {
		}
	}
	if col < len(g.cols) {
		g.resize(col, g.chars(g.cols[col])+letters)
		g.tellArranged()
	}
}

// resize gives a column a width, in letters.
func (g *grid) resize(col, letters int) {
	g.widths[g.cols[col].key] = max(leastChars, letters)
	g.fit()
	g.redraw()
}

func (g *grid) tellArranged() {
	if g.arranged != nil {
		g.arranged()
	}
}

// span is where a column lies, in units from the left edge of a row, and how many letters fit: 0 where there is no
// room for the column.
type span struct {
	x, width float32
	chars    int
}

// chars is the width that a column wants, in letters: at least that of its title.
func (g *grid) chars(c column) int {
	if w, ok := g.widths[c.key]; ok && !c.flex {
		return w
	}
	return max(c.chars, len([]rune(c.title)))
}

// dropped tells for each column whether there is no room for it in a width.
func (g *grid) dropped(width float32) []bool {
	out := make([]bool, len(g.cols))
	for g.least(out) > width {
		worst := -1
		for j, c := range g.cols {
			if !out[j] && c.drop > 0 && (worst < 0 || c.drop >= g.cols[worst].drop) {
				worst = j
			}
		}
		if worst < 0 {
			break
		}
		out[worst] = true
	}
	return out
}

// least is the width that the columns need at least that are not dropped.
func (g *grid) least(dropped []bool) float32 {
	letter := letterWidth()
	w := float32(2*gridEdge - gridGap)
	for j, c := range g.cols {
		if !dropped[j] {
			w += float32(g.chars(c))*letter + gridGap
		}
	}
	return w
}

// leastWidth is the width below which the grid scrolls sideways.
func (g *grid) leastWidth() float32 { return g.least(g.dropped(g.Size().Width)) }

// spans lays the columns out for a width.
func (g *grid) spans(width float32) []span {
	letter, dropped := letterWidth(), g.dropped(g.Size().Width)
	spare, flex := width-g.least(dropped), 0
	for j, c := range g.cols {
		if c.flex && !dropped[j] {
			flex++
		}
	}
	out := make([]span, len(g.cols))
	x := float32(gridEdge)
	for j, c := range g.cols {
		if dropped[j] {
			out[j].x = x
			continue
		}
		w := float32(g.chars(c)) * letter
		if c.flex && spare > 0 {
			w = max(w, min(w+spare/float32(flex), c.limit()))
		}
		out[j] = span{x: x, width: w, chars: int(w/letter + 0.01)}
		x += w + gridGap
	}
	return out
}

// columnAt returns the column at x, in units from the left edge of a row, -1 for none.
func (g *grid) columnAt(x float32) int {
	for j, s := range g.spans(g.body.Size().Width) {
		if s.chars > 0 && x >= s.x-gridGap/2 && x < s.x+s.width+gridGap/2 {
			return j
		}
	}
	return -1
}

// edgeReach is how near to the edge of a column the mouse takes hold of it, in units.
const edgeReach = 5

// edgeAt returns the column whose width changes when what lies at x is dragged to the right by one, and by how much,
// or -1. A column that takes spare room gives way, so that the edge stays under the mouse.
func (g *grid) edgeAt(x float32) (col, sign int) {
	left, pastFlex := -1, false
	for j, s := range g.spans(g.body.Size().Width) {
		if s.chars == 0 {
			continue
		}
		if edge := s.x - gridGap/2; left >= 0 && x >= edge-edgeReach && x <= edge+edgeReach {
			if pastFlex {
				return j, -1
			}
			return left, 1
		}
		pastFlex = pastFlex || g.cols[j].flex && s.width < g.cols[j].limit()
		left = j
	}
	return -1, 0
}

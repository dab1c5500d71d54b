package ui

import (
	"slices"
	"strings"
)

// picks are the rows that a person has selected, by their ids: they stay selected wherever they move.
type picks struct {
	ids    map[uint64]bool
	cursor uint64 // the row that the keys move from; meaningful while ids holds any
	anchor uint64 // where a selection over several rows began
}

func (p *picks) has(id uint64) bool { return p.ids[id] }
func (p *picks) none() bool         { return len(p.ids) == 0 }
func (p *picks) clear()             { *p = picks{} }

// pick selects a row and lets go of the others.
func (g *grid) pick(row int) {
	id := g.src.id(row)
	g.picks = picks{ids: map[uint64]bool{id: true}, cursor: id, anchor: id}
	g.tellPicked()
}

// toggle selects a row beside the others, or lets go of it.
func (g *grid) toggle(row int) {
	id := g.src.id(row)
	if g.picks.none() {
		g.pick(row)
		return
	}
	if g.picks.has(id) {
		delete(g.picks.ids, id)
	} else {
		g.picks.ids[id] = true
	}
	g.picks.cursor, g.picks.anchor = id, id
	g.tellPicked()
}

// extend selects all rows between the one where the selection began and this.
func (g *grid) extend(row int) {
	from := -1
	if !g.picks.none() {
		from = g.src.find(g.picks.anchor)
	}
	if from < 0 {
		g.pick(row)
		return
	}
	anchor := g.picks.anchor
	g.picks = picks{ids: map[uint64]bool{}, cursor: g.src.id(row), anchor: anchor}
	for i := min(from, row); i <= max(from, row); i++ {
		g.picks.ids[g.src.id(i)] = true
	}
	g.tellPicked()
}

func (g *grid) tellPicked() {
	if g.picked != nil {
		g.picked()
	}
	g.update()
}

// cursorRow returns the row that the keys move from, -1 where none is selected or it is gone.
func (g *grid) cursorRow() int {
	if g.picks.none() {
		return -1
	}
	return g.src.find(g.picks.cursor)
}

// pickedRows returns where the selected rows stand now, from the top.
func (g *grid) pickedRows() []int {
	var out []int
	for id := range g.picks.ids {
		if i := g.src.find(id); i >= 0 {
			out = append(out, i)
		}
	}
	slices.Sort(out)
	return out
}

// copied returns the selected rows as text for a spreadsheet or an e-mail: the titles, then a line for each row, with
// a tab between columns.
func (g *grid) copied() string {
	rows := g.pickedRows()
	if len(rows) == 0 {
		return ""
	}
	line := make([]string, len(g.cols))
	for j, c := range g.cols {
		line[j] = c.title
	}
	var b strings.Builder
	b.WriteString(strings.Join(line, "\t") + "\n")
	cells := make([]cell, len(g.cols))
	for _, i := range rows {
		clear(cells)
		g.src.load(i, 1)
		g.src.row(i, cells)
		for j, c := range cells {
			line[j] = c.text
		}
		b.WriteString(strings.Join(line, "\t") + "\n")
	}
	g.collect()
	return b.String()
}

package ui

import (
	"cmp"
	"hash/maphash"
	"slices"

	"fyne.io/fyne/v2"
)

// facet is a column of a list: what it says of an item, and how items are sorted by it.
type facet[T any] struct {
	column
	write   func(*T, *cell)
	compare func(a, b *T) int
}

// list feeds a grid from the items of a snapshot, in their own order or sorted by a facet.
type list[T any] struct {
	table  *table
	fields []facet[T]
	ident  func(*T) uint64
	order  func(a, b *T) int            // the items' own order; nil where they come in it
	tint   func(*T) fyne.ThemeColorName // may be nil

	items []*T
	own   []*T // the items in their own order
}

func newList[T any](t *tip, ident func(*T) uint64, fields ...facet[T]) *list[T] {
	l := &list[T]{fields: fields, ident: ident}
	cols := make([]column, len(fields))
	for i, f := range fields {
		cols[i] = f.column
	}
	l.table = newTable(l, t, cols)
	l.table.grid.sort = l.sort
	return l
}

// set replaces the items. They are not changed.
func (l *list[T]) set(items []T) {
	l.own = slices.Grow(l.own[:0], len(items))[:len(items)]
	for i := range items {
		l.own[i] = &items[i]
	}
	if l.order != nil {
		slices.SortFunc(l.own, l.order)
	}
	l.sort()
}

// sort brings the items into the order that the person asked for; equal ones keep theirs.
func (l *list[T]) sort() {
	l.items = append(l.items[:0], l.own...)
	g := l.table.grid
	if g.sorted < 0 {
		return
	}
	compare := l.fields[g.sorted].compare
	if g.down {
		slices.SortStableFunc(l.items, func(a, b *T) int { return compare(b, a) })
		return
	}
	slices.SortStableFunc(l.items, compare)
}

func (l *list[T]) len() int        { return len(l.items) }
func (l *list[T]) load(int, int)   {}
func (l *list[T]) id(i int) uint64 { return l.ident(l.items[i]) }

func (l *list[T]) row(i int, cells []cell) (tint fyne.ThemeColorName) {
	item := l.items[i]
	for j, f := range l.fields {
		f.write(item, &cells[j])
	}
	if l.tint != nil {
		tint = l.tint(item)
	}
	return tint
}

func (l *list[T]) find(id uint64) int {
	return slices.IndexFunc(l.items, func(item *T) bool { return l.ident(item) == id })
}

// by compares items by a value.
func by[T any, V cmp.Ordered](value func(*T) V) func(a, b *T) int {
	return func(a, b *T) int { return cmp.Compare(value(a), value(b)) }
}

var identSeed = maphash.MakeSeed()

// ident makes a row's id from what tells it from others.
func ident[K comparable](key K) uint64 { return maphash.Comparable(identSeed, key) }

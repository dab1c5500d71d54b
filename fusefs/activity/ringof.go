package activity

import "iter"

// ringOf remembers the newest of something.
type ringOf[T any] struct {
	slots []T
	next  uint64 // how many were ever pushed
	first uint64 // those before were forgotten
}

func (r *ringOf[T]) init(n int) { *r = ringOf[T]{slots: make([]T, n)} }

func (r *ringOf[T]) push(v T) {
	r.slots[r.next%uint64(len(r.slots))] = v
	r.next++
}

func (r *ringOf[T]) clear() { r.first = r.next }

// newest returns what is remembered, the newest first.
func (r *ringOf[T]) newest() iter.Seq[*T] {
	return func(yield func(*T) bool) {
		oldest := max(r.first, r.next-min(r.next, uint64(len(r.slots))))
		for i := r.next; i > oldest; i-- {
			if !yield(&r.slots[(i-1)%uint64(len(r.slots))]) {
				return
			}
		}
	}
}

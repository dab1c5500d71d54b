package activity

// The spans that charts show: a minute by the second, ten minutes by ten seconds, an hour by the minute.
const (
	byMinute = iota
	byTenMinutes
	byHour
	numSpans
)

// steps are the lengths of a slot in each span, in seconds.
var steps = [numSpans]int64{1, 10, 60}

const (
	slotsShown = 61 // sixty full slots and the running one
	slotsKept  = 64
)

// timeline keeps sums for each slot of wall-clock time, for all spans at once. It never asks what time it is: what was not
// touched for as long as a span holds is overwritten or left out. What happens is added up by the second, and to the
// slots only when the second is over or somebody looks.
type timeline[T any, P merger[T]] struct {
	unix  int64                        // the second that now is of
	now   T                            // not in the slots yet
	any   bool                         // something is in now
	slots [numSpans][slotsKept]slot[T] // the slot that begins at s at s/step modulo the length
}

// merger is a sum that others can be added to.
type merger[T any] interface {
	*T
	merge(*T)
}

type slot[T any] struct {
	unix  int64 // when it begins, in seconds since 1970 UTC
	value T
}

// at returns the sum to which what happened in a second is to be added.
func (t *timeline[T, P]) at(unix int64) *T {
	if unix != t.unix {
		t.settle()
		t.unix = unix
	}
	t.any = true
	return &t.now
}

// settle moves the sum of the second to its slots.
func (t *timeline[T, P]) settle() {
	if !t.any {
		return
	}
	for span, step := range steps {
		s := t.slot(span, t.unix)
		if begin := t.unix - t.unix%step; s.unix != begin {
			*s = slot[T]{unix: begin}
		}
		P(&s.value).merge(&t.now)
	}
	var none T
	t.now, t.any = none, false
}

func (t *timeline[T, P]) slot(span int, unix int64) *slot[T] {
	return &t.slots[span][uint64(unix/steps[span])%slotsKept]
}

// shown calls f with each slot of the span up to the one of the second last, oldest first; value is nil where nothing
// touched it.
func (t *timeline[T, P]) shown(span int, last int64, f func(unix int64, value *T)) {
	t.settle()
	last -= last % steps[span]
	for i := range int64(slotsShown) {
		unix := last - (slotsShown-1-i)*steps[span]
		if s := t.slot(span, unix); s.unix == unix {
			f(unix, &s.value)
		} else {
			f(unix, nil)
		}
	}
}

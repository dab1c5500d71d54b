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

// timeline keeps something for each slot of wall-clock time, for all spans at once. It never asks what time it is: what
// was not touched for as long as a span holds is overwritten or left out.
type timeline[T any] struct {
	unix  int64 // the second that now was found for
	now   [numSpans]*slot[T]
	slots [numSpans][slotsKept]slot[T] // the slot that begins at s at s/step modulo the length
}

type slot[T any] struct {
	unix  int64 // when it begins, in seconds since 1970 UTC
	value T
}

// at returns the slots that a second belongs to.
func (t *timeline[T]) at(unix int64) *[numSpans]*slot[T] {
	if unix != t.unix || t.now[0] == nil {
		t.turn(unix)
	}
	return &t.now
}

func (t *timeline[T]) turn(unix int64) {
	t.unix = unix
	for span, step := range steps {
		s := t.slot(span, unix)
		if begin := unix - unix%step; s.unix != begin {
			*s = slot[T]{unix: begin}
		}
		t.now[span] = s
	}
}

func (t *timeline[T]) slot(span int, unix int64) *slot[T] {
	return &t.slots[span][uint64(unix/steps[span])%slotsKept]
}

// shown calls f with each slot of the span up to the one of the second last, oldest first; value is nil where nothing
// touched it.
func (t *timeline[T]) shown(span int, last int64, f func(unix int64, value *T)) {
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

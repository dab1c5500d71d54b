package activity

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"vitrine/fusefs/oplog"
)

const (
	longest       = int64(time.Hour) // durations beyond count as this in the quantiles; the maximum stays true
	digits        = 2                // decimal digits that the histograms keep: an error below 1 %
	recentSeconds = 10               // length of the sliding window
)

// latency holds the distributions of durations, one set for each operation that occurred.
type latency struct {
	ops  [oplog.NumOps]*opLatency
	heat heat // of all operations
}

type opLatency struct {
	all     distribution
	recent  sliding
	buckets [NumBuckets]uint64
	heat    heat
	median  median
}

func (l *latency) add(o *operation) {
	bucket := bucketOf(o.Duration)
	l.heat.add(o.unix, bucket, o.failed)
	if o.Op >= oplog.NumOps {
		return
	}
	op := l.ops[o.Op]
	if op == nil {
		op = new(opLatency)
		l.ops[o.Op] = op
	}
	op.all.add(o.Duration, o.failed)
	op.recent.add(o.end/int64(time.Second), o.Duration, o.failed)
	op.buckets[bucket]++
	op.heat.add(o.unix, bucket, o.failed)
}

// median is that of all durations of an operation, found anew when there is an eighth more of them.
type median struct {
	ns    int64
	count uint64 // durations that it was found from
}

// medianOf returns the median duration of an operation that occurred, in ns, and how many there were.
func (l *latency) medianOf(op oplog.Op) (ns int64, count uint64) {
	o := l.ops[op]
	if n := o.all.count; n > o.median.count+o.median.count/8 {
		o.median = median{o.all.histogram.ValueAtPercentile(50), n}
	}
	return o.median.ns, o.all.count
}

// stats sums up the operations that occurred; now is ns of the monotonic clock.
func (l *latency) stats(now int64) (stats []OpStats) {
	for i, op := range l.ops {
		if op == nil {
			continue
		}
		op.recent.turn(now / int64(time.Second))
		stats = append(stats, OpStats{
			Op: oplog.Op(i), All: op.all.latency(), Recent: op.recent.sum.latency(), Buckets: op.buckets, Heat: op.heat.show(),
		})
	}
	return stats
}

// distribution is an HDR histogram and what it cannot tell.
type distribution struct {
	histogram     *hdrhistogram.Histogram // nil until the first value
	count, errors uint64
	max           int64   // ns
	summed        Latency // what the last call of latency returned
}

func (d *distribution) add(duration int64, failed bool) {
	if d.histogram == nil {
		d.histogram = hdrhistogram.New(1, longest, digits)
	}
	duration = max(duration, 0)
	d.histogram.RecordValue(min(duration, longest)) // cannot fail in this range
	d.count++
	d.max = max(d.max, duration)
	if failed {
		d.errors++
	}
}

// merge adds other's values.
func (d *distribution) merge(other *distribution) {
	if other.count == 0 {
		return
	}
	if d.histogram == nil {
		d.histogram = hdrhistogram.New(1, longest, digits)
	}
	d.histogram.Merge(other.histogram)
	d.count += other.count
	d.errors += other.errors
	d.max = max(d.max, other.max)
}

// reset empties it and keeps the histogram's memory.
func (d *distribution) reset() {
	if d.count > 0 {
		d.histogram.Reset()
	}
	*d = distribution{histogram: d.histogram}
}

var percentiles = []float64{50, 95, 99}

// latency computes the quantiles, unless nothing was added since the last time.
func (d *distribution) latency() Latency {
	if d.summed.Count == d.count {
		return d.summed
	}
	q := d.histogram.ValueAtPercentilesSlice(percentiles)
	d.summed = Latency{
		Count: d.count, Errors: d.errors,
		P50: d.quantile(q[0]), P95: d.quantile(q[1]), P99: d.quantile(q[2]), Max: time.Duration(d.max),
	}
	return d.summed
}

// quantile is the value, which is the upper end of its class, but no more than the true maximum.
func (d *distribution) quantile(value int64) time.Duration {
	return time.Duration(min(value, d.max))
}

// sliding is the distribution over the running second and those before it.
type sliding struct {
	seconds [recentSeconds]distribution // the second s at s modulo the length
	newest  int64                       // second
	sum     distribution                // of all seconds
}

func (s *sliding) add(second, duration int64, failed bool) {
	s.turn(second)
	if second > s.newest-recentSeconds {
		s.seconds[second%recentSeconds].add(duration, failed)
		s.sum.add(duration, failed)
	}
}

// turn makes second the newest, if it is newer, and forgets what falls out.
func (s *sliding) turn(second int64) {
	forgot := false
	for next := max(s.newest+1, second-recentSeconds+1); next <= second; next++ {
		d := &s.seconds[next%recentSeconds]
		forgot = forgot || d.count > 0
		d.reset()
	}
	s.newest = max(s.newest, second)
	if forgot {
		s.resum()
	}
}

// resum computes the sum anew, once a second at most: a histogram cannot take values back.
func (s *sliding) resum() {
	s.sum.reset()
	for i := range s.seconds {
		s.sum.merge(&s.seconds[i])
	}
}

package activity

import (
	"math"
	"math/bits"
	"time"
)

// NumBuckets is the number of classes that durations are counted in. Each holds twice the durations of the one before:
// the first everything below 512 ns, the last everything from 34 s on.
const NumBuckets = 28

const firstBits = 9 // the first bucket ends at 1<<firstBits ns

func bucketOf(ns int64) int { return min(bits.Len64(uint64(max(ns, 0))>>firstBits), NumBuckets-1) }

// BucketBounds returns the durations that a bucket holds: from low to below high.
func BucketBounds(bucket int) (low, high time.Duration) {
	if bucket > 0 {
		low = 1 << (firstBits + bucket - 1)
	}
	if bucket == NumBuckets-1 {
		return low, math.MaxInt64
	}
	return low, 1 << (firstBits + bucket)
}

// HeatColumn counts the operations that ended in one slot of wall-clock time by their durations.
type HeatColumn struct {
	Unix   int64 // when the slot begins, in seconds since 1970 UTC
	Errors uint32
	Counts [NumBuckets]uint32
}

func (c *HeatColumn) merge(o *HeatColumn) {
	c.Errors += o.Errors
	for b, n := range o.Counts {
		c.Counts[b] += n
	}
}

// Heat is what a heat map of latencies is drawn from. Columns are in the order of time; slots in which nothing ended are
// left out, and columns older than the span may still be there.
type Heat struct {
	Minute     []HeatColumn // slots of 1 s
	TenMinutes []HeatColumn // slots of 10 s
	Hour       []HeatColumn // slots of 60 s
}

// LatencyBetween returns the distribution of the durations in columns that begin at from or later and before to, in
// seconds since 1970 UTC. Quantiles are found within a bucket by assuming that it is filled evenly, so they may be wrong by
// a factor of 2 at most; Max is the upper end of the highest bucket.
func LatencyBetween(columns []HeatColumn, from, to int64) (l Latency) {
	var counts [NumBuckets]uint64
	for i := range columns {
		if c := &columns[i]; from <= c.Unix && c.Unix < to {
			l.Errors += uint64(c.Errors)
			for b, n := range c.Counts {
				counts[b] += uint64(n)
				l.Count += uint64(n)
			}
		}
	}
	if l.Count > 0 {
		l.P50, l.P95, l.P99 = quantile(&counts, l.Count, 0.50), quantile(&counts, l.Count, 0.95), quantile(&counts, l.Count, 0.99)
		l.Max = quantile(&counts, l.Count, 1)
	}
	return l
}

func quantile(counts *[NumBuckets]uint64, total uint64, q float64) time.Duration {
	rank, below := q*float64(total), 0.0
	for b, n := range counts {
		if n > 0 && below+float64(n) >= rank {
			low, high := BucketBounds(b)
			high = min(high, 2*max(low, 1<<(firstBits-1))) // the last bucket has no end
			return low + time.Duration(float64(high-low)*(rank-below)/float64(n))
		}
		below += float64(n)
	}
	return 0
}

// heat gathers a Heat.
type heat struct {
	timeline timeline[HeatColumn, *HeatColumn]
	last     Heat
	fresh    bool // last is still right
}

func (h *heat) add(unix int64, bucket int, failed bool) {
	h.fresh = false
	c := h.timeline.at(unix)
	c.Counts[bucket]++
	if failed {
		c.Errors++
	}
}

// show makes no new Heat while nothing was added.
func (h *heat) show() Heat {
	if !h.fresh {
		h.last = Heat{h.columns(byMinute), h.columns(byTenMinutes), h.columns(byHour)}
		h.fresh = true
	}
	return h.last
}

func (h *heat) columns(span int) (columns []HeatColumn) {
	h.timeline.shown(span, h.timeline.unix, func(unix int64, c *HeatColumn) {
		if c != nil && c.Counts != [NumBuckets]uint32{} {
			columns = append(columns, *c)
			columns[len(columns)-1].Unix = unix
		}
	})
	return columns
}

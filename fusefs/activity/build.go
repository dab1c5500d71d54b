package activity

import (
	"time"

	"vitrine/fusefs/oplog"
)

// Snapshot returns the state at this instant. It costs a copy of the table of open files where that changed.
func (m *Model) Snapshot() *Snapshot {
	inFlight := m.options.InFlight()
	s := m.build(inFlight)
	if m.options.Source != nil {
		m.askSources(s)
	}
	s.Waits = m.options.waits(inFlight, s.Open)
	return s
}

func (m *Model) build(inFlight []oplog.Event) *Snapshot {
	byHandle := countByHandle(inFlight)
	m.mu.Lock()
	defer m.mu.Unlock()
	wall, mono := m.options.Clock()
	m.resync(mono)
	m.state.hazards.look(inFlight)
	s := m.state.snapshot(wall, mono, byHandle)
	s.InFlight = inFlight
	m.addDropped(s)
	return s
}

// askSources asks where files are copied from, without the lock: it may mean to read files. A list with files that bytes go
// to is this snapshot's own.
func (m *Model) askSources(s *Snapshot) {
	for i := range s.Open {
		f := &s.Open[i]
		if f.WriteRate == 0 || f.Expected != 0 {
			continue
		}
		position, size, ok := m.options.Source(f.OpenHandle)
		if position == 0 {
			position = f.Reached // it is read by pread(2), splice(2) or the like, which move no position
		}
		if ok && size > position {
			rest := size - position
			f.Expected = f.Reached + rest
			f.Left = time.Duration(float64(rest) / f.WriteRate * float64(time.Second))
		}
	}
}

func countByHandle(inFlight []oplog.Event) map[uint64]int {
	counts := make(map[uint64]int)
	for i := range inFlight {
		if h := inFlight[i].Handle; h != 0 {
			counts[h]++
		}
	}
	return counts
}

func (s *state) snapshot(wall, mono int64, inFlight map[uint64]int) *Snapshot {
	t := &s.traffic
	snapshot := &Snapshot{
		At:        time.Unix(0, wall),
		Open:      s.files.list(mono, inFlight),
		Ops:       s.latency.stats(mono),
		ReadRate:  t.reads.rate(mono),
		WriteRate: t.writes.rate(mono),
		OpRate:    t.ops.rate(mono),
		Read:      t.read,
		Written:   t.written,
		Count:     t.count,
		Errors:    t.errors,
		LastError: t.error(),
		Resyncs:   s.resyncs,

		Seconds:    t.series(byMinute, wall),
		TenMinutes: t.series(byTenMinutes, wall),
		Hour:       t.series(byHour, wall),
		Heat:       s.latency.heat.show(),
	}
	s.totals.show(snapshot)
	s.hazards.show(snapshot)
	return snapshot
}

// addDropped counts what the record lost: how many operations, and their bytes.
func (m *Model) addDropped(s *Snapshot) {
	base := &m.state.base
	read, written := m.options.DroppedBytes()
	s.Dropped = m.dropped - base.dropped
	s.Count += s.Dropped
	s.Read += read - base.read
	s.Written += written - base.written
}

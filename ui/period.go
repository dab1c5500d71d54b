package ui

import "vitrine/fusefs/activity"

// period is a length of time that the chart can show.
type period struct {
	name, ago string
	seconds   float64
	slot      int64 // length of a slot, in seconds
	traffic   func(*activity.Snapshot) []activity.Second
	heat      func(*activity.Heat) []activity.HeatColumn
}

// periods are what the chart can show, the shortest first.
func periods() []period {
	return []period{
		{tr("1 min"), tr("60 s ago"), 60, 1,
			func(a *activity.Snapshot) []activity.Second { return a.Seconds },
			func(h *activity.Heat) []activity.HeatColumn { return h.Minute }},
		{tr("10 min"), tr("10 min ago"), 600, 10,
			func(a *activity.Snapshot) []activity.Second { return a.TenMinutes },
			func(h *activity.Heat) []activity.HeatColumn { return h.TenMinutes }},
		{tr("1 h"), tr("1 h ago"), 3600, 60,
			func(a *activity.Snapshot) []activity.Second { return a.Hour },
			func(h *activity.Heat) []activity.HeatColumn { return h.Hour }},
	}
}

// timeSpan is a part of the past that was selected in the chart: slots that begin at from or later and before to, in
// seconds since 1970 UTC. The zero timeSpan selects nothing.
type timeSpan struct {
	from, to int64
	columns  func(*activity.Heat) []activity.HeatColumn
}

func (s timeSpan) chosen() bool { return s.to > s.from }

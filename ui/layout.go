package ui

import "slices"

// Layout is how a person has arranged the window: what a LayoutKeeper keeps between runs.
type Layout struct {
	Tables  map[string]TableLayout `json:"tables,omitempty" toml:"tables,omitempty"`   // by tab: "open", "inflight", …
	Filters []string               `json:"filters,omitempty" toml:"filters,omitempty"` // recent filters of the log, newest first
}

// LayoutKeeper is a Controller that keeps the Layout between runs. Without one it is forgotten at the end.
type LayoutKeeper interface {
	// Layout returns what KeepLayout was given last, also in an earlier run; the zero Layout where nothing was.
	Layout() Layout
	// KeepLayout keeps l. It is called on the UI thread, not often, and must not block it.
	KeepLayout(l Layout)
}

// restoreLayout arranges the window as it was left.
func (w *window) restoreLayout() {
	k, ok := w.ui.ctl.(LayoutKeeper)
	if !ok {
		return
	}
	l := k.Layout()
	for _, t := range w.tabList {
		t.panel.grid().arrange(l.Tables[t.key])
	}
	w.log.line.recent = slices.Clone(l.Filters[:min(len(l.Filters), filtersKept)])
}

// layout returns how the window is arranged now.
func (w *window) layout() Layout {
	l := Layout{Tables: map[string]TableLayout{}, Filters: slices.Clone(w.log.line.recent)}
	for _, t := range w.tabList {
		l.Tables[t.key] = t.panel.grid().tableLayout()
	}
	log := l.Tables["log"]
	log.Sort, log.Down = "", false // it begins in the order of time: in any other it stands still
	l.Tables["log"] = log
	return l
}

// arranged has the layout kept after the person changed something of it.
func (w *window) arranged() {
	if k, ok := w.ui.ctl.(LayoutKeeper); ok {
		k.KeepLayout(w.layout())
	}
}

package ui

import (
	"fmt"
	"time"

	"fyne.io/fyne/v2/theme"

	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
)

// telling is a story that is being made, off the UI goroutine.
type telling struct {
	events []oplog.Event // those of the record
	seq    uint64
	story  *activity.Story // nil where the record does not hold the operation
}

// tellFrom makes the story of the operation that find picks from the events of a record and from those in flight.
func tellFrom(src record, inFlight []oplog.Event, find func([]oplog.Event) uint64) (t telling) {
	t.events = readAll(src)
	all := activity.WithInFlight(t.events, inFlight)
	t.seq = find(all)
	t.story = activity.NewStory(all, t.seq)
	return t
}

// openStoryOf tells the story of the operation with a sequence number, whether it is listed or not.
func (p *logPanel) openStoryOf(seq uint64) {
	src := p.src
	if src == nil {
		return
	}
	var t telling
	p.ui.aside(func() { t = tellFrom(src, nil, func([]oplog.Event) uint64 { return seq }) }, func() {
		if t.story == nil {
			p.note.set(tr("This operation has fallen out of the log"), theme.ColorNameWarning)
			p.noted.due(0)
			return
		}
		p.showStory(&t, p.ui.window.tabIndex("log"))
	})
}

// openStoryInFlight tells the story of an operation that was in flight a moment ago.
func (p *logPanel) openStoryInFlight(e *oplog.Event) {
	seen := *e
	p.openStoryFrom("inflight", func(events []oplog.Event) uint64 { return activity.SeqOf(events, &seen) })
}

// openStoryOfHandle tells the life of a handle up to its newest operation.
func (p *logPanel) openStoryOfHandle(handle uint64) {
	p.openStoryFrom("open", func(events []oplog.Event) uint64 { return activity.NewestOn(events, handle) })
}

// openStoryFrom tells a story that was asked for in another tab, where it leads back to.
func (p *logPanel) openStoryFrom(tab string, find func([]oplog.Event) uint64) {
	w := p.ui.window
	p.tellNow(find, func(t *telling) {
		if t.story == nil {
			w.say(tr("The log holds nothing of this any more, so there is no story to tell."))
			return
		}
		w.showLog()
		w.refresh()
		p.showStory(t, w.tabIndex(tab))
	})
}

// tellNow makes a story up to this moment.
func (p *logPanel) tellNow(find func([]oplog.Event) uint64, then func(*telling)) {
	var src record = &kept{}
	if h := p.ui.ctl.History(); h != nil {
		src = h
	}
	inFlight := p.ui.window.snap.InFlight
	var t telling
	p.ui.aside(func() { t = tellFrom(src, inFlight, find) }, func() { then(&t) })
}

// showStory shows a story in place of the list.
func (p *logPanel) showStory(t *telling, home int) {
	p.list.Hide()
	p.story.home = home
	p.story.show(t.events, t.story, t.seq)
	p.ui.window.focusTable()
}

// retell brings the story in sight up to date.
func (p *logPanel) retell(find func([]oplog.Event) uint64) {
	shown := p.story.chart.story
	p.tellNow(find, func(t *telling) {
		if t.story != nil && p.story.chart.story == shown {
			p.story.retell(t.events, t.story, t.seq)
		}
	})
}

// closeStory goes back to where the story was asked for.
func (p *logPanel) closeStory() {
	p.showList()
	p.ui.window.selectTab(p.story.home)
}

// mostTries is how often a story is told anew until the record holds the end of what was in flight: it may have had to drop it.
const mostTries = 10

// follow lets the bars of operations in flight reach to now. When one of them has ended, the story is told anew.
func (p *storyPanel) follow(a *activity.Snapshot) {
	if !p.box.Visible() || !p.chart.inFlight() || p.tries > mostTries || !p.worded.due(figureInterval) {
		return
	}
	b := p.chart.bar(p.chart.chosen)
	if p.chart.grow(a.InFlight) {
		p.say(b.Event, p.told)
		return
	}
	if p.tries++; p.tries > mostTries {
		p.name.set(p.name.text.Text+" · "+tr("how it ended was dropped"), theme.ColorNameWarning)
		return
	}
	chosen := b.Event
	p.again(func(events []oplog.Event) uint64 { return activity.SeqOf(events, &chosen) })
}

// waits says what an operation in flight waits for, as far as that is known.
func (p *storyPanel) waits(e *oplog.Event) string {
	if e.Flags&oplog.InFlight == 0 {
		return ""
	}
	text := fmt.Sprintf(tr("It has been in flight for %s."), duration(time.Duration(e.Duration)))
	snap := p.ui.window.snap
	for i := range min(len(snap.InFlight), len(snap.Waits)) {
		if same(&snap.InFlight[i], e) && snap.Waits[i].Format != "" {
			return text + " " + fmt.Sprintf(tr("It waits for %s."), say(snap.Waits[i]))
		}
	}
	return text
}

// same says whether two events are of the same operation.
func same(a, b *oplog.Event) bool {
	return begun(&underWay{Event: a}) == begun(&underWay{Event: b})
}

// inFlight says whether the story tells of an operation that has not ended.
func (c *storyChart) inFlight() bool {
	for i := range c.rows {
		for k := range c.rows[i].bars {
			if c.rows[i].bars[k].Flags&oplog.InFlight != 0 {
				return true
			}
		}
	}
	return false
}

// grow lets the bars of operations in flight reach to their age. It says whether all of them still are.
func (c *storyChart) grow(now []oplog.Event) bool {
	ages := make(map[uint64]int64, len(now))
	for i := range now {
		ages[begun(&underWay{Event: &now[i]})] = now[i].Duration
	}
	end := c.story.End
	for i := range c.rows {
		for k := range c.rows[i].bars {
			b := &c.rows[i].bars[k]
			if b.Flags&oplog.InFlight == 0 {
				continue
			}
			age, still := ages[begun(&underWay{Event: &b.Event})]
			if !still {
				return false
			}
			b.Duration = max(b.Duration, age)
			end = max(end, b.Mono+b.Duration)
		}
	}
	c.reach(end)
	return true
}

// reach makes the story longer. Where its end is in sight it stays so.
func (c *storyChart) reach(end int64) {
	if longer := float64(end - c.story.End); float64(c.story.End-c.story.Begin) <= c.to {
		c.to += longer
	}
	c.story.End = end
	c.raster.Refresh()
}

package ui

import (
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"vitrine/fusefs/activity"
)

func TestSelectedTimeLimitsLatency(t *testing.T) {
	b := newBench(t, newFake())
	b.become(func(s *Status) { s.State = Mounted })
	a := full()
	slow := activity.HeatColumn{Unix: 970}
	slow.Counts[20] = 7
	quick := activity.HeatColumn{Unix: 990}
	quick.Counts[2] = 1000
	a.Ops[0].Heat.Minute = []activity.HeatColumn{slow, quick}
	b.window.show()
	b.window.selectTab(b.window.tabIndex("latency"))
	b.window.showActivity(a)
	g := b.panel("latency").grid()
	c := b.window.chart
	c.Resize(fyne.NewSize(chartGutter+600, 116)) // ten units a second
	c.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(chartGutter+310, 50)}, Dragged: fyne.NewDelta(20, 0)})
	c.DragEnd()
	if got := b.column(g, "recent-count")[0]; got != "7" {
		t.Errorf("in the selected time there are %s operations", got)
	}
	c.Tapped(nil)
	if got := b.column(g, "recent-count")[0]; got != "–" {
		t.Errorf("without a selection there are %s", got)
	}
}

// TestTimeIsSelectedByKeys goes to the chart, takes the last ten seconds, and leaves.
func TestTimeIsSelectedByKeys(t *testing.T) {
	b := newBench(t, newFake())
	b.become(func(s *Status) { s.State = Mounted })
	b.window.show()
	b.window.showActivity(full())
	c := b.window.chart
	press := func(keys ...fyne.KeyName) {
		for _, k := range keys {
			c.TypedKey(&fyne.KeyEvent{Name: k})
		}
	}
	want := func(from, to int64) {
		t.Helper()
		if c.span.from != from || c.span.to != to {
			t.Errorf("selected is %d to %d, want %d to %d", c.span.from, c.span.to, from, to)
		}
	}
	b.window.typedRune('r')
	if b.window.win.Canvas().Focused() != c {
		t.Fatal("the keys do not go to the chart")
	}
	want(999, 1000)
	press(fyne.KeyLeft, fyne.KeyLeft)
	want(997, 998)
	c.KeyDown(&fyne.KeyEvent{Name: desktop.KeyShiftLeft})
	press(fyne.KeyLeft, fyne.KeyLeft, fyne.KeyLeft)
	want(994, 998)
	press(fyne.KeyHome)
	want(940, 998)
	c.KeyUp(&fyne.KeyEvent{Name: desktop.KeyShiftLeft})
	press(fyne.KeyEnd, fyne.KeyRight)
	want(999, 1000)
	c.TypedRune('-')
	press(fyne.KeyEnd)
	want(990, 1000)
	press(fyne.KeyEscape)
	want(0, 0)
	if b.window.win.Canvas().Focused() == c {
		t.Error("the keys still go to the chart")
	}
}

func TestChartOfAnHour(t *testing.T) {
	a := &activity.Snapshot{At: time.Unix(7200, 0), Hour: []activity.Second{{Unix: 7080, Written: 6000}, {Unix: 7140, Written: 12000}}}
	s := seriesOf(a, &periods()[2])
	if want := []float64{100, 100, 200, 200}; !slices.Equal(s.write, want) {
		t.Errorf("bytes per second %v, want %v", s.write, want)
	}
	if want := []float64{120, 90, 30, 0}; !slices.Equal(s.age, want) {
		t.Errorf("ages %v, want %v", s.age, want)
	}
}

func TestTotals(t *testing.T) {
	b := newBench(t, newFake())
	b.become(func(s *Status) { s.State = Mounted })
	f := newFake()
	timings(f)
	p := b.panel("processes")
	p.show(f.snap, b.status)
	if got := b.column(p.grid(), "name"); !slices.Equal(got, []string{"git 4003", "a-program-with-a-long-name 4002", "indexer 4001", "cp 4000", "17 others"}) {
		t.Errorf("the processes are %q", got)
	}
	if got := b.column(p.grid(), "last")[3]; got != "0 s" {
		t.Errorf("cp was used last %s ago", got)
	}
}

// TestLatencySortedBySpread puts first what sometimes takes much longer than usual.
func TestLatencySortedBySpread(t *testing.T) {
	b := newBench(t, newFake())
	b.become(func(s *Status) { s.State = Mounted })
	a := full()
	a.Ops[0].All.P50, a.Ops[0].All.P95 = 90*time.Millisecond, 100*time.Millisecond
	a.Ops[1].All.P50, a.Ops[1].All.P95 = time.Millisecond, 50*time.Millisecond
	p := b.panel("latency")
	p.show(a, b.status)
	p.grid().Resize(fyne.NewSize(1400, 300))
	clickTitle(p.grid(), "histogram")
	if got := b.column(p.grid(), "operation"); got[0] != a.Ops[1].Op.String() {
		t.Errorf("the order is %q", got)
	}
}

func TestHistogram(t *testing.T) {
	var h [activity.NumBuckets]uint64
	if got := histogram(&h); strings.TrimSpace(got) != "" || len([]rune(got)) != histogramChars {
		t.Errorf("of nothing: %q", got)
	}
	h[0], h[27] = 1, 1_000_000
	if got := histogram(&h); got != "▁            █" {
		t.Errorf("got %q", got)
	}
}

// TestLatencyOfOneOperation chooses by keys whose latencies the chart shows.
func TestLatencyOfOneOperation(t *testing.T) {
	b := newBench(t, newFake())
	b.become(func(s *Status) { s.State = Mounted })
	a := full()
	a.Ops[1].All.Count = a.Ops[0].All.Count + 1 // the most frequent is offered first
	all, one := activity.HeatColumn{Unix: 970}, activity.HeatColumn{Unix: 980}
	all.Counts[20], one.Counts[3] = 7, 2
	a.Heat.Minute, a.Ops[1].Heat.Minute = []activity.HeatColumn{all}, []activity.HeatColumn{one}
	b.window.show()
	b.window.showActivity(a)
	c, canvas := b.window.chart, b.window.win.Canvas()
	shows := func(unix int64, said string) {
		t.Helper()
		if w := c.warm.columns; len(w) != 1 || w[0].Unix != unix || !c.heat {
			t.Errorf("shown are %v", w)
		}
		if words := wordsIn(c.choices.op.tappable); !strings.Contains(words, said) {
			t.Errorf("the choices are %q", words)
		}
	}
	c.setHeat(true)
	shows(970, "of all")
	c.setHeat(false)
	b.window.typedRune('o')
	canvas.Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
	canvas.Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	shows(980, "of "+a.Ops[1].Op.String())
	b.window.showActivity(full())
	if got := c.says.text.Text; got != "No "+a.Ops[1].Op.String()+" ended in this time" {
		t.Errorf("where there was none it says %q", got)
	}
}

// TestQuietChartSaysSo has no scale where there is nothing to measure.
func TestQuietChartSaysSo(t *testing.T) {
	b := newBench(t, newFake())
	b.window.show()
	c := b.window.chart
	for _, s := range []struct {
		snap *activity.Snapshot
		says string
	}{
		{&activity.Snapshot{}, "Nothing read or written yet"},
		{&activity.Snapshot{At: time.Unix(1000, 0), Written: 5, Seconds: []activity.Second{{Unix: 998}, {Unix: 999}}}, "Nothing read or written in this time"},
		{wave(), ""},
	} {
		b.window.showActivity(s.snap)
		if got := c.says.text.Text; got != s.says {
			t.Errorf("it says %q, want %q", got, s.says)
		}
	}
}

package ui

import (
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"vitrine/fusefs/activity"
)

// figureInterval is how often the window's large numbers are brought up to date: no one can read them when they change
// more often.
const figureInterval = 450 * time.Millisecond

// standingInterval is how often it is looked for programs that are in the way of an eject though they have no file open.
const standingInterval = 2 * time.Second

// windowInterval returns how often the window is brought up to date while it is visible: ten times a second, and four
// where drawing takes the processor from the programs that write.
func windowInterval(drawnByProcessor bool) time.Duration {
	if drawnByProcessor {
		return 250 * time.Millisecond
	}
	return 100 * time.Millisecond
}

// window is the activity window: what is mounted, what passes through it, and what went wrong.
type window struct {
	ui      *UI
	win     fyne.Window
	tip     *tip
	shown   bool
	viewing bool               // a saved log is shown
	snap    *activity.Snapshot // the newest, never nil

	header   *header
	banner   *banner
	notice   *strip
	progress *progress
	figures  *figures
	chart    *chart
	tabs     *container.AppTabs
	tabList  []tab
	panels   []panel
	log      *logPanel
	welcome  *welcome

	suggestions *suggestions
	shortcuts   map[string]func() // by the name of the shortcut

	ticker    ticker[*activity.Snapshot]
	standing  ticker[[]Holder]
	minimised minimised
	figured   pace
}

// newWindow makes the window of u and sets it there, for its parts to find.
func newWindow(u *UI) {
	w := &window{ui: u, win: u.app.NewWindow(Name), tip: newTip(), snap: &activity.Snapshot{}, suggestions: newSuggestions()}
	u.window = w
	w.ticker = newTicker(u, windowInterval(drawnByProcessor()), u.ctl.Activity, w.showActivity)
	w.ticker.idle = w.minimised.is
	w.standing = newTicker(u, standingInterval, standing(u.ctl), func(in []Holder) { w.header.standing = in })
	w.standing.idle = w.minimised.is
	w.header = newHeader(u, w.tip)
	w.banner = newBanner(u)
	w.notice = newStrip()
	w.progress = newProgress()
	w.figures = newFigures(w.showLastError)
	w.chart = newChart(w.refresh)
	w.chart.left, w.chart.typed, w.chart.pressed = w.focusTable, w.typedRune, w.typedKey
	w.buildTabs()
	w.win.SetPadded(false)
	body := container.NewStack(w.build(), w.suggestions.layer, w.tip.layer)
	w.welcome = newWelcome(u, body)
	w.win.SetContent(container.NewStack(body, w.welcome.box))
	w.win.SetCloseIntercept(w.closed)
	w.win.Resize(fyne.NewSize(1040, 680))
	w.addShortcuts()
	if u.opts.Welcome {
		w.welcome.ask()
	}
	if u.opts.Notice != "" {
		w.notice.say(u.opts.Notice)
	}
}

func (w *window) build() fyne.CanvasObject {
	numbers := container.NewBorder(nil, nil, padded(9, 9, 13, 12, container.New(fixedSize{fyne.NewSize(270, 120)}, w.figures.box)), nil, padded(1, 1, 0, 8, w.chart))
	top := container.New(layout.NewCustomPaddedVBoxLayout(8),
		padded(0, 0, 2, 0, w.header.box), w.progress.box, w.banner.box, w.notice.box, card(numbers))
	return padded(8, 10, 10, 10, container.NewBorder(top, nil, nil, nil, w.tabs))
}

// tab is a panel with its name.
type tab struct {
	key, name string
	panel     panel
}

func (w *window) buildTabs() {
	w.log = newLogPanel(w.ui, w.tip)
	w.tabList = []tab{
		{"open", tr("Open files"), newOpenFiles(w.ui, w.tip)},
		{"inflight", tr("In flight"), newInFlight(w.ui, w.tip)},
		{"processes", tr("Processes"), newProcesses(w.ui, w.tip)},
		{"files", tr("Files"), newFiles(w.ui, w.tip)},
		{"latency", tr("Latency"), newLatency(w.ui, w.tip, func() timeSpan { return w.chart.span })},
		{"log", tr("Log"), w.log},
	}
	w.tabs = container.NewAppTabs()
	for _, t := range w.tabList {
		w.panels = append(w.panels, t.panel)
		w.tabs.Append(container.NewTabItem(t.name, t.panel.object()))
	}
	w.restoreLayout()
	for _, t := range w.tabList {
		g := t.panel.grid()
		g.arranged, g.pressed = w.arranged, w.typedKey
		if g.typed == nil {
			g.typed = w.typedRune
		}
	}
	w.tabs.OnSelected = func(*container.TabItem) {
		w.tip.hide()
		w.suggestions.hide()
		w.refresh()
	}
}

// tabIndex returns where the tab with a key stands.
func (w *window) tabIndex(key string) int {
	return slices.IndexFunc(w.tabList, func(t tab) bool { return t.key == key })
}

// show shows and raises the window, and begins to keep it up to date.
func (w *window) show() {
	w.win.Show()
	w.win.RequestFocus()
	w.shown = true
	w.progress.play(true)
	w.ticker.start()
	w.standing.start()
	w.refresh()
}

// hide hides the window and ends its updates.
func (w *window) hide() {
	w.shown = false
	w.ticker.stop()
	w.standing.stop()
	w.progress.play(false)
	w.tip.hide()
	w.win.Hide()
	w.ui.doze.begin()
}

func (w *window) toggle() {
	if w.shown {
		w.hide()
		return
	}
	w.show()
}

// closed answers the close button: without a tray nothing would be left to come back through.
func (w *window) closed() {
	if w.ui.tray == nil {
		w.ui.quit(false)
		return
	}
	w.hide()
}

func (w *window) showStatus(s Status) {
	if s.State == Viewing && !w.viewing {
		w.view()
	}
	w.welcome.showStatus(s)
	w.header.showStatus(s)
	w.banner.showStatus(s)
	w.progress.showStatus(s)
	w.figured = pace{}
	w.refresh()
}

// view shows a saved log, in which nothing goes on.
func (w *window) view() {
	w.viewing = true
	w.figures.view()
	w.chart.viewing = true
	w.log.view()
	w.tabs.SelectIndex(w.tabIndex("log"))
}

func (w *window) showActivity(a *activity.Snapshot) {
	w.minimised.look(w.win)
	if w.snap.At.IsZero() {
		w.figured, w.log.noted = pace{}, pace{} // what stands there is of no snapshot yet
	}
	w.snap = a
	w.refresh()
}

// refresh redraws what changed in sight.
func (w *window) refresh() {
	if !w.shown {
		return
	}
	if w.figured.due(figureInterval) {
		w.figures.show(w.snap)
		w.header.showUse(w.snap)
	}
	w.chart.show(w.snap)
	w.panels[w.tabs.SelectedIndex()].show(w.snap, w.ui.status)
}

// say shows a line of good news or of information until it is dismissed.
func (w *window) say(text string) { w.notice.say(text) }

// strip is a line of information that can be dismissed.
type strip struct {
	box  *fyne.Container
	text *widget.Label
}

func newStrip() *strip {
	s := &strip{text: widget.NewLabel("")}
	s.text.Wrapping, s.text.Selectable = fyne.TextWrapWord, true
	shut := widget.NewButtonWithIcon("", theme.CancelIcon(), func() { s.box.Hide() })
	shut.Importance = widget.LowImportance
	icon := container.NewVBox(padded(8, 0, 10, 0, widget.NewIcon(theme.InfoIcon())))
	row := container.NewBorder(nil, nil, icon, container.NewVBox(shut), s.text)
	s.box = container.NewStack(newSheet(colorRead, colorRead, 0x1c, 6), padded(0, 0, 0, 2, row))
	s.box.Hide()
	return s
}

func (s *strip) say(text string) {
	s.text.SetText(text)
	s.box.Show()
}

// progress shows that mounting or ejecting goes on, and what it waits for.
type progress struct {
	box     *fyne.Container
	bar     *widget.ProgressBarInfinite
	text    *line
	working bool // there is something to show
	visible bool // the window is visible
}

func newProgress() *progress {
	p := &progress{bar: widget.NewProgressBarInfinite(), text: newLine("", sizeText, colorMuted, fyne.TextStyle{})}
	p.bar.Stop()
	bar := container.New(fixedSize{fyne.NewSize(160, 6)}, p.bar)
	p.box = container.NewBorder(nil, nil, container.NewCenter(bar), nil, padded(2, 2, 8, 0, p.text))
	p.box.Hide()
	return p
}

func (p *progress) showStatus(s Status) {
	p.working = s.State == Mounting || s.State == Ejecting
	switch {
	case s.Progress != "":
		p.text.set(s.Progress, colorMuted)
	case s.State == Mounting:
		p.text.set(tr("Mounting…"), colorMuted)
	case s.State == Ejecting:
		p.text.set(tr("Ejecting…"), colorMuted)
	}
	if p.working {
		p.box.Show()
	} else {
		p.box.Hide()
	}
	p.animate()
}

// play says whether the window is visible: an animation costs as much in a hidden one.
func (p *progress) play(visible bool) {
	p.visible = visible
	p.animate()
}

func (p *progress) animate() {
	if p.working && p.visible {
		p.bar.Start()
	} else {
		p.bar.Stop()
	}
}

package ui

import (
	"cmp"
	"fmt"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"vitrine/fusefs/activity"
)

// header says what is mounted where, and holds the main buttons.
type header struct {
	box            *fyne.Container
	state          *pill
	readOnly, fast *pill
	since          *line
	use            *pathText // whether an eject will do, or what stands against it
	standing       []Holder  // who is in the way without a file open
	mounted        bool
	backing, point *pathText
	arrow          *line
	action, folder *widget.Button
	buttons        *fyne.Container
}

func newHeader(u *UI, t *tip) *header {
	h := &header{
		state:    newPill("", colorMuted),
		readOnly: newPill(tr("Read-only"), colorMuted),
		fast:     newPill(tr("Fast: single writes are not seen"), colorMuted),
		since:    muted(""),
		use:      newPathText(t, colorMuted, false),
		backing:  newPathText(t, colorMuted, false),
		point:    newPathText(t, theme.ColorNameForeground, true),
		action:   widget.NewButton("", u.act),
		folder:   widget.NewButtonWithIcon(tr("Open folder"), theme.FolderOpenIcon(), u.ctl.OpenFolder),
		arrow:    newLine("→", sizeText, colorMuted, fyne.TextStyle{}),
	}
	h.use.size = sizeCaption
	settings := widget.NewButtonWithIcon(tr("Settings…"), theme.SettingsIcon(), u.showSettings)
	h.action.Importance = widget.HighImportance
	words := container.NewVBox(
		container.NewBorder(nil, nil, container.NewHBox(h.state.box, h.readOnly.box, h.fast.box, h.since), nil, padded(0, 0, 8, 0, h.use)),
		container.New(pathsLayout{}, h.backing, h.arrow, h.point),
	)
	action := container.New(leastSize{fyne.NewSize(92, 0)}, h.action)
	h.buttons = container.NewHBox(settings, h.folder, action)
	h.box = container.NewBorder(nil, nil, nil, container.NewCenter(h.buttons), padded(0, 0, 0, 14, words))
	return h
}

func (h *header) showStatus(s Status) {
	h.state.set(stateName(s.State), stateTone(s.State))
	h.backing.set(tilde(s.Backing))
	if s.Backing == s.MountPoint {
		h.backing.set(tr("in place"))
	}
	h.point.set(tilde(s.MountPoint))
	showIf(s.ReadOnly, h.readOnly.box)
	showIf(s.Fast, h.fast.box)
	if s.State == Viewing {
		h.buttons.Hide()
		h.arrow.set("", colorMuted)
	}
	since := ""
	if s.State == Mounted && !s.Since.IsZero() {
		since = fmt.Sprintf(tr("since %s"), s.Since.Format("15:04"))
	}
	h.since.set(since, colorMuted)
	h.mounted = s.State == Mounted
	label, enabled := actionOf(s.State)
	setButton(h.action, label, enabled)
	setButton(h.folder, h.folder.Text, s.State == Mounted)
	h.box.Refresh()
}

// standing returns what asks who is in the way of an eject without a file open.
func standing(ctl Controller) func() []Holder {
	teller, ok := ctl.(StandingTeller)
	return func() []Holder {
		if !ok || ctl.Status().State != Mounted {
			return nil
		}
		return teller.Standing()
	}
}

// showUse says what stands against an eject, if anything does.
func (h *header) showUse(a *activity.Snapshot) {
	if !h.mounted {
		h.use.say("", colorMuted)
		return
	}
	if text := inTheWay(a.Open, h.standing); text != "" {
		h.use.say(text, colorMuted)
		return
	}
	h.use.say(tr("Safe to eject"), theme.ColorNameSuccess)
}

// inTheWay says who uses the drive: first of all, who has the most files open; "" where nobody does.
func inTheWay(open []activity.OpenFile, standing []Holder) string {
	type program struct {
		name  string
		pid   int32
		files int
		path  string
	}
	var programs []program
	at := make(map[int32]int)
	add := func(pid int32, name, path string, files int) {
		i, known := at[pid]
		if !known {
			i, at[pid] = len(programs), len(programs)
			programs = append(programs, program{name: name, pid: pid, path: path})
		}
		programs[i].files += files
	}
	for i := range open {
		add(open[i].PID, open[i].Proc, open[i].Path, 1)
	}
	for _, s := range standing {
		add(int32(s.PID), s.Name, s.Path, 0)
	}
	if len(programs) == 0 {
		return ""
	}
	first := slices.MaxFunc(programs, func(a, b program) int { return cmp.Compare(a.files, b.files) })
	who := process(visible(first.name), first.pid)
	switch {
	case len(programs) > 1:
		return fmt.Sprintf(tr("In use: %s open files, %s and %s more programs"), count(len(open)), who, count(len(programs)-1))
	case first.files == 0:
		return fmt.Sprintf(tr("In use: %s stands in %s"), who, visible(tilde(first.path)))
	case first.files == 1:
		return fmt.Sprintf(tr("In use: %s holds %s"), who, visible(first.path))
	}
	return fmt.Sprintf(tr("In use: %s holds %s files"), who, count(first.files))
}

func setButton(b *widget.Button, label string, enabled bool) {
	if b.Text != label {
		b.SetText(label)
	}
	if enabled {
		b.Enable()
	} else {
		b.Disable()
	}
}

func stateName(s State) string {
	switch s {
	case Mounting:
		return tr("Mounting")
	case Mounted:
		return tr("Mounted")
	case Ejecting:
		return tr("Ejecting")
	case Failed:
		return tr("Not mounted: failed")
	case Viewing:
		return tr("Saved log")
	default:
		return tr("Not mounted")
	}
}

func stateTone(s State) fyne.ThemeColorName {
	switch s {
	case Mounting, Ejecting, Viewing:
		return colorRead
	case Mounted:
		return theme.ColorNameSuccess
	case Failed:
		return theme.ColorNameError
	default:
		return colorMuted
	}
}

// pathsLayout puts two paths and the arrow between them into one line. Where both cannot be shown whole, each gets
// what the other leaves, but at least half.
type pathsLayout struct{}

const pathsGap = 6

func (pathsLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	var s fyne.Size
	for _, c := range o {
		m := c.MinSize()
		s = fyne.NewSize(s.Width+m.Width+pathsGap, max(s.Height, m.Height))
	}
	return s
}

func (pathsLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	from, arrow, to := o[0].(*pathText), o[1], o[2].(*pathText)
	room := s.Width - arrow.MinSize().Width - 2*pathsGap
	a, b := from.wanted(), to.wanted()
	if a+b > room {
		switch half := room / 2; {
		case a <= half:
			b = room - a
		case b <= half:
			a = room - b
		default:
			a, b = half, half
		}
	}
	x := float32(0)
	for i, w := range [...]float32{a, arrow.MinSize().Width, b} {
		o[i].Move(fyne.NewPos(x, 0))
		o[i].Resize(fyne.NewSize(w, s.Height))
		x += w + pathsGap
	}
}

func showIf(shown bool, o fyne.CanvasObject) {
	if shown {
		o.Show()
	} else {
		o.Hide()
	}
}

package fusefs

// holders names the processes that have files open on the drive: WinFsp tells who opens what.
func (a *attachment) holders() (found []Holder) {
	fs := a.fs.Load()
	if fs == nil {
		return nil
	}
	for _, h := range fs.handles.all() {
		if row, open := h.tally.OpenHandle(); open && !h.folder {
			found = append(found, Holder{PID: int(row.PID), Name: row.Proc, Path: a.p.MountPoint + row.Path})
		}
	}
	return found
}

// standing is not looked for here.
func (a *attachment) standing() []Holder { return nil }

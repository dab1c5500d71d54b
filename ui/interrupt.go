package ui

// Interrupt ends Run as a signal does, with ErrEnded. It may be called from any goroutine once Run has begun.
func (u *UI) Interrupt() {
	u.do(u.leave)
}

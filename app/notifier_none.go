//go:build !linux

package main

// silence shows nothing: here the user interface notifies of problems itself.
type silence struct{}

func newNotifier() notifier { return silence{} }

func (silence) reach() (shown, actions bool) { return false, false }
func (silence) show(notice)                  {}
func (silence) withdraw(noticeKind)          {}
func (silence) close()                       {}

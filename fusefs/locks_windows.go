package fusefs

// lockTable is empty: WinFsp keeps locks, and they hold within the mount only.
type lockTable struct{}

func (*lockTable) dropAll() {}

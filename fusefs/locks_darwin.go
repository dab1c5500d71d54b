package fusefs

// lockTable is empty: cgofuse passes no locks on, and they hold within the mount only.
type lockTable struct{}

func (*lockTable) dropAll() {}

package fusefs

import "vitrine/fusefs/wire"

// nodeLimit is how many nodes the kernel may know before it is asked to forget some. It asks for every name anew after
// validFor, so remembering more spares nothing but memory: here, and three times as much in the kernel.
var nodeLimit = 100_000

// pruner has the kernel forget nodes that nobody uses.
type pruner struct {
	fs     *FS
	wake   chan struct{}
	cursor uint64 // slot to go on with
}

func newPruner(fs *FS) *pruner { return &pruner{fs: fs, wake: make(chan struct{}, 1)} }

// grown tells that there is a node more.
func (p *pruner) grown(nodes int) {
	if nodes <= nodeLimit {
		return
	}
	select {
	case p.wake <- struct{}{}:
	default: // it is at work
	}
}

// run prunes when woken, until quit is closed. It has a goroutine of its own, since the kernel lets it wait for
// operations in the folder of a name.
func (p *pruner) run(quit <-chan struct{}) {
	for {
		select {
		case <-p.wake:
			p.prune(quit)
		case <-quit:
			return
		}
	}
}

// prune goes once through the nodes, from where it ended last, until a tenth of them is gone.
func (p *pruner) prune(quit <-chan struct{}) {
	t := &p.fs.nodes
	for left := t.slotCount(); left > 0 && t.count() > nodeLimit*9/10; left-- {
		select {
		case <-quit:
			return
		default:
		}
		p.cursor++
		if n := t.slot(p.cursor); n != nil {
			p.release(n)
		}
	}
}

// release has the kernel forget the name of a file, and with the last one the node, unless it is in use. Folders stay:
// some process may stand in one.
func (p *pruner) release(n *node) {
	if n.file.isDir() {
		return
	}
	parent, name := n.where()
	if s := p.fs.server.Load(); s != nil && parent != nil && !p.fs.nodes.pinned(n) {
		what := wire.InvalEntryOut{Parent: parent.id, NameLen: uint32(len(name))}
		s.send(wire.Notice(wire.NotifyInvalEntry, what, name+"\x00"))
	}
}

// slotCount returns how many slots there are, used or not.
func (t *nodeTable) slotCount() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.byID.next
}

// slot returns the node in a slot, counted round and round, nil where it is empty.
func (t *nodeTable) slot(i uint64) *node {
	chunks := *t.byID.chunks.Load()
	i %= uint64(len(chunks) * len(chunk{}))
	return chunks[i/uint64(len(chunk{}))][i%uint64(len(chunk{}))].Load()
}

// count returns how many nodes the kernel knows, or files below which it knows some.
func (t *nodeTable) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.byFile)
}

// pinned reports whether nodes below or open handles need the node.
func (t *nodeTable) pinned(n *node) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return n.pins > 0
}

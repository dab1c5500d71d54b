//go:build !linux

package fusefs

// checkAlone refuses fast mode: the system's FUSE decides by itself what it keeps.
func (p *prepared) checkAlone() error {
	return &Problem{Kind: NotAlone, What: textf("Fast mode works on Linux only."), Cure: textf("Mount without it.")}
}

func (*platform) gatherWrites() {}

func gathered(string) {}

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/adrg/xdg"

	"vitrine/app/config"
	"vitrine/ui"
)

// layoutFile returns where the window's layout is kept, "" where there is no folder for it.
func layoutFile() string {
	if !filepath.IsAbs(xdg.StateHome) {
		return ""
	}
	return filepath.Join(xdg.StateHome, "vitrine", "window.json")
}

// maxLayout is far more than any layout needs, in bytes.
const maxLayout = 1 << 20

// layoutKeeper keeps how a person has arranged the window. What cannot be read or written is said once and costs no more
// than the arrangement.
type layoutKeeper struct {
	file string // "" keeps nothing
	say  func(string)

	writing sync.WaitGroup
	mu      sync.Mutex // guards all below
	busy    bool       // a goroutine writes, and looks at next once more
	next    *ui.Layout // to be written
	failed  bool       // it was said that nothing can be written
}

// Layout returns what was kept last.
func (k *layoutKeeper) Layout() ui.Layout {
	l, err := k.read()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		k.say(fmt.Sprintf("how the window was arranged cannot be read from %s (%v); it begins with the usual arrangement", k.file, err))
		return ui.Layout{}
	}
	return l
}

func (k *layoutKeeper) read() (l ui.Layout, err error) {
	if k.file == "" {
		return l, nil
	}
	f, err := os.Open(k.file)
	if err != nil {
		return l, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxLayout))
	if err == nil {
		err = json.Unmarshal(text, &l)
	}
	return l, err
}

// KeepLayout has l written soon.
func (k *layoutKeeper) KeepLayout(l ui.Layout) {
	if k.file == "" {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.next = &l
	if !k.busy {
		k.busy = true
		k.writing.Go(k.write)
	}
}

// write writes the newest layout until there is none newer.
func (k *layoutKeeper) write() {
	for {
		k.mu.Lock()
		l := k.next
		k.next, k.busy = nil, l != nil
		k.mu.Unlock()
		if l == nil {
			return
		}
		k.writeOne(l)
	}
}

func (k *layoutKeeper) writeOne(l *ui.Layout) {
	text, err := json.MarshalIndent(l, "", "\t")
	if err == nil {
		err = config.Replace(k.file, append(text, '\n'))
	}
	if err != nil && !k.failed {
		k.failed = true
		k.say(fmt.Sprintf("how the window is arranged cannot be kept: %v", err))
	}
}

// wait returns when everything is written.
func (k *layoutKeeper) wait() { k.writing.Wait() }

package ui

import (
	"fmt"
	"strings"
	"syscall"
	"time"

	"fyne.io/fyne/v2/widget"

	"vitrine/fusefs/activity"
	"vitrine/fusefs/oplog"
)

func nothingMounted(f *fake) {
	f.status = Status{Backing: "/srv/files", MountPoint: "/home/ada/Vitrine"}
}

func mounted(f *fake) {
	f.status = Status{State: Mounted, Backing: "/srv/files", MountPoint: "/home/ada/Vitrine", Since: time.Unix(0, 0)}
}

func oneCopy(f *fake) {
	mounted(f)
	f.snap = wave()
	f.feed(30)
}

func refusedEject(f *fake) {
	oneCopy(f)
	f.status.Problem = inUse
}

// refusedEjectSaid is refusedEject in the words of the drive, which are in the person's language.
func refusedEjectSaid(f *fake) {
	refusedEject(f)
	said := *inUse
	said.What = Say("Not ejected: %s is in use.", "/home/ada/Vitrine")
	said.Cure = Say("Close these files and leave the folder, then eject again. A forced eject gives the programs errors.")
	f.status.Problem = &said
}

func helperMissing(f *fake) {
	nothingMounted(f)
	f.status.State = Failed
	f.status.Problem = &Problem{What: "The program fusermount3 is missing, which mounts for users.", Cure: "Install it. Vitrine mounts by itself as soon as it is there.",
		Command: "sudo apt-get install fuse3"}
}

func folderMissing(f *fake) {
	nothingMounted(f)
	f.status.State = Failed
	f.status.Problem = &Problem{What: "The mount point /home/ada/Vitrine is not there.", Cure: "Create it, or choose another folder.",
		Command: "mkdir -p /home/ada/Vitrine", Create: "/home/ada/Vitrine"}
}

func diskTrouble(f *fake) {
	timings(f)
	f.status.Problem = &Problem{What: "The disk behind /srv/files is full: write of /film.mkv failed.", Cure: "Make room there, then write the file again."}
}

func wrongSettings(f *fake) {
	mounted(f)
	f.settings.Backing, f.settings.InPlace, f.settings.KeepEvents = "/srv/fils", true, 7
	f.faults = []FieldError{{"Backing", "There is no folder /srv/fils."}, {"KeepEvents", "At least 1,000 operations are kept."}}
}

// wrongSettingsSaid has clauses that begin small in both languages, as a sentence each.
func wrongSettingsSaid(f *fake) {
	wrongSettings(f)
	upper := func(clause string) string { return strings.ToUpper(clause[:1]) + clause[1:] + "." }
	f.faults = []FieldError{
		{"Backing", upper(Say("it is not valid UTF-8 text, which a configuration file cannot hold; rename the folder or choose another"))},
		{"KeepEvents", upper(Say("it takes a whole number from %s to %s", Count(1000), Count(10_000_000)))},
	}
}

// openSettings shows the settings once they were checked.
func openSettings(b *bench) {
	b.showSettings()
	b.settings.delay = 0
	b.wait("the check", func() bool {
		return b.settings.checked || len(b.ctl.faults) > 0 && b.settings.backing.hint.text == b.ctl.faults[0].Message
	})
	b.settings.win.Canvas().Unfocus()
}

func savedLog(f *fake) {
	errorStorm(f)
	f.status = Status{State: Viewing, Backing: "/home/ada/logs/copy.ndjson"}
}

func stuckOps(f *fake) {
	oneCopy(f)
	f.status.State, f.status.Progress = Ejecting, "Waiting for 3 operations in flight"
}

// writers is 64 programs writing at once.
func writers(f *fake) {
	mounted(f)
	f.snap = wave()
	f.snap.Open, f.snap.InFlight, f.snap.Waits = nil, nil, nil
	for i := range int64(64) {
		file := activity.OpenFile{OpenHandle: opened(fmt.Sprintf("/render/frame-%04d.exr", i), time.Duration(i)*time.Second, syscall.O_WRONLY), InFlight: 1, WriteRate: float64(1000000 + i*12345)}
		file.Handle, file.PID, file.Written, file.Proc = uint64(100+i), int32(4000+i), 1_000_000*i+123, "render"
		f.snap.Open = append(f.snap.Open, file)
		f.snap.InFlight = append(f.snap.InFlight, oplog.Event{Op: oplog.Write, Path: file.Path, Handle: file.Handle, PID: file.PID, Proc: file.Proc,
			Mono: i, Offset: i << 20, Size: 1 << 20, Duration: int64(time.Second) * 4 / (i + 3)})
	}
}

func manyFiles(f *fake) {
	mounted(f)
	f.snap = wave()
	f.snap.Open, f.snap.InFlight = nil, nil
	for i := range 10_000 {
		file := activity.OpenFile{OpenHandle: opened(fmt.Sprintf("/usr/share/dict/part-%05d", i), time.Duration(10_000-i)*time.Second, syscall.O_RDONLY)}
		file.Handle, file.PID, file.Proc, file.Read = uint64(1+i), 77, "indexer", int64(i)*4096
		f.snap.Open = append(f.snap.Open, file)
	}
}

func longNames(f *fake) {
	mounted(f)
	f.snap = wave()
	for i := range f.snap.Open {
		f.snap.Open[i].Path = "/" + strings.Repeat(string(rune('a'+i)), 200) + "/" + strings.Repeat("0123456789", 25) + ".part" + fmt.Sprint(i)[:1]
		f.snap.Open[i].Proc = "a-program-with-a-long-name"
	}
}

// scripts is names that are not plain: from right to left, emoji, accents, and some that try to hide what they are.
func scripts(f *fake) {
	mounted(f)
	f.snap = wave()
	f.snap.Open = nil
	for i, name := range []string{"/שלום עולם.txt", "/مرحبا بالعالم.pdf", "/🎬 film 🎉.mkv", "/日本語の名前.txt", "/Übergröße-naïve-Ærø.doc",
		"/e\u0301 combining.txt", "/new\nline and\ttab", "/invoice\u202efdp.exe", "/bytes-\xff\xfe.bin", "/नमस्ते.txt", "/plain.txt"} {
		file := activity.OpenFile{OpenHandle: opened(name, time.Duration(i)*time.Minute, syscall.O_RDWR)}
		file.Handle, file.Written = uint64(i), int64(i)*1_234_567
		f.snap.Open = append(f.snap.Open, file)
	}
}

func errorStorm(f *fake) {
	mounted(f)
	f.snap = wave()
	f.snap.Errors, f.snap.Dropped = 1_234, 57
	errs := []syscall.Errno{0, syscall.EBADF, syscall.ENOSPC, syscall.EACCES, 0, syscall.EROFS, syscall.EIO, syscall.ENOENT}
	ops := []oplog.Op{oplog.Write, oplog.Write, oplog.Write, oplog.Open, oplog.Release, oplog.Rename, oplog.Read, oplog.Getattr}
	for i := range int64(100) {
		k := i % int64(len(errs))
		f.history.Collect([]oplog.Event{{Seq: uint64(i + 1), Wall: 1_700_000_000_000_000_000 + i*137_000, Mono: i * 137_000, Op: ops[k], Errno: errs[k],
			Path: fmt.Sprintf("/data/part-%02d.bin", i%7), Handle: uint64(3 + i%5), Offset: i * 131072, Size: 131072, Result: 131072,
			Duration: 1000 * (i%97 + 1), PID: 4242, Proc: "cp"}}, 0)
	}
}

// races is a close that overtook a write.
func races(f *fake) {
	mounted(f)
	f.snap = wave()
	n := uint64(0)
	add := func(e oplog.Event) {
		n++
		e.Seq, e.Wall = n, 1_700_000_000_000_000_000+e.Mono
		f.history.Collect([]oplog.Event{e}, 0)
	}
	cp := func(op oplog.Op, mono, took int64) oplog.Event {
		return oplog.Event{Op: op, Path: "/film.mkv", Handle: 7, PID: 4242, Proc: "cp", Mono: mono, Duration: took}
	}
	add(cp(oplog.Create, 0, 210_000))
	for i := range int64(6) {
		e := cp(oplog.Write, 300_000+i*900_000, 640_000)
		if i == 3 {
			e.Duration = 1_700_000
		}
		e.Offset, e.Size, e.Result = i<<20, 1<<20, 1<<20
		add(e)
	}
	add(oplog.Event{Op: oplog.Getattr, Path: "/film.mkv", PID: 77, Proc: "indexer", Mono: 3_500_000, Duration: 90_000})
	add(oplog.Event{Op: oplog.Open, Path: "/film.mkv", Handle: 8, PID: 77, Proc: "indexer", Mono: 3_700_000, Duration: 200_000})
	add(oplog.Event{Op: oplog.Read, Path: "/film.mkv", Handle: 8, PID: 77, Proc: "indexer", Mono: 4_100_000, Duration: 2_000_000, Size: 65536, Result: 65536})
	add(cp(oplog.Flush, 5_600_000, 60_000))
	release := cp(oplog.Release, 5_700_000, 400_000)
	add(release)
	late := cp(oplog.Write, 7_000_000, 2_000)
	late.Offset, late.Size, late.Errno, late.Flags = 6<<20, 1<<20, syscall.EBADF, oplog.Refused
	add(late)
	f.snap.At = time.Unix(1_700_000_000, 0)
	f.snap.Seconds = nil
}

func openStory(b *bench) {
	p := b.window.log
	p.openStory(p.len() - 1)
	b.wait("the story", p.story.box.Visible)
	b.wait("the explanation", func() bool { return len(p.story.words.Segments) > 3 })
}

func typeFilter(b *bench, text string) {
	b.window.focusFilter()
	for _, r := range text {
		b.window.log.line.entry.TypedRune(r)
	}
}

// timings is an hour of operations that became slower.
func timings(f *fake) {
	mounted(f)
	f.snap = wave()
	for i := range 61 {
		c := activity.HeatColumn{Unix: 940 + int64(i)}
		for b := range c.Counts {
			if d := b - 4 - i/8; d >= 0 && d < 9 {
				c.Counts[b] = uint32(1) << uint(2*(9-d))
			}
		}
		if i%17 == 3 {
			c.Counts[22] = 1
		}
		f.snap.Heat.Minute = append(f.snap.Heat.Minute, c)
		for b, n := range c.Counts {
			for k := range f.snap.Ops {
				f.snap.Ops[k].Buckets[b] += uint64(n)
			}
		}
	}
	for i, name := range []string{"cp", "indexer", "a-program-with-a-long-name", "git"} {
		n := uint64(i+1) * 1234
		t := activity.Total{Ops: n * n, Errors: n % 7, Read: int64(n * 4096), Written: int64(n * n), Time: time.Duration(n * 1_234_567), Last: time.Unix(1000-int64(i)*30, 0).UnixNano()}
		f.snap.Processes = append(f.snap.Processes, activity.ProcessTotal{PID: int32(4000 + i), Proc: name, Total: t})
	}
	f.snap.OtherProcesses = activity.Others{Rows: 17, Total: activity.Total{Ops: 3, Last: time.Unix(0, 0).UnixNano()}}
}

// wave is the full snapshot with a minute of traffic.
func wave() *activity.Snapshot {
	a := full()
	a.WriteRate = 510_000
	for i := range 61 {
		n := int64(i * (61 - i))
		a.Seconds = append(a.Seconds, activity.Second{Unix: 940 + int64(i), Written: n*5000 + 500_000, Read: n * n * 3})
	}
	return a
}

// askForFile asks where to save, under a name that does not depend on the time.
func askForFile(b *bench) {
	p := b.window.log
	p.saveDialog(formats()[0], p.writeAll)
	b.window.win.Canvas().Focused().(*widget.Entry).SetText("~/vitrine-20240102-030405.ndjson")
	b.window.win.Canvas().Unfocus() // for the cursor not to blink
}

// askForFolder asks for a folder to watch.
func askForFolder(b *bench) {
	b.folders = func(string) ([]string, error) {
		return []string{"Desktop", "Documents", "Films", "Übergröße und ein langer Name, wie ihn niemand vergeben sollte, der ihn noch lesen will", "Vitrine"}, nil
	}
	c := b.chooseFolder(b.window.win, func(string) {})
	b.wait("the folders", func() bool { return len(c.names) > 0 })
	b.window.win.Canvas().Unfocus()
}

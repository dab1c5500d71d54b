package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"vitrine/app/config"
	"vitrine/app/internal/desktop"
	"vitrine/fusefs"
	"vitrine/fusefs/oplog"
	"vitrine/ui"
)

// germanEnv has this test run in a child: the language is read at the start of a program.
const germanEnv = "VITRINE_TEST_GERMAN"

// TestGermanProblemsAndNotices has a problem and two notices put into German.
func TestGermanProblemsAndNotices(t *testing.T) {
	if os.Getenv(germanEnv) == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), germanEnv+"=1", "LANG=de_DE.UTF-8", "LC_ALL=de_DE.UTF-8", "LANGUAGE=")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v:\n%s", err, out)
		}
		return
	}
	folder := t.TempDir() + "/nowhere"
	drive := fusefs.NewDrive(oplog.New(oplog.Options{}), nil)
	_ = drive.Mount(t.Context(), fusefs.Config{Backing: folder, MountPoint: t.TempDir()})
	p := showProblem(drive.Status().Problem)
	if want := "Den Ablageordner " + folder + " gibt es nicht."; p.What != want || p.Cure != "Legen Sie ihn an, oder wählen Sie einen anderen Ordner." {
		t.Errorf("%+v, want %q", p, want)
	}
	if said := sayCause(syscall.EIO); !strings.HasPrefix(said, "Die Platte konnte nicht lesen") {
		t.Errorf("EIO is %q", said)
	}
	c := controller{settings: config.Default()}
	if wrong := c.Check(ui.Settings{Backing: "here", MountPoint: "/m", KeepEvents: config.DefaultKeepEvents}); len(wrong) != 1 ||
		wrong[0].Message != "Hier gehört ein absoluter Pfad hin, oder einer, der mit ~/ beginnt." {
		t.Errorf("%+v", wrong)
	}
	to, n := newNoted()
	n.look([]oplog.Event{{Op: oplog.Write, Path: "/f", Mono: 1, Duration: int64(6 * time.Second), PID: 7}})
	if note := to.shown[0]; note.title != "write endet nicht" || !strings.Contains(note.body, "verlangt von Prozess 7") || note.actions[0].label != "Zeigen" {
		t.Errorf("%+v", note)
	}
	n.follow(fusefs.Status{State: fusefs.Mounted, Problem: &fusefs.Problem{Kind: fusefs.Busy, What: textf("Not ejected: %s is in use.", "/m"),
		Holders: []fusefs.Holder{{PID: 7, Name: "cp", Path: "/m/f"}}}})
	note := to.shown[1]
	if note.title != "Nicht ausgeworfen: /m wird benutzt." || !strings.HasPrefix(note.body, "cp (7) hält /m/f\nSchließen Sie") ||
		note.actions[1].label != "Noch einmal" || note.actions[2].label != "Auswerfen erzwingen" {
		t.Errorf("%+v", note)
	}
}

// TestGermanNotices has the desktop show in German that there is a drive, what stands against its eject, and that it is gone.
func TestGermanNotices(t *testing.T) {
	s := desktop.New(t)
	s.StartBus()
	s.StartXvfb(1280, 800)
	s.StartWindowManager()
	host := s.StartHost()
	host.Offer("actions")
	s.WriteFile(".config/vitrine/config.toml", quiet)
	cmd := exec.Command(vitrine)
	cmd.Env = []string{"LANG=de_DE.UTF-8", "LC_ALL=de_DE.UTF-8", "LANGUAGE="}
	p := s.StartCmd(cmd)
	item := host.WaitItem(soon)
	mountPoint := filepath.Join(s.Home, "Vitrine")
	first(t, item, "Einhängen")
	check(t, item.Click("Einhängen"))
	if n := host.WaitNotification("Eingehängt", soon); !strings.HasSuffix(n.Body, " liegt auf "+mountPoint+".") {
		t.Errorf("%q", n)
	}
	f, err := os.Create(filepath.Join(mountPoint, "brief.txt"))
	check(t, err)
	defer f.Close()
	first(t, item, "Auswerfen")
	check(t, item.Click("Auswerfen"))
	n := host.WaitNotification("Nicht ausgeworfen", soon)
	if want := fmt.Sprintf("(%d) hält %s/brief.txt", os.Getpid(), mountPoint); !strings.Contains(n.Body, want) {
		t.Errorf("%q, want %q", n, want)
	}
	check(t, f.Close())
	host.Press("Noch einmal", soon)
	host.WaitNotification("Sicher ausgeworfen", soon)
	waitMounted(t, mountPoint, false)
	p.Signal(syscall.SIGTERM)
	if exit := p.WaitExit(soon); exit != 0 {
		t.Errorf("exit status %d", exit)
	}
}

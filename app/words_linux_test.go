package main

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"vitrine/app/config"
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

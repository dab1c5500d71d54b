package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/adrg/xdg"

	"vitrine/app/config"
	"vitrine/fusefs"
	"vitrine/fusefs/oplog"
	"vitrine/ui"
)

// german is the environment of somebody who reads German.
var german = []string{"LANG=de_DE.UTF-8", "LC_ALL=de_DE.UTF-8", "LANGUAGE="}

// germanVariable has a test run in a child: the language is read at the start of a program.
const germanVariable = "VITRINE_TEST_GERMAN"

// inGerman runs the test in a child that speaks German, and says whether this is that child.
func inGerman(t *testing.T) bool {
	t.Helper()
	if os.Getenv(germanVariable) != "" {
		return true
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = slices.Concat(os.Environ(), german, []string{germanVariable + "=1"})
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	return false
}

// TestGermanProblemsAndNotices has a problem and two notices put into German.
func TestGermanProblemsAndNotices(t *testing.T) {
	if !inGerman(t) {
		return
	}
	folder := t.TempDir() + "/nowhere"
	drive := fusefs.NewDrive(oplog.New(oplog.Options{}), nil)
	_ = drive.Mount(t.Context(), fusefs.Config{Backing: folder, MountPoint: t.TempDir()})
	p := showProblem(drive.Status().Problem)
	if want := "Den Ablageordner " + folder + " gibt es nicht."; p.What != want || p.Cure != "Legen Sie ihn an, oder wählen Sie einen anderen Ordner." {
		t.Errorf("%+v, want %q", p, want)
	}
	if said := sayError(syscall.EIO); !strings.HasPrefix(said, "Die Platte konnte nicht lesen") {
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

// TestGermanErrors has errors put into German that began in other parts of the program; on the command line they stay
// English.
func TestGermanErrors(t *testing.T) {
	if !inGerman(t) {
		return
	}
	dir := t.TempDir()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+dir+"/nobody")
	t.Setenv("XDG_STATE_HOME", dir)
	t.Setenv("PATH", dir)
	xdg.Reload()
	t.Cleanup(xdg.Reload)
	toml := filepath.Join(dir, "config.toml")
	check(t, os.WriteFile(toml, []byte("fast = 3\nkeep_events = 7\n"), 0o600))
	_, wrong := config.Load(toml)
	for _, c := range []struct {
		err             error
		german, english string
	}{
		{trayHost(), "es gibt keinen Sitzungsbus", "there is no session bus"},
		{keepFailure(&ui.Failure{Cause: "boom", Stack: []byte("main.go:1")}), "die Oberfläche ist ausgefallen: boom. Der Bericht liegt in " + dir,
			"the user interface failed: boom. The report is in " + dir},
		{openFolder(dir), "das Programm xdg-open, das dies tut, wurde nicht gefunden", "the program xdg-open, which does that, was not found"},
		{os.Remove(dir), "Der Ordner ist nicht leer", "remove " + dir + ": directory not empty"},
		{wrong, toml + " hat 2 Fehler:\n  Zeile 1: fast ist 3; hier gehört true oder false hin, ohne Anführungszeichen.\n" +
			"  Zeile 2: keep_events ist 7; hier gehört eine ganze Zahl von 1.000 bis 10.000.000 hin.\nBerichtigen Sie sie",
			toml + " has 2 problems:\n  line 1: fast is 3; it takes true or false, without quotes.\n" +
				"  line 2: keep_events is 7; it takes a whole number from 1,000 to 10,000,000.\nCorrect them"},
		{config.Save(toml, config.Default()), "die Einstellungen wurden nicht gespeichert, " + toml + " ist, wie es war: " + toml + " hat 2 Fehler",
			"the settings were not saved, " + toml + " is as it was: " + toml + " has 2 problems"},
	} {
		if said := sayError(c.err); !strings.HasPrefix(said, c.german) || !strings.HasPrefix(c.err.Error(), c.english) {
			t.Errorf("%q, want %q; in English %v", said, c.german, c.err)
		}
	}
	said := say(textf("There is no tray icon: %v. This window does everything it would.", trayHost()))
	if want := "Es gibt kein Symbol in der Leiste: es gibt keinen Sitzungsbus. Dieses Fenster kann alles, was es könnte."; said != want {
		t.Errorf("%q", said)
	}
	if err := (&viewer{}).Save(ui.Settings{}); !strings.HasPrefix(err.Error(), "dieses Fenster zeigt ein gespeichertes Protokoll") {
		t.Error(err)
	}
	l, err := loadLog(saved(t, `{"seq":`, slices.Repeat(oneRun(100), 402)...))
	check(t, err)
	if !strings.Contains(l.notice, ": 1.206 Operationen von ") || !strings.Contains(l.notice, " Die letzte Zeile, 1207, ist abgeschnitten: ") {
		t.Errorf("%q", l.notice)
	}
}

// TestGermanNotices has the desktop show in German that there is a drive, what stands against its eject, and that it is gone.
func TestGermanNotices(t *testing.T) {
	s, host, p, item := startNoticed(t, german, "", "actions")
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

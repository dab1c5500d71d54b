package crash

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// crashIn is set where the test binary runs itself to crash.
const crashIn = "VITRINE_TEST_CRASH_IN"

func TestMain(m *testing.M) {
	folder, how, crash := strings.Cut(os.Getenv(crashIn), "|")
	if !crash {
		os.Exit(m.Run())
	}
	w, _, err := Begin(folder, "a child")
	if err != nil {
		panic(err)
	}
	switch how {
	case "panic":
		done := make(chan bool)
		go func() { panic("boom in a goroutine") }()
		<-done
	case "killed":
		proc, _ := os.FindProcess(os.Getpid())
		proc.Kill()
		select {}
	case "well":
		w.End()
	}
	os.Exit(0)
}

// child runs a process to its end.
func child(t *testing.T, folder, how string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashIn+"="+folder+"|"+how)
	var exit *exec.ExitError
	if out, err := cmd.CombinedOutput(); err != nil && !errors.As(err, &exit) {
		t.Fatalf("%v: %s", err, out)
	}
}

func begin2(t *testing.T, folder string) []Report {
	t.Helper()
	w, reports, err := Begin(folder, "the test")
	if err != nil {
		t.Fatal(err)
	}
	w.End()
	return reports
}

func TestACrashIsToldOfOnce(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "new", "crash")
	if reports := begin2(t, folder); reports != nil {
		t.Errorf("%+v", reports)
	}
	child(t, folder, "panic")
	reports := begin2(t, folder)
	if len(reports) != 1 || reports[0].What != "panic: boom in a goroutine" {
		t.Fatalf("%+v", reports)
	}
	text, err := os.ReadFile(reports[0].File)
	if err != nil || !strings.HasPrefix(string(text), "a child\n---\npanic: boom") || !strings.Contains(string(text), "crash_test.go") {
		t.Errorf("%v:\n%s", err, text)
	}
	if info, err := os.Stat(reports[0].File); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if again := begin2(t, folder); again != nil {
		t.Errorf("told twice: %+v", again)
	}
	if files := Files(folder); len(files) != 1 {
		t.Errorf("%v", files)
	}
}

func TestOtherEndsAreNoCrash(t *testing.T) {
	folder := t.TempDir()
	for _, how := range []string{"killed", "well"} {
		child(t, folder, how)
		if reports := begin2(t, folder); reports != nil {
			t.Errorf("%s: %+v", how, reports)
		}
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestAProcessThatLivesIsLeftAlone(t *testing.T) {
	folder := t.TempDir()
	living, _, err := Begin(folder, "lives")
	if err != nil {
		t.Fatal(err)
	}
	defer living.End()
	if err := os.WriteFile(living.file, []byte("lives"+rule+"in the midst of its crash"), 0o600); err != nil {
		t.Fatal(err)
	}
	if reports := collect(folder); reports != nil {
		t.Errorf("%+v", reports)
	}
	if _, err := os.Stat(living.file); err != nil {
		t.Error(err)
	}
}

func TestOldReportsAreForgotten(t *testing.T) {
	folder := t.TempDir()
	for _, day := range []string{"1", "2", "3", "4", "5", "6", "7"} {
		if err := os.WriteFile(filepath.Join(folder, "crash-2026010"+day+"-000000-1.txt"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	begin2(t, folder)
	if files := Files(folder); len(files) != kept || !strings.Contains(files[0], "20260103") {
		t.Errorf("%v", files)
	}
}

func TestWrite(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "new")
	file, err := Write(folder, "about", "text")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "about\n---\ntext" {
		t.Errorf("%q, %v", text, err)
	}
}

func TestNoPlaceForReports(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if w, _, err := Begin(filepath.Join(file, "crash"), ""); err == nil || w != nil {
		t.Errorf("%v, %v", w, err)
	}
	(*Watch)(nil).End()
}

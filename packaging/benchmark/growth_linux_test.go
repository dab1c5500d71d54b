package main

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestSmallestGrowth lets everything grow a little, in a real mount.
func TestSmallestGrowth(t *testing.T) {
	program, dir := build(t), t.TempDir()
	written, picture := filepath.Join(dir, "g.json"), filepath.Join(dir, "g.png")
	cmd, out, errOut := benchmark(t, "--growth", "--size", "small", "--rounds", "1", "--vitrine", program, "--servers", "vitrine",
		"--json", written, "--png", picture)
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s%s", err, out, errOut)
	}
	text, err := os.ReadFile(written)
	if err != nil {
		t.Fatal(err)
	}
	var r growthReport
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Axes) != len(axes) {
		t.Fatalf("%d axes, want %d", len(r.Axes), len(axes))
	}
	for _, a := range r.Axes {
		wantGrowth(t, a, r.Servers)
	}
	if info, err := os.Stat(picture); err != nil || info.Size() == 0 {
		t.Errorf("no picture: %v", err)
	}
	if left := leftovers(t, memory, cmd.Process.Pid); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

// wantGrowth expects figures of each operation at each step, and of the memory where there is a server.
func wantGrowth(t *testing.T, a *growthAxis, servers []string) {
	t.Helper()
	if len(a.Steps) != len(growthSizes["small"].steps[a.Name]) {
		t.Errorf("%s: %d steps", a.Name, len(a.Steps))
	}
	for _, step := range a.Steps {
		for _, name := range servers {
			s := step.of(name)
			for _, operation := range a.Operations {
				if f := s.median(operation, perSecond); math.IsNaN(f) || f <= 0 || s.Failure != "" {
					t.Errorf("%s: %d %s: %s: %v a second; %s", name, step.N, a.Name, operation, f, s.Failure)
				}
			}
			if has := s.memory() > 0; has != (name != native) {
				t.Errorf("%s: %d %s: %v MB", name, step.N, a.Name, s.memory())
			}
		}
	}
}

// TestGrowthChecksItsWork gives each axis a folder in which something is missing.
func TestGrowthChecksItsWork(t *testing.T) {
	for _, a := range axes {
		if _, err := a.work(t.TempDir(), 2, time.Millisecond); err == nil {
			t.Errorf("%s is content with an empty folder", a.name)
		}
	}
}

// TestChildSaysWhy has a step that fails in its process.
func TestChildSaysWhy(t *testing.T) {
	t.Setenv(executeEnv, "1")
	_, err := growInChild(context.Background(), "clients", 1, time.Millisecond, t.TempDir())
	if err == nil || err.Error() != "no such file or directory" {
		t.Errorf("%v", err)
	}
}

// TestGrowthIsMeasuredInAChild prepares and does a step of each axis in a plain folder.
func TestGrowthIsMeasuredInAChild(t *testing.T) {
	t.Setenv(executeEnv, "1")
	for _, a := range axes {
		dir := t.TempDir()
		n := growthSizes["small"].steps[a.name][1]
		if err := a.prepare(dir, n); err != nil {
			t.Fatal(err)
		}
		done, err := growInChild(context.Background(), a.name, n, time.Millisecond, dir)
		if err != nil || len(done) != len(a.operations) {
			t.Errorf("%s: %v, %v", a.name, done, err)
		}
		for _, operation := range a.operations {
			if f := done[operation]; f.Count == 0 || f.Median <= 0 || f.P99 < f.Median {
				t.Errorf("%s: %s: %+v", a.name, operation, f)
			}
		}
	}
}

// TestPriceOfObserving measures Vitrine without its record, and with a window that is visible.
func TestPriceOfObserving(t *testing.T) {
	program, plain := build(t), build(t, "-tags", "unobserved")
	cmd, out, errOut := benchmark(t, "--size", "small", "--rounds", "1", "--rows", "create files,rm -r", "--vitrine", program,
		"--unobserved", plain, "--servers", "vitrine", "--price")
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s%s", err, out, errOut)
	}
	_, price, found := strings.Cut(out.String(), "The price of observing on tmpfs")
	if !found || strings.Contains(price, "failed") || !strings.Contains(price, "| vitrine + window |\n") {
		t.Errorf("no price in:\n%s", out)
	}
	for _, row := range []string{"create files", "rm -r"} {
		if strings.Count(price, "\n| "+row+" ") != 1 {
			t.Errorf("no price of %q in:\n%s", row, price)
		}
	}
	for _, in := range []string{memory, os.TempDir()} {
		if left := leftovers(t, in, cmd.Process.Pid); len(left) > 0 {
			t.Errorf("left over: %v", left)
		}
	}
}

// Package lib tests what the scripts of packaging do to a machine, on machines made of stand-ins: programs that write
// down how they were called.
package lib

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// machine is a folder of stand-ins that is all of PATH.
type machine struct {
	t   *testing.T
	dir string
}

// Each stand-in appends its command line to the file "calls". Packages that are installed are files in "installed".
var standIns = map[string]string{
	"uname":      `echo Linux`,
	"id":         `echo "${FAKE_UID:-0}"`,
	"dpkg-query": `for name; do :; done; [[ -e $here/installed/$name ]] && echo installed`,
	"apt-get":    `note "$@"; [[ " $* " == *" install "* ]] || exit 0; [[ ! -e $here/broken ]] || exit 100; for name; do [[ $name == -* ]] || : >"$here/installed/$name"; done`,
	"apt-cache":  `echo "  Candidate: 2:1.${FAKE_GO:-19}~1"`,
	"sudo":       `note "$@"; [[ $1 != -n ]] || exit "${FAKE_SUDO:-0}"; [[ $1 != env ]] || { shift 2; "$@"; }`,
}

func newMachine(t *testing.T, programs ...string) *machine {
	t.Helper()
	if _, err := os.ReadFile("machine.bash"); err != nil { // tells the go command what the result depends on
		t.Fatal(err)
	}
	m := &machine{t, t.TempDir()}
	if err := os.Mkdir(filepath.Join(m.dir, "installed"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range programs {
		m.program(name, standIns[name])
	}
	for _, name := range []string{"bash", "chmod", "env", "grep", "mkdir", "mv", "sed"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(m.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func (m *machine) program(name, does string) {
	m.t.Helper()
	const head = "#!/bin/bash\nhere=${0%/*}\nnote() { echo \"${0##*/} $*\" >>\"$here/calls\"; }\n"
	if err := os.WriteFile(filepath.Join(m.dir, name), []byte(head+does+"\n"), 0o700); err != nil {
		m.t.Fatal(err)
	}
}

// run runs a line of shell in the repository's top, after machine.bash.
func (m *machine) run(line string, env ...string) (output string, status int) {
	m.t.Helper()
	cmd := exec.Command("/bin/bash", "-c", "set -euo pipefail; source packaging/lib/machine.bash; "+line)
	cmd.Dir = "../.."
	cmd.Env = append([]string{"PATH=" + m.dir, "HOME=" + m.dir}, env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	_ = cmd.Run()
	return out.String(), cmd.ProcessState.ExitCode()
}

// calls returns what the stand-ins wrote down since it was last asked.
func (m *machine) calls() string {
	m.t.Helper()
	path := filepath.Join(m.dir, "calls")
	text, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		m.t.Fatal(err)
	}
	_ = os.Remove(path)
	return string(text)
}

func (m *machine) wants(output string, status int, wantStatus int, parts ...string) {
	m.t.Helper()
	if status != wantStatus {
		m.t.Errorf("exit status %d, want %d", status, wantStatus)
	}
	for _, part := range parts {
		if !strings.Contains(output, part) {
			m.t.Errorf("%q is not said in:\n%s", part, output)
		}
	}
}

var debian = []string{"uname", "id", "dpkg-query", "apt-get", "apt-cache"}

func TestMissingPackagesAreInstalledOnce(t *testing.T) {
	m := newMachine(t, debian...)
	for _, name := range []string{"gcc", "fuse3"} {
		if err := os.WriteFile(filepath.Join(m.dir, "installed", name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, status := m.run("require build run")
	m.wants(out, status, 0, "minutes): libc6-dev pkg-config")
	calls := m.calls()
	if !strings.Contains(calls, "apt-get -qq -o DPkg::Lock::Timeout=300 update\napt-get -qq") || strings.Contains(calls, " gcc") || strings.Contains(calls, " fuse3") {
		t.Errorf("calls:\n%s", calls)
	}
	out, status = m.run("require build run")
	m.wants(out, status, 0, "all 15 packages it needs are installed")
	if calls := m.calls(); calls != "" {
		t.Errorf("the second run called:\n%s", calls)
	}
	out, status = m.run("require build run test")
	m.wants(out, status, 0, "minutes): xvfb dbus xdotool")
}

func TestUserWithSudo(t *testing.T) {
	m := newMachine(t, append(debian, "sudo")...)
	out, status := m.run("require run", "FAKE_UID=1000")
	m.wants(out, status, 0, "minutes): fuse3")
	if calls := m.calls(); !strings.Contains(calls, "sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq") {
		t.Errorf("calls:\n%s", calls)
	}
}

func TestUserWhoCannotInstallIsToldWhatToAskFor(t *testing.T) {
	m := newMachine(t, debian...)
	out, status := m.run("require run", "FAKE_UID=1000")
	m.wants(out, status, 1, "sudo is not here", "apt-get install fuse3 libgl1 libgl1-mesa-dri xdg-utils")
	m.program("sudo", standIns["sudo"])
	out, status = m.run("require run", "FAKE_UID=1000", "FAKE_SUDO=1")
	m.wants(out, status, 1, "cannot ask for a password here", "sudo apt-get install fuse3")
	if calls := m.calls(); strings.Contains(calls, "apt-get") {
		t.Errorf("calls:\n%s", calls)
	}
}

func TestFailedInstallationEndsTheScript(t *testing.T) {
	m := newMachine(t, debian...)
	if err := os.WriteFile(filepath.Join(m.dir, "broken"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	out, status := m.run("require run; echo went on")
	m.wants(out, status, 1, "apt-get could not install")
	m.program("apt-get", "exit 0")
	out, status = m.run("require run; echo went on")
	m.wants(out, status, 1, "still missing after the installation: fuse3")
	if strings.Contains(out, "went on") {
		t.Errorf("the script went on:\n%s", out)
	}
}

func TestFedora(t *testing.T) {
	m := newMachine(t, "uname", "id")
	m.program("rpm", `for name; do :; done; [[ -e $here/installed/$name ]]`)
	m.program("dnf", `note "$@"; for name; do [[ $name == -* ]] || : >"$here/installed/$name"; done`)
	out, status := m.run("require build run test")
	m.wants(out, status, 0, "minutes): gcc glibc-devel")
	if calls := m.calls(); !strings.Contains(calls, "mesa-libGL-devel") || !strings.Contains(calls, "xorg-x11-server-Xvfb") {
		t.Errorf("calls:\n%s", calls)
	}
	out, status = m.run("require build run test")
	m.wants(out, status, 0, "packages it needs are installed")
}

func TestOtherSystemsAreToldWhatIsNeeded(t *testing.T) {
	m := newMachine(t, "uname", "id")
	out, status := m.run("require build run")
	m.wants(out, status, 1, "package manager is not known", "OpenGL, libX11")
	m.program("pkg-config", "exit 0")
	out, status = m.run("require build run")
	m.wants(out, status, 0)
	out, status = m.run("require build run test")
	m.wants(out, status, 1, "the tests need Xvfb")
	m.program("uname", "echo Plan9")
	out, status = m.run("require build run")
	m.wants(out, status, 1, "does not run on Plan9 yet")
}

func TestMacIsToldWhatToInstall(t *testing.T) {
	m := newMachine(t, "id")
	m.program("uname", "echo Darwin")
	m.program("xcode-select", "exit 2")
	out, status := m.run("go_folders=; require build run")
	m.wants(out, status, 1, "xcode-select --install", "brew install go ", "brew install --cask macfuse")
	m.program("go", "exit 0")
	out, status = m.run("go_folders=; require build run")
	m.wants(out, status, 1, "brew install --cask macfuse")
	if strings.Contains(out, "brew install go ") {
		t.Errorf("Go is there, and asked for:\n%s", out)
	}
}

func TestGoIsFoundInstalledOrAskedFor(t *testing.T) {
	goSays := func(version string) string { return `echo "go version ` + version + ` linux/amd64"` }
	for name, c := range map[string]struct {
		version, env string
		status       int
		said         string
	}{
		"present":     {"go1.26.8", "", 0, "auto=\n"},
		"newer":       {"go1.30", "", 0, "auto=\n"},
		"development": {"devel go1-abc", "", 0, "auto=\n"},
		"fetching":    {"go1.24.4", "GOTOOLCHAIN=local", 0, "Go here is 1.24; the go command will fetch 1.26\nauto=auto\n"},
		"too old":     {"go1.15.8", "", 1, "is 1.15. Install the present one from https://go.dev/dl"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, debian...)
			m.program("go", goSays(c.version))
			out, status := m.run(`require_go; echo "auto=${GOTOOLCHAIN:-}"`, c.env)
			m.wants(out, status, c.status, c.said)
		})
	}
}

// TestOldGoFetchesItsSuccessor has a Go that cannot fetch another by itself, but any module.
func TestOldGoFetchesItsSuccessor(t *testing.T) {
	m := newMachine(t, debian...)
	m.program("go", `case $1 in
		version) echo "go version go1.19.8 linux/amd64" ;;
		env) [[ $2 == GOOS ]] && echo linux || echo amd64 ;;
		mod) note "$@"; [[ ! -e $here/broken ]] || exit 1
			mkdir -p "$here/fetched/bin" "$here/fetched/pkg/tool/linux_amd64"
			: >"$here/fetched/pkg/tool/linux_amd64/compile"
			printf '#!/bin/bash\necho the fetched one\n' >"$here/fetched/bin/go"
			printf '{\n\t"Path": "golang.org/toolchain",\n\t"Dir": "%s",\n\t"Sum": "h1:"\n}\n' "$here/fetched" ;;
		esac`)
	out, status := m.run(`require_go; go version; echo "toolchain=$GOTOOLCHAIN"`, "")
	m.wants(out, status, 0, "the fetched one\ntoolchain=local\n")
	calls, err := os.ReadFile(filepath.Join(m.dir, "calls"))
	if err != nil || !strings.Contains(string(calls), "go mod download -json golang.org/toolchain@v0.0.1-go1.26.0.linux-amd64") {
		t.Errorf("%v; it called:\n%s", err, calls)
	}
	if err := os.WriteFile(filepath.Join(m.dir, "broken"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	out, status = m.run("require_go", "")
	m.wants(out, status, 1, "Go 1.26.0 could not be fetched. Install it from https://go.dev/dl")
}

func TestMissingGoIsInstalledWhereThePackageIsNewEnough(t *testing.T) {
	m := newMachine(t, debian...)
	out, status := m.run("go_folders=; require_go", "FAKE_GO=15")
	m.wants(out, status, 1, "Install Go from https://go.dev/dl")
	m.program("go-later", `echo "go version go1.24.4 linux/amd64"`)
	m.program("apt-get", standIns["apt-get"]+`; [[ $* != *golang-go ]] || mv "$here/go-later" "$here/go"`)
	out, status = m.run("go_folders=; require_go", "FAKE_GO=24")
	m.wants(out, status, 0, "minutes): golang-go", "the go command will fetch 1.26")
}

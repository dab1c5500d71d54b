// Package macos tests what can be tested without a Mac of the scripts that make Vitrine.app.
package macos

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// dict reads a property list that is a dictionary: strings, true as "true", and arrays as their strings by commas.
func dict(t *testing.T, path string) map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	found := make(map[string]string)
	var key, inside string
	for in := xml.NewDecoder(f); ; {
		token, err := in.Token()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			inside = token.Name.Local
			if inside == "true" {
				found[key] = "true"
			}
		case xml.EndElement:
			inside = ""
		case xml.CharData:
			switch inside {
			case "key":
				key = string(token)
			case "string":
				found[key] = strings.TrimPrefix(found[key]+","+string(token), ",")
			}
		}
	}
}

func TestBundle(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "a program")
	if err := os.WriteFile(program, []byte("the program"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("./bundle", program, filepath.Join(dir, "made"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	contents := filepath.Join(dir, "made/Vitrine.app/Contents")
	info := dict(t, filepath.Join(contents, "Info.plist"))
	for key, want := range map[string]string{
		"CFBundlePackageType": "APPL", "CFBundleIdentifier": "app.vitrine.Vitrine", "CFBundleName": "Vitrine", "CFBundleExecutable": "vitrine",
		"CFBundleIconFile": "Vitrine.icns", "LSUIElement": "true", "CFBundleLocalizations": "en,de",
	} {
		if info[key] != want {
			t.Errorf("%s is %q, want %q", key, info[key], want)
		}
	}
	numbers := regexp.MustCompile(`^\d+(\.\d+)*$`)
	for _, key := range []string{"CFBundleShortVersionString", "CFBundleVersion", "LSMinimumSystemVersion"} {
		if !numbers.MatchString(info[key]) {
			t.Errorf("%s is %q, which is no version", key, info[key])
		}
	}
	if text, err := os.ReadFile(filepath.Join(contents, "Info.plist")); err != nil || bytes.ContainsRune(text, '@') {
		t.Errorf("not all is filled in, %v:\n%s", err, text)
	}
	if info, err := os.Stat(filepath.Join(contents, "MacOS", "vitrine")); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("the program: %v, %v", info, err)
	}
	wantICNS(t, filepath.Join(contents, "Resources", "Vitrine.icns"))
}

// wantICNS expects an icon file whose entries are pictures of the sizes that their kinds name.
func wantICNS(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(data) < 8 || string(data[:4]) != "icns" || int(binary.BigEndian.Uint32(data[4:])) != len(data) {
		t.Fatalf("%s is no icon file", path)
	}
	sizes := map[string]int{"icp4": 16, "icp5": 32, "ic07": 128, "ic08": 256, "ic09": 512, "ic11": 32, "ic12": 64, "ic13": 256, "ic14": 512}
	for data = data[8:]; len(data) > 8; {
		kind, length := string(data[:4]), int(binary.BigEndian.Uint32(data[4:]))
		picture, err := png.Decode(bytes.NewReader(data[8:length]))
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if b := picture.Bounds(); b.Dx() != sizes[kind] || b.Dy() != sizes[kind] {
			t.Errorf("%s has %d by %d pixels, want %d", kind, b.Dx(), b.Dy(), sizes[kind])
		}
		delete(sizes, kind)
		data = data[length:]
	}
	if len(sizes) > 0 || len(data) > 0 {
		t.Errorf("missing: %v; %d bytes follow", sizes, len(data))
	}
}

// Entitlements are read by the system and not by people: a slip in them shows as a drive that does not mount.
func TestEntitlements(t *testing.T) {
	found := dict(t, "entitlements.plist")
	if len(found) != 1 || found["com.apple.security.cs.disable-library-validation"] != "true" {
		t.Errorf("%v", found)
	}
}

// A Mac of stand-ins: each writes down how it was called.
var standIns = map[string]string{
	"uname":        `echo Darwin`,
	"xcode-select": ``,
	"git":          `[[ $1 != rev-parse ]] || echo 0123456789ab`,
	"go": `case $1 in version) echo "go version go1.99.0 darwin/arm64" ;;
		run) : >"${!#}" ;;
		build) note "$@"; while [[ $1 != -o ]]; do shift; done; : >"$2" ;; esac`,
	"lipo":     `note "$@"; : >"$3"`,
	"codesign": `note "$@"`,
	"hdiutil":  `note "$@"; for arg; do case $arg in /*/image) ls -A "$arg" >"$here/image" ;; *.dmg) : >"$arg" ;; esac; done`,
	"xcrun":    `note "$@"; [[ ! -e $here/refused ]] || exit 69`,
	"spctl":    `note "$@"`,
	"shasum":   `echo "0000  $3"`,
}

// build runs the script on such a Mac.
func build(t *testing.T, prepare func(dir string), env ...string) (calls, output string, err error) {
	t.Helper()
	dir := t.TempDir()
	for name, does := range standIns {
		text := "#!/bin/bash\nhere=${0%/*}\nnote() { echo \"${0##*/} $*\" >>\"$here/calls\"; }\n" + does + "\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if prepare != nil {
		prepare(dir)
	}
	cmd := exec.Command("./build", filepath.Join(dir, "dist"))
	cmd.Env = append([]string{"PATH=" + dir + ":/usr/bin:/bin", "HOME=" + dir, "macos_fuse=" + dir}, env...)
	out, err := cmd.CombinedOutput()
	text, _ := os.ReadFile(filepath.Join(dir, "calls"))
	image, _ := os.ReadFile(filepath.Join(dir, "image"))
	return string(text), string(out) + "\nin the image: " + strings.Join(strings.Fields(string(image)), " "), err
}

// inOrder expects calls that begin so, one after the other.
func inOrder(t *testing.T, calls string, want ...string) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(calls), "\n")
	if len(lines) != len(want) {
		t.Fatalf("%d calls, want %d:\n%s", len(lines), len(want), calls)
	}
	for i, line := range lines {
		for part := range strings.SplitSeq(want[i], " … ") {
			if !strings.Contains(line, part) {
				t.Errorf("call %d has no %q: %s", i+1, part, line)
			}
		}
	}
}

func TestBuildForThisMac(t *testing.T) {
	calls, out, err := build(t, nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	inOrder(t, calls, "go build … -X main.commit=0123456789ab … vitrine-arm64 ./app", "go build … vitrine-amd64 ./app", "lipo -create",
		"codesign --force --sign - ", "codesign --verify", "hdiutil create -volname Vitrine")
	for _, want := range []string{"VITRINE_SIGN_IDENTITY is not set", "VITRINE_NOTARY_PROFILE is not set", "in the image: Applications Vitrine.app"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in:\n%s", want, out)
		}
	}
}

func TestBuildForEverybody(t *testing.T) {
	calls, out, err := build(t, nil, "VITRINE_SIGN_IDENTITY=Developer ID", "VITRINE_NOTARY_PROFILE=ours")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	inOrder(t, calls, "go build", "go build", "lipo -create",
		"codesign … --options runtime … --entitlements packaging/macos/entitlements.plist … --sign Developer ID … Vitrine.app",
		"codesign --verify", "hdiutil create", "codesign … --sign Developer ID … .dmg",
		"xcrun notarytool submit … --keychain-profile ours --wait", "xcrun stapler staple", "spctl --assess")
}

func TestBuildEnds(t *testing.T) {
	calls, out, err := build(t, nil, "VITRINE_NOTARY_PROFILE=ours")
	if err == nil || calls != "" || !strings.Contains(out, "set VITRINE_SIGN_IDENTITY too") {
		t.Errorf("a profile without an identity: %v\n%s%s", err, calls, out)
	}
	refused := func(dir string) { os.WriteFile(filepath.Join(dir, "refused"), nil, 0o600) }
	calls, out, err = build(t, refused, "VITRINE_SIGN_IDENTITY=Developer ID", "VITRINE_NOTARY_PROFILE=ours")
	if err == nil || strings.Contains(calls, "stapler") || !strings.Contains(out, "Apple did not accept it") {
		t.Errorf("refused by Apple: %v\n%s%s", err, calls, out)
	}
	calls, out, err = build(t, func(dir string) { os.WriteFile(filepath.Join(dir, "uname"), []byte("#!/bin/sh\necho Linux\n"), 0o700) })
	if err == nil || calls != "" || !strings.Contains(out, "is built on macOS") {
		t.Errorf("on Linux: %v\n%s%s", err, calls, out)
	}
}

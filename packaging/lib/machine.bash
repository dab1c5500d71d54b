# What Vitrine needs on a machine, and how it gets there. Sourced by packaging/run, packaging/test and packaging/bench,
# at the repository's top.
# shellcheck shell=bash

export DEBIAN_FRONTEND=noninteractive
HOME=${HOME:-$(cd ~ && pwd)}
export HOME

# Who built it is not written into what is built: git refuses to say so in a folder of another user, and go would fail.
export GOFLAGS="-buildvcs=false ${GOFLAGS:-}"

say() { printf 'vitrine: %s\n' "$*"; }

die() {
	printf 'vitrine: %s\n' "$@" >&2
	exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# The oldest macOS that the Go of go.mod makes programs for.
# shellcheck disable=SC2034 # for those who source this
readonly oldest_macos=12.0

# packages SYSTEM PURPOSE prints the names of the packages that building, running, testing or measuring needs.
packages() {
	case $1-$2 in
	debian-package) echo git appstream desktop-file-utils xz-utils binutils ;;
	fedora-package) echo git appstream desktop-file-utils xz binutils ;;
	debian-build) echo gcc libc6-dev pkg-config ca-certificates libgl1-mesa-dev libx11-dev libxcursor-dev libxrandr-dev libxinerama-dev libxi-dev libxxf86vm-dev ;;
	debian-run) echo fuse3 libgl1 libgl1-mesa-dri xdg-utils ;;
	debian-test) echo xvfb dbus xdotool openbox xfce4-panel pcmanfm imagemagick x11-utils xclip wmctrl strace acl fio git make postgresql rsync sqlite3 systemd tar fonts-dejavu-core fonts-droid-fallback ;;
	debian-price) echo xvfb xdotool ;;
	debian-bench) echo bindfs findutils g++ git libfuse3-dev loggedfs rclone ;;
	debian-windows) echo ca-certificates gcc-mingw-w64-x86-64 git ;;
	debian-wine) echo libwine wine wine64 ;;
	fedora-build) echo gcc glibc-devel pkgconf-pkg-config ca-certificates mesa-libGL-devel libX11-devel libXcursor-devel libXrandr-devel libXinerama-devel libXi-devel libXxf86vm-devel ;;
	fedora-run) echo fuse3 mesa-libGL mesa-dri-drivers xdg-utils ;;
	fedora-test) echo xorg-x11-server-Xvfb dbus-daemon xdotool openbox xfce4-panel pcmanfm ImageMagick xwininfo xprop xclip wmctrl strace acl fio git make postgresql-server postgresql-contrib rsync sqlite systemd tar dejavu-sans-fonts google-droid-sans-fonts ;;
	fedora-price) echo xorg-x11-server-Xvfb xdotool ;;
	fedora-windows) echo ca-certificates git mingw64-gcc ;;
	fedora-wine) echo wine-core ;;
	fedora-bench) echo bindfs findutils fuse3-devel git rclone ;;
	esac
}

# system prints which kind of system this is: by its package manager, because that is what matters here.
system() {
	case $(uname -s) in
	Darwin) echo macos ;;
	Linux)
		if has apt-get && has dpkg-query; then
			echo debian
		elif has dnf && has rpm; then
			echo fedora
		else
			echo linux
		fi
		;;
	*) uname -s ;;
	esac
}

# require PURPOSE... installs the packages that are missing for these purposes; where none is, it changes nothing.
require() {
	local system purpose
	system=$(system)
	case $system in
	debian | fedora)
		local wanted=()
		for purpose in "$@"; do
			# shellcheck disable=SC2207 # names of packages have no spaces
			wanted+=($(packages "$system" "$purpose"))
		done
		install_missing "$system" "${wanted[@]}"
		;;
	macos) require_macos ;;
	linux) check_other_linux "$@" ;;
	*) die "Vitrine does not run on $system yet." ;;
	esac
}

install_missing() {
	local system=$1 missing
	shift
	missing=$(missing_of "$system" "$@")
	if [[ -z $missing ]]; then
		say "all $# packages it needs are installed"
		return
	fi
	say "installing (this can take some minutes): $missing"
	# shellcheck disable=SC2086 # names of packages have no spaces
	"install_$system" $missing
	# shellcheck disable=SC2086
	missing=$(missing_of "$system" $missing)
	[[ -z $missing ]] || die "these packages are still missing after the installation: $missing" \
		"Install them by hand, or what took their place on this system, and start again."
}

missing_of() {
	local system=$1 name missing=()
	shift
	for name in "$@"; do
		"installed_$system" "$name" || missing+=("$name")
	done
	echo ${missing[@]+"${missing[@]}"}
}

installed_debian() { dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed; }

installed_fedora() { rpm -q --whatprovides "$1" >/dev/null 2>&1; }

install_debian() {
	local apt=(apt-get -qq -o DPkg::Lock::Timeout=300)
	as_root "apt-get install $*" "${apt[@]}" update >/dev/null || say "some package lists could not be updated; going on with those there are"
	as_root "apt-get install $*" "${apt[@]}" install -y --no-install-recommends "$@" >/dev/null ||
		die "apt-get could not install the packages; its message is above."
}

install_fedora() {
	as_root "dnf install $*" dnf -q install -y --setopt=install_weak_deps=False "$@" >/dev/null ||
		die "dnf could not install the packages; its message is above."
}

# as_root HINT COMMAND... runs a command as root. Where that cannot be, it ends with HINT, which is for an administrator.
as_root() {
	local hint=$1
	shift
	if [[ $(id -u) == 0 ]]; then
		"$@" </dev/null
		return
	fi
	has sudo || die "installing packages needs root, and sudo is not here. Ask an administrator to run:" "  $hint"
	if ! sudo -n true 2>/dev/null; then
		[[ -t 0 ]] || die "installing packages needs root, and sudo cannot ask for a password here. Run first:" "  sudo $hint"
		say "sudo may ask for your password" >&2
		sudo -v || die "installing packages needs root. Ask an administrator to run:" "  $hint"
	fi
	sudo env DEBIAN_FRONTEND=noninteractive "$@" </dev/null
}

check_other_linux() {
	local purpose program
	say "this system's package manager is not known here; going on with what is installed"
	if ! has pkg-config || ! pkg-config --exists gl x11 xcursor xrandr xinerama xi xxf86vm; then
		die "some of what building needs is missing. Install a C compiler, pkg-config, fuse3 (fusermount3), and the development files of" \
			"  OpenGL, libX11, libXcursor, libXrandr, libXinerama, libXi and libXxf86vm," \
			"and start again. On Debian these are: $(packages debian build) $(packages debian run)"
	fi
	for purpose in "$@"; do
		if [[ $purpose == price ]] && ! { has Xvfb && has xdotool; }; then
			die "measuring with a window needs Xvfb and xdotool. Install what is missing and start again."
		fi
		case $purpose in
		windows) has x86_64-w64-mingw32-gcc || die "the build for Windows needs x86_64-w64-mingw32-gcc, which is missing. Install MinGW-w64 and start again." ;;
		wine) has wine || die "the tests of the program for Windows need wine, which is missing. Install it and start again." ;;
		esac
		[[ $purpose == test ]] || continue
		for program in Xvfb dbus-daemon xdotool openbox xfce4-panel pcmanfm import xclip wmctrl strace setfacl fio gcc git make postgres rsync sqlite3 systemctl tar; do
			has "$program" || die "the tests need $program, which is missing. Install it and start again."
		done
	done
}

any_exists() {
	local path
	for path; do
		[[ ! -e $path ]] || return 0
	done
	return 1
}

# Where FUSE is on a Mac: macFUSE, or FUSE-T.
: "${macos_fuse:=/Library/Filesystems/macfuse.fs /usr/local/lib/libfuse-t.dylib}"

require_macos() {
	local missing=()
	xcode-select -p >/dev/null 2>&1 || missing+=("  xcode-select --install        (the C compiler)")
	find_go || missing+=("  brew install go               (or https://go.dev/dl)")
	# shellcheck disable=SC2086 # paths without spaces
	any_exists $macos_fuse ||
		missing+=("  brew install --cask macfuse   (then allow it in System Settings, Privacy & Security, and restart)")
	[[ ${#missing[@]} == 0 ]] || die "this Mac misses something. Run these, then start again:" "${missing[@]}"
}

# Where Go is installed without being on PATH.
go_folders="/usr/local/go/bin /opt/homebrew/bin /usr/local/bin"

# find_go puts the go command on PATH.
find_go() {
	has go && return
	local folder
	for folder in $go_folders; do
		if [[ -x $folder/go ]]; then
			PATH=$folder:$PATH
			return
		fi
	done
	return 1
}

# go_minor prints the 26 of Go 1.26.8, outside of the module, where the go command would fetch the version go.mod asks for.
go_minor() { (cd / && GOTOOLCHAIN=local go version) | sed -nE 's/^go version go1\.([0-9]+).*/\1/p'; }

# Since 1.21 the go command fetches the version that go.mod asks for. Since 1.16 it can fetch any module by name, and each
# version of Go is one: golang.org/toolchain.
readonly oldest_fetching=21 oldest_usable=16

# require_go makes sure that Go is there, in the version of go.mod or able to fetch it.
require_go() {
	local wanted minor
	wanted=$(sed -nE 's/^go 1\.([0-9]+).*/\1/p' go.mod)
	find_go || install_go
	minor=$(go_minor)
	[[ $minor ]] || return 0 # a development version: newer than any number
	((minor >= oldest_usable)) ||
		die "Go 1.$wanted is needed, and $(command -v go) is 1.$minor. Install the present one from https://go.dev/dl and start again."
	if ((minor < oldest_fetching)); then
		fetch_go "$(sed -nE 's/^go (.*)/\1/p' go.mod)"
	elif ((minor < wanted)); then
		say "Go here is 1.$minor; the go command will fetch 1.$wanted"
		export GOTOOLCHAIN=auto
	fi
}

# fetch_go VERSION fetches Go with a Go that is too old to do so by itself, and puts it on PATH. It stays in the cache of
# modules, where nothing is executable.
fetch_go() {
	local module dir
	module=golang.org/toolchain@v0.0.1-go$1.$(go env GOOS)-$(go env GOARCH)
	say "Go here is too old; fetching Go $1"
	dir=$(cd / && go mod download -json "$module" | sed -nE 's/^[[:space:]]*"Dir": "(.*)",?$/\1/p') || true
	[[ $dir ]] || die "Go $1 could not be fetched. Install it from https://go.dev/dl and start again."
	chmod +x "$dir"/bin/* "$dir"/pkg/tool/*/*
	export PATH=$dir/bin:$PATH GOTOOLCHAIN=local
}

install_go() {
	case $(system) in
	debian)
		local minor
		minor=$(LC_ALL=C apt-cache policy golang-go 2>/dev/null | sed -nE 's/^ *Candidate: 2:1\.([0-9]+).*/\1/p')
		if [[ $minor ]] && ((minor >= oldest_usable)); then
			install_missing debian golang-go
			return
		fi
		;;
	fedora)
		install_missing fedora golang
		return
		;;
	esac
	die "Go is missing, and this system's own package is too old or not there. Install Go from https://go.dev/dl:" \
		"unpack it to /usr/local/go, then start again."
}

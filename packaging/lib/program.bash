# The program as it is packaged: what it is built with, and how large it may be. Sourced at the repository's top, after
# machine.bash.
# shellcheck shell=bash

readonly tags=no_emoji,migrated_fynedo,nethttpomithttp2 # what Fyne and net/http can do without: a quarter of the size
# What works at a start only, or hardly ever, is not inlined: that is a twentieth of the size.
readonly cold="fyne.io/systray github.com/BurntSushi github.com/fredbi github.com/fsnotify github.com/godbus github.com/jeandeaual github.com/nfnt
	github.com/nicksnyder github.com/pelletier github.com/prometheus github.com/rymdport github.com/spf13 github.com/srwiley github.com/yuin
	golang.org/x/net golang.org/x/text google.golang.org/protobuf vitrine/app fyne.io/fyne/v2/app
	fyne.io/fyne/v2/container fyne.io/fyne/v2/data fyne.io/fyne/v2/dialog fyne.io/fyne/v2/lang fyne.io/fyne/v2/storage fyne.io/fyne/v2/theme
	github.com/adrg github.com/gofrs github.com/mattn github.com/moby os/exec os/user vitrine/fusefs/oplog/export
	fyne.io/fyne/v2/internal/metadata fyne.io/fyne/v2/internal/repository fyne.io/fyne/v2/internal/svg github.com/fyne-io github.com/jsummers
	github.com/coreos github.com/munnerz github.com/go-text/typesetting/fontscan github.com/go-text/typesetting/font golang.org/x/image/tiff
	gopkg.in vitrine/assets archive compress crypto database encoding/asn1 encoding/csv encoding/json encoding/pem encoding/xml expvar flag html
	image/gif image/jpeg image/png log/slog math/big mime net regexp text/template vendor/golang.org"
readonly most=25000000 # bytes of the program

# compile_program FILE TAG LDFLAGS builds it, with one more build tag if that is not empty.
compile_program() {
	local small=() library
	for library in $cold; do
		small+=("-gcflags=$library/...=-l")
	done
	go build -trimpath -tags "$tags${2:+,$2}" "${small[@]}" -ldflags "-s -w $3" -o "$1" ./app || die "the build failed; its messages are above."
}

# is_small FILE fails where a program is larger than it may be.
is_small() {
	local size
	size=$(stat -c %s "$1")
	((size <= most)) || die "the program has $size bytes, more than the $most that are allowed."
}

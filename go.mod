module vitrine

go 1.26.0

require (
	fyne.io/fyne/v2 v2.7.1 // window and settings
	fyne.io/systray v1.11.1-0.20250603113521-ca66a66d8b58 // the click on the tray icon, its tooltip and its template, which Fyne does not pass on
	github.com/HdrHistogram/hdrhistogram-go v1.4.0 // latencies in little memory, with a known error
	github.com/adrg/xdg v0.5.3 // where settings, state and sockets lie
	github.com/coreos/go-systemd/v22 v22.7.0 // readiness for service managers
	github.com/dustin/go-humanize v1.1.0 // units for people
	github.com/godbus/dbus/v5 v5.2.4 // notifications, tray host, delay of a shutdown
	github.com/gofrs/flock v0.13.1 // one instance, also after a crash
	github.com/hanwen/go-fuse/v2 v2.12.1 // tests: its suite for any filesystem; the benchmark: a peer
	github.com/mattn/go-isatty v0.0.20 // whether a status line can be drawn anew
	github.com/moby/sys/mountinfo v0.7.3 // the mount table
	github.com/pelletier/go-toml/v2 v2.4.3 // the settings file, with the line of an error
	github.com/prometheus/client_golang v1.25.0 // metrics
	github.com/prometheus/procfs v0.23.0 // what the tests and the benchmark see of a process
	github.com/rs/zerolog v1.35.1 // log lines without garbage
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.3 // tests: exported traces against the format's schema
	github.com/spf13/cobra v1.10.2 // command line, its manual and completions
	github.com/winfsp/cgofuse v1.6.0 // FUSE on macOS and Windows
	golang.org/x/image v0.24.0 // text in the pictures that the window draws; scaled icons
	golang.org/x/sys v0.49.0 // system calls that the standard library lacks
	golang.org/x/tools v0.52.0 // packaging/oscheck: types on systems that are not here
	gopkg.in/natefinch/lumberjack.v2 v2.2.1 // rotated logs
	pgregory.net/rapid v1.3.0 // tests: random calls, shrunk
)

require (
	github.com/BurntSushi/toml v1.5.0 // indirect
	github.com/beorn7/perks v1.0.1 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/cpuguy83/go-md2man/v2 v2.0.6 // indirect
	github.com/fredbi/uri v1.1.1 // indirect
	github.com/fsnotify/fsnotify v1.9.0 // indirect
	github.com/fyne-io/gl-js v0.2.0 // indirect
	github.com/fyne-io/glfw-js v0.3.0 // indirect
	github.com/fyne-io/image v0.1.1 // indirect
	github.com/fyne-io/oksvg v0.2.0 // indirect
	github.com/go-gl/gl v0.0.0-20231021071112-07e5d0ea2e71 // indirect
	github.com/go-gl/glfw/v3.3/glfw v0.0.0-20240506104042-037f3cc74f2a // indirect
	github.com/go-text/render v0.2.0 // indirect
	github.com/go-text/typesetting v0.2.1 // indirect
	github.com/hack-pad/go-indexeddb v0.3.2 // indirect
	github.com/hack-pad/safejs v0.1.0 // indirect
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/jeandeaual/go-locale v0.0.0-20250612000132-0ef82f21eade // indirect
	github.com/jsummers/gobmp v0.0.0-20230614200233-a9de23ed2e25 // indirect
	github.com/mattn/go-colorable v0.1.14 // indirect
	github.com/munnerz/goautoneg v0.0.0-20191010083416-a7dc8b61c822 // indirect
	github.com/nfnt/resize v0.0.0-20180221191011-83c6a9932646 // indirect
	github.com/nicksnyder/go-i18n/v2 v2.5.1 // indirect
	github.com/prometheus/client_model v0.6.3 // indirect
	github.com/prometheus/common v0.72.0 // indirect
	github.com/russross/blackfriday/v2 v2.1.0 // indirect
	github.com/rymdport/portal v0.4.2 // indirect
	github.com/spf13/pflag v1.0.9 // indirect
	github.com/srwiley/oksvg v0.0.0-20221011165216-be6e8873101c // indirect
	github.com/srwiley/rasterx v0.0.0-20220730225603-2ab79fcdd4ef // indirect
	github.com/stretchr/testify v1.12.1 // indirect
	github.com/yuin/goldmark v1.8.7 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/mod v0.42.0 // indirect
	golang.org/x/net v0.61.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/text v0.43.0 // indirect
	google.golang.org/protobuf v1.36.12 // indirect
)

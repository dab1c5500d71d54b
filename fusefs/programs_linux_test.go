package fusefs

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// needs fails a test whose programs are not installed.
func needs(t *testing.T, programs ...string) {
	t.Helper()
	for _, name := range programs {
		if _, err := exec.LookPath(name); err != nil {
			t.Fatalf("%s is not installed; packaging/test installs it", name)
		}
	}
}

// runIn runs a program in a folder and returns what it printed.
func runIn(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	return runCommand(t, dir, exec.Command(name, args...))
}

// runInWith is runIn with more in the environment and something to read.
func runInWith(t *testing.T, dir string, env []string, stdin io.Reader, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdin = stdin
	return runCommand(t, dir, cmd)
}

func runCommand(t *testing.T, dir string, cmd *exec.Cmd) string {
	t.Helper()
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, out[max(0, len(out)-4000):])
	}
	return string(out)
}

// TestProgramsRun runs a program and a script that lie in the mount: the kernel opens them for itself.
func TestProgramsRun(t *testing.T) {
	p := mountChild(t)
	program, err := exec.LookPath("echo")
	check(t, err)
	runIn(t, p.path, "cp", program, p.file("program"))
	check(t, os.WriteFile(p.file("script"), []byte("#!"+p.file("program")+" said\n"), 0o755))
	for name, want := range map[string]string{"program": "", "script": "said " + p.file("script")} {
		out, err := exec.Command(p.file(name)).CombinedOutput()
		if err != nil || strings.TrimSpace(string(out)) != want {
			t.Errorf("%s: %q, %v", name, out, err)
		}
	}
	p.ejects()
}

// gitEnv keeps a person's own settings out, and git's work in the foreground.
var gitEnv = []string{"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.org",
	"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.org", "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=gc.autoDetach", "GIT_CONFIG_VALUE_0=false"}

// TestGit commits, clones, packs and checks a repository inside the mount.
func TestGit(t *testing.T) {
	needs(t, "git")
	p := mountChild(t)
	git := func(dir string, args ...string) string {
		t.Helper()
		return strings.TrimSpace(runInWith(t, p.file(dir), gitEnv, nil, "git", args...))
	}
	git("", "init", "-q", "-b", "main", "repository")
	runInWith(t, p.file("repository"), gitEnv, strings.NewReader(manyCommits(200)), "git", "fast-import", "--quiet")
	git("repository", "reset", "-q", "--hard", "main")
	for i := range 20 {
		check(t, os.WriteFile(p.file(fmt.Sprintf("repository/by-hand-%d", i%5)), fmt.Appendf(nil, "%d\n", i), 0o644))
		git("repository", "add", "-A")
		git("repository", "commit", "-q", "-m", "by hand")
	}
	git("", "clone", "-q", "repository", "clone")
	git("clone", "gc", "-q", "--aggressive", "--prune=now")
	for _, dir := range []string{"repository", "clone"} {
		git(dir, "fsck", "--full", "--strict")
		if n := git(dir, "rev-list", "--count", "main"); n != "220" {
			t.Errorf("%s has %s commits", dir, n)
		}
		if changed := git(dir, "status", "--porcelain"); changed != "" {
			t.Errorf("%s: git status says\n%s", dir, changed)
		}
	}
	p.ejects()
}

// manyCommits is a stream for git fast-import.
func manyCommits(count int) string {
	var s strings.Builder
	for i := range count {
		fmt.Fprintf(&s, "commit refs/heads/main\ncommitter a <a@example.org> %d +0000\ndata 2\nc\n", 1_600_000_000+i)
		text := strings.Repeat(fmt.Sprintf("line of commit %d\n", i), 1+i%50)
		fmt.Fprintf(&s, "M 100644 inline folder%d/file%d\ndata %d\n%s\n", i%7, i%31, len(text), text)
	}
	return s.String()
}

// TestSQLite lets four processes write to one database with a write-ahead log, which they share by mmap and fcntl locks.
func TestSQLite(t *testing.T) {
	needs(t, "sqlite3")
	p := mountChild(t)
	database := p.file("db")
	if mode := runIn(t, p.path, "sqlite3", database, "PRAGMA journal_mode=WAL; CREATE TABLE t (writer, n, text, PRIMARY KEY (writer, n));"); strings.TrimSpace(mode) != "wal" {
		t.Fatalf("journal mode %q", mode)
	}
	const writers, each = 4, 100
	var running sync.WaitGroup
	for w := range writers {
		running.Go(func() {
			var script strings.Builder
			script.WriteString(".timeout 60000\nPRAGMA wal_autocheckpoint=50;\n")
			for n := range each {
				fmt.Fprintf(&script, "BEGIN IMMEDIATE; INSERT INTO t VALUES (%d, %d, hex(randomblob(500))); UPDATE t SET text = text || 'x' WHERE n = %d; COMMIT;\n", w, n, n/2)
			}
			cmd := exec.Command("sqlite3", "-bail", database)
			cmd.Stdin = strings.NewReader(script.String())
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("writer %d: %v\n%s", w, err, out)
			}
		})
	}
	running.Wait()
	for _, name := range []string{database, p.behind("db")} {
		if got := runIn(t, p.path, "sqlite3", name, "PRAGMA integrity_check; SELECT count(*), sum(n) FROM t;"); got != "ok\n400|19800\n" {
			t.Errorf("%s: %q", name, got)
		}
	}
	p.ejects()
}

// TestGo builds and tests a small module whose sources, build cache and program are all inside the mount.
func TestGo(t *testing.T) {
	needs(t, "go")
	p := mountChild(t)
	for name, text := range map[string]string{
		"go.mod":            "module example.org/small\n\ngo 1.21\n",
		"main.go":           "package main\n\nimport \"example.org/small/sum\"\n\nfunc main() { println(sum.Of(20, 22)) }\n",
		"sum/sum.go":        "package sum\n\nfunc Of(a, b int) int { return a + b }\n",
		"sum/sum_test.go":   "package sum\n\nimport \"testing\"\n\nfunc TestOf(t *testing.T) {\n\tif Of(1, 2) != 3 {\n\t\tt.Error(\"no\")\n\t}\n}\n",
		"sum/embed/e.go":    "package embed\n\nimport _ \"embed\"\n\n//go:embed e.txt\nvar E string\n",
		"sum/embed/e.txt":   "embedded",
		"sum/embed/none.go": "//go:build none\n\npackage embed\n",
	} {
		check(t, os.MkdirAll(filepath.Dir(p.file("module/"+name)), 0o755))
		check(t, os.WriteFile(p.file("module/"+name), []byte(text), 0o644))
	}
	check(t, os.Mkdir(p.file("tmp"), 0o755))
	env := []string{"GOCACHE=" + p.file("cache"), "GOTMPDIR=" + p.file("tmp"), "GOFLAGS=-vet=off -buildvcs=false", "CGO_ENABLED=0", "GORACE="}
	runInWith(t, p.file("module"), env, nil, "go", "build", "-o", "small", ".")
	if got := runIn(t, p.file("module"), "./small"); got != "42\n" {
		t.Errorf("the program says %q", got)
	}
	runInWith(t, p.file("module"), env, nil, "go", "test", "./...")
	if out := runInWith(t, p.file("module"), env, nil, "go", "build", "-x", "-o", "small", "."); strings.Contains(out, "/compile ") {
		t.Errorf("the build cache is of no use:\n%s", out)
	}
	p.ejects()
}

// fillFolder makes a tree of what a filesystem can hold: hard and symbolic links, holes, a fifo, modes, attributes,
// times, and odd names.
func fillFolder(t *testing.T, dir string) {
	t.Helper()
	at := func(name string) string { return filepath.Join(dir, name) }
	check(t, os.MkdirAll(at("sub/deeper"), 0o755))
	for i := range 50 {
		data := bytes.Repeat([]byte{byte(i), 'v'}, i*i*40)
		check(t, os.WriteFile(at(fmt.Sprintf("sub/file%d", i)), data, 0o600|os.FileMode(i%8)))
	}
	check(t, os.Link(at("sub/file7"), at("sub/deeper/seven")))
	check(t, os.Link(at("sub/file7"), at("seven too")))
	check(t, os.Symlink("sub/file7", at("link")))
	check(t, os.Symlink("nowhere", at("dangling")))
	check(t, unix.Mkfifo(at("fifo"), 0o640))
	check(t, os.WriteFile(at(strings.Repeat("n", 255)), []byte("long"), 0o644))
	check(t, os.WriteFile(at("\xff\xfe not UTF-8\n"), []byte("odd"), 0o644))
	sparse, err := os.Create(at("sparse"))
	check(t, err)
	for _, off := range []int64{0, 1 << 20, 7 << 20} {
		_, err = sparse.WriteAt([]byte("island"), off)
		check(t, err)
	}
	check(t, sparse.Truncate(16<<20))
	check(t, sparse.Close())
	check(t, unix.Setxattr(at("sub/file9"), "user.note", []byte("kept"), 0))
	check(t, unix.Setxattr(at("sub"), "user.folder", bytes.Repeat([]byte("x"), 1000), 0))
	runIn(t, dir, "setfacl", "-m", "u:12:rw,g:34:r", "sub/file10")
	runIn(t, dir, "setfacl", "-d", "-m", "u:56:rwx", "sub/deeper")
	if os.Geteuid() == 0 {
		check(t, os.Chown(at("sub/file11"), 12, 34))
	}
	for i := range 50 {
		check(t, os.Chtimes(at(fmt.Sprintf("sub/file%d", i)), time.Unix(1, 0), time.Unix(int64(1_000+i), int64(i))))
	}
	check(t, os.Chtimes(at("sub"), time.Unix(1, 0), time.Unix(77, 77)))
}

// sameTrees compares two folders: by listTree, and by rsync, which looks at all times and ACLs too.
func sameTrees(t *testing.T, got, want string) {
	t.Helper()
	if different := differentLines(listTree(got), listTree(want)); different != "" {
		t.Errorf("%s differs from %s:\n%s", got, want, different)
	}
	if out := runIn(t, "/", "rsync", "-aHAXcni", "--delete", want+"/", got+"/"); out != "" {
		t.Errorf("rsync finds in %s, against %s:\n%s", got, want, out)
	}
	if st := lstat(t, filepath.Join(got, "sparse")); st.Blocks*512 > 1<<20 {
		t.Errorf("%s/sparse takes %d bytes", got, st.Blocks*512)
	}
}

// TestRsync copies a tree in and out again.
func TestRsync(t *testing.T) {
	needs(t, "rsync", "setfacl")
	p := mountChild(t)
	from, back := freshFolder(t, "from"), freshFolder(t, "back")
	fillFolder(t, from)
	runIn(t, from, "rsync", "-aHAXS", from+"/", p.file("in")+"/")
	sameTrees(t, p.file("in"), from)
	sameTrees(t, p.behind("in"), from)
	runIn(t, from, "rsync", "-aHAXS", p.file("in")+"/", back+"/")
	sameTrees(t, back, from)
	check(t, os.WriteFile(filepath.Join(from, "sub/file3"), []byte("changed"), 0o600))
	check(t, os.Remove(filepath.Join(from, "sub/file4")))
	runIn(t, from, "rsync", "-aHAXS", "--delete", "--inplace", from+"/", p.file("in")+"/")
	sameTrees(t, p.behind("in"), from)
	p.ejects()
}

// TestCopyAndMove copies with cp and moves folders with mv, inside the mount and across its border.
func TestCopyAndMove(t *testing.T) {
	needs(t, "cp", "mv", "rsync", "setfacl")
	p := mountChild(t)
	from, outside := freshFolder(t, "from"), freshFolder(t, "outside")
	fillFolder(t, from)
	for _, sparse := range []string{"auto", "always"} {
		runIn(t, from, "cp", "-a", "--sparse="+sparse, from, p.file("in-"+sparse))
		sameTrees(t, p.file("in-"+sparse), from)
		runIn(t, from, "cp", "-a", "--sparse="+sparse, p.file("in-"+sparse), p.file("again-"+sparse))
		sameTrees(t, p.behind("again-"+sparse), from)
	}
	runIn(t, from, "mv", p.file("in-auto"), filepath.Join(outside, "moved"))
	sameTrees(t, filepath.Join(outside, "moved"), from)
	runIn(t, from, "mv", filepath.Join(outside, "moved"), p.file("moved"))
	sameTrees(t, p.file("moved"), from)
	check(t, os.Mkdir(p.file("folder"), 0o755))
	runIn(t, from, "mv", p.file("moved"), p.file("folder/moved"))
	sameTrees(t, p.behind("folder/moved"), from)
	for name, gone := range map[string]bool{p.file("in-auto"): true, p.file("moved"): true, outside + "/moved": true} {
		if _, err := os.Lstat(name); gone != os.IsNotExist(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p.ejects()
}

// TestTar unpacks many small files into the mount, and packs them there.
func TestTar(t *testing.T) {
	needs(t, "tar")
	p := mountChild(t)
	count := soakCount(5_000, 20_000)
	from := freshFolder(t, "from")
	for i := range count {
		dir := filepath.Join(from, strconv.Itoa(i/1000))
		if i%1000 == 0 {
			check(t, os.Mkdir(dir, 0o755))
		}
		check(t, os.WriteFile(filepath.Join(dir, strconv.Itoa(i)), bytes.Repeat([]byte{byte(i)}, i%3000), 0o644))
	}
	archive, again := filepath.Join(t.TempDir(), "a.tar"), filepath.Join(t.TempDir(), "b.tar")
	runIn(t, from, "tar", "-cf", archive, "--sort=name", ".")
	check(t, os.Mkdir(p.file("in"), 0o755))
	runIn(t, p.file("in"), "tar", "-xpf", archive)
	runIn(t, p.file("in"), "tar", "-df", archive)
	runIn(t, p.behind("in"), "tar", "-df", archive)
	runIn(t, p.file("in"), "tar", "-cf", again, "--sort=name", ".")
	runIn(t, from, "tar", "-df", again)
	runIn(t, "/", "rm", "-r", p.file("in"))
	if left, err := os.ReadDir(p.behind("")); err != nil || len(left) > 0 {
		t.Errorf("rm left %v, %v", left, err)
	}
	p.ejects()
}

// TestMake compiles generated sources in parallel and runs the program.
func TestMake(t *testing.T) {
	needs(t, "make", "gcc")
	p := mountChild(t)
	const sources = 60
	var calls, names, sum strings.Builder
	for i := range sources {
		check(t, os.WriteFile(p.file(fmt.Sprintf("f%d.c", i)), fmt.Appendf(nil, "#include \"all.h\"\nint f%d(void) { return %d; }\n", i, i), 0o644))
		fmt.Fprintf(&calls, "int f%d(void);\n", i)
		fmt.Fprintf(&names, " f%d.o", i)
		fmt.Fprintf(&sum, " + f%d()", i)
	}
	check(t, os.WriteFile(p.file("all.h"), []byte("#include <stdio.h>\n"+calls.String()), 0o644))
	check(t, os.WriteFile(p.file("main.c"), []byte("#include \"all.h\"\nint main(void) { printf(\"%d\\n\", 0"+sum.String()+"); return 0; }\n"), 0o644))
	check(t, os.WriteFile(p.file("Makefile"), []byte("program: main.o libf.a\n\tgcc -o $@ $^\nlibf.a:"+names.String()+"\n\tar rcs $@ $^\n%.o: %.c all.h\n\tgcc -O1 -g -c -o $@ $<\n"), 0o644))
	runIn(t, p.file(""), "make", "-j4")
	if got := runIn(t, p.file(""), "./program"); got != "1770\n" {
		t.Errorf("the program says %q", got)
	}
	if again := runIn(t, p.file(""), "make", "-j4"); !strings.Contains(again, "up to date") {
		t.Errorf("make once more:\n%s", again)
	}
	check(t, os.Chtimes(p.file("f7.c"), time.Time{}, time.Now().Add(time.Hour)))
	if again := runIn(t, p.file(""), "make", "-j4"); strings.Count(again, "-c -o") != 1 {
		t.Errorf("make after a change of f7.c:\n%s", again)
	}
	p.ejects()
}

// TestDeepFolders goes down by relative steps, to 1,000 levels and to a path much longer than PATH_MAX.
func TestDeepFolders(t *testing.T) {
	p := mountChild(t)
	for name, levels := range map[string]int{"d": 1000, strings.Repeat("n", 255): 40} {
		deepFolder(t, p.file(""), name, levels)
	}
	p.ejects()
}

// deepFolder makes folders within each other, uses a file in the last, and removes everything.
func deepFolder(t *testing.T, top, name string, levels int) {
	t.Helper()
	dir, err := unix.Open(top, unix.O_PATH|unix.O_CLOEXEC, 0)
	check(t, err)
	dirs := []int{dir}
	defer func() {
		for _, dir := range dirs {
			unix.Close(dir)
		}
	}()
	for level := range levels {
		if err := unix.Mkdirat(dir, name, 0o755); err != nil {
			t.Errorf("mkdir of level %d with names of %d bytes: %v", level, len(name), err)
			break
		}
		next, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Errorf("open of level %d with names of %d bytes: %v", level, len(name), err)
			unix.Unlinkat(dir, name, unix.AT_REMOVEDIR)
			break
		}
		dir = next
		dirs = append(dirs, dir)
	}
	fd, err := unix.Openat(dir, "bottom", unix.O_CREAT|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err != nil {
		t.Errorf("a file at the bottom: %v", err)
	} else {
		_, err = unix.Pwrite(fd, []byte("deep"), 0)
		check(t, err)
		check(t, unix.Close(fd))
		check(t, unix.Renameat(dir, "bottom", dir, "renamed"))
		if entries, err := readEntries(dir); err != nil || !slices.Contains(entryNames(entries), `"renamed":8`) {
			t.Errorf("at the bottom: %v, %v", entries, err)
		}
		check(t, unix.Unlinkat(dir, "renamed", 0))
	}
	for above := len(dirs) - 2; above >= 0; above-- {
		if err := unix.Unlinkat(dirs[above], name, unix.AT_REMOVEDIR); err != nil {
			t.Fatalf("rmdir of level %d: %v", above, err)
		}
	}
}

// postgres is a database server whose data lie in the mount.
type postgres struct {
	t       *testing.T
	bin     string // folder of its programs, empty for PATH
	data    string
	sockets string
	uid     int
	gid     int
	server  *exec.Cmd
	log     bytes.Buffer
}

// command is one of PostgreSQL's programs, as the user that it insists on: not root.
func (pg *postgres) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(pg.bin, name), args...)
	cmd.Dir = pg.sockets
	cmd.Env = append(os.Environ(), "PGHOST="+pg.sockets, "PGUSER=postgres", "PGDATABASE=postgres", "LC_ALL=C")
	cmd.SysProcAttr = asUser(pg.uid)
	if cmd.SysProcAttr != nil {
		cmd.SysProcAttr.Credential.Gid = uint32(pg.gid)
	}
	return cmd
}

func (pg *postgres) run(name string, args ...string) string {
	pg.t.Helper()
	return strings.TrimSpace(runCommand(pg.t, pg.sockets, pg.command(name, args...)))
}

func (pg *postgres) ask(query string) string {
	pg.t.Helper()
	return pg.run("psql", "-XAtqc", query)
}

// start starts the server and waits until it answers.
func (pg *postgres) start() {
	pg.t.Helper()
	pg.server = pg.command("postgres", "-D", pg.data, "-k", pg.sockets, "-c", "listen_addresses=")
	pg.log.Reset()
	pg.server.Stdout, pg.server.Stderr = &pg.log, &pg.log
	check(pg.t, pg.server.Start())
	pg.t.Cleanup(func() { pg.server.Process.Kill() }) // its children end when it does
	for deadline := time.Now().Add(60 * time.Second); pg.command("pg_isready", "-q").Run() != nil; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			pg.server.Process.Kill()
			pg.server.Wait()
			pg.t.Fatalf("PostgreSQL does not start:\n%s", pg.log.String())
		}
	}
}

// kill kills the server and all its processes at once, as a failing machine would.
func (pg *postgres) kill() {
	pg.t.Helper()
	pid := pg.server.Process.Pid
	check(pg.t, pg.server.Process.Signal(syscall.SIGSTOP)) // so that it starts no more
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	check(pg.t, err)
	check(pg.t, pg.server.Process.Kill())
	for child := range strings.FieldsSeq(string(children)) {
		n, err := strconv.Atoi(child)
		check(pg.t, err)
		unix.Kill(n, unix.SIGKILL)
	}
	pg.server.Wait()
}

// newPostgres makes a database in the mount.
func newPostgres(t *testing.T, p *child) *postgres {
	t.Helper()
	pg := &postgres{t: t, data: p.file("data"), uid: os.Geteuid(), gid: os.Getegid()}
	if _, err := exec.LookPath("postgres"); err != nil {
		found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
		if err != nil || len(found) == 0 {
			t.Fatalf("PostgreSQL's server is not installed; packaging/test installs it")
		}
		pg.bin = found[len(found)-1]
	} else if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin"); len(found) > 0 {
		pg.bin = found[len(found)-1]
	}
	if os.Geteuid() == 0 {
		who, err := user.Lookup("postgres")
		if err != nil {
			t.Fatalf("PostgreSQL's server does not run as root, and its own user is missing: %v", err)
		}
		pg.uid, _ = strconv.Atoi(who.Uid)
		pg.gid, _ = strconv.Atoi(who.Gid)
	}
	var err error
	pg.sockets, err = os.MkdirTemp("", "vitrine-pg-*")
	check(t, err)
	t.Cleanup(func() { os.RemoveAll(pg.sockets) })
	check(t, os.Chown(pg.sockets, pg.uid, pg.gid))
	pg.run("initdb", "-D", pg.data, "-U", "postgres", "-A", "trust", "--data-checksums", "--no-locale", "-E", "UTF8")
	return pg
}

// TestPostgreSQL runs a database in the mount, kills it under load, and looks for what it had acknowledged.
func TestPostgreSQL(t *testing.T) {
	p := mountChildForAll(t)
	pg := newPostgres(t, p)
	pg.start()
	pg.run("pgbench", "-i", "-q", "-s", "1")
	pg.run("pgbench", "-n", "-c", "4", "-j", "2", "-t", "50")
	pg.ask("CREATE TABLE acknowledged (n int PRIMARY KEY)")
	rows := 0
	for range 3 {
		load := pg.command("pgbench", "-n", "-c", "4", "-j", "2", "-T", "60")
		check(t, load.Start())
		rows = pg.insertUntilKilled(rows, rows+50+rand.IntN(200))
		load.Wait()
		pg.start()
		if got := pg.ask(fmt.Sprintf("SELECT count(*) FROM acknowledged WHERE n <= %d", rows)); got != strconv.Itoa(rows) {
			t.Errorf("%d rows were acknowledged, after the crash there are %s", rows, got)
		}
		rows, _ = strconv.Atoi(pg.ask("SELECT max(n) FROM acknowledged"))
		sums := pg.ask(`SELECT (SELECT sum(abalance) FROM pgbench_accounts), (SELECT sum(tbalance) FROM pgbench_tellers),
			(SELECT sum(bbalance) FROM pgbench_branches), (SELECT sum(delta) FROM pgbench_history)`)
		if all := slices.Compact(strings.Split(sums, "|")); len(all) != 1 {
			t.Errorf("the sums of pgbench's tables differ: %s", sums)
		}
	}
	pg.run("pg_dumpall", "-f", filepath.Join(pg.sockets, "dump"))
	check(t, pg.server.Process.Signal(syscall.SIGINT)) // a fast shutdown
	check(t, pg.server.Wait())
	pg.run("pg_checksums", "--check", "-D", pg.data)
	t.Logf("3 crashes, %d transactions acknowledged one by one, none lost", rows)
	p.ejects()
}

// insertUntilKilled inserts rows after a number, each a transaction, and kills the server when the last has been
// acknowledged. It returns the last row of which it was told.
func (pg *postgres) insertUntilKilled(after, last int) (acknowledged int) {
	pg.t.Helper()
	insert := pg.command("psql", "-XAtq")
	in, err := insert.StdinPipe()
	check(pg.t, err)
	out, err := insert.StdoutPipe()
	check(pg.t, err)
	check(pg.t, insert.Start())
	go func() {
		defer in.Close()
		for n := after + 1; ; n++ {
			if _, err := fmt.Fprintf(in, "INSERT INTO acknowledged VALUES (%d) RETURNING n;\n", n); err != nil {
				return
			}
		}
	}()
	for lines := bufio.NewScanner(out); lines.Scan(); {
		acknowledged, err = strconv.Atoi(lines.Text())
		check(pg.t, err)
		if acknowledged == last {
			pg.kill()
		}
	}
	insert.Wait()
	if acknowledged < last {
		pg.t.Fatalf("PostgreSQL ended by itself:\n%s", pg.log.String())
	}
	return acknowledged
}

// mountChildForAll mounts for every user where we are root, and for ourselves elsewhere.
func mountChildForAll(t *testing.T) *child {
	t.Helper()
	if os.Geteuid() == 0 {
		return mountForOthers(t)
	}
	return mountChild(t)
}

package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// sizes says how much work there is in each row.
type sizes struct {
	bulk   int64 // bytes written or read in one go
	paged  int64 // bytes written by 4 KiB, one after another
	ranged int64 // bytes of the file that is read and written at random
	pages  int   // of 4 KiB, read or written at random
	small  int   // files created or read
	tree   int   // files that find lists
	stats  int   // times a file is asked for its attributes
	repo   int   // files in the repository of git
	remove int   // files removed
}

var sizesOf = map[string]sizes{
	"small":  {bulk: 4 << 20, paged: 1 << 20, ranged: 1 << 20, pages: 128, small: 20, tree: 50, stats: 400, repo: 20, remove: 20},
	"normal": {bulk: 256 << 20, paged: 32 << 20, ranged: 64 << 20, pages: 8192, small: 1000, tree: 5000, stats: 20_000, repo: 2000, remove: 2000},
	"large":  {bulk: 1 << 30, paged: 256 << 20, ranged: 64 << 20, pages: 16_384, small: 10_000, tree: 50_000, stats: 200_000, repo: 20_000, remove: 20_000},
}

const (
	page      = 4 << 10
	readSize  = 128 << 10
	smallFile = 4 << 10 // bytes
	perFolder = 100     // files
	stormed   = 100     // files of the stat storm
)

// workload is a row: what is measured.
type workload struct {
	name    string
	prepare func(p preparation) error       // in the backing folder, if anything
	warm    func(dir string) error          // through the mount, before the measurement, if anything
	run     func(dir string, s sizes) error // through the mount: measured
}

// preparation is what a workload is prepared from.
type preparation struct {
	sizes
	dir        string // the workload's own, behind the mount
	repository string // of git, to be copied
}

var workloads = []workload{
	{name: "seq write 128K", run: func(dir string, s sizes) error { return writeSequentially(dir, s.bulk, 128<<10) }},
	{name: "seq write 1M", run: func(dir string, s sizes) error { return writeSequentially(dir, s.bulk, 1<<20) }},
	{name: "seq write 4K", run: func(dir string, s sizes) error { return writeSequentially(dir, s.paged, page) }},
	{
		name:    "seq read cold",
		prepare: func(p preparation) error { return writeCold(p.dir, p.bulk) },
		run:     readSequentially,
	},
	{
		name:    "random read 4K",
		prepare: func(p preparation) error { return writeCold(p.dir, p.ranged) },
		run: func(dir string, s sizes) error {
			return atRandom(dir, s, os.O_RDONLY, (*os.File).ReadAt)
		},
	},
	{
		name:    "random write 4K",
		prepare: func(p preparation) error { return writeCold(p.dir, p.ranged) },
		run: func(dir string, s sizes) error {
			return atRandom(dir, s, os.O_WRONLY, (*os.File).WriteAt)
		},
	},
	{name: "create files", run: func(dir string, s sizes) error { return createFiles(dir, s.small) }},
	{
		name:    "find -ls",
		prepare: func(p preparation) error { return createTree(p.dir, p.tree) },
		run:     func(dir string, _ sizes) error { return command("find", dir, "-ls") },
	},
	{
		name:    "stat storm",
		prepare: func(p preparation) error { return createFiles(p.dir, stormed) },
		run:     func(dir string, s sizes) error { return statFiles(dir, s.stats) },
	},
	{
		name:    "read files",
		prepare: func(p preparation) error { return createFiles(p.dir, p.small) },
		run:     func(dir string, s sizes) error { return readFiles(dir, s.small) },
	},
	{
		name:    "git status ×3",
		prepare: func(p preparation) error { return command("cp", "-a", p.repository, gitFolder(p.dir)) },
		warm:    gitStatus, // the index names the backing's inodes, and a drive may have others
		run:     func(dir string, _ sizes) error { return thrice(func() error { return gitStatus(dir) }) },
	},
	{
		name:    "rm -r",
		prepare: func(p preparation) error { return createTree(filepath.Join(p.dir, "gone"), p.remove) },
		run:     func(dir string, _ sizes) error { return os.RemoveAll(filepath.Join(dir, "gone")) },
	},
}

// writeSequentially writes a new file, for writing only, as cp(1), dd(1) and fopen(3) open one.
func writeSequentially(dir string, total int64, each int) error {
	file, err := os.OpenFile(filepath.Join(dir, "f"), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	block := bytes.Repeat([]byte("vitrine\n"), each/8)
	for range total / int64(each) {
		if _, err := file.Write(block); err != nil {
			file.Close()
			return err
		}
	}
	return file.Close()
}

// writeCold leaves a file that is on disk and, as far as its filesystem can do without, not in memory.
func writeCold(dir string, total int64) error {
	if err := writeSequentially(dir, total, 1<<20); err != nil {
		return err
	}
	file, err := os.Open(filepath.Join(dir, "f"))
	if err != nil {
		return err
	}
	defer file.Close()
	if err := file.Sync(); err != nil {
		return err
	}
	return unix.Fadvise(int(file.Fd()), 0, 0, unix.FADV_DONTNEED)
}

func readSequentially(dir string, s sizes) error {
	file, err := os.Open(filepath.Join(dir, "f"))
	if err != nil {
		return err
	}
	defer file.Close()
	// Not by io.Copy, which would have the kernel move the bytes.
	n, buffer := int64(0), make([]byte, readSize)
	for {
		more, err := file.Read(buffer)
		n += int64(more)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	if n != s.bulk {
		return fmt.Errorf("%s: %d bytes read of %d", file.Name(), n, s.bulk)
	}
	return nil
}

// atRandom reads or writes pages of a file in an order that is the same each time, none twice.
func atRandom(dir string, s sizes, flag int, do func(*os.File, []byte, int64) (int, error)) error {
	file, err := os.OpenFile(filepath.Join(dir, "f"), flag, 0)
	if err != nil {
		return err
	}
	order := rand.New(rand.NewPCG(1, 2)).Perm(int(s.ranged / page))
	buffer := make([]byte, page)
	for _, i := range order[:s.pages] {
		if _, err := do(file, buffer, int64(i)*page); err != nil {
			file.Close()
			return err
		}
	}
	return file.Close()
}

func fileName(dir string, i int) string { return filepath.Join(dir, fmt.Sprintf("file-%05d", i)) }

func createFiles(dir string, n int) error {
	content := make([]byte, smallFile)
	for i := range n {
		file, err := os.OpenFile(fileName(dir, i), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return err
		}
		_, err = file.Write(content)
		if err := firstOf(err, file.Close()); err != nil {
			return err
		}
	}
	return nil
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// createTree spreads small files over folders.
func createTree(dir string, n int) error {
	for i := 0; i < n; i += perFolder {
		folder := filepath.Join(dir, fmt.Sprintf("folder-%03d", i/perFolder))
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		if err := createFiles(folder, min(perFolder, n-i)); err != nil {
			return err
		}
	}
	return nil
}

func statFiles(dir string, times int) error {
	for i := range times {
		if _, err := os.Lstat(fileName(dir, i%stormed)); err != nil {
			return err
		}
	}
	return nil
}

func readFiles(dir string, n int) error {
	for i := range n {
		content, err := os.ReadFile(fileName(dir, i))
		if err != nil {
			return err
		}
		if len(content) != smallFile {
			return fmt.Errorf("%s: %d bytes read of %d", fileName(dir, i), len(content), smallFile)
		}
	}
	return nil
}

// createRepository makes a repository with everything committed. Its files are old: git reads those again that are as
// young as its index.
func createRepository(dir string, n int) error {
	if err := createTree(dir, n); err != nil {
		return err
	}
	old := time.Now().Add(-time.Hour)
	for i := range n {
		folder := filepath.Join(dir, fmt.Sprintf("folder-%03d", i/perFolder))
		if err := os.Chtimes(fileName(folder, i%perFolder), old, old); err != nil {
			return err
		}
	}
	return firstOf(
		git(dir, "init", "-q"),
		git(dir, "add", "-A"),
		git(dir, "-c", "user.name=benchmark", "-c", "user.email=benchmark@localhost", "commit", "-q", "-m", "all"),
	)
}

func gitFolder(dir string) string { return filepath.Join(dir, "repository") }
func gitStatus(dir string) error  { return git(gitFolder(dir), "status", "--porcelain") }
func git(dir string, args ...string) error {
	return command("git", append([]string{"-C", dir}, args...)...)
}

func thrice(do func() error) error { return firstOf(do(), do(), do()) }

// command runs a program whose output nobody reads, without anybody's settings of git.
func command(name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C")
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, lastLine(said.String()))
	}
	return nil
}

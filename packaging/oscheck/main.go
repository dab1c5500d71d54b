// Command oscheck type-checks packages as another operating system would compile them, files with cgo included, and
// needs neither that system's C compiler nor its headers. It finds what a compiler of Go would refuse; it cannot see
// whether a C function exists, because everything behind "C." is taken on trust.
//
//	go run ./packaging/oscheck -os darwin -arch arm64 ./...
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	var c check
	flag.StringVar(&c.os, "os", "darwin", "operating `system`, as GOOS names it")
	flag.StringVar(&c.arch, "arch", "arm64", "`processor`, as GOARCH names it")
	flag.StringVar(&c.tags, "tags", "", "build `tags`, separated by commas")
	flag.StringVar(&c.dir, "C", ".", "`folder` of the module")
	flag.BoolVar(&c.tests, "test", false, "check the test files too")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: oscheck [flags] packages")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	result, err := c.run(flag.Args()...)
	if err != nil {
		fmt.Fprintln(os.Stderr, "oscheck:", err)
		os.Exit(2)
	}
	for _, e := range result.errors {
		fmt.Println(e)
	}
	fmt.Printf("oscheck %s/%s: %s\n", c.os, c.arch, result)
	if len(result.errors) > 0 {
		os.Exit(1)
	}
}

package filter

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"

	"vitrine/fusefs/oplog"
)

var (
	write  = oplog.Event{Seq: 1, Op: oplog.Write, Path: "/Films/Été.MOV", PID: 4242, Proc: "cp", Handle: 7, Offset: 4096, Size: 1 << 20, Result: 1 << 20, Duration: 15e6}
	failed = oplog.Event{Seq: 2, Op: oplog.Write, Path: "/a.bin", Errno: syscall.EBADF, Flags: oplog.Refused, PID: 9, Proc: "my prog", Handle: 9, Size: 10}
	rename = oplog.Event{Seq: 3, Op: oplog.Rename, Path: "/a b", Path2: "/docs/c.bin", PID: 9, Proc: "mv", Duration: 10e6}
	closed = oplog.Event{Seq: 4, Op: oplog.Release, Path: "/a*b?", Handle: 7, Wait: 2e6, Duration: 3e6, Flags: oplog.Panicked}
	odd    = oplog.Event{Seq: 5, Op: oplog.Symlink, Path: "/caf\xe9", Path2: "../x", Flags: oplog.Exchanged, Errno: 4000}
)

// TestMatch names the sequence numbers of the events above that are seen.
func TestMatch(t *testing.T) {
	all := []*oplog.Event{&write, &failed, &rename, &closed, &odd}
	for _, c := range []struct{ text, want string }{
		{"", "12345"}, {"  ", "12345"},
		{"write", "12"}, {"op:write", "12"}, {"OP=Write", "12"}, {"read", ""}, {"write rename", "123"}, {"-write", "345"},
		{"-write -rename", "45"}, {"write -write", ""}, {"write op:release", "124"},
		{"path:*.bin", "23"}, {"path:?.bin", "23"}, {"path:/?.bin", "2"}, {"path:docs/*", "3"}, {"path:docs", "3"},
		{"path:DOCS/?.BIN", "3"}, {"path:ocs/?.bin", ""}, {"path:*", "12345"}, {"path:été.mov", "1"}, {"path:Films", "1"},
		{"path:?t?.mov", "1"}, {"path:caf?", "5"}, {"path:caf\xe9", "5"}, {"path:caf\xea", ""}, {"path:..", "5"}, {"path:../?", "5"},
		{"-path:*.bin", "145"}, {`path:"a b"`, "3"}, {`"a b"`, "3"}, {`"a*b?"`, "4"}, {`"films" "a b"`, "13"}, {`-"a b"`, "1245"},
		{`path:"a?b"`, "3"}, {`path:"a?b*"`, "234"}, {`pa"th:x"`, "error"},
		{"proc:cp", "1"}, {"proc:CP", "1"}, {"proc:c", ""}, {"proc:?p", "1"}, {`proc:"my prog"`, "2"}, {"proc:m*", "23"}, {"proc:*", "123"},
		{"-proc:*", "45"}, {"proc:cp proc:mv", "13"},
		{"pid:9", "23"}, {"pid:9 pid:4242", "123"}, {"pid:0", "45"}, {"-pid:9", "145"},
		{"handle:7", "14"}, {"handle:7 -release", "1"}, {"handle:0", "35"},
		{"err:*", "25"}, {"err:none", "134"}, {"err:0", "134"}, {"err:EBADF", "2"}, {"err:ebadf", "2"}, {"err:9", "2"}, {"err:4000", "5"},
		{"-err:*", "134"}, {"err:EIO err:EBADF", "2"},
		{"dur>10ms", "1"}, {"dur>=10ms", "13"}, {"dur>9.9ms dur<11000us", "3"}, {"dur=0.01s", "3"}, {"dur:10ms", "3"}, {"dur:>10ms", "1"},
		{"dur:10ms dur:15ms", "13"}, {"-dur>10ms", "2345"}, {"dur<1µs", "25"}, {"dur<1μs", "25"}, {"dur<0", ""}, {"dur>=0", "12345"},
		{"wait>0", "4"}, {"wait>=2ms", "4"}, {"wait>2ms", ""},
		{"size>=1M", "1"}, {"size>=1MiB", "1"}, {"size>1m", ""}, {"size=1024K", "1"}, {"size<=0.5M", "2345"}, {"size=10", "2"}, {"size=10B", "2"},
		{"off=4K", "1"}, {"off>0", "1"}, {"result>1023K", "1"}, {"result<-1", ""}, {"result>-1", "12345"},
		{"is:refused", "2"}, {"is:waited", "4"}, {"is:panicked", "4"}, {"is:exchanged", "5"}, {"is:inflight", ""}, {"is:refused is:waited", "24"},
		{"is:hazard", "3"}, {"-is:hazard", "1245"},
		{"write pid:4242 pid:9 -err:* size>4K", "1"},
		{"write\t\u00a0path:bin\n", "2"},
	} {
		f, err := Parse(c.text)
		if err != nil {
			if c.want != "error" {
				t.Errorf("%s: %v", c.text, err)
			}
			continue
		}
		f.Hazards = func(seq uint64) bool { return seq == rename.Seq }
		got := ""
		for _, e := range all {
			if f.Match(e) {
				got += string(rune('0' + e.Seq))
			}
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.text, got, c.want)
		}
		checkText(t, f)
	}
	if !(*Filter)(nil).Match(&write) || (*Filter)(nil).String() != "" || !(*Filter)(nil).IsEmpty() {
		t.Error("no filter hides something")
	}
}

// checkText sees that the filter's text parses to the same.
func checkText(t *testing.T, f *Filter) {
	t.Helper()
	again, err := Parse(f.String())
	if err != nil {
		t.Fatalf("%s: %v", f, err)
	}
	if !reflect.DeepEqual(f.terms, again.terms) {
		t.Fatalf("%s: %+v\nagain %+v", f, f.terms, again.terms)
	}
}

func TestString(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"OP:WRITE  -Read", "write -read"}, {`path:"x"`, "path:x"}, {`path:a\b`, `path:a\b`}, {`path:"a \"\\b"`, `path:"a \"\\b"`},
		{`"x"`, `"x"`}, {"err:9 err:0 err:4000", "err:EBADF err:none err:4000"}, {"dur:>0.5ms", "dur>500us"}, {"dur=1500ms", "dur:1500ms"},
		{"size>=2048KiB size<1", "size>=2M size<1"}, {"pid=7", "pid:7"}, {"dur>0", "dur>0ns"}, {"IS:Refused", "is:refused"},
	} {
		f, err := Parse(c.text)
		if err != nil {
			t.Fatalf("%s: %v", c.text, err)
		}
		if f.String() != c.want {
			t.Errorf("%s: %s, want %s", c.text, f, c.want)
		}
	}
}

// TestErrors shows where each error points, by ^ below the text's bytes.
func TestErrors(t *testing.T) {
	for _, c := range []struct{ text, where, want string }{
		{`read wriet`, `     ^^^^^`, `unknown word "wriet": did you mean write? A word is an operation, or begins with op:, path:, proc:, pid:, handle:, err:, is:, dur, wait, size, off or result; a part of a path stands in double quotes`},
		{`-wriet`, ` ^^^^^`, "did you mean write?"},
		{`op:wriet`, `   ^^^^^`, `there is no operation "wriet": did you mean write?`},
		{`xyzzy`, `^^^^^`, `unknown word "xyzzy". A word is`},
		{`4242`, `^^^^`, "did you mean pid:4242?"}, {`ebadf`, `^^^^^`, "did you mean err:EBADF?"},
		{`*.bin`, `^^^^^`, "did you mean path:*.bin?"}, {`path`, `^^^^`, "did you mean path:*.bin?"},
		{`refuse`, `^^^^^^`, "did you mean is:refused?"}, {`syze`, `^^^^`, "did you mean size>=1M?"},
		{`read pth:x`, `     ^^^`, `there is no "pth": did you mean path?`}, {`offset>3`, `^^^^^^`, "did you mean off?"},
		{`duration>3`, `^^^^^^^^`, "did you mean dur?"}, {`é:x`, `^^`, `there is no "é". What can`},
		{`:x`, `^`, `there is no ""`},
		{`path:`, `^^^^^`, "path: needs a value, as in path:*.bin"}, {`-dur>`, ` ^^^^`, "dur> needs a value, as in dur>10ms"},
		{`path:""`, `^^^^^^^`, "path: needs a value"}, {`""`, `^^`, "nothing in the quotes"},
		{`path>x`, `    ^`, "path has no order: write path:*.bin"}, {`pid>=3`, `   ^^`, "pid has no order"},
		{`read -`, `     ^`, `"-" stands before a word`},
		{`path:"a b`, `     ^^^^`, "the quote is not closed"}, {`read "a \"`, `     ^^^^^`, "the quote is not closed"}, {`read "a\`, `     ^^^`, "not closed"},
		{`err:EBAD`, `    ^^^^`, `there is no error "EBAD": did you mean EBADF? err:* is any error, err:none success`},
		{`err:-1`, `    ^^`, "there is no error"},
		{`is:refuse`, `   ^^^^^^`, `did you mean refused? What can stand there is refused, waited`},
		{`dur>10`, `    ^^`, "10 needs a unit: s, ms, us, ns"}, {`dur>1.5`, `    ^^^`, "needs a unit"}, {`dur>=5d`, `     ^^`, "5d needs a unit"},
		{`dur>fast`, `    ^^^^`, `"fast" is no number: write dur>10ms`}, {`dur>-ms`, `    ^^^`, "no number"},
		{`size>1.5`, `     ^^^`, "no number"}, {`size>8388608T`, `     ^^^^^^^^`, "8388608T is too large a number"},
		{`size>99999999999999999999`, `     ^^^^^^^^^^^^^^^^^^^^`, "too large"}, {`dur>1e9s`, `    ^^^^`, "needs a unit"},
		{`dur<99999999999.5s`, `    ^^^^^^^^^^^^^^`, "too large"},
		{`pid:-3`, `    ^^`, `"-3" is no number: write pid:4242`}, {`handle:7K`, `       ^^`, "7K has a unit, and is a plain number here"},
		{`pid:cp`, `    ^^`, `"cp" is no number`},
	} {
		_, err := Parse(c.text)
		var wrong *SyntaxError
		if !errors.As(err, &wrong) {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		where := strings.Repeat(" ", wrong.Offset) + strings.Repeat("^", wrong.Length)
		if where != c.where || !strings.Contains(wrong.Message, c.want) {
			t.Errorf("\n%s\n%s %s\nwant\n%s %s", c.text, where, wrong.Message, c.where, c.want)
		}
	}
}

func TestMatchAllocatesNothing(t *testing.T) {
	f, err := Parse(`write -path:*tmp*/?x path:*É* "a b" -proc:cp* err:* err:none dur>1us size>=1 is:hazard is:waited`)
	if err != nil {
		t.Fatal(err)
	}
	f.Hazards = func(uint64) bool { return false }
	if n := testing.AllocsPerRun(100, func() { f.Match(&write); f.Match(&odd) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestComplete(t *testing.T) {
	known := Known{Procs: []string{"cp", "my prog"}, Paths: []string{"/films/a b.mov", "/Docs/x"}, PIDs: []int32{4242, 17}, Handles: []uint64{42, 43}}
	for _, c := range []struct{ text, want string }{ // "|" is the cursor
		{"wri|", "write"}, {"WR|", "write"}, {"-wri|", "-write"}, {"read ren|ame path:x", "read rename path:x"}, {"wa|", "wait>"},
		{"re|", "result>, readlink, rename, read, release, readdir, releasedir, removexattr"},
		{"pa|", "path:"}, {"proc:|", "proc:cp, proc:\"my prog\""}, {"proc:PR|x write", `proc:"my prog" write`},
		{"-path:film|", `-path:"/films/a b.mov"`}, {"path:doc|", "path:/Docs/x"}, {`path:"a b|`, `path:"/films/a b.mov"`}, {`"a b|`, `"/films/a b.mov"`},
		{"pid:4|", "pid:4242"}, {"handle:|", "handle:42, handle:43"}, {"err:EBA|", "err:EBADE, err:EBADF, err:EBADFD, err:EBADMSG, err:EBADR, err:EBADRQC, err:EBADSLT"},
		{"err:n|", "err:none"}, {"is:r|", "is:refused"}, {"dur>=1|", "dur>=100us, dur>=1ms, dur>=10ms, dur>=100ms, dur>=1s"}, {"size<4|", "size<4K"},
		{"op:ch|", "op:chmod, op:chown"}, {"nonsense:x|", ""}, {`x"y|`, ""}, {"zz|", ""}, {"read | write", "all"}, {"|", "all"}, {"path:\"x wri|", ""},
	} {
		cursor := strings.Index(c.text, "|")
		text := strings.Replace(c.text, "|", "", 1)
		var got []string
		for _, o := range Complete(text, cursor, known) {
			got = append(got, text[:o.Offset]+o.Text+text[o.Offset+o.Length:])
			if strings.HasSuffix(o.Text, ":") && o.Help == "" {
				t.Errorf("%s: no help", o.Text)
			}
		}
		slices.Sort(got)
		want := strings.Split(c.want, ", ")
		slices.Sort(want)
		if c.want == "all" {
			if len(got) != len(keys)+len(opNames()) {
				t.Errorf("%s: %d", c.text, len(got))
			}
		} else if strings.Join(got, ", ") != strings.Join(want, ", ") {
			t.Errorf("%s: %q, want %q", c.text, got, want)
		}
	}
}

// TestCompletionsParse takes every completion that is a whole word.
func TestCompletionsParse(t *testing.T) {
	known := Known{Procs: []string{`a"b\`, " "}, Paths: []string{"/x\ty\xff"}, PIDs: []int32{1}, Handles: []uint64{1}}
	var words []string
	for i := range keys {
		for _, c := range Complete(keys[i].name+":", len(keys[i].name)+1, known) {
			words = append(words, c.Text)
		}
	}
	f, err := Parse(strings.Join(words, " "))
	if err != nil || len(f.terms) != len(words) || len(words) < 100 {
		t.Fatalf("%d words: %v", len(words), err)
	}
	checkText(t, f)
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"", "write read -op:OPEN", `path:"a \"\\ b" -"x*"`, "dur:>=1.5ms size<3K off>=-1 result=0", "err:* err:none err:9 -err:EBADF",
		"is:refused pid=1 handle:7 proc:*x?", `-- "" : > path:= "`, "dur>9223372036854775807ns size:8191P", "\xff\u00a0é:\"\xfe", `path:-"x"y" z"`,
	} {
		f.Add(text, 3)
	}
	f.Fuzz(func(t *testing.T, text string, cursor int) {
		for _, c := range Complete(text, cursor, Known{Procs: []string{"a b"}, Paths: []string{"/" + text}}) {
			if c.Offset < 0 || c.Length < 0 || c.Offset+c.Length > len(text) {
				t.Fatalf("%+v", c)
			}
		}
		filter, err := Parse(text)
		if err == nil {
			filter.Match(&odd)
			checkText(t, filter)
			return
		}
		var wrong *SyntaxError
		if !errors.As(err, &wrong) || wrong.Offset < 0 || wrong.Length < 0 || wrong.Offset+wrong.Length > len(text) || wrong.Message == "" {
			t.Fatalf("%#v", err)
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	f, err := Parse("write path:*.mov size>=64K -err:*")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		f.Match(&write)
	}
}

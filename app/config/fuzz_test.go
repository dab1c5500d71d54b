package config

import (
	"os"
	"path/filepath"
	"testing"
)

func FuzzLoad(f *testing.F) {
	for _, text := range []string{
		"", header, "version = 2", "version = [[{}]]", "backing = \"/a\\u0000\"", "backing='''\n/x'''# c\nkeep_events=0x10000",
		"\ufeffmount_point = \"\"\"\\\n /m\"\"\"\r\n", "[x]\ny=1", "a.b.\"c d\" = {e=[1,2]}", "read_only = tru", "\xff", "log_file=\"/l\"\n\n\n#", "\"backing\"=\"/=\"",
	} {
		f.Add([]byte(text))
	}
	path := filepath.Join(f.TempDir(), "config.toml")
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := Load(path)
		if err != nil {
			if err.Error() == "" {
				t.Fatal("an error without words")
			}
			return
		}
		if wrong := c.Check(); wrong != nil {
			t.Fatalf("loaded what Check refuses: %v", wrong)
		}
		c.ReadOnly = !c.ReadOnly
		c.Backing += "\\\"\n"
		if c.Check() != nil {
			return
		}
		if err := Save(path, c); err != nil {
			t.Fatal(err)
		}
		if again, err := Load(path); err != nil || again != c {
			t.Fatalf("saved %+v, loaded %+v, %v", c, again, err)
		}
	})
}

package cli

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"

	"github.com/probehost/probehost/host/internal/config"
)

// rangeOf finds text in a source.
func rangeOf(t *testing.T, src, text string) *hcl.Range {
	t.Helper()
	pos := func(i int) hcl.Pos {
		before := src[:i]
		return hcl.Pos{Line: 1 + strings.Count(before, "\n"), Column: i - strings.LastIndexByte(before, '\n'), Byte: i}
	}
	i := strings.Index(src, text)
	if i < 0 {
		t.Fatalf("%q is not in %q", text, src)
	}
	return &hcl.Range{Filename: "x.hcl", Start: pos(i), End: pos(i + len(text))}
}

func TestReport(t *testing.T) {
	long := "a = \"" + strings.Repeat("x", 5000) + "\"\n"
	block := "probe \"p\" {\n" + strings.Repeat("  b {}\n", 50) + "}\n"
	for name, test := range map[string]struct {
		src, at string
		want    string
	}{
		"one line": {"a = 1\nprobe \"p\" {\n  b = 2\n  c = 3\n}\n", "2", `Error: Wrong

  on x.hcl line 3, in probe "p":
   3:   b = 2

Because.

`},
		"several lines": {"a = [\n  1,\n  2,\n]\nb = 3\n", "[\n  1,\n  2,\n]", `Error: Wrong

  on x.hcl line 1:
   1: a = [
   2:   1,
   3:   2,
   4: ]

Because.

`},
		"the end of the file":           {"a = 1", "1", "Error: Wrong\n\n  on x.hcl line 1:\n   1: a = 1\n\nBecause.\n\n"},
		"more lines than anybody wants": {block, block, "Error: Wrong\n\n  on x.hcl line 1, in probe \"p\":\n   1: probe \"p\" {\n\nBecause.\n\n"},
		"a line that is too long":       {long, "xxx", "Error: Wrong\n\n  on x.hcl line 1:\n  (source code not available)\n\nBecause.\n\n"},
		"control characters":            {"a = \"\x1b[31m\u009b\"\n", "a", "Error: Wrong\n\n  on x.hcl line 1:\n   1: a = \"?[31m??\"\n\nBecause.\n\n"},
		"wide characters":               {"# äöü €\na = \"日本\"\n", "日本", "Error: Wrong\n\n  on x.hcl line 2:\n   2: a = \"日本\"\n\nBecause.\n\n"},
	} {
		t.Run(name, func(t *testing.T) {
			f, diags := config.Parse([]byte(test.src), "x.hcl")
			if f == nil || diags.HasErrors() && name != "control characters" {
				t.Fatal(diags)
			}
			var b bytes.Buffer
			err := report(&b, map[string]*hcl.File{"x.hcl": f}, hcl.Diagnostics{
				{Severity: hcl.DiagError, Summary: "Wrong", Detail: "Because.", Subject: rangeOf(t, test.src, test.at)},
			})
			if !errors.Is(err, errReported) {
				t.Errorf("returned %v", err)
			}
			if b.String() != test.want {
				t.Errorf("printed\n%s\nwant\n%s", b.String(), test.want)
			}
		})
	}
}

// Ranges that do not fit the file, or no file at all, are no reason to fail.
func TestReportWithoutSource(t *testing.T) {
	far := hcl.Range{Filename: "x.hcl", Start: hcl.Pos{Line: 9, Column: 1, Byte: 900}, End: hcl.Pos{Line: 9, Column: 2, Byte: 901}}
	for name, files := range map[string]map[string]*hcl.File{
		"no file":    nil,
		"short file": {"x.hcl": {Bytes: []byte("a = 1\n")}},
		"empty file": {"x.hcl": {}},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			err := report(&b, files, hcl.Diagnostics{
				{Severity: hcl.DiagWarning, Summary: "Odd\x07", Detail: "Because."}, {Severity: hcl.DiagWarning, Summary: "Far", Detail: "Away.", Subject: &far},
			})
			if err != nil {
				t.Errorf("returned %v for warnings", err)
			}
			const want = "Warning: Odd?\n\nBecause.\n\nWarning: Far\n\n  on x.hcl line 9:\n  (source code not available)\n\nAway.\n\n"
			if b.String() != want {
				t.Errorf("printed\n%s\nwant\n%s", b.String(), want)
			}
		})
	}
}

func TestVisible(t *testing.T) {
	if got := visible([]byte("\ta \x1b[31m \x9b \u009b \xff é\n")); string(got) != "\ta ?[31m ? ?? ? é\n" {
		t.Errorf("got %q", got)
	}
}

func TestPrintable(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"plain":    {"a\nb\tc", "a\nb\tc"},
		"steering": {"a\x1b[2Jb\rc\u0085d\x00", "a?[2Jb?c?d?"},
		"endless":  {strings.Repeat("ä", 1<<20), strings.Repeat("ä", 8<<10) + " [...]"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := printable(test.text); got != test.want {
				t.Errorf("got %.100q, want %.100q", got, test.want)
			}
		})
	}
}

package plug

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func TestReadLines(t *testing.T) {
	long := strings.Repeat("x", maxLine)
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{"lines", "a\nb\r\n\nc", []string{"a", "b", "c"}},
		{"nothing", "", nil},
		{"fits", long[1:] + "\nb\n", []string{long[1:], "b"}},
		{"too long", long + "yz\nb\n", []string{long + "... (2 bytes more)", "b"}},
		{"far too long", long + long + long + "y\nb", []string{long + "... (32769 bytes more)", "b"}},
		{"too long without end", long + "y", []string{long + "... (1 bytes more)"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			readLines(iotest.OneByteReader(strings.NewReader(test.text)), func(text []byte) { got = append(got, string(text)) })
			if !slices.Equal(got, test.want) {
				t.Errorf("got %.100q, want %.100q", got, test.want)
			}
		})
	}
}

func TestLineWriter(t *testing.T) {
	var got []string
	w := &lineWriter{line: func(text []byte) { got = append(got, string(text)) }}
	for _, p := range []string{"a", "b\nc", "\n\n", "d"} {
		if n, err := w.Write([]byte(p)); n != len(p) || err != nil {
			t.Errorf("Write(%q) = %d, %v", p, n, err)
		}
	}
	if want := []string{"ab", "c"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for range 2 * maxLine {
		_, _ = w.Write([]byte("x")) // as above, cannot fail
	}
	if len(got) != 4 || len(w.buf) > maxLine {
		t.Errorf("%d lines and %d bytes kept of a line without end", len(got), len(w.buf))
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"plain\ttext äß": "plain\ttext äß",
		"\x1b[2J":        `\u001b[2J`,
		"a\nb":           `a\nb`,
		"\xff\x80":       `\xff\x80`,
		"\u202e":         `\u202e`,
	} {
		if got := printable([]byte(in)); got != want {
			t.Errorf("printable(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestParseEntry(t *testing.T) {
	for _, test := range []struct {
		name, line string
		want       string // level, message and arguments; empty: not an entry
	}{
		{"usual", `{"@level":"debug","@message":"hi","@timestamp":"x","@module":"m","n":1,"s":"t","b":true}`, "debug hi [n 1 s t b true]"},
		{"message not text", `{"@message":1}`, "info 1 []"},
		{"message an object", `{"@message":{"a":[]}}`, `info {"a":[]} []`},
		{"level unknown", `{"@message":"m","@level":"loud"}`, "info m []"},
		{"level not text", `{"@message":"m","@level":[]}`, "info m []"},
		{"level off", `{"@message":"m","@level":"off"}`, "info m []"},
		{"nested", `{"@message":"m","g":{"a":1}}`, `info m [g {"a":1}]`},
		{"null", `{"@message":"m","g":null}`, `info m [g <nil>]`},
		{"unsafe", `{"@message":"\u001b","\u001b":"\n"}`, `info \u001b [\u001b \n]`},
		{"foreign JSON", `{"level":"info"}`, ""},
		{"no object", `[1]`, ""},
		{"text", `hello`, ""},
		{"cut", `{"@message":"m"`, ""},
		{"more", `{"@message":"m"} {}`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := ""
			if e, ok := parseEntry([]byte(test.line)); ok {
				got = fmt.Sprint(e.level, " ", e.message, " ", e.args)
			}
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// Nothing that a plugin writes may stop the host.
func FuzzOutput(f *testing.F) {
	for _, line := range []string{`{"@message":1}`, `{"@message":"m","@level":2,"x":{}}`, "panic: x", "\xff\n\n", `{"a":`} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		log := &testLog{}
		o := newOutput(logger(log))
		o.stderr(line)
		o.stdout(line)
		h := newHandshake("/run")
		if h.check(string(line)) == "" && !strings.HasPrefix(string(line), "1|1|unix|/run/") {
			t.Errorf("%q passes for a handshake", line)
		}
		for _, r := range log.String() {
			if r < ' ' && r != '\n' && r != '\t' {
				t.Errorf("%q puts %q into the log", line, r)
			}
		}
	})
}

func TestWords(t *testing.T) {
	var w words
	for i := range 20 {
		w.add(fmt.Appendf(nil, "line %d", i))
	}
	if got := w.String(); !strings.HasPrefix(got, "\n    line 12\n") || !strings.HasSuffix(got, "line 19") {
		t.Errorf("kept %q", got)
	}
	w.add([]byte("panic: x"))
	for i := range 100 {
		w.add(fmt.Appendf(nil, "frame %d", i))
	}
	if got := w.String(); !strings.HasPrefix(got, "\n    panic: x\n    frame 0\n") || !strings.HasSuffix(got, "frame 22") {
		t.Errorf("kept %q", got)
	}
}

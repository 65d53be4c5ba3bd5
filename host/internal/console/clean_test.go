package console

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
)

func TestClean(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"plain":               {"tcp 1\nudp 2\n", "tcp 1\nudp 2\n"},
		"other scripts":       {"grüße 日本語 🐝", "grüße 日本語 🐝"},
		"escape sequence":     {"a\x1b[2Jb", "a[2Jb"},
		"title":               {"\x1b]0;evil\x07", "]0;evil"},
		"C1":                  {"a\u009b2Jb", "a2Jb"},
		"carriage return":     {"good\revil", "goodevil"},
		"backspace, delete":   {"a\b\x7fb", "ab"},
		"tab":                 {"a\tb", "a b"},
		"turned around":       {"a\u202eb\u2066c", "abc"},
		"no UTF-8":            {"a\xff\x9bb", "a??b"},
		"replacement is kept": {"a\ufffdb", "a\ufffdb"},
		"nothing left":        {"\x07", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := string(clean([]byte(tt.text))); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// Whatever a record says, only the colors of its level reach the terminal, and it remains one record.
func TestLogRecords(t *testing.T) {
	const evil = "\x1b[2J\x1b[31mred\u009b\x07 \x1b[0m\n12:00:00.000 \x1b[34m[INFO] \x1b[0m probehost: forged"
	for name, log := range map[string]func(hclog.Logger){
		"message": func(l hclog.Logger) { l.Warn(evil) },
		"name":    func(l hclog.Logger) { l.Named(evil).Warn("x") },
		"value":   func(l hclog.Logger) { l.Warn("x", "error", errors.New(evil)) },
		"key":     func(l hclog.Logger) { l.Warn("x", evil, 1) },
		"list":    func(l hclog.Logger) { l.Warn("x", "list", []string{evil}) },
	} {
		for _, color := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				var out bytes.Buffer
				c := newConsole(&out, nil, func(err error) { t.Error(err) })
				o := &hclog.LoggerOptions{Name: "probehost", Output: c.Log(), TimeFormat: "15:04:05.000"}
				if color {
					o.Color, o.ColorHeaderOnly = hclog.ForceColor, true
				}
				log(hclog.New(o))
				closed(t, c)
				got := out.String()
				rest := got[len("12:00:00.000 "):]
				for _, part := range []string{"\x1b[93m", "[WARN]  ", "\x1b[0m"} {
					after, found := strings.CutPrefix(rest, part)
					if found != (color || part[0] == '[') {
						t.Fatalf("%q is not as it should be in %q", part, got)
					}
					rest = after
				}
				if strings.ContainsAny(rest, "\x1b\x07\u009b") {
					t.Errorf("steers the terminal: %q", got)
				}
				for i, line := range strings.Split(strings.TrimSuffix(got, "\n"), "\n") {
					if i > 0 && !strings.HasPrefix(line, " ") {
						t.Errorf("passes for another record: %q", line)
					}
				}
			})
		}
	}
}

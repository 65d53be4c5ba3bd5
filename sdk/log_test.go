package sdk

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"math"
	"strings"
	"testing"
	"testing/slogtest"
	"time"
)

// TestLogHandler runs the tests of the standard library for handlers, with our keys changed back.
func TestLogHandler(t *testing.T) {
	var out bytes.Buffer
	slogtest.Run(t, func(*testing.T) slog.Handler {
		out.Reset()
		return newLogHandler(&out, slog.LevelDebug, "m")
	}, func(t *testing.T) map[string]any {
		line := decodeLine(t, out.String())
		for ours, theirs := range map[string]string{"@timestamp": slog.TimeKey, "@level": slog.LevelKey, "@message": slog.MessageKey} {
			if v, ok := line[ours]; ok {
				line[theirs] = v
			}
		}
		return line
	})
}

func decodeLine(t *testing.T, text string) map[string]any {
	t.Helper()
	if strings.Count(text, "\n") != 1 {
		t.Fatalf("not one line: %q", text)
	}
	var line map[string]any
	if err := json.Unmarshal([]byte(text), &line); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return line
}

func TestLogLine(t *testing.T) {
	when := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	for _, test := range []struct {
		name string
		log  func(h slog.Handler, r slog.Record) error
		want string // what follows the reserved keys
	}{
		{"plain", func(h slog.Handler, r slog.Record) error {
			r.Add("n", 1, "s", "a\nb")
			return h.Handle(t.Context(), r)
		}, `,"n":1,"s":"a\nb"`},
		{"reserved", func(h slog.Handler, r slog.Record) error {
			r.Add("@message", 1, "@level", "x", slog.Group("@g", "@in", 1))
			return h.Handle(t.Context(), r)
		}, `,"_message":1,"_level":"x","_g":{"@in":1}`},
		{"names of slog", func(h slog.Handler, r slog.Record) error {
			r.Add("time", 1, "level", 2, "msg", 3)
			return h.Handle(t.Context(), r)
		}, `,"time":1,"level":2,"msg":3`},
		{"with", func(h slog.Handler, r slog.Record) error {
			h = h.WithAttrs([]slog.Attr{slog.Int("@x", 1), slog.Int("msg", 2)}).WithGroup("@g").WithAttrs([]slog.Attr{slog.Int("@y", 3)})
			r.Add("@z", 4)
			return h.Handle(t.Context(), r)
		}, `,"_x":1,"msg":2,"_g":{"@y":3,"@z":4}`},
		{"group without name", func(h slog.Handler, r slog.Record) error {
			r.AddAttrs(slog.Group("", slog.Int("@level", 1), slog.Group("", slog.Int("time", 2))))
			return h.Handle(t.Context(), r)
		}, `,"_level":1,"time":2`},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			if err := test.log(newLogHandler(&out, slog.LevelDebug, "m"), slog.NewRecord(when, slog.LevelWarn, "hi", 0)); err != nil {
				t.Fatal(err)
			}
			want := `{"@timestamp":"2026-01-02T03:04:05.000006Z","@level":"warn","@message":"hi","@module":"m"` + test.want + "}\n"
			if out.String() != want {
				t.Errorf("got  %swant %s", out.String(), want)
			}
		})
	}
}

func TestLogLevels(t *testing.T) {
	for _, test := range []struct {
		name  string
		level slog.Level
		line  string // level of a line at that level
	}{
		{"trace", slog.LevelDebug - 4, "trace"}, {"debug", slog.LevelDebug, "debug"}, {"INFO", slog.LevelInfo, "info"},
		{"warn", slog.LevelWarn, "warn"}, {"error", slog.LevelError, "error"}, {"off", math.MaxInt, "error"}, {"", slog.LevelInfo, "info"},
	} {
		if got := parseLevel(test.name); got != test.level {
			t.Errorf("level %q is %v, want %v", test.name, got, test.level)
		}
		if got := levelName(test.level); got != test.line {
			t.Errorf("level %v is %q, want %q", test.level, got, test.line)
		}
	}
}

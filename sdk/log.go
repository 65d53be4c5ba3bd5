package sdk

import (
	"context"
	"io"
	"log/slog"
	"math"
	"strings"
)

// levelTrace is below slog.LevelDebug, as hclog's trace is below its debug.
const levelTrace = slog.LevelDebug - 4

// logHandler writes records as the lines of JSON that the host reads from stderr: hclog's form, with the keys @level, @message and
// @timestamp. It lets slog's JSON handler do the work, which calls replace for its own keys and for the user's alike. To tell them
// apart, the user's keys at the top level are marked before and unmarked there.
type logHandler struct {
	json   slog.Handler
	groups int // open groups: inside one, keys need no mark
}

// mark stands before the user's keys at the top level. It is not a character that text holds.
const mark = "\xff"

// newLogHandler returns a handler that writes to w, one Write per line. Lines bear the name of the module.
func newLogHandler(w io.Writer, level slog.Leveler, module string) slog.Handler {
	h := slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: replace})
	return &logHandler{json: h.WithAttrs([]slog.Attr{slog.String("@module", module)})}
}

func replace(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	if key, ok := strings.CutPrefix(a.Key, mark); ok {
		a.Key = unreserved(key)
		return a
	}
	switch a.Key {
	case slog.TimeKey:
		return slog.String("@timestamp", a.Value.Time().Format("2006-01-02T15:04:05.000000Z07:00"))
	case slog.LevelKey:
		if level, ok := a.Value.Any().(slog.Level); ok {
			return slog.String("@level", levelName(level))
		}
	case slog.MessageKey:
		a.Key = "@message"
	}
	return a
}

// unreserved returns the key as it may stand at the top level: those that begin with @ mean something to the host.
func unreserved(key string) string {
	if name, ok := strings.CutPrefix(key, "@"); ok {
		return "_" + name
	}
	return key
}

func levelName(l slog.Level) string {
	switch {
	case l < slog.LevelDebug:
		return "trace"
	case l < slog.LevelInfo:
		return "debug"
	case l < slog.LevelWarn:
		return "info"
	case l < slog.LevelError:
		return "warn"
	}
	return "error"
}

// parseLevel returns the slog level for one of the host's. An unknown one counts as info.
func parseLevel(name string) slog.Level {
	switch strings.ToLower(name) {
	case "trace":
		return levelTrace
	case "debug":
		return slog.LevelDebug
	case "warn":
		return slog.LevelWarn
	case "error":
		return slog.LevelError
	case "off":
		return math.MaxInt
	}
	return slog.LevelInfo
}

func (h *logHandler) Enabled(ctx context.Context, l slog.Level) bool { return h.json.Enabled(ctx, l) }

func (h *logHandler) Handle(ctx context.Context, r slog.Record) error {
	if h.groups > 0 {
		return h.json.Handle(ctx, r)
	}
	marked := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	r.Attrs(func(a slog.Attr) bool {
		marked.AddAttrs(markKey(a))
		return true
	})
	return h.json.Handle(ctx, marked)
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if h.groups == 0 {
		marked := make([]slog.Attr, len(attrs))
		for i, a := range attrs {
			marked[i] = markKey(a)
		}
		attrs = marked
	}
	return &logHandler{json: h.json.WithAttrs(attrs), groups: h.groups}
}

func (h *logHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	if h.groups == 0 {
		name = unreserved(name)
	}
	return &logHandler{json: h.json.WithGroup(name), groups: h.groups + 1}
}

// markKey marks the keys of a that end up at the top level: its own, or those of a group without name.
func markKey(a slog.Attr) slog.Attr {
	a.Value = a.Value.Resolve()
	switch {
	case a.Equal(slog.Attr{}):
		return a
	case a.Value.Kind() != slog.KindGroup:
		a.Key = mark + a.Key
		return a
	case a.Key != "": // replace is not called for groups
		a.Key = unreserved(a.Key)
		return a
	}
	group := a.Value.Group()
	marked := make([]slog.Attr, len(group))
	for i, m := range group {
		marked[i] = markKey(m)
	}
	return slog.Attr{Value: slog.GroupValue(marked...)}
}

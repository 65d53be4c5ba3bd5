package main

import (
	"context"
	"io"
	"log/slog"
	"slices"

	"github.com/probehost/probehost/plugins/internal/linefile"
	"github.com/probehost/probehost/sdk"
)

// sink is a place that alerts go to. Calls of send do not overlap, and what waits for the outside world does not wait in them.
type sink interface {
	send(a *alert)
	// close sees to what is still under way, until ctx ends.
	close(ctx context.Context) error
}

func openSinks(h *sdk.Host, cfg *config) ([]sink, error) {
	var all []sink
	if cfg.Log != nil {
		all = append(all, logSink{h.Log()})
	}
	for i, f := range cfg.Files {
		file, err := linefile.Open(linefile.Options{Path: f.Path, Log: h.Log(), Notice: linefile.JSONNotice})
		if err != nil {
			for _, s := range all {
				if f, ok := s.(fileSink); ok {
					_ = f.close(context.Background()) // nothing has been written
				}
			}
			return nil, sdk.Errorf(sdk.Path{"file", i, "path"}, "%w", err)
		}
		all = append(all, fileSink{file})
	}
	for i := range cfg.Webhooks {
		w := newWebhook(&cfg.Webhooks[i])
		all = append(all, newQueue(w.name, cfg.Webhooks[i].Queue, 1, w.deliver, h.Log()))
	}
	for i := range cfg.Execs {
		e := &cfg.Execs[i]
		c := command{args: e.Command, timeout: e.Timeout}
		all = append(all, newQueue("exec "+e.Command[0], e.Queue, e.Parallel, c.deliver, h.Log()))
	}
	if cfg.Stdout != nil || len(all) == 0 {
		all = append(all, stdoutSink{h})
	}
	return all, nil
}

type stdoutSink struct{ host *sdk.Host }

func (s stdoutSink) send(a *alert) {
	// An error means that the host takes no more output. The SDK logs that and what it cost.
	_, _, terminal := s.host.Terminal()
	_, _ = io.WriteString(s.host.Stdout(), a.line(terminal))
}

func (stdoutSink) close(context.Context) error { return nil }

type logSink struct{ log *slog.Logger }

var levels = map[string]slog.Level{"info": slog.LevelInfo, "warning": slog.LevelWarn, "critical": slog.LevelError}

func (s logSink) send(a *alert) {
	attrs := []slog.Attr{
		slog.String("rule", a.rule), slog.String("severity", a.severity), slog.String("stream", a.stream), slog.Time("event_time", a.at),
	}
	if a.count > 0 {
		attrs = append(attrs, slog.Uint64("count", a.count))
	}
	if a.suppressed > 0 {
		attrs = append(attrs, slog.Uint64("suppressed", a.suppressed))
	}
	s.log.LogAttrs(context.Background(), levels[a.severity], printable(a.message), attrs...)
}

func (logSink) close(context.Context) error { return nil }

type fileSink struct{ file *linefile.File }

func (s fileSink) send(a *alert) { s.file.Append(append(slices.Clip(a.json), '\n')) }

func (s fileSink) close(context.Context) error { return s.file.Close() }

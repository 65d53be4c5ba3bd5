package main

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/probehost/probehost/sdk"
	"github.com/probehost/probehost/sdk/sdktest"
)

// The path of an event that leads to no alert: looked at, counted, held back.
func TestQuietEventsAllocateNothing(t *testing.T) {
	for name, block := range map[string]object{
		"no match":  {"when": sdktest.Compare("comm", "==", "none")},
		"throttle":  {"throttle": time.Hour, "key": []any{"uid"}},
		"threshold": {"threshold": object{"count": 1_000_000_000, "window": time.Minute}, "key": []any{"uid", "comm"}},
	} {
		t.Run(name, func(t *testing.T) {
			typ := sdk.NewType(alertType.Info(), func(_ context.Context, h *sdk.Host, cfg config) (sdk.Handler, error) {
				a, err := open(t.Context(), h, cfg)
				return sdk.HandlerFunc(func(ctx context.Context, b *sdk.Batch) error {
					handle := func() {
						if err := a.HandleBatch(ctx, b); err != nil {
							t.Error(err)
						}
					}
					handle() // the keys
					if n := testing.AllocsPerRun(50, handle); n > 0 {
						t.Errorf("%v allocations for %d events", n, b.Len())
					}
					return nil
				}), err
			})
			s := starts()
			run := sdktest.Open(t, typ, sdktest.Options{Config: rules(ruleBlock("r", block))}, s)
			var records []any
			for i := range 200 {
				records = append(records, object{"time": time.Now(), "uid": i % 10, "comm": "sh"})
			}
			run.Send(s, records...)
			run.Close()
		})
	}
}

func TestQueueTellsOfAnOutageOnce(t *testing.T) {
	var log counting
	fail := make(chan error)
	q := newQueue("q", 10, 1, func(context.Context, *alert) error { return <-fail }, slog.New(&log))
	for _, err := range []error{context.Canceled, context.Canceled, nil, nil, context.Canceled, nil} {
		q.send(&alert{})
		fail <- err
	}
	// Closing waits for the last of them to be noted, and logs one error more: what was lost in all.
	if err := q.close(t.Context()); err != nil || q.failed != 3 || q.dropped != 0 {
		t.Errorf("close: %v, %d failed, %d dropped; want 3 and 0", err, q.failed, q.dropped)
	}
	if log.errors != 2+1 || log.warnings != 2 {
		t.Errorf("%d errors and %d warnings logged, want 3 and 2", log.errors, log.warnings)
	}
}

// counting is a log of which only the number of lines matters.
type counting struct{ errors, warnings int }

func (*counting) Enabled(context.Context, slog.Level) bool { return true }
func (c *counting) WithAttrs([]slog.Attr) slog.Handler     { return c }
func (c *counting) WithGroup(string) slog.Handler          { return c }
func (c *counting) Handle(_ context.Context, r slog.Record) error {
	switch r.Level {
	case slog.LevelError:
		c.errors++
	case slog.LevelWarn:
		c.warnings++
	}
	return nil
}

package main

import (
	"context"
	"testing"
	"time"

	"github.com/probehost/probehost/sdk"
	"github.com/probehost/probehost/sdk/sdktest"
)

// captured gives a batch of a real session to f.
func captured(tb testing.TB, f func(*sdk.Batch)) {
	tb.Helper()
	typ := sdk.NewType(sdk.Info{Name: "capture"}, func(context.Context, *sdk.Host, struct{}) (sdk.Handler, error) {
		return sdk.HandlerFunc(func(_ context.Context, b *sdk.Batch) error {
			f(b)
			return nil
		}), nil
	})
	s := starts()
	run := sdktest.Open(tb, typ, sdktest.Options{}, s)
	var records []any
	for i := range 100 {
		records = append(records, object{"time": time.Now(), "pid": i, "comm": "bash", "args": `bash -c "echo some words"`})
	}
	run.Send(s, records...)
	run.Close()
}

func encoders(s *sdk.Stream) map[string]encoder {
	return map[string]encoder{"json": newJSONEncoder(s, nil), "text": newTextEncoder(s, nil, 20, func() int { return 60 })}
}

func TestLinesAllocateNothing(t *testing.T) {
	captured(t, func(b *sdk.Batch) {
		for name, enc := range encoders(b.Stream()) {
			buf := make([]byte, 0, 1<<20)
			write := func() {
				dst := buf
				for e := range b.Events() {
					dst = enc.event(dst, e, time.Time{})
				}
			}
			if n := testing.AllocsPerRun(100, write); n > 0 {
				t.Errorf("%s: %v allocations for %d lines", name, n, b.Len())
			}
		}
	})
}

func BenchmarkLine(b *testing.B) {
	for _, name := range []string{"json", "text"} {
		b.Run(name, func(b *testing.B) {
			captured(b, func(batch *sdk.Batch) {
				enc := encoders(batch.Stream())[name]
				buf := make([]byte, 0, 1<<20)
				b.ReportAllocs()
				for b.Loop() {
					dst := buf
					for e := range batch.Events() {
						dst = enc.event(dst, e, time.Time{})
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*batch.Len()), "ns/event")
			})
		})
	}
}

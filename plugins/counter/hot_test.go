package main

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/probehost/probehost/sdk"
	"github.com/probehost/probehost/sdk/sdktest"
)

// captured gives the batches of a real session to f.
func captured(tb testing.TB, s *sdktest.Stream, records []any, f func(*sdk.Batch)) {
	tb.Helper()
	typ := sdk.NewType(sdk.Info{Name: "capture"}, func(context.Context, *sdk.Host, struct{}) (sdk.Handler, error) {
		return sdk.HandlerFunc(func(_ context.Context, b *sdk.Batch) error {
			f(b)
			return nil
		}), nil
	})
	run := sdktest.Open(tb, typ, sdktest.Options{}, s)
	run.Send(s, records...)
	run.Close()
}

func manyPackets() []any {
	var records []any
	for i := range 1000 {
		records = append(records, object{"protocol": i % 100, "size": i, "dport": i % 7})
	}
	return records
}

func countingSection(b *sdk.Batch) *section {
	s := b.Stream()
	protocol, _ := s.Schema.Lookup("protocol")
	dport, _ := s.Schema.Lookup("dport")
	return newSection(s, []*sdk.Field{protocol, dport}, columns(s, []sdk.FieldName{"size"}), 65536, slog.New(slog.DiscardHandler), time.Now())
}

func TestCountingAllocatesNothing(t *testing.T) {
	captured(t, packets(), manyPackets(), func(b *sdk.Batch) {
		sec := countingSection(b)
		sec.handle(b) // the keys
		if n := testing.AllocsPerRun(100, func() { sec.handle(b) }); n > 0 {
			t.Errorf("%v allocations for a batch of %d events", n, b.Len())
		}
	})
}

func BenchmarkCount(b *testing.B) {
	captured(b, packets(), manyPackets(), func(batch *sdk.Batch) {
		sec := countingSection(batch)
		b.ReportAllocs()
		for b.Loop() {
			sec.handle(batch)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*batch.Len()), "ns/event")
	})
}

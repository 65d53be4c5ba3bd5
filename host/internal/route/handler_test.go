package route

import (
	"slices"
	"testing"
	"time"

	"github.com/probehost/probehost/host/internal/batch"
	"github.com/probehost/probehost/sdk/expr"
	"github.com/probehost/probehost/sdk/wire"
)

func TestDelivery(t *testing.T) {
	var got []uint64
	var gaps []*wire.Gap
	p := newPlugin(func(b *wire.Batch) error {
		for i := range b.Count {
			got = append(got, numbers.Fields[0].Uint(b.Records[i*b.Stride:(i+1)*b.Stride]))
		}
		if b.Gap != nil {
			gaps = append(gaps, b.Gap)
		}
		return nil
	})
	h := NewHandler(Options{Name: "h", Queue: 8 << 20, Where: map[uint32]*expr.Predicate{1: below(t, 90)}})
	s := NewStream(1, below(t, 100), []*Handler{h})
	done := make(chan error, 1)
	go func() { done <- h.Run(t.Context(), to(p)) }()
	for i := range 20 {
		b := counting(i*10, i*10+10)
		b.Gap.Lost = 1
		s.Deliver(b)
	}
	s.Flush()
	h.Close()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for i, n := range got {
		if n != uint64(i) {
			t.Fatalf("record %d is %d", i, n)
		}
	}
	var lost uint64
	for _, g := range gaps {
		lost += g.Kernel
	}
	if len(got) != 90 || lost != 20 {
		t.Errorf("%d records and %d lost, want 90 and 20", len(got), lost)
	}
	if s := s.Stats(); s.Read != 200 || s.Filtered != 100 || s.Lost != 20 {
		t.Errorf("stream: %+v", s)
	}
	if s := check(t, h); s.Offered != 100 || s.Filtered != 10 || s.Delivered != 90 {
		t.Errorf("handler: %+v", s)
	}
}

// A handler that does not move loses the newest batches, is told so, and delays nobody.
func TestSlowHandler(t *testing.T) {
	release := make(chan struct{})
	var gap uint64
	slow := newPlugin(func(b *wire.Batch) error { <-release; gap += b.GetGap().GetQueue(); return nil })
	quick := newPlugin(func(*wire.Batch) error { return nil })
	hs := []*Handler{NewHandler(Options{Name: "slow", Queue: 1 << 20}), NewHandler(Options{Name: "quick", Queue: 1 << 20})}
	s := NewStream(1, nil, hs)
	done := make(chan error, 2)
	go func() { done <- hs[0].Run(t.Context(), to(slow)) }()
	go func() { done <- hs[1].Run(t.Context(), to(quick)) }()
	const batches, each = 200, 10000
	for range batches {
		s.Deliver(counting(0, each))
		for hs[1].Stats().Pending > 3*each { // paced by the quick one alone
			time.Sleep(10 * time.Microsecond)
		}
	}
	close(release)
	for _, h := range hs {
		h.Close()
	}
	for range hs {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if s := check(t, hs[1]); s.Delivered != batches*each {
		t.Errorf("quick: %+v", s)
	}
	st := check(t, hs[0])
	if st.Dropped == 0 || st.Delivered == 0 || gap != st.Dropped {
		t.Errorf("slow: %+v, told of %d", st, gap)
	}
}

// A loss is told of with the next batch of its stream that has records left, or at the end.
func TestGapBeforeFilteredBatch(t *testing.T) {
	type told struct{ first, lost uint64 }
	var got []told
	p := newPlugin(func(b *wire.Batch) error {
		g := told{lost: b.GetGap().GetKernel()}
		if b.Count > 0 {
			g.first = numbers.Fields[0].Uint(b.Records)
		}
		got = append(got, g)
		return nil
	})
	h := NewHandler(Options{Name: "h", Queue: 1 << 20, Where: map[uint32]*expr.Predicate{1: below(t, 10)}})
	s := NewStream(1, nil, []*Handler{h})
	for i, first := range []int{1, 50, 2, 3, 60} { // 50 and 60 do not pass
		b := counting(first, first+1)
		b.Gap.Lost = uint64(1) << i
		s.Deliver(b)
	}
	h.Close()
	if err := h.Run(t.Context(), to(p)); err != nil {
		t.Fatal(err)
	}
	if want := []told{{1, 1}, {2, 2 + 4}, {3, 8}, {0, 16}}; !slices.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
}

// The end of a snapshot arrives even when no row of it passes.
func TestTickPassesFilters(t *testing.T) {
	var last bool
	p := newPlugin(func(b *wire.Batch) error { last = b.Tick.Last && b.Tick.Number == 7 && b.Count == 0; return nil })
	h := NewHandler(Options{Name: "h", Queue: 1 << 20, Where: map[uint32]*expr.Predicate{1: below(t, 1)}})
	s := NewStream(1, below(t, 2), []*Handler{h})
	b := counting(5, 9)
	b.Tick = batch.Tick{Number: 7, Time: time.Now(), Last: true}
	s.Deliver(b)
	h.Close()
	if err := h.Run(t.Context(), to(p)); err != nil {
		t.Fatal(err)
	}
	if !last {
		t.Error("the tick did not arrive")
	}
}

func BenchmarkDeliver(b *testing.B) {
	h := NewHandler(Options{Name: "h", Queue: 64 << 20})
	s := NewStream(1, nil, []*Handler{h})
	b.ReportAllocs()
	full := counting(0, 5000)
	for b.Loop() {
		full.Retain()
		s.Deliver(full)
		it, _ := h.queue.pop()
		it.batch.Release()
	}
}

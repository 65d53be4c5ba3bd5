package route

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/probehost/probehost/host/internal/batch"
	"github.com/probehost/probehost/sdk/expr"
	"github.com/probehost/probehost/sdk/record"
	"github.com/probehost/probehost/sdk/wire"
)

// plugin is the other end of a Conn, in memory: it acknowledges what handle returns nil for and ends the stream with its error otherwise.
type plugin struct {
	in     chan *wire.Batch
	out    chan *wire.FromPlugin
	gone   chan struct{}
	once   sync.Once
	err    error
	handle func(*wire.Batch) error
}

func newPlugin(handle func(*wire.Batch) error) *plugin {
	p := &plugin{in: make(chan *wire.Batch), out: make(chan *wire.FromPlugin), gone: make(chan struct{}), handle: handle}
	go func() {
		for b := range p.in {
			if err := handle(b); err != nil {
				p.end(err)
				return
			}
			select {
			case p.out <- &wire.FromPlugin{Message: &wire.FromPlugin_Ack{Ack: &wire.Ack{Seq: b.Seq}}}:
			case <-p.gone:
				return
			}
		}
		p.end(io.EOF)
	}()
	return p
}

func (p *plugin) end(err error) { p.once.Do(func() { p.err = err; close(p.gone) }) }

func (p *plugin) Send(m *wire.ToPlugin) error {
	b := m.GetBatch()
	if b == nil {
		return nil
	}
	select {
	case p.in <- proto.Clone(b).(*wire.Batch):
		return nil
	case <-p.gone:
		return io.EOF
	}
}

func (p *plugin) Recv() (*wire.FromPlugin, error) {
	select {
	case m := <-p.out:
		return m, nil
	case <-p.gone:
		return nil, p.err
	}
}

func (p *plugin) CloseSend() error { close(p.in); return nil }

func to(p *plugin) func(context.Context) (Conn, error) {
	return func(context.Context) (Conn, error) { return p, nil }
}

// numbers is a schema of one u64.
var numbers = &record.Schema{Size: 8, Fields: []record.Field{{Name: "n", Kind: record.Uint, Size: 8}}}

// below passes records whose number is smaller.
func below(t *testing.T, n uint64) *expr.Predicate {
	t.Helper()
	p, err := expr.NewPredicate(&expr.Node{Op: expr.Lt, Type: expr.Bool, Args: []*expr.Node{
		{Op: expr.FieldRef, Type: expr.Uint}, {Op: expr.Const, Type: expr.Uint, Uint: n},
	}}, numbers)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func counting(from, to int) *batch.Batch {
	b := batch.Get()
	for i := from; i < to; i++ {
		b.Append([]byte{byte(i), byte(i >> 8), byte(i >> 16), 0, 0, 0, 0, 0})
	}
	return b
}

func check(t *testing.T, h *Handler) HandlerStats {
	t.Helper()
	s := h.Stats()
	if s.Pending != 0 || s.Offered != s.Delivered+s.Filtered+s.Dropped {
		t.Errorf("the sums do not close: %+v", s)
	}
	return s
}

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

func TestPluginDies(t *testing.T) {
	broken := errors.New("the process was killed")
	n := 0
	p := newPlugin(func(*wire.Batch) error {
		if n++; n == 3 {
			return broken
		}
		return nil
	})
	h := NewHandler(Options{Name: "h", Queue: 8 << 20})
	s := NewStream(1, nil, []*Handler{h})
	for range 10 {
		s.Deliver(counting(0, 100))
	}
	if err := h.Run(t.Context(), to(p)); !errors.Is(err, broken) {
		t.Errorf("Run: %v", err)
	}
	s.Deliver(counting(0, 100))
	if s := check(t, h); s.Delivered != 200 || s.Dropped != 900 {
		t.Errorf("%+v", s)
	}
}

func TestAckIsChecked(t *testing.T) {
	for name, seq := range map[string]uint64{"ahead": 5, "far ahead": 1 << 63} {
		t.Run(name, func(t *testing.T) {
			p := newPlugin(func(b *wire.Batch) error { b.Seq = seq; return nil })
			h := NewHandler(Options{Name: "h", Queue: 1 << 20})
			NewStream(1, nil, []*Handler{h}).Deliver(counting(0, 1))
			defer p.end(io.EOF)
			done := make(chan error, 1)
			go func() { done <- h.Run(t.Context(), to(p)) }()
			if err := <-done; err == nil {
				t.Error("no error")
			}
			check(t, h)
		})
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

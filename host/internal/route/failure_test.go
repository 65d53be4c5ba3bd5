package route

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/probehost/probehost/sdk/expr"
	"github.com/probehost/probehost/sdk/wire"
)

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

// Whatever the plugin says that cannot be true ends the handler, and Recv has seen the end when Run returns: who closes the process waits for it.
func TestAckIsChecked(t *testing.T) {
	for name, ack := range map[string]*wire.Ack{
		"ahead":                          {Seq: 5},
		"far ahead":                      {Seq: 1 << 63},
		"failed for more than it has":    {Seq: 1, Failed: 2},
		"failed for more than it can be": {Failed: 1 << 63},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlugin(func(*wire.Batch) error { return nil })
			p.ack = func(*wire.Batch) *wire.Ack { return ack }
			h := NewHandler(Options{Name: "h", Queue: 1 << 20})
			NewStream(1, nil, []*Handler{h}).Deliver(counting(0, 1))
			err := h.Run(t.Context(), to(p))
			if err == nil || !strings.Contains(err.Error(), "broken protocol") {
				t.Errorf("Run: %v", err)
			}
			select {
			case <-p.gone:
			default:
				t.Error("the connection is open")
			}
			check(t, h)
		})
	}
}

// A plugin that ends the stream before it was asked to has failed, even if it has handled all that it got.
func TestPluginEndsEarly(t *testing.T) {
	for name, records := range map[string]int{"idle": 0, "with batches under way": 100} {
		t.Run(name, func(t *testing.T) {
			p := newPlugin(func(*wire.Batch) error { return io.EOF })
			h := NewHandler(Options{Name: "h", Queue: 1 << 20})
			done := make(chan error, 1)
			go func() { done <- h.Run(t.Context(), to(p)) }()
			if records == 0 {
				p.end(io.EOF)
			} else {
				NewStream(1, nil, []*Handler{h}).Deliver(counting(0, records))
			}
			if err := <-done; err == nil || !strings.Contains(err.Error(), "ended the stream by itself") {
				t.Errorf("Run: %v", err)
			}
			if s := check(t, h); s.Dropped != uint64(records) {
				t.Errorf("%+v", s)
			}
		})
	}
}

// stuck is an output that nobody reads.
type stuck struct{ printing chan struct{} }

func (s stuck) Print(ctx context.Context, _ string, _ []byte) { close(s.printing); <-ctx.Done() }
func (s stuck) Live(context.Context, string, []byte)          {}

// Output that waits for a reader ends with the handler, which counts what was not acknowledged meanwhile.
func TestStuckOutput(t *testing.T) {
	p := newPlugin(func(*wire.Batch) error { return nil })
	p.ack = func(*wire.Batch) *wire.Ack { return nil }
	out := stuck{make(chan struct{})}
	h := NewHandler(Options{Name: "h", Queue: 1 << 20, Output: out})
	NewStream(1, nil, []*Handler{h}).Deliver(counting(0, 10))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx, to(p)) }()
	<-out.printing
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("Run: %v", err)
	}
	if s := check(t, h); s.Dropped != 10 {
		t.Errorf("%+v", s)
	}
}

// The sums close while records are offered, filtered, dropped and delivered, and when the plugin dies amidst them.
func TestSumsCloseUnderWay(t *testing.T) {
	n := 0
	p := newPlugin(func(*wire.Batch) error {
		if n++; n == 400 {
			return errors.New("the process was killed")
		}
		return nil
	})
	h := NewHandler(Options{Name: "h", Queue: 1 << 20, Where: map[uint32]*expr.Predicate{1: below(t, 700), 2: below(t, 10)}})
	var work sync.WaitGroup
	work.Go(func() { _ = h.Run(t.Context(), to(p)) }) // the plugin dies
	const batches, each = 500, 1000
	for stream := range uint32(2) {
		work.Go(func() {
			s := NewStream(stream+1, nil, []*Handler{h})
			for range batches {
				s.Deliver(counting(0, each))
				if h.Stats().Pending > 20*each {
					time.Sleep(20 * time.Microsecond)
				}
			}
		})
	}
	stop := make(chan struct{})
	var looking sync.WaitGroup
	looking.Go(func() {
		for {
			if s := h.Stats(); s.Pending > s.Offered || s.Failed > s.Delivered {
				t.Errorf("the sums do not close: %+v", s)
				return
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	})
	work.Wait()
	close(stop)
	looking.Wait()
	if s := check(t, h); s.Offered != 2*batches*each || s.Delivered == 0 || s.Filtered == 0 || s.Dropped == 0 {
		t.Errorf("%+v", s)
	}
}

// A plugin that takes batches and acknowledges none of them does not make the host remember them without end.
func TestFlightIsBounded(t *testing.T) {
	for name, free := range map[string]func(*flight) error{
		"acknowledged": func(f *flight) error { return f.ack(1) },
		"closed":       func(f *flight) error { f.close(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFlight()
			for range maxOpen {
				if _, ok := f.add(1); !ok {
					t.Fatal("refused")
				}
			}
			added := make(chan bool)
			go func() {
				_, ok := f.add(1)
				added <- ok
			}()
			select {
			case <-added:
				t.Fatal("there is no bound")
			case <-time.After(20 * time.Millisecond):
			}
			if err := free(f); err != nil {
				t.Fatal(err)
			}
			if ok := <-added; ok != (name == "acknowledged") {
				t.Errorf("added: %v", ok)
			}
			if n := f.abandon(); n+f.delivered.Load() != maxOpen+1 {
				t.Errorf("%d abandoned and %d delivered", n, f.delivered.Load())
			}
		})
	}
}

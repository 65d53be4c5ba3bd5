package route

import (
	"context"
	"io"
	"sync"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/probehost/probehost/host/internal/batch"
	"github.com/probehost/probehost/sdk/expr"
	"github.com/probehost/probehost/sdk/record"
	"github.com/probehost/probehost/sdk/wire"
)

// plugin is the other end of a Conn, in memory: it acknowledges what handle returns nil for, and ends the stream with its error otherwise.
type plugin struct {
	in     chan *wire.Batch
	out    chan *wire.FromPlugin
	gone   chan struct{}
	once   sync.Once
	err    error
	handle func(*wire.Batch) error
	ack    func(*wire.Batch) *wire.Ack // of nil it says some text instead
}

func newPlugin(handle func(*wire.Batch) error) *plugin {
	p := &plugin{in: make(chan *wire.Batch), out: make(chan *wire.FromPlugin), gone: make(chan struct{}), handle: handle}
	p.ack = func(b *wire.Batch) *wire.Ack { return &wire.Ack{Seq: b.Seq} }
	go func() {
		for b := range p.in {
			if err := handle(b); err != nil {
				p.end(err)
				return
			}
			answer := &wire.FromPlugin{Message: &wire.FromPlugin_Output{Output: &wire.Output{Text: []byte("text\n")}}}
			if ack := p.ack(b); ack != nil {
				answer.Message = &wire.FromPlugin_Ack{Ack: ack}
			}
			select {
			case p.out <- answer:
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
	return func(ctx context.Context) (Conn, error) {
		context.AfterFunc(ctx, func() { p.end(ctx.Err()) })
		return p, nil
	}
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

package sdk

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"

	"github.com/probehost/probehost/sdk/wire"
	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
)

// testStream is the plugin's side of a stream whose other side is a test.
type testStream struct {
	grpc.BidiStreamingServer[wire.ToPlugin, wire.FromPlugin] // nil: what a session does not use
	ctx                                                      context.Context
	in                                                       chan *wire.ToPlugin

	mu  sync.Mutex
	out []*wire.FromPlugin
}

func newTestStream(ctx context.Context) *testStream {
	return &testStream{ctx: ctx, in: make(chan *wire.ToPlugin)}
}

func (s *testStream) Context() context.Context { return s.ctx }

func (s *testStream) RecvMsg(m any) error {
	select {
	case w, ok := <-s.in:
		if !ok {
			return io.EOF
		}
		return deliver(w, m.(*wire.Inbound))
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}

// deliver takes a message through the codec of a server.
func deliver(w *wire.ToPlugin, in *wire.Inbound) error {
	data, err := proto.Marshal(w)
	if err != nil {
		return err
	}
	return wire.Codec().Unmarshal(mem.BufferSlice{mem.SliceBuffer(data)}, in)
}

func (s *testStream) Send(m *wire.FromPlugin) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out = append(s.out, m)
	return nil
}

// sent returns what the plugin sent, in short, and forgets it.
func (s *testStream) sent() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, m := range s.out {
		switch {
		case m.GetAck() != nil:
			all = append(all, fmt.Sprintf("ack %d/%d", m.GetAck().Seq, m.GetAck().Failed))
		case m.GetOutput().Live:
			all = append(all, "live "+string(m.GetOutput().Text))
		default:
			all = append(all, "text "+string(m.GetOutput().Text))
		}
	}
	s.out = nil
	return strings.Join(all, ", ")
}

func (s *testStream) batch(seq uint64, size int) {
	s.in <- &wire.ToPlugin{Message: &wire.ToPlugin_Batch{Batch: &wire.Batch{Seq: seq, Count: 1, Stride: uint32(size), Records: make([]byte, size)}}}
}

// closingHandler is a handler with a Close.
type closingHandler struct {
	HandlerFunc
	close func(context.Context) error
}

func (h closingHandler) Close(ctx context.Context) error { return h.close(ctx) }

// testSession returns a session with one stream of number 0, and its log.
func testSession(handler func(h *Host) Handler) (*session, *strings.Builder) {
	var log strings.Builder
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	h := &Host{name: "test", log: logger, output: newOutput(logger), streams: []*Stream{{Probe: "p", Name: "s", Schema: &Schema{}}}}
	return newSession(h, handler(h)), &log
}

// start runs the session in the background and returns what it returned.
func start(s *session, stream *testStream, stop <-chan struct{}) <-chan error {
	result := make(chan error, 1)
	go func() { result <- s.run(stream, stop) }()
	return result
}

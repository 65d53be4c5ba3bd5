package sdk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

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

func printing(h *Host) Handler {
	return closingHandler{
		HandlerFunc: func(_ context.Context, b *Batch) error {
			_, err := fmt.Fprintf(h.Stdout(), "%d\n", b.Seq())
			return err
		},
		close: func(context.Context) error {
			_, err := io.WriteString(h.Stdout(), "closed")
			return err
		},
	}
}

func TestSessionEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, log := testSession(printing)
		stream := newTestStream(t.Context())
		result := start(s, stream, nil)
		stream.batch(1, 1)
		stream.batch(2, 1)
		close(stream.in)
		if err := <-result; err != nil {
			t.Error(err)
		}
		got := stream.sent()
		if text := strings.ReplaceAll(got, ", text ", ""); !strings.Contains(got, "ack 2/0") || !strings.HasSuffix(text, "closed\n") {
			t.Errorf("sent %q", got)
		}
		if log.Len() > 0 {
			t.Errorf("logged %s", log)
		}
	})
}

// Acknowledgements wait for 20 ms, 8 batches or 1 MiB, and come after the output of their batches.
func TestSessionAcknowledges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := testSession(printing)
		stream := newTestStream(t.Context())
		result := start(s, stream, nil)
		expect := func(want string) {
			t.Helper()
			synctest.Wait()
			if got := stream.sent(); !strings.HasSuffix(got, want) {
				t.Errorf("after %s sent %q, want %q", want, got, want)
			}
		}
		stream.batch(1, 1)
		synctest.Wait()
		stream.sent() // output and perhaps an acknowledgement with it
		stream.batch(2, 1)
		time.Sleep(ackDelay)
		expect("ack 2/0")
		stream.batch(3, 1)
		time.Sleep(ackDelay)
		expect("ack 3/0")
		stream.batch(4, ackBytes)
		expect("text 4\n, ack 4/0")
		close(stream.in)
		if err := <-result; err != nil {
			t.Error(err)
		}
	})
}

func TestSessionAcknowledgesInGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := testSession(func(*Host) Handler { return HandlerFunc(func(context.Context, *Batch) error { return nil }) })
		stream := newTestStream(t.Context())
		result := start(s, stream, nil)
		for i := range 2 * ackBatches {
			stream.batch(uint64(i+1), 1)
			synctest.Wait()
		}
		if got := stream.sent(); got != "ack 8/0, ack 16/0" {
			t.Errorf("sent %q", got)
		}
		stream.batch(17, 1)
		synctest.Wait()
		if got := stream.sent(); got != "" {
			t.Errorf("sent %q at once", got)
		}
		time.Sleep(ackDelay)
		synctest.Wait()
		if got := stream.sent(); got != "ack 17/0" {
			t.Errorf("sent %q", got)
		}
		close(stream.in)
		if err := <-result; err != nil {
			t.Error(err)
		}
	})
}

func TestSessionErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, log := testSession(func(*Host) Handler {
			return HandlerFunc(func(_ context.Context, b *Batch) error {
				if b.Seq() == 2 {
					return nil
				}
				return errors.New("disk full")
			})
		})
		stream := newTestStream(t.Context())
		result := start(s, stream, nil)
		for seq := range uint64(5) {
			stream.batch(seq+1, 1)
		}
		time.Sleep(errorInterval)
		stream.batch(6, 1)
		close(stream.in)
		if err := <-result; err != nil {
			t.Error(err)
		}
		if got := stream.sent(); !strings.HasSuffix(got, "ack 6/5") {
			t.Errorf("sent %q", got)
		}
		want := `level=ERROR msg="handling a batch failed" error="disk full" stream=p.s records=1 unlogged_errors=0
level=ERROR msg="handling a batch failed" error="disk full" stream=p.s records=4 unlogged_errors=3
`
		if log.String() != want {
			t.Errorf("logged\n%swant\n%s", log, want)
		}
	})
}

// A request to end lets the batch at hand finish, takes no other, and closes the handler.
func TestSessionInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var handled, closed time.Duration
		begin := time.Now()
		s, _ := testSession(func(*Host) Handler {
			return closingHandler{
				HandlerFunc: func(context.Context, *Batch) error {
					time.Sleep(time.Second)
					handled = time.Since(begin)
					return nil
				},
				close: func(context.Context) error {
					closed = time.Since(begin)
					return nil
				},
			}
		})
		ctx, cancel := context.WithCancel(t.Context())
		stream := newTestStream(ctx)
		stop := make(chan struct{})
		result := start(s, stream, stop)
		stream.batch(1, 1)
		time.AfterFunc(time.Second/2, func() { close(stop) })
		go func() {
			select {
			case stream.in <- &wire.ToPlugin{Message: &wire.ToPlugin_Batch{Batch: &wire.Batch{Seq: 2}}}:
			case <-ctx.Done():
			}
		}()
		if err := <-result; err != nil {
			t.Error(err)
		}
		cancel() // as gRPC does
		if handled != time.Second || closed != time.Second {
			t.Errorf("handled after %s, closed after %s", handled, closed)
		}
		if got := stream.sent(); !strings.HasSuffix(got, "ack 1/0") {
			t.Errorf("sent %q", got)
		}
	})
}

func TestSessionStuck(t *testing.T) {
	for _, test := range []struct {
		name    string
		obeys   bool // HandleBatch returns when its context ends
		want    error
		took    time.Duration
		closing int // how often Close is called
	}{
		{"obeys the context", true, nil, finishTimeout, 1},
		{"does not", false, errStuck, finishTimeout + time.Second, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				closing := 0
				s, _ := testSession(func(*Host) Handler {
					return closingHandler{
						HandlerFunc: func(ctx context.Context, _ *Batch) error {
							if test.obeys {
								<-ctx.Done()
								return nil
							}
							<-release
							return nil
						},
						close: func(context.Context) error { closing++; return nil },
					}
				})
				ctx, cancel := context.WithCancel(t.Context())
				stream := newTestStream(ctx)
				stop := make(chan struct{})
				result := start(s, stream, stop)
				stream.batch(1, 1)
				begin := time.Now()
				close(stop)
				if err := <-result; !errors.Is(err, test.want) {
					t.Errorf("got %v, want %v", err, test.want)
				}
				if d := time.Since(begin); d != test.took {
					t.Errorf("that took %s, want %s", d, test.took)
				}
				if closing != test.closing {
					t.Errorf("closed %d times", closing)
				}
				cancel()
				close(release)
			})
		})
	}
}

func TestSessionCloseStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, log := testSession(func(*Host) Handler {
			return closingHandler{close: func(ctx context.Context) error {
				<-ctx.Done()
				time.Sleep(time.Second)
				return nil
			}}
		})
		stream := newTestStream(t.Context())
		begin := time.Now()
		result := start(s, stream, nil)
		close(stream.in)
		if err := <-result; err != nil {
			t.Error(err)
		}
		if d := time.Since(begin); d != closeTimeout {
			t.Errorf("that took %s", d)
		}
		time.Sleep(2 * time.Second) // until Close returns
		if !strings.Contains(log.String(), "does not return from Close") {
			t.Errorf("logged %s", log)
		}
	})
}

func TestSessionUnknownStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := testSession(printing)
		stream := newTestStream(t.Context())
		result := start(s, stream, nil)
		stream.in <- &wire.ToPlugin{Message: &wire.ToPlugin_Batch{Batch: &wire.Batch{Seq: 1, Stream: 9}}}
		if err := <-result; err == nil || !strings.Contains(err.Error(), "batch 1 is of stream 9, which this handler does not have") {
			t.Errorf("got %v", err)
		}
	})
}

func TestSessionResize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := testSession(printing)
		if _, _, ok := s.host.Terminal(); ok {
			t.Error("a terminal from the start")
		}
		stream := newTestStream(t.Context())
		result := start(s, stream, nil)
		stream.in <- &wire.ToPlugin{Message: &wire.ToPlugin_Resize{Resize: &wire.Resize{Terminal: &wire.Terminal{Width: 80, Height: 25}}}}
		close(stream.in)
		if err := <-result; err != nil {
			t.Error(err)
		}
		if w, h, ok := s.host.Terminal(); !ok || w != 80 || h != 25 {
			t.Errorf("%dx%d, %t", w, h, ok)
		}
	})
}

// The way of an event from the codec to the handler allocates nothing.
func TestSessionAllocates(t *testing.T) {
	field := &packetSchema.Fields[0]
	sum := uint64(0)
	s, _ := testSession(func(*Host) Handler {
		return HandlerFunc(func(_ context.Context, b *Batch) error {
			for e := range b.Events() {
				sum += e.Uint64(field)
			}
			return nil
		})
	})
	s.host.streams[0].Schema = packetSchema
	s.ackTimer = time.AfterFunc(time.Hour, s.notify)
	defer s.ackTimer.Stop()
	data, err := proto.Marshal(&wire.ToPlugin{Message: &wire.ToPlugin_Batch{Batch: &wire.Batch{Seq: 1, Count: 1000, Stride: 56, Records: make([]byte, 56000)}}})
	if err != nil {
		t.Fatal(err)
	}
	var in wire.Inbound
	c := wire.Codec()
	buffers := mem.BufferSlice{mem.SliceBuffer(data)}
	if n := testing.AllocsPerRun(100, func() {
		if err := c.Unmarshal(buffers, &in); err != nil {
			t.Fatal(err)
		}
		if err := s.handle(t.Context(), in.Batch); err != nil {
			t.Fatal(err)
		}
	}); n > 1 { // per batch of 1000 records
		t.Errorf("%v allocations per batch", n)
	}
}

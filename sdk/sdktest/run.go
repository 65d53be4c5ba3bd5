package sdktest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/probehost/probehost/sdk"
	"github.com/probehost/probehost/sdk/wire"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
)

// timeout is how long a handler may take for anything.
const timeout = 20 * time.Second

// Run is a handler at work. Its methods are for the goroutine of the test. They fail the test when the handler does not answer.
type Run struct {
	tb      testing.TB
	streams []*Stream
	logs    logs
	server  *grpc.Server
	conn    *grpc.ClientConn
	client  wire.PluginClient
	stream  wire.Plugin_StreamClient
	seq     uint64
	ticks   map[*Stream]uint64
	closed  bool

	received chan struct{} // closed when the plugin has ended the stream

	mu      sync.Mutex
	changed chan struct{} // closed and replaced when something below changes
	acked   uint64
	failed  uint64
	stdout  []byte
	live    []string
	err     error // why the stream ended, if not as it should
}

// Open starts a handler and fails the test if it cannot. The handler is closed when the test ends, if not before by [Run.Close].
func Open(tb testing.TB, t sdk.Type, o Options, streams ...*Stream) *Run {
	tb.Helper()
	r := serve(tb, t, streams)
	diagnostics, err := r.open(o)
	if err != nil {
		tb.Fatalf("sdktest.Open: %v", err)
	}
	if len(diagnostics) > 0 {
		tb.Fatalf("sdktest.Open: the plugin refuses the configuration: %v", diagnostics)
	}
	return r
}

// Refusal tries to start a handler, and returns what the plugin says against the configuration: what checks of the configuration and the
// open function found. It fails the test if the handler starts.
func Refusal(tb testing.TB, t sdk.Type, o Options, streams ...*Stream) []Diagnostic {
	tb.Helper()
	r := serve(tb, t, streams)
	diagnostics, err := r.open(o)
	if err != nil {
		tb.Fatalf("sdktest.Refusal: %v", err)
	}
	if len(diagnostics) == 0 {
		tb.Fatal("sdktest.Refusal: the plugin takes the configuration")
	}
	return diagnostics
}

// Validate returns what `probehost validate` would show, without starting a handler.
func Validate(tb testing.TB, t sdk.Type, o Options, streams ...*Stream) []Diagnostic {
	tb.Helper()
	r := serve(tb, t, streams)
	request, err := o.request(streams)
	if err != nil {
		tb.Fatalf("sdktest.Validate: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	answer, err := r.client.Validate(ctx, request)
	if err != nil {
		tb.Fatalf("sdktest.Validate: %v", err)
	}
	return decodeDiagnostics(answer.Diagnostics)
}

// serve starts a server and connects to it.
func serve(tb testing.TB, t sdk.Type, streams []*Stream) *Run {
	tb.Helper()
	r := &Run{
		tb: tb, streams: streams, ticks: map[*Stream]uint64{},
		server: grpc.NewServer(wire.ServerOptions()...), changed: make(chan struct{}), received: make(chan struct{}),
	}
	wire.RegisterPluginServer(r.server, sdk.NewServer(t, &r.logs))
	listener := bufconn.Listen(1 << 20)
	served := make(chan error, 1)
	go func() { served <- r.server.Serve(listener) }()
	options := append(wire.DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	conn, err := grpc.NewClient("passthrough:sdktest", options...)
	if err != nil {
		tb.Fatalf("sdktest: %v", err)
	}
	r.conn, r.client = conn, wire.NewPluginClient(conn)
	tb.Cleanup(func() {
		r.Close()
		if err := conn.Close(); err != nil {
			tb.Errorf("sdktest: %v", err)
		}
		r.server.Stop()
		if err := <-served; err != nil {
			tb.Errorf("sdktest: %v", err)
		}
	})
	return r
}

func (r *Run) open(o Options) ([]Diagnostic, error) {
	request, err := o.request(r.streams)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	answer, err := r.client.Open(ctx, request)
	if err != nil || len(answer.Diagnostics) > 0 {
		return decodeDiagnostics(answer.GetDiagnostics()), err
	}
	if r.stream, err = r.client.Stream(context.Background()); err != nil {
		return nil, err
	}
	go r.receive()
	return nil, nil
}

// receive collects what the plugin sends.
func (r *Run) receive() {
	defer close(r.received)
	for {
		m, err := r.stream.Recv()
		r.mu.Lock()
		switch {
		case errors.Is(err, io.EOF):
		case err != nil:
			r.err = err
		case m.GetAck() != nil:
			r.acked, r.failed = m.GetAck().Seq, m.GetAck().Failed
		case m.GetOutput().GetLive():
			r.live = append(r.live, string(m.GetOutput().Text))
		default:
			r.stdout = append(r.stdout, m.GetOutput().GetText()...)
		}
		close(r.changed)
		r.changed = make(chan struct{})
		r.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// sync waits until everything sent is handled, and its output here.
func (r *Run) sync() {
	r.tb.Helper()
	deadline := time.After(timeout)
	for {
		r.mu.Lock()
		acked, err, changed := r.acked, r.err, r.changed
		r.mu.Unlock()
		if err != nil {
			r.tb.Fatalf("sdktest: the plugin ended the stream: %v", err)
		}
		if acked >= r.seq || r.closed {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			r.tb.Fatalf("sdktest: the handler has not handled batch %d in %s", acked+1, timeout)
		}
	}
}

// Close ends the stream, as the host does when it stops, and waits until the handler is closed. Further calls do nothing.
func (r *Run) Close() {
	r.tb.Helper()
	if r.stream == nil || r.closed {
		return
	}
	r.closed = true
	if err := r.stream.CloseSend(); err != nil {
		r.tb.Errorf("sdktest: %v", err)
	}
	select {
	case <-r.received:
	case <-time.After(timeout):
		r.tb.Fatalf("sdktest: the handler has not come to an end in %s", timeout)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil && r.acked != r.seq {
		r.err = fmt.Errorf("the plugin ended the stream after batch %d of %d", r.acked, r.seq)
	}
	if r.err != nil {
		r.tb.Errorf("sdktest: %v", r.err)
	}
}

// Stdout returns what the handler has printed until everything sent was handled.
func (r *Run) Stdout() string {
	r.tb.Helper()
	r.sync()
	r.mu.Lock()
	defer r.mu.Unlock()
	return string(r.stdout)
}

// Live returns the live blocks that the handler has shown until everything sent was handled. Of several in quick
// succession only the last may be there.
func (r *Run) Live() []string {
	r.tb.Helper()
	r.sync()
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.live)
}

// Failed returns the number of records for whose batch the handler returned an error.
func (r *Run) Failed() uint64 {
	r.tb.Helper()
	r.sync()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

// Logs returns what was logged until everything sent was handled.
func (r *Run) Logs() []Log {
	r.tb.Helper()
	r.sync()
	return r.logs.all(r.tb)
}

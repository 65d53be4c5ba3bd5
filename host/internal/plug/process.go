package plug

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-plugin"
	"github.com/probehost/probehost/sdk/wire"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// Deadlines of the calls.
const (
	describeTimeout = 5 * time.Second
	validateTimeout = 10 * time.Second
	openTimeout     = 30 * time.Second // a handler may have to connect to something
	debugTimeout    = 24 * time.Hour   // somebody may be stepping through it
)

// Process is a running plugin. All methods may be called at any time and by several goroutines, except where said.
type Process struct {
	options    Options
	dir        string // of the socket; empty if reattached
	child      *child // nil if reattached
	attached   *attached
	client     *plugin.Client
	connection connection

	done    chan struct{}
	closing atomic.Bool // Close was called: the process is expected to end
	close   func(context.Context) error

	mu     sync.Mutex
	err    error // how it died
	stream *stream
}

func newProcess(o Options, dir string) *Process {
	p := &Process{options: o, dir: dir, done: make(chan struct{})}
	var once sync.Once
	var err error
	p.close = func(ctx context.Context) error {
		once.Do(func() { err = p.end(ctx) })
		return err
	}
	return p
}

// Pid returns the number of the process.
func (p *Process) Pid() int {
	if p.child == nil {
		return p.attached.pid
	}
	return p.child.process()
}

// Done returns a channel that is closed when the process is gone and everything that it wrote is logged.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err returns how the process died, with its last words: which signal, or which status. It is nil as long as the process lives, and after
// an end that [Process.Close] asked for and that went well.
func (p *Process) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// watch notes the end of the process.
func (p *Process) watch() {
	c := p.child
	<-c.exited
	if !p.closing.Load() || !c.succeeded() {
		err := fmt.Errorf("plugin %s (pid %d) %s%s", p.options.Name, c.process(), c.ending(), c.output.words.String())
		p.mu.Lock()
		p.err = err
		p.mu.Unlock()
	}
	close(p.done)
}

// Describe returns what the plugin is and what configuration it takes.
func (p *Process) Describe(ctx context.Context) (*wire.DescribeResponse, error) {
	return call(ctx, p, "describe", describeTimeout, func(ctx context.Context) (*wire.DescribeResponse, error) {
		return p.connection.rpc.Describe(ctx, &wire.DescribeRequest{})
	})
}

// Validate lets the plugin check a configuration, without side effects.
func (p *Process) Validate(ctx context.Context, r *wire.OpenRequest) (*wire.ValidateResponse, error) {
	return call(ctx, p, "validate", validateTimeout, func(ctx context.Context) (*wire.ValidateResponse, error) {
		return p.connection.rpc.Validate(ctx, r)
	})
}

// Open starts the handler. If there are diagnostics that are errors, it did not start. It is called once.
func (p *Process) Open(ctx context.Context, r *wire.OpenRequest) (*wire.OpenResponse, error) {
	return call(ctx, p, "open", openTimeout, func(ctx context.Context) (*wire.OpenResponse, error) {
		return p.connection.rpc.Open(ctx, r)
	})
}

// call gives a call its deadline, and its error a cause: usually that the process has died. The answer can be shown as it is.
func call[R proto.Message](ctx context.Context, p *Process, name string, timeout time.Duration, f func(context.Context) (R, error)) (R, error) {
	if p.child == nil {
		timeout = debugTimeout
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	answer, err := f(limited)
	switch {
	case err == nil:
		if err := tidy(answer); err != nil {
			return answer, fmt.Errorf("plugin %s: %s: %w", p.options.Name, name, err)
		}
		return answer, nil
	case ctx.Err() != nil:
		return answer, fmt.Errorf("plugin %s: %s: %w", p.options.Name, name, ctx.Err())
	case status.Code(err) == codes.DeadlineExceeded:
		return answer, fmt.Errorf("plugin %s (pid %d) did not answer to %q within %s: %w", p.options.Name, p.Pid(), name, timeout, context.DeadlineExceeded)
	case status.Code(err) == codes.Unavailable:
		if death := p.death(); death != nil {
			return answer, death
		}
	}
	return answer, fmt.Errorf("plugin %s: %s: %s", p.options.Name, name, shown(status.Convert(err).Message()))
}

// death waits a little for the news that belongs to a broken connection.
func (p *Process) death() error {
	select {
	case <-p.done:
		return p.Err()
	case <-time.After(2 * pipeGrace):
		return nil
	}
}

// Stream begins the exchange of batches and acknowledgements. It is called once, after a successful Open. Ctx is for the whole of the
// stream. Send and CloseSend are for one goroutine, Recv for one.
func (p *Process) Stream(ctx context.Context) (wire.Plugin_StreamClient, error) {
	client, err := p.connection.rpc.Stream(ctx)
	if err != nil {
		return nil, fmt.Errorf("plugin %s: stream: %s", p.options.Name, shown(status.Convert(err).Message()))
	}
	s := &stream{Plugin_StreamClient: client, ended: make(chan struct{})}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stream = s
	return s, nil
}

// Close ends the stream, waits until the plugin has finished what it has received, but not longer than the drain timeout or ctx, and ends
// the process. It returns in any case, and nothing is left of the process then. The error says if it had to be killed, or how it had died
// before. Further calls return the same.
func (p *Process) Close(ctx context.Context) error { return p.close(ctx) }

func (p *Process) end(ctx context.Context) error {
	err := p.drain(ctx)
	p.closing.Store(true)
	p.hangUp()
	err = errors.Join(err, p.Err())
	if p.dir != "" {
		err = errors.Join(err, os.RemoveAll(p.dir))
	}
	return err
}

// drain ends the stream, if there is one, and waits for the plugin to end it too.
func (p *Process) drain(ctx context.Context) error {
	p.mu.Lock()
	s := p.stream
	p.mu.Unlock()
	if s == nil {
		return nil
	}
	begin := time.Now()
	ctx, cancel := context.WithTimeout(ctx, p.options.DrainTimeout)
	defer cancel()
	go s.hangUp()
	select {
	case <-s.ended:
		return nil
	case <-p.done:
		return nil
	case <-ctx.Done():
		limit := "in time" // the caller had waited before
		if spent := time.Since(begin).Round(time.Millisecond); spent > 0 {
			limit = "within " + spent.String()
		}
		return fmt.Errorf("plugin %s (pid %d) did not finish what it had received %s and is stopped", p.options.Name, p.Pid(), limit)
	}
}

package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"

	"github.com/probehost/probehost/host/internal/config"
	"github.com/probehost/probehost/host/internal/plan"
	"github.com/probehost/probehost/host/internal/plug"
	"github.com/probehost/probehost/host/internal/route"
	"github.com/probehost/probehost/sdk/wire"
)

// handler is a plugin process and the route that leads to it.
type handler struct {
	plan    *plan.Handler
	process *plug.Process
	route   *route.Handler

	done chan struct{} // closed when the route has ended

	mu  sync.Mutex
	err error // why it ended before its time
}

// OpenError says that a plugin refused its configuration.
type OpenError struct {
	Handler     *plan.Handler
	Diagnostics []*wire.Diagnostic // at least one error
}

func (e *OpenError) Error() string {
	for _, d := range e.Diagnostics {
		if d.Severity == wire.Diagnostic_ERROR {
			return fmt.Sprintf("handler %s: %s: %s", e.Handler.Config.Name, d.Summary, d.Detail)
		}
	}
	return fmt.Sprintf("handler %s does not open", e.Handler.Config.Name)
}

// open starts the plugin processes, all at once, and opens their handlers.
func (p *Pipeline) open(ctx context.Context, o Options) error {
	var (
		group errgroup.Group
		mu    sync.Mutex
		errs  []error
	)
	p.handlers = make([]*handler, len(o.Plan.Handlers))
	for i, ph := range o.Plan.Handlers {
		group.Go(func() error {
			h, err := openHandler(ctx, ph, o)
			if err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
				return nil
			}
			p.handlers[i] = h
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	p.handlers = slices.DeleteFunc(p.handlers, func(h *handler) bool { return h == nil })
	for _, h := range p.handlers {
		if len(errs) > 0 {
			close(h.done) // it never begins
		} else {
			go p.serve(h)
		}
	}
	return errors.Join(errs...)
}

func openHandler(ctx context.Context, ph *plan.Handler, o Options) (_ *handler, err error) {
	process, err := plug.Launch(ctx, plug.Options{
		Name: ph.Config.Plugin, Path: ph.Path, Log: o.Log.Named(ph.Config.Name), RuntimeDir: o.RuntimeDir,
	})
	if err != nil {
		return nil, fmt.Errorf("handler %s: %w", ph.Config.Name, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, process.Close(ctx))
		}
	}()
	req := proto.CloneOf(ph.Open)
	if o.Terminal != nil {
		if width, height, ok := o.Terminal(); ok {
			req.Terminal = &wire.Terminal{Width: uint32(width), Height: uint32(height)}
		}
	}
	resp, err := process.Open(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("handler %s: %w", ph.Config.Name, err)
	}
	for _, d := range resp.Diagnostics {
		if d.Severity == wire.Diagnostic_ERROR {
			return nil, &OpenError{Handler: ph, Diagnostics: resp.Diagnostics}
		}
		o.Log.Warn(d.Summary, "handler", ph.Config.Name, "detail", d.Detail)
	}
	return &handler{plan: ph, process: process, done: make(chan struct{}), route: route.NewHandler(route.Options{
		Name: ph.Config.Name, Queue: int(ph.Config.Queue.Size.Or(config.DefaultQueue)), Where: ph.Where, Output: o.Output,
	})}, nil
}

func (h *handler) reads(s *plan.Stream) bool { return slices.Contains(h.plan.Streams, s) }

// serve runs the handler's route to its end. A handler that ends before its time is left out from then on.
func (p *Pipeline) serve(h *handler) {
	defer close(h.done)
	err := h.route.Run(context.Background(), func(ctx context.Context) (route.Conn, error) { return h.process.Stream(ctx) })
	if err == nil {
		return
	}
	select {
	case <-h.process.Done():
		err = h.process.Err()
	case <-time.After(time.Second): // alive, but it does not keep to the protocol
	}
	h.mu.Lock()
	h.err = err
	h.mu.Unlock()
	p.log.Error(fmt.Sprintf("handler %q stopped: %v", h.plan.Config.Name, err),
		"consequence", "its events are dropped and counted; the other handlers go on; start probehost again to bring it back")
	if !slices.ContainsFunc(p.handlers, func(o *handler) bool { return o.failure() == nil }) {
		p.fail(errors.New("no handler is left"))
	}
}

// failure returns why the handler ended before its time, nil if it did not.
func (h *handler) failure() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.err
}

// finish lets the handlers handle what is queued until ctx ends, and ends their processes.
func (p *Pipeline) finish(ctx context.Context) error {
	errs := make([]error, len(p.handlers))
	var wg sync.WaitGroup
	for i, h := range p.handlers {
		wg.Go(func() {
			h.route.Close()
			select {
			case <-h.done:
			case <-ctx.Done():
			}
			errs[i] = h.process.Close(ctx)
			<-h.done // the process is gone, and with it the stream
			if err := h.failure(); err != nil {
				errs[i] = fmt.Errorf("handler %s: %w", h.plan.Config.Name, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

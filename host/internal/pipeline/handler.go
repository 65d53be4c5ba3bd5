package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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

	cancel    context.CancelFunc // ends the route at once
	done      chan struct{}      // closed when the route has ended and, if that was early, the process
	logged    bool               // err was; settled when done is closed
	finishing atomic.Bool        // it was told to finish

	mu  sync.Mutex
	err error // why it ended before it had handled everything
}

// ErrNoHandler says that all handlers have stopped.
var ErrNoHandler = errors.New("no handler is left")

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
		ctx, cancel := context.WithCancel(context.Background())
		h.cancel = cancel
		if len(errs) > 0 {
			close(h.done) // it never begins
		} else {
			go p.serve(ctx, h)
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
		if err == nil {
			return
		}
		// If it has died, that is the error already.
		if closeErr := process.Close(ctx); !errors.Is(err, process.Err()) {
			err = errors.Join(err, closeErr)
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

// serve runs the handler's route to its end. A handler that ends before it was told to is left out from then on.
func (p *Pipeline) serve(ctx context.Context, h *handler) {
	defer close(h.done)
	err := h.route.Run(ctx, func(ctx context.Context) (route.Conn, error) { return h.process.Stream(ctx) })
	early := !h.finishing.Load()
	if err == nil {
		return
	}
	if death := h.death(early); death != nil {
		err = death
	}
	if !early {
		h.failed(fmt.Errorf("did not finish: %w", err))
		return // finish tells
	}
	err = fmt.Errorf("stopped early: %w", err)
	h.failed(err)
	h.logged = true
	p.log.Error(fmt.Sprintf("handler %q %v", h.plan.Config.Name, err),
		"consequence", "its events are dropped and counted; the other handlers go on; start probehost again to bring it back")
	if !slices.ContainsFunc(p.handlers, func(o *handler) bool { return o.failure() == nil }) {
		p.fail(ErrNoHandler)
	}
}

// death returns how the process died whose stream has ended, or nil if it did not. One that lives on early is of no use, and is ended.
func (h *handler) death(early bool) error {
	if !early {
		return h.process.Err()
	}
	select {
	case <-h.process.Done():
		return h.process.Err()
	case <-time.After(time.Second): // the news of a death may come after that of the stream
	}
	ctx, cancel := context.WithTimeout(context.Background(), abortTime)
	defer cancel()
	_ = h.process.Close(ctx) // what matters is why its stream ended
	return nil
}

func (h *handler) failed(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.err = err
}

// failure returns why the handler ended before it had handled everything, nil if it did not.
func (h *handler) failure() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.err
}

// firstLine is of an error that was logged, or is reported in whole elsewhere.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// finish lets the handlers handle what is queued until ctx ends, and ends their processes.
func (p *Pipeline) finish(ctx context.Context) error {
	errs := make([]error, len(p.handlers))
	var wg sync.WaitGroup
	for i, h := range p.handlers {
		wg.Go(func() {
			if err := h.finish(ctx); err != nil {
				errs[i] = fmt.Errorf("handler %q %w", h.plan.Config.Name, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (h *handler) finish(ctx context.Context) error {
	h.finishing.Store(true)
	h.route.Close()
	select {
	case <-h.done:
	case <-ctx.Done():
	}
	closeErr := h.process.Close(ctx)
	h.cancel() // the process is gone, but its output may still wait for a reader
	<-h.done
	switch err := h.failure(); {
	case h.logged:
		return errors.New(firstLine(err))
	case closeErr != nil && ctx.Err() != nil: // that it had to be killed for it goes without saying
		h.failed(errors.New("did not finish: " + firstLine(closeErr)))
		return h.failure()
	case closeErr != nil:
		h.failed(fmt.Errorf("did not finish: %w", closeErr))
		return h.failure()
	default:
		return err
	}
}

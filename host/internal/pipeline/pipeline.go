// Package pipeline is a plan at work: probes in the kernel, plugin processes, and the way of the events from one to the other.
//
// Everything is loaded, verified and opened before anything is attached, and an error on the way leaves nothing behind. At the end the order is
// reversed: detach, read what the kernel still holds, let the handlers finish, then free the rest. No record goes missing uncounted.
package pipeline

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/probehost/probehost/host/internal/plan"
	"github.com/probehost/probehost/host/internal/probe"
	"github.com/probehost/probehost/host/internal/route"
)

// Options of a [Pipeline].
type Options struct {
	Plan *plan.Plan
	// Output takes what the handlers print. Terminal returns the size of the screen behind it; nil or false: there is none.
	Output   route.Output
	Terminal func() (width, height int, ok bool)
	// Log takes the lines of the host, the plugins and the objects.
	Log hclog.Logger
	// RuntimeDir is for sockets.
	RuntimeDir string
}

// Pipeline runs from [Start] to [Pipeline.Stop].
type Pipeline struct {
	log      hclog.Logger
	probes   []*probe.Probe
	streams  []*stream
	handlers []*handler

	stopReading context.CancelFunc
	reading     sync.WaitGroup
	failed      chan error
}

// stream is a stream that is read, and where it leads.
type stream struct {
	name   string
	source *probe.Stream
	route  *route.Stream
}

// Start brings the plan to life. Its errors are [probe.Error] and [OpenError], joined. Cancelling ctx ends the start, not the pipeline.
func Start(ctx context.Context, o Options) (_ *Pipeline, err error) {
	p := &Pipeline{log: o.Log, failed: make(chan error, 1)}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.abort())
		}
	}()
	if err := p.load(ctx, o.Plan); err != nil {
		return nil, err
	}
	if err := p.open(ctx, o); err != nil {
		return nil, err
	}
	if err := p.connect(o.Plan); err != nil {
		return nil, err
	}
	for _, pr := range p.probes {
		if err := pr.Attach(); err != nil {
			return nil, err
		}
	}
	p.read()
	return p, nil
}

// load has the kernel verify all probes, and tells of all that fail.
func (p *Pipeline) load(ctx context.Context, pl *plan.Plan) error {
	var errs []error
	for _, pp := range pl.Probes {
		spec := pp.Spec
		spec.Log = p.log.Named("probe").Named(spec.Name)
		pr, err := probe.Load(ctx, spec)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		p.probes = append(p.probes, pr)
	}
	return errors.Join(errs...)
}

// connect makes the routes from the probes' streams to the handlers.
func (p *Pipeline) connect(pl *plan.Plan) error {
	for _, ps := range pl.Streams {
		source := p.source(ps)
		if source == nil {
			return fmt.Errorf("probe %s has no stream %s after loading", ps.Probe.Spec.Name, ps.Spec.Name)
		}
		var targets []*route.Handler
		for _, h := range p.handlers {
			if h.reads(ps) {
				targets = append(targets, h.route)
			}
		}
		p.streams = append(p.streams, &stream{
			name: ps.Probe.Spec.Name + "." + ps.Spec.Name, source: source, route: route.NewStream(ps.ID, ps.Where, targets),
		})
	}
	return nil
}

func (p *Pipeline) source(ps *plan.Stream) *probe.Stream {
	for _, pr := range p.probes {
		for _, s := range pr.Streams() {
			if s.Probe() == ps.Probe.Spec.Name && s.Name() == ps.Spec.Name {
				return s
			}
		}
	}
	return nil
}

// read starts a goroutine for each stream.
func (p *Pipeline) read() {
	ctx, cancel := context.WithCancel(context.Background())
	p.stopReading = cancel
	for _, s := range p.streams {
		p.reading.Go(func() {
			if err := s.source.Run(ctx, s.route.Deliver); err != nil {
				p.fail(err)
			}
			s.route.Flush()
		})
	}
}

// Failed delivers the first error after which running on makes no sense: a stream cannot be read, or [ErrNoHandler].
func (p *Pipeline) Failed() <-chan error { return p.failed }

func (p *Pipeline) fail(err error) {
	select {
	case p.failed <- err:
	default: // one is enough to stop
	}
}

// Links lists what is attached.
func (p *Pipeline) Links() []probe.LinkInfo {
	var links []probe.LinkInfo
	for _, pr := range p.probes {
		links = append(links, pr.Links()...)
	}
	return links
}

// Resize tells the handlers the size of the terminal.
func (p *Pipeline) Resize(width, height int) {
	for _, h := range p.handlers {
		h.route.Resize(width, height)
	}
}

// Stop detaches, reads what the kernel still holds, and lets the handlers finish until ctx ends; what is left then is killed. The error says what
// could not be undone and, in a line for each, which handlers stopped early or did not finish. It is called once.
func (p *Pipeline) Stop(ctx context.Context) error {
	var errs []error
	for _, pr := range p.probes {
		errs = append(errs, pr.Detach())
	}
	p.stopReading()
	p.reading.Wait()
	errs = append(errs, p.finish(ctx))
	for _, pr := range p.probes {
		errs = append(errs, pr.Close())
	}
	return errors.Join(errs...)
}

// abortTime is how long the plugins may take to end that have not been sent anything yet.
const abortTime = 3 * time.Second

// abort undoes a start that failed.
func (p *Pipeline) abort() error {
	var errs []error
	for _, pr := range p.probes {
		errs = append(errs, pr.Close())
	}
	ctx, cancel := context.WithTimeout(context.Background(), abortTime)
	defer cancel()
	return errors.Join(append(errs, p.finish(ctx))...)
}

package probe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/cilium/ebpf"
	"github.com/hashicorp/go-hclog"

	"github.com/probehost/probehost/host/internal/object"
)

// Probe is an object in the kernel. Its methods may be called by any goroutine.
type Probe struct {
	spec    Spec
	loader  *loader
	choice  *choice
	streams []*Stream
	logs    *logPump // nil: the object writes none, or nobody wants them

	mu       sync.Mutex
	links    []*link
	rejected []error // why alternatives of first_of were not taken
	attached bool
	closed   bool
}

// Load makes the maps of an object and has the verifier check its programs; of the alternatives of first_of at least one has to pass.
// Nothing is attached yet. The error is made of values of type [*Error], see [Errors]; after one, nothing is left in the kernel.
func Load(ctx context.Context, spec Spec) (_ *Probe, err error) {
	if spec.Log == nil {
		spec.Log = hclog.NewNullLogger()
	}
	p := &Probe{spec: spec}
	defer func() {
		if err != nil {
			err = p.named(errors.Join(err, p.Close()))
		}
	}()
	prepared, err := prepare(&spec)
	if err != nil {
		return nil, err
	}
	if p.choice, err = choose(&spec, prepared.Programs, prepared.Maps); err != nil {
		return nil, err
	}
	if err := unlimitMemory(); err != nil {
		return nil, err
	}
	p.loader = newLoader(prepared)
	if err := p.loader.makeMaps(); err != nil {
		return nil, err
	}
	if err := p.loadPrograms(ctx); err != nil {
		return nil, err
	}
	if err := p.loader.fillProgramArrays(); err != nil {
		return nil, err
	}
	if err := p.openStreams(); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Probe) loadPrograms(ctx context.Context) error {
	var errs []error
	for _, s := range slices.Concat(p.choice.called, p.choice.fixed) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := p.loader.load(s); err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) > 0 || len(p.choice.alternatives) == 0 {
		return errors.Join(errs...)
	}
	p.choice.alternatives = slices.DeleteFunc(p.choice.alternatives, func(sites []*site) bool {
		for _, s := range sites {
			if _, err := p.loader.load(s); err != nil {
				p.rejected = append(p.rejected, err)
				return true
			}
		}
		return false
	})
	if len(p.choice.alternatives) == 0 {
		return p.noneOf()
	}
	return ctx.Err()
}

// noneOf is the error that no alternative of first_of works, with the reason of each.
func (p *Probe) noneOf() error {
	what := "this kernel takes none of the alternatives"
	for _, err := range p.rejected {
		for _, e := range Errors(err) {
			what += fmt.Sprintf("\n  %s: %s", e.Program, e.brief())
		}
	}
	return &Error{Attr: "first_of", What: what, Cure: "mend one of them, or add one that needs less, such as a tracepoint"}
}

// openStreams maps the buffers. Before anything is attached, so that nothing is emitted into a void.
func (p *Probe) openStreams() error {
	for _, s := range p.spec.Streams {
		m := p.loader.maps[s.Name]
		if m == nil {
			return &Error{Stream: s.Name, Attr: "object", What: "object " + p.spec.Object.Name + " has no such map"}
		}
		t := &tally{lossKnown: s.Source == object.Perf || s.Source == object.Poll}
		lost := p.lossCounter(s.Name, t)
		r, err := newReader(s, m, lost, t)
		if err != nil {
			return &Error{Stream: s.Name, What: "its map cannot be read", Err: err}
		}
		p.streams = append(p.streams, &Stream{probe: p.spec.Name, spec: s, tally: t, reader: r})
	}
	m := p.loader.maps[logStream]
	if m == nil || m.Type() != ebpf.RingBuf || p.spec.LogLevel == hclog.Off {
		return nil
	}
	t := &tally{}
	r, err := newRingReader(m, 0, p.lossCounter(logStream, t), t)
	if err != nil {
		return &Error{Stream: logStream, What: "the object's log cannot be read", Err: err}
	}
	p.logs = &logPump{log: p.spec.Log, reader: r}
	for _, prog := range p.spec.Object.Programs() {
		p.logs.programs = append(p.logs.programs, prog.Name)
	}
	return nil
}

// lossCounter returns what counts the losses of a stream, nil if nothing does.
func (p *Probe) lossCounter(stream string, t *tally) lossCounter {
	m := p.loader.maps[stream+lostSuffix]
	if m == nil {
		return nil
	}
	counter := newLostMap(m)
	if counter == nil {
		p.spec.Log.Warn("map is named like a counter of losses, but is no per-CPU array of 64-bit numbers", "map", stream+lostSuffix)
		return nil
	}
	t.lossKnown = true
	return counter
}

// Attach attaches everything or, after an error, nothing: then the probe is closed too. It is called at most once.
func (p *Probe) Attach() error {
	p.mu.Lock()
	err := p.attach()
	p.mu.Unlock()
	if err != nil {
		return p.named(errors.Join(err, p.Close()))
	}
	return nil
}

func (p *Probe) attach() error {
	if p.attached || p.closed {
		return errors.New("a probe is attached once")
	}
	p.attached = true
	if p.logs != nil {
		p.logs.start()
	}
	if len(p.choice.alternatives) > 0 {
		links, err := p.attachFirst()
		p.links = append(p.links, links...)
		if err != nil {
			return err
		}
	}
	links, err := p.attachAll(p.choice.fixed)
	p.links = append(p.links, links...)
	return err
}

// attachFirst attaches the first alternative that the kernel takes.
func (p *Probe) attachFirst() ([]*link, error) {
	for _, sites := range p.choice.alternatives {
		links, err := p.attachAll(sites)
		if err == nil {
			for _, l := range links {
				for _, r := range p.rejected {
					l.Note = addNote(l.Note, "not "+Errors(r)[0].Program+": "+Errors(r)[0].brief())
				}
			}
			return links, nil
		}
		p.rejected = append(p.rejected, err)
		if err := closeLinks(links); err != nil {
			return nil, err
		}
	}
	return nil, p.noneOf()
}

// attachAll returns the links made so far also with an error.
func (p *Probe) attachAll(sites []*site) ([]*link, error) {
	var links []*link
	for _, s := range sites {
		l, err := s.attach(p.loader.programs[s.key()])
		if err != nil {
			return links, err
		}
		links = append(links, l)
	}
	return links, nil
}

// Links lists what is attached now.
func (p *Probe) Links() []LinkInfo {
	p.mu.Lock()
	defer p.mu.Unlock()
	infos := make([]LinkInfo, len(p.links))
	for i, l := range p.links {
		infos[i] = l.LinkInfo
	}
	return infos
}

// Streams lists the streams that the Spec asked for, in its order.
func (p *Probe) Streams() []*Stream { return p.streams }

// Name returns the probe's name.
func (p *Probe) Name() string { return p.spec.Name }

// Detach detaches all programs. Streams can still be read: what was emitted before stays in them. It may be called again.
func (p *Probe) Detach() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	links := p.links
	p.links = nil
	return closeLinks(links)
}

// Close detaches what is attached and frees all of it. No stream may be running. It may be called again.
func (p *Probe) Close() error {
	errs := []error{p.Detach()}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	if p.logs != nil {
		p.logs.stop()
		errs = append(errs, p.logs.reader.close())
	}
	for _, s := range p.streams {
		errs = append(errs, s.reader.close())
	}
	if p.loader != nil {
		errs = append(errs, p.loader.close())
	}
	return errors.Join(errs...)
}

// closeLinks closes the last first.
func closeLinks(links []*link) error {
	var errs []error
	for _, l := range slices.Backward(links) {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}

// named puts the probe's name into all errors.
func (p *Probe) named(err error) error {
	var errs []error
	for _, e := range Errors(err) {
		e.Probe = p.spec.Name
		errs = append(errs, e)
	}
	return errors.Join(errs...)
}

func addNote(note, more string) string {
	if note == "" {
		return more
	}
	return note + "; " + more
}

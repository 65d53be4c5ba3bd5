package probe

import (
	"context"
	"errors"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/hashicorp/go-hclog"

	"github.com/probehost/probehost/host/internal/object"
)

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

// openStreams maps the buffers. Before anything is attached, so that nothing is emitted into a void.
func (p *Probe) openStreams() error {
	for _, s := range p.spec.Streams {
		m := p.loader.maps[s.MapName]
		if m == nil {
			return &Error{Stream: s.Name, Attr: "object", What: "object " + p.spec.Object.Name + " has no such map"}
		}
		t := &tally{lossKnown: s.Source == object.Perf || s.Source == object.Poll}
		lost := p.lossCounter(s.Name, t)
		r, err := newReader(s, m, lost, t)
		if err != nil {
			return explainReader(s, err)
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
	p.logs = &logPump{log: objectLog(p.spec.Log, p.spec.LogLevel), reader: r}
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

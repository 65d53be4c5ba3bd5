package plan

import (
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/probehost/probehost/host/internal/config"
	"github.com/probehost/probehost/host/internal/lang"
	"github.com/probehost/probehost/host/internal/object"
	"github.com/probehost/probehost/host/internal/probe"
	"github.com/probehost/probehost/host/internal/suggestion"
	"github.com/probehost/probehost/sdk/expr"
	"github.com/probehost/probehost/sdk/wire"
)

// handler finds the streams of a handler and compiles its condition.
func (b *builder) handler(c *config.Handler) *Handler {
	h := &Handler{Config: c, Where: map[uint32]*expr.Predicate{}, incomplete: c.Incomplete}
	for _, r := range c.From {
		streams, ok := b.resolve(r)
		h.incomplete = h.incomplete || !ok
		for _, s := range streams {
			if !slices.Contains(h.Streams, s) {
				h.Streams = append(h.Streams, s)
			}
		}
	}
	if c.Where != nil {
		forms := compile(lang.Predicate, c.Where, h.Streams, b.config.Eval)
		b.add(failures(forms))
		for _, f := range forms {
			h.Where[f.stream.ID] = b.evaluator(c.Where.Range(), f.node, f.stream)
		}
	}
	b.plan.Handlers = append(b.plan.Handlers, h)
	return h
}

// resolve returns the streams that a reference stands for, and reports false if some of them are not known because of an error.
func (b *builder) resolve(r config.Ref) ([]*Stream, bool) {
	p := b.plan.Probe(r.Probe)
	if p == nil || p.Spec.Object == nil {
		return nil, false // has been reported
	}
	if r.Stream == "" {
		return b.all(p, r)
	}
	source := p.Source(r.Stream)
	switch {
	case source == nil:
		b.unknownStream(p, r)
		return nil, false
	case source.Unknown != nil:
		b.untyped(p, source, r.StreamRange)
		return nil, false
	}
	return []*Stream{b.stream(p, source)}, true
}

// all returns the streams of a probe: rings, perf event arrays, and the maps that stream blocks name.
func (b *builder) all(p *Probe, r config.Ref) (streams []*Stream, ok bool) {
	ok = true
	for _, source := range p.Sources {
		if source.Unknown != nil {
			b.untyped(p, source, r.Range)
			ok = false
			continue
		}
		streams = append(streams, b.stream(p, source))
	}
	if len(p.Sources) == 0 {
		b.fail(r.Range, "Probe without streams", "The object of probe %q has no ring buffer and no perf event array, and no stream block names a map "+
			"to poll.%s", r.Probe, pollHint(p))
		ok = false
	}
	return streams, ok
}

func pollHint(p *Probe) string {
	maps := p.Spec.Object.Maps()
	if len(maps) == 0 {
		return " It has no map that could be polled either."
	}
	return fmt.Sprintf(" To poll one, write in the probe: stream %q { every = \"1s\" }.", maps[0])
}

func (b *builder) unknownStream(p *Probe, r config.Ref) {
	if slices.Contains(p.Spec.Object.Maps(), r.Stream) {
		b.fail(r.StreamRange, "Map is not a stream", "%q is a map of probe %q: to poll it, write in the probe: stream %q { every = \"1s\" }.",
			r.Stream, r.Probe, r.Stream)
		return
	}
	var have []string
	for _, s := range p.Sources {
		have = append(have, s.Name)
	}
	b.fail(r.StreamRange, "Unknown stream", "The probe %q has no stream %q.%s", r.Probe, r.Stream, suggestion.Hint(r.Stream, "streams", have))
}

// untyped reports, once, a stream that somebody reads and whose schema is not known.
func (b *builder) untyped(p *Probe, s *Source, at hcl.Range) {
	if b.reported[s] {
		return
	}
	b.reported[s] = true
	var unknown *object.TypeUnknownError
	if !errors.As(s.Unknown, &unknown) {
		b.fail(at, "Cannot use the stream", "%s", sentence(s.Unknown.Error()))
		return
	}
	cure := "The object has no BTF with structs: compile it with -g."
	if len(unknown.Have) > 0 {
		cure = fmt.Sprintf("Say it in the probe %q: stream %q { type = %q }.%s", p.Config.Name, s.Name, unknown.Have[0],
			suggestion.Hint("", "structs", unknown.Have))
	}
	b.fail(at, "Unknown type of events", "The object does not say which type the events of %q have. %s", s.Name, cure)
}

// stream returns the plan's stream for a source, which from then on is read.
func (b *builder) stream(p *Probe, source *Source) *Stream {
	for _, s := range b.plan.Streams {
		if s.Probe == p && s.Spec.Name == source.Name {
			return s
		}
	}
	s := &Stream{ID: uint32(len(b.plan.Streams) + 1), Probe: p, Spec: source.Spec}
	if source.Where != nil {
		s.Where = b.evaluator(source.Config.Where.Range(), source.Where, s)
	}
	b.plan.Streams = append(b.plan.Streams, s)
	return s
}

// evaluator makes a node ready to use; nil is returned for nil.
func (b *builder) evaluator(at hcl.Range, n *expr.Node, s *Stream) *expr.Predicate {
	if n == nil {
		return nil
	}
	p, err := expr.NewPredicate(n, s.Spec.Schema)
	if err != nil {
		b.fail(at, "Invalid condition", "%s", sentence(err.Error()))
		return nil
	}
	return p
}

// finish tells the probes which of their streams are read, and which are not.
func (b *builder) finish() {
	for _, s := range b.plan.Streams {
		s.Probe.Spec.Streams = append(s.Probe.Spec.Streams, s.Spec)
	}
	for _, p := range b.plan.Probes {
		if p.Spec.Object == nil {
			continue
		}
		for _, name := range p.Spec.Object.Maps() {
			if !slices.ContainsFunc(p.Spec.Streams, func(s probe.StreamSpec) bool { return s.Name == name }) {
				p.Spec.Off = append(p.Spec.Off, name)
			}
		}
	}
}

// wireStreams describes the streams of a handler to its plugin.
func wireStreams(streams []*Stream) []*wire.Stream {
	out := make([]*wire.Stream, len(streams))
	for i, s := range streams {
		out[i] = &wire.Stream{
			Id: s.ID, Probe: s.Probe.Spec.Name, Name: s.Spec.Name, Size: s.Spec.Schema.Size, Fields: wire.EncodeSchema(s.Spec.Schema),
			Source: sources[s.Spec.Source], IntervalNs: int64(s.Spec.Every),
		}
	}
	return out
}

var sources = map[object.Source]wire.Stream_Source{object.Ring: wire.Stream_RING, object.Perf: wire.Stream_PERF, object.Poll: wire.Stream_POLL}

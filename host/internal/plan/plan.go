// Package plan resolves a configuration as far as that is possible without the kernel: objects are opened, streams have schemas, expressions are
// compiled, plugins have described themselves and accepted their configuration. What a [Plan] says is what runs.
//
// Nothing here needs privileges. Plugins are started to be asked, and ended again; what they answer is checked like any other input.
package plan

import (
	"github.com/probehost/probehost/host/internal/config"
	"github.com/probehost/probehost/host/internal/probe"
	"github.com/probehost/probehost/sdk/expr"
	"github.com/probehost/probehost/sdk/wire"
)

// Plan is a configuration that can be run.
type Plan struct {
	Config   *config.Config
	Probes   []*Probe
	Streams  []*Stream // those that some handler reads
	Handlers []*Handler
}

// Probe is a probe to load.
type Probe struct {
	Config *config.Probe
	// Spec lacks a log, which is the caller's to set. Its Streams are those that some handler reads, in the order of Plan.Streams.
	Spec probe.Spec
	// Sources are all streams of the probe, read or not, sorted by name.
	Sources []*Source
}

// Source is a stream that a probe has.
type Source struct {
	Name   string
	Config *config.Stream // nil: there is no stream block
	Spec   probe.StreamSpec
	Where  *expr.Node // nil: every record
	// Unknown says why the stream has no schema, Spec then being empty; nil if it has one. Nobody reads such a stream.
	Unknown error
}

// Stream is a stream that is read.
type Stream struct {
	ID    uint32 // counts from 1 over the whole plan
	Probe *Probe
	Spec  probe.StreamSpec
	Where *expr.Predicate // nil: every record
}

func (s *Stream) String() string { return s.Probe.Spec.Name + "." + s.Spec.Name }

// Handler is a plugin process to start.
type Handler struct {
	Config *config.Handler
	Path   string // of the plugin's executable; empty: reattached
	// Open lacks the terminal, which is the caller's to set.
	Open    *wire.OpenRequest
	Streams []*Stream
	Where   map[uint32]*expr.Predicate // by Stream.ID; none: every record

	places     *place // of the configuration
	incomplete bool   // some streams are not known because of an error
}

// Probe returns the probe of that name, or nil.
func (p *Plan) Probe(name string) *Probe {
	for _, pr := range p.Probes {
		if pr.Spec.Name == name {
			return pr
		}
	}
	return nil
}

// Source returns the stream of that name, or nil.
func (p *Probe) Source(name string) *Source {
	for _, s := range p.Sources {
		if s.Name == name {
			return s
		}
	}
	return nil
}

package plan

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/probehost/probehost/bpf"
	"github.com/probehost/probehost/host/internal/config"
	"github.com/probehost/probehost/host/internal/lang"
	"github.com/probehost/probehost/host/internal/object"
	"github.com/probehost/probehost/host/internal/probe"
	"github.com/probehost/probehost/host/internal/schema"
	"github.com/probehost/probehost/host/internal/suggestion"
)

// defaultEvery is the time between snapshots of a polled map.
const defaultEvery = time.Second

// probe opens the object of a probe and finds its streams.
func (b *builder) probe(c *config.Probe) {
	p := &Probe{Config: c, Spec: probe.Spec{Name: c.Name, LogLevel: hclog.NoLevel}}
	b.plan.Probes = append(b.plan.Probes, p)
	if !c.Object.Given {
		return // has been reported
	}
	o, err := b.objects.open(c.Object)
	if err != nil {
		b.objectError(c, err)
		return
	}
	p.Spec.Object = o
	if c.LogLevel.Given {
		p.Spec.LogLevel = hclog.LevelFromString(c.LogLevel.Value)
	}
	b.sources(p)
	b.attach(p)
}

func (b *builder) objectError(c *config.Probe, err error) {
	if errors.Is(err, os.ErrNotExist) {
		b.fail(c.Object.Range, "Object not found", "There is no file %s. Paths are relative to the folder of the configuration. The built-in "+
			"objects are written without quotes: builtin.%s.", c.Object.Path, cmp.Or(suggestion.Nearest(strings.TrimPrefix(filepath.Base(c.Object.Path), "builtin."), bpf.Names()), "NAME"))
		return
	}
	b.fail(c.Object.Range, "Cannot use the object", "%s.", sentenceStart(err.Error()))
}

// sources finds the streams: rings and perf event arrays by themselves, and whatever a stream block names.
func (b *builder) sources(p *Probe) {
	o := p.Spec.Object
	names := o.Streams()
	for _, s := range p.Config.Streams {
		if !slices.Contains(names, s.Name) {
			names = append(names, s.Name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		p.Sources = append(p.Sources, b.source(o, name, p.Config.Stream(name)))
	}
}

// source finds the schema of a stream. Options that are wrong are reported and then left out, so that whatever refers to the stream can still be
// checked.
func (b *builder) source(o *object.Object, name string, c *config.Stream) *Source {
	source := &Source{Name: name, Config: c}
	var options object.StreamOptions
	if c != nil {
		options = c.Options()
	}
	s, err := o.Stream(name, options)
	for err != nil && c != nil {
		b.streamError(c, err)
		b.reported[source] = true
		if !without(&options, err) {
			break
		}
		s, err = o.Stream(name, options)
		if _, unknown := errors.AsType[*object.TypeUnknownError](err); unknown {
			break // the type given was wrong
		}
	}
	if err != nil {
		source.Unknown = err // matters if somebody reads it
		return source
	}
	source.Spec = probe.StreamSpec{Stream: s}
	if s.Source == object.Poll {
		source.Spec.Every = defaultEvery
	}
	if c != nil {
		b.streamArguments(source, c)
	}
	return source
}

// without removes the option that is at fault, and reports false if none is.
func without(options *object.StreamOptions, err error) bool {
	var format *schema.FormatError
	var option *object.OptionError
	switch {
	case errors.As(err, &format):
		_, ok := options.Formats[format.Field]
		delete(options.Formats, format.Field)
		return ok
	case errors.As(err, &option) && option.Attr == "type" && options.Type != "":
		options.Type = ""
		return true
	case errors.As(err, &option) && option.Attr == "per_cpu" && options.PerCPU != "":
		options.PerCPU = ""
		return true
	}
	return false
}

// streamError says what is wrong with a stream block.
func (b *builder) streamError(c *config.Stream, err error) {
	var missing *object.NotFoundError
	var option *object.OptionError
	var format *schema.FormatError
	switch {
	case errors.As(err, &format):
		b.formatError(c, format)
	case errors.As(err, &option):
		r := c.NameRange
		switch {
		case option.Attr == "type" && c.Type.Given:
			r = c.Type.Range
		case option.Attr == "per_cpu" && c.PerCPU.Given:
			r = c.PerCPU.Range
		}
		if errors.As(err, &missing) {
			b.fail(r, "Unknown type", "The object has no struct %q.%s", missing.Name, suggestion.Hint(missing.Name, "structs", missing.Have))
			return
		}
		b.fail(r, "Wrong argument for the stream", "%s.", sentenceStart(option.What))
	case errors.As(err, &missing):
		b.fail(c.NameRange, "Unknown stream", "The object has no map %q that could be a stream.%s", missing.Name,
			suggestion.Hint(missing.Name, "maps", missing.Have))
	default:
		b.fail(c.NameRange, "Cannot use the stream", "%s.", sentenceStart(err.Error()))
	}
}

func (b *builder) formatError(c *config.Stream, err *schema.FormatError) {
	for _, f := range c.Fields {
		switch {
		case f.Name != err.Field:
		case err.FieldUnknown:
			b.fail(f.NameRange, "Unknown field", "The stream %q has no field %q.%s", c.Name, f.Name, suggestion.Hint(f.Name, "fields", err.Have))
		default:
			b.fail(f.Format.Range, "Format does not fit", "%s", sentence(err.Error()))
		}
	}
}

// streamArguments checks the arguments of a stream block against the kind of the stream.
func (b *builder) streamArguments(s *Source, c *config.Stream) {
	kind := s.Spec.Source
	if c.Every.Given {
		if s.Spec.Every = c.Every.Value; kind != object.Poll {
			b.fail(c.Every.Range, "Wrong argument for the stream", "%q is a %s: its records arrive as they are made, and \"every\" means nothing "+
				"to it. It is for maps, which are read on an interval.", c.Name, kind)
		}
	}
	if c.Size.Given {
		if s.Spec.Size = uint32(c.Size.Value); kind == object.Poll {
			b.fail(c.Size.Range, "Wrong argument for the stream", "%q is a map that is read on an interval: it has no buffer, and \"size\" means "+
				"nothing to it.", c.Name)
		}
	}
	if c.Linger.Given {
		if s.Spec.Linger = c.Linger.Value; kind != object.Ring {
			b.fail(c.Linger.Range, "Wrong argument for the stream", "%q is a %s: \"linger\" is for ring buffers.", c.Name, kind)
		}
		if s.Spec.Linger == 0 {
			s.Spec.Linger = -1 // as the probe says "none"
		}
	}
	if c.Where != nil {
		node, diags := lang.Predicate(c.Where, s.Spec.Schema, b.config.Eval)
		b.add(diags)
		s.Where = node
	}
}

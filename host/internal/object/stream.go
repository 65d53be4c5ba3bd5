package object

import (
	"fmt"

	"github.com/cilium/ebpf"

	"github.com/probehost/probehost/host/internal/schema"
	"github.com/probehost/probehost/sdk/record"
)

// StreamOptions is what a `stream` block says about records.
type StreamOptions struct {
	// Type names the record's type in the object's BTF, for rings and perf event arrays whose definition does not: "event" or
	// "struct event".
	Type string
	// PerCPU says what becomes of the per-CPU values of a polled map: "sum" (also the zero value) or "list".
	PerCPU string
	// Formats overrides how fields are shown, by field name: the formats of package record, and [schema.Text].
	Formats map[string]record.Format
}

// Stream is one source of records in an object. It is immutable.
type Stream struct {
	Name   string
	Source Source
	Map    *ebpf.MapSpec
	// MapName is the key of Map in [Object.Spec]: Name, but for the [globals].
	MapName string
	Schema  *record.Schema
	// Type is the C type of the records, "struct event"; empty for a polled map.
	Type string
	// Inferred says that the object does not name the type and that Type is the only one that it can be. Tell the user.
	Inferred bool
	// Row is the layout of the records of a polled map.
	Row schema.Row
}

// Stream returns the stream of that name. Rings and perf event arrays are streams by themselves, other maps are polled.
//
// Errors are a [NotFoundError], a [TypeUnknownError], or an [OptionError] when an option is at fault.
func (o *Object) Stream(name string, opt StreamOptions) (*Stream, error) {
	mapName := name
	if o.Spec.Maps[name] == nil && o.variables(name) != nil {
		mapName = "." + name
	}
	m := o.Spec.Maps[mapName]
	if m == nil || Internal(name) {
		return nil, &NotFoundError{What: "map", Name: name, Object: o.Name, Have: o.Maps()}
	}
	s := &Stream{Name: name, MapName: mapName, Map: m, Source: sourceOf(m.Type)}
	var err error
	switch s.Source {
	case Ring, Perf:
		err = o.recordStream(s, opt)
	case Poll:
		err = o.pollStream(s, opt)
	default:
		err = fmt.Errorf("map %q of object %s is of type %s, which is no source of records: supported are %s",
			name, o.Name, m.Type, supportedMaps)
	}
	if err != nil {
		return nil, err
	}
	if err := s.Schema.Validate(); err != nil { // plugins refuse a schema that is not valid
		return nil, o.schemaError(s, err)
	}
	return s, nil
}

func (o *Object) recordStream(s *Stream, opt StreamOptions) error {
	if opt.PerCPU != "" {
		return &OptionError{Object: o.Name, Stream: s.Name, Attr: "per_cpu",
			What: fmt.Sprintf("it is a %s: only maps with a value for each CPU take per_cpu", s.Source)}
	}
	t, inferred, err := o.recordType(s, opt.Type)
	if err != nil {
		return err
	}
	s.Type, s.Inferred = schema.TypeName(t), inferred
	if s.Schema, err = schema.Record(t, opt.Formats); err != nil {
		return o.schemaError(s, err)
	}
	return nil
}

func (o *Object) pollStream(s *Stream, opt StreamOptions) error {
	perCPU := PerCPU(s.Map.Type)
	switch {
	case opt.Type != "":
		return &OptionError{Object: o.Name, Stream: s.Name, Attr: "type",
			What: "it is a polled map: its definition says the types of key and value"}
	case opt.PerCPU != "" && opt.PerCPU != "sum" && opt.PerCPU != "list":
		return &OptionError{Object: o.Name, Stream: s.Name, Attr: "per_cpu",
			What: fmt.Sprintf("per_cpu is \"sum\" or \"list\", not %q", opt.PerCPU)}
	case opt.PerCPU != "" && !perCPU:
		return &OptionError{Object: o.Name, Stream: s.Name, Attr: "per_cpu",
			What: fmt.Sprintf("it is a map of type %s: only maps with a value for each CPU take per_cpu", s.Map.Type)}
	}
	var err error
	if s.MapName != s.Name {
		s.Row, s.Schema, err = schema.NewGlobalsRow(o.variables(s.Name), s.Map.ValueSize, opt.Formats)
	} else {
		s.Row, s.Schema, err = schema.NewRow(
			schema.Part{Type: s.Map.Key, Size: s.Map.KeySize},
			schema.Part{Type: s.Map.Value, Size: s.Map.ValueSize},
			perCPU && opt.PerCPU == "list", opt.Formats)
	}
	if err != nil {
		return o.schemaError(s, err)
	}
	return nil
}

func (o *Object) schemaError(s *Stream, err error) error {
	return fmt.Errorf("stream %q of object %s: %w", s.Name, o.Name, err)
}

package sdk

import (
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/probehost/probehost/sdk/record"
	"github.com/probehost/probehost/sdk/wire"
)

// Names of package record that most plugins need.
type (
	// Schema describes the records of a stream.
	Schema = record.Schema
	// Field says where in a record a value lies and what it means.
	Field = record.Field
	// Kind is what a field's bytes are.
	Kind = record.Kind
	// Format is how a field's value is shown.
	Format = record.Format
)

// Source is where a stream's records come from.
type Source int

const (
	Ring Source = iota // a ring buffer
	Perf               // a perf event array
	Poll               // snapshots of a map
)

func (s Source) String() string {
	switch s {
	case Ring:
		return "ring"
	case Perf:
		return "perf"
	case Poll:
		return "poll"
	}
	return fmt.Sprintf("source(%d)", int(s))
}

// Stream is one source of events that the handler subscribed to. Any number of goroutines may read it.
type Stream struct {
	ID       uint32
	Probe    string
	Name     string
	Source   Source
	Interval time.Duration // Poll: the time between snapshots
	Schema   *Schema

	position int      // in Host.Streams
	layouts  sync.Map // reflect.Type to *layout: what Records found
}

// String returns "probe.name".
func (s *Stream) String() string { return s.Probe + "." + s.Name }

// layout returns how T lies in the stream's records; the first call for a type works it out.
func (s *Stream) layout(t reflect.Type) *layout {
	if l, ok := s.layouts.Load(t); ok {
		return l.(*layout)
	}
	l, _ := s.layouts.LoadOrStore(t, newLayout(t, s.Schema))
	return l.(*layout)
}

// decodeStreams makes the streams of a handler from what the host sent.
func decodeStreams(in []*wire.Stream) ([]*Stream, error) {
	streams := make([]*Stream, 0, len(in))
	ids := make(map[uint32]bool, len(in))
	for i, w := range in {
		schema, err := wire.DecodeSchema(w.GetSize(), w.GetFields())
		if err != nil {
			return nil, fmt.Errorf("stream %s.%s: %w", w.GetProbe(), w.GetName(), err)
		}
		if ids[w.GetId()] {
			return nil, fmt.Errorf("stream %s.%s: number %d is taken", w.GetProbe(), w.GetName(), w.GetId())
		}
		ids[w.GetId()] = true
		streams = append(streams, &Stream{
			ID: w.GetId(), Probe: w.GetProbe(), Name: w.GetName(), Source: Source(w.GetSource()),
			Interval: time.Duration(w.GetIntervalNs()), Schema: schema, position: i,
		})
	}
	return streams, nil
}

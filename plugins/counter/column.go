package main

import (
	"github.com/probehost/probehost/plugins/internal/eventkey"
	"github.com/probehost/probehost/sdk"
	"github.com/probehost/probehost/sdk/record"
)

// column is one number that is counted for each key.
type column struct {
	name   string
	field  *sdk.Field // nil: the number of events
	signed bool
}

// of returns what an event adds to the column. Signed numbers are two's complements, which add up like unsigned ones.
func (c *column) of(e sdk.Event) uint64 {
	if c.field == nil {
		return 1
	}
	return e.Uint64(c.field)
}

// summable reports whether values of the field are amounts. Times, ports, users and the like are numbers whose sum means nothing.
func summable(f *sdk.Field) bool {
	amount := f.Format == record.Plain || f.Format == record.ByteSize || f.Format == record.Duration
	return amount && (f.Kind == record.Int || f.Kind == record.Uint)
}

// what says what a field is that is not summable.
func what(f *sdk.Field) string {
	if f.Format != record.Plain {
		return "format " + string(f.Format)
	}
	return "kind " + f.Kind.String()
}

// columns returns what to count in a stream: the sums that it has, then its events, unless it is a polled map, whose rows are no events.
func columns(s *sdk.Stream, sum []sdk.FieldName) []column {
	names := sum
	if len(names) == 0 {
		names = []sdk.FieldName{"packets", "bytes"}
		if fields, _ := eventkey.Fields(s, names); len(fields) == 0 && s.Source == sdk.Poll {
			names = []sdk.FieldName{"value"}
		}
	}
	var all []column
	fields, _ := eventkey.Fields(s, names)
	for _, f := range fields {
		if summable(f) {
			all = append(all, column{name: f.Name, field: f, signed: f.Kind == record.Int})
		}
	}
	switch {
	case s.Source != sdk.Poll:
		all = append(all, column{name: "events"})
	case len(all) == 0:
		all = append(all, column{name: "entries"})
	}
	return all
}

package main

import (
	"bytes"
	"strconv"
	"time"

	"github.com/probehost/probehost/plugins/internal/eventkey"
	"github.com/probehost/probehost/sdk"
)

// jsonEncoder writes {"stream":"probe.name","field":value,...}.
type jsonEncoder struct {
	head   []byte   // {"stream":"probe.name"
	names  [][]byte // ,"field":
	fields []*sdk.Field
}

func newJSONEncoder(s *sdk.Stream, names []sdk.FieldName) *jsonEncoder {
	j := &jsonEncoder{head: strconv.AppendQuote([]byte(`{"stream":`), s.String()), fields: selected(s, names)}
	for _, f := range j.fields {
		name := f.Name
		if name == "stream" {
			name = "event.stream" // the stream's own name has the first place
		}
		j.names = append(j.names, append(strconv.AppendQuote([]byte{','}, name), ':'))
	}
	return j
}

func (j *jsonEncoder) event(dst []byte, e sdk.Event, _ time.Time) []byte {
	dst = append(dst, j.head...)
	for i, f := range j.fields {
		dst = append(dst, j.names[i]...)
		dst = e.AppendFieldJSON(dst, f)
	}
	return append(dst, "}\n"...)
}

func (j *jsonEncoder) lost(dst []byte, n uint64, _ time.Time) []byte {
	dst = append(append(dst, j.head...), `,"lost":`...)
	return append(strconv.AppendUint(dst, n, 10), "}\n"...)
}

// selected returns the fields of those names that the stream has; without names, all.
func selected(s *sdk.Stream, names []sdk.FieldName) []*sdk.Field {
	if len(names) > 0 {
		fields, _ := eventkey.Fields(s, names)
		return fields
	}
	fields := make([]*sdk.Field, len(s.Schema.Fields))
	for i := range fields {
		fields[i] = &s.Schema.Fields[i]
	}
	return fields
}

func countLines(lines []byte) uint64 { return uint64(bytes.Count(lines, []byte{'\n'})) }

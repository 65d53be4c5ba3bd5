// Package eventtime finds out when an event happened.
package eventtime

import (
	"github.com/probehost/probehost/sdk"
	"github.com/probehost/probehost/sdk/record"
)

// Field returns the field that says when an event of the stream happened: the one named time, if it holds a time, else the first that
// does; nil if there is none.
func Field(s *sdk.Stream) *sdk.Field {
	var first *sdk.Field
	for i := range s.Schema.Fields {
		f := &s.Schema.Fields[i]
		if f.Format != record.Time && f.Format != record.BootTime {
			continue
		}
		if f.Name == "time" {
			return f
		}
		if first == nil {
			first = f
		}
	}
	return first
}

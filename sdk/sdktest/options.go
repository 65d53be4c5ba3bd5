package sdktest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/probehost/probehost/sdk"
	"github.com/probehost/probehost/sdk/wire"
)

// Stream is a stream that the handler under test subscribes to. It must not change after the first use.
type Stream struct {
	Probe, Name string
	Schema      *sdk.Schema
	Source      sdk.Source
	Interval    time.Duration // sdk.Poll only
}

// Options say how the host would start the handler.
type Options struct {
	// Name of the handler; "test" if empty.
	Name string
	// Config is what the config block would say: a map[string]any, or JSON as a string or []byte. In a map, blocks are maps and repeated
	// blocks slices of maps, with labels as keys among the others; predicates and templates are an [Expression]; [time.Duration] and
	// [sdk.Size] are as in Go. JSON is as it travels from the host, so durations are nanoseconds, and cannot hold expressions.
	Config any
	// LogLevel is one of trace, debug, info, warn, error, off; "debug" if empty.
	LogLevel string
	// Width and Height are the size of the terminal; zero: standard output is none.
	Width, Height int
}

// request returns what the host would send to open the handler.
func (o Options) request(streams []*Stream) (*wire.OpenRequest, error) {
	r := &wire.OpenRequest{
		Handler: o.Name, LogLevel: o.LogLevel, Terminal: &wire.Terminal{Width: uint32(o.Width), Height: uint32(o.Height)},
	}
	if r.Handler == "" {
		r.Handler = "test"
	}
	if r.LogLevel == "" {
		r.LogLevel = "debug"
	}
	for i, s := range streams {
		r.Streams = append(r.Streams, &wire.Stream{
			Id: uint32(i), Probe: s.Probe, Name: s.Name, Source: wire.Stream_Source(s.Source), Size: s.Schema.Size,
			Fields: wire.EncodeSchema(s.Schema), IntervalNs: int64(s.Interval),
		})
	}
	var err error
	switch c := o.Config.(type) {
	case nil:
	case string:
		r.Config = []byte(c)
	case []byte:
		r.Config = c
	default:
		values := func(e Expression) any {
			r.Expressions = append(r.Expressions, e.encode(streams))
			return len(r.Expressions) - 1
		}
		r.Config, err = json.Marshal(resolve(reflect.ValueOf(c), values))
	}
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	return r, nil
}

// resolve returns the value with the expressions in its maps and slices replaced.
func resolve(v reflect.Value, replace func(Expression) any) any {
	for v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	switch {
	case !v.IsValid():
		return nil
	case v.Type() == reflect.TypeFor[Expression]():
		return replace(v.Interface().(Expression))
	case v.Kind() == reflect.Map && v.Type().Key().Kind() == reflect.String:
		m := make(map[string]any, v.Len())
		for _, key := range v.MapKeys() {
			m[key.String()] = resolve(v.MapIndex(key), replace)
		}
		return m
	case v.Kind() == reflect.Slice:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = resolve(v.Index(i), replace)
		}
		return list
	}
	return v.Interface()
}

// Diagnostic is a mistake in the configuration that the plugin found.
type Diagnostic struct {
	Path string // as in "rule[0].when"; empty: the whole block
	Text string
}

func (d Diagnostic) String() string {
	if d.Path == "" {
		return d.Text
	}
	return d.Path + ": " + d.Text
}

func decodeDiagnostics(in []*wire.Diagnostic) []Diagnostic {
	var out []Diagnostic
	for _, w := range in {
		var path sdk.Path
		for _, step := range w.Path {
			switch s := step.Step.(type) {
			case *wire.Step_Name:
				path = append(path, s.Name)
			case *wire.Step_Index:
				path = append(path, int(s.Index))
			}
		}
		out = append(out, Diagnostic{Path: path.String(), Text: w.Summary})
	}
	return out
}

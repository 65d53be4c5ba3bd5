package sdk

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/probehost/probehost/sdk/wire"
)

// Path leads to a place in a configuration: names of attributes and blocks as string, indexes into lists and repeated blocks as int.
// Path{"rule", 2, "when"} is the attribute when of the third rule block. The empty path is the whole config block.
type Path []any

// Errorf returns an error in the configuration that the host shows at that place of the user's file. The format is that of [fmt.Errorf],
// %w included. Join several with [errors.Join].
//
// Errorf panics if a step of the path is neither a string nor a non-negative int.
func Errorf(path Path, format string, args ...any) error {
	for _, step := range path {
		switch s := step.(type) {
		case string:
			continue
		case int:
			if s >= 0 {
				continue
			}
		}
		panic(fmt.Sprintf("sdk.Errorf: step %#v of a path is neither a name nor an index", step))
	}
	return &pathError{path: path, err: fmt.Errorf(format, args...)}
}

type pathError struct {
	path Path
	err  error
}

func (e *pathError) Error() string {
	if len(e.path) == 0 {
		return e.err.Error()
	}
	return e.path.String() + ": " + e.err.Error()
}

func (e *pathError) Unwrap() error { return e.err }

// String returns the path as in "rule[2].when".
func (p Path) String() string {
	var b strings.Builder
	for i, step := range p {
		switch s := step.(type) {
		case int:
			fmt.Fprintf(&b, "[%d]", s)
		default:
			if i > 0 {
				b.WriteByte('.')
			}
			fmt.Fprint(&b, s)
		}
	}
	return b.String()
}

// with returns the path with more steps, in memory of its own.
func (p Path) with(steps ...any) Path {
	return append(append(Path(nil), p...), steps...)
}

// diagnostics turns an error, possibly joined of many, into what the host shows.
func diagnostics(err error) []*wire.Diagnostic {
	if err == nil {
		return nil
	}
	if reflect.TypeOf(err) == joinType {
		var all []*wire.Diagnostic
		for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
			all = append(all, diagnostics(e)...)
		}
		return all
	}
	d := &wire.Diagnostic{Summary: err.Error()}
	if at, ok := errors.AsType[*pathError](err); ok {
		d.Path = at.path.steps()
		if at == err { //nolint:errorlint // only if it is not wrapped: the path then shows as a place in the file
			d.Summary = at.err.Error()
		}
	}
	d.Summary = wire.Text(d.Summary)
	return []*wire.Diagnostic{d}
}

// joinType is what errors.Join makes, as distinct from an Errorf with several %w, which has a text of its own.
var joinType = reflect.TypeOf(errors.Join(errors.New("")))

func (p Path) steps() []*wire.Step {
	steps := make([]*wire.Step, len(p))
	for i, step := range p {
		switch s := step.(type) {
		case int:
			steps[i] = &wire.Step{Step: &wire.Step_Index{Index: uint32(s)}}
		default:
			steps[i] = &wire.Step{Step: &wire.Step_Name{Name: wire.Text(fmt.Sprint(s))}}
		}
	}
	return steps
}

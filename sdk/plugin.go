package sdk

import (
	"context"
	"fmt"
	"reflect"
)

// Info describes a plugin.
type Info struct {
	Name    string // what `handler "NAME"` in probes.hcl says, and the name of the executable
	Version string
	Doc     string // one or more sentences on what it does
}

// Handler handles events.
//
// HandleBatch is called by one goroutine, for one batch after the other. The batch and everything read from it without a copy is valid
// until HandleBatch returns. An error is logged, and the batch's records count as failed; the handler goes on with the next batch.
// To give up, panic or exit: the host notices, says so and shows the last lines of stderr.
//
// ctx ends when the handler is being closed and has to come to an end soon.
type Handler interface {
	HandleBatch(ctx context.Context, b *Batch) error
}

// HandlerFunc is a function as a [Handler].
type HandlerFunc func(ctx context.Context, b *Batch) error

// HandleBatch calls f.
func (f HandlerFunc) HandleBatch(ctx context.Context, b *Batch) error { return f(ctx, b) }

// Closer is what a [Handler] implements if it has something to finish: to flush, to print, to close. Close is called once, after the
// last HandleBatch, and must return before ctx ends; output written by then still arrives.
type Closer interface {
	Close(ctx context.Context) error
}

// Validator is what a config struct (or a pointer to it) implements to check more than its types say. It has no side effects:
// `probehost validate` calls it, and it is called again before open. Make errors with [Errorf], join them with [errors.Join].
type Validator interface {
	Validate(h *Host) error
}

// Type is a kind of handler that a plugin serves: what it is called, what configuration it takes, how it starts. Make one with [NewType].
type Type struct {
	info   Info
	config *blockSpec
	open   func(ctx context.Context, h *Host, cfg reflect.Value) (Handler, error)
}

// NewType returns the type of handlers that open starts. T is a struct whose fields are the configuration; see the package documentation.
// NewType panics if T cannot be a configuration, and says why.
//
// open is called with a valid configuration. Its ctx is for opening alone: it ends when open has returned, or when the host gives up
// waiting. An error keeps the host from starting; make it with [Errorf] to point at an attribute.
func NewType[T any](info Info, open func(ctx context.Context, h *Host, cfg T) (Handler, error)) Type {
	if err := checkName(info.Name); err != nil {
		panic(fmt.Sprintf("sdk.NewType: %v", err))
	}
	spec, err := newBlockSpec(reflect.TypeFor[T]())
	if err != nil {
		panic(fmt.Sprintf("sdk.NewType: plugin %q: config %s: %v", info.Name, reflect.TypeFor[T](), err))
	}
	if open == nil {
		panic(fmt.Sprintf("sdk.NewType: plugin %q: open is nil", info.Name))
	}
	return Type{info: info, config: spec, open: func(ctx context.Context, h *Host, cfg reflect.Value) (Handler, error) {
		return open(ctx, h, cfg.Interface().(T))
	}}
}

// Info returns what NewType got.
func (t Type) Info() Info { return t.info }

// checkName accepts what can be the name of a file in a plugin directory: letters, digits, - and _.
func checkName(name string) error {
	if name == "" || len(name) > 64 {
		return fmt.Errorf("plugin name %q: it must have 1 to 64 characters", name)
	}
	for _, r := range name {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_':
		default:
			return fmt.Errorf("plugin name %q: %q is not allowed, only letters, digits, - and _", name, r)
		}
	}
	return nil
}

package sdk

import (
	"errors"
	"fmt"

	"github.com/probehost/probehost/sdk/expr"
	"github.com/probehost/probehost/sdk/wire"
)

// Predicate is the type of a config attribute that is a condition over events, like event.uid == 0 && event.comm == "sh". The zero
// Predicate, that of an optional attribute left out, matches every event. Any number of goroutines may use it.
type Predicate struct{ c *compiled[*expr.Predicate] }

// Template is the type of a config attribute that is text with parts of an event in it, like "${event.comm} ran". The zero Template
// renders nothing. Any number of goroutines may use it.
type Template struct{ c *compiled[*expr.Template] }

// compiled is one expression of the configuration, by the position of the stream in Host.Streams.
type compiled[E any] struct {
	source string
	forms  []form[E]
}

type form[E any] struct {
	eval E
	err  error // why the expression does not fit the stream
}

// Match reports whether the condition holds for the event. It is false for the events of a stream that it does not fit, see
// [Predicate.For].
func (p Predicate) Match(e Event) bool {
	if p.c == nil {
		return true
	}
	f := &p.c.forms[e.batch.stream.position]
	return f.err == nil && f.eval.Match(e.rec)
}

// For returns nil if the condition can be evaluated on events of that stream, else why not: usually a field that the stream has not.
func (p Predicate) For(s *Stream) error { return p.c.fits(s) }

// IsZero reports whether the attribute was left out.
func (p Predicate) IsZero() bool { return p.c == nil }

// String returns the condition as it was written.
func (p Predicate) String() string { return p.c.text() }

// Append appends the text for the event. It appends nothing for the events of a stream that the template does not fit, see
// [Template.For].
func (t Template) Append(dst []byte, e Event) []byte {
	if t.c == nil {
		return dst
	}
	f := &t.c.forms[e.batch.stream.position]
	if f.err != nil {
		return dst
	}
	return f.eval.Append(dst, e.rec, &e.batch.clock)
}

// Render returns the text for the event.
func (t Template) Render(e Event) string { return string(t.Append(nil, e)) }

// For returns nil if the template can be rendered for events of that stream, else why not.
func (t Template) For(s *Stream) error { return t.c.fits(s) }

// IsZero reports whether the attribute was left out.
func (t Template) IsZero() bool { return t.c == nil }

// String returns the template as it was written.
func (t Template) String() string { return t.c.text() }

func (c *compiled[E]) fits(s *Stream) error {
	if c == nil {
		return nil
	}
	return c.forms[s.position].err
}

func (c *compiled[E]) text() string {
	if c == nil {
		return ""
	}
	return c.source
}

// compile makes an expression ready for each stream.
func compile[E any](w *wire.Expression, streams []*Stream, build func(*expr.Node, *Schema) (E, error)) (*compiled[E], error) {
	c := &compiled[E]{source: w.GetSource(), forms: make([]form[E], len(streams))}
	for i := range c.forms {
		c.forms[i].err = errors.New("the host sent no form of the expression for this stream")
	}
	for _, w := range w.GetCompiled() {
		var stream *Stream
		for _, s := range streams {
			if s.ID == w.GetStream() {
				stream = s
			}
		}
		if stream == nil {
			return nil, fmt.Errorf("expression %q: the host compiled it for stream %d, which this handler does not have", c.source, w.GetStream())
		}
		f := &c.forms[stream.position]
		if _, ok := w.GetResult().(*wire.Compiled_Error); ok {
			f.err = errors.New(w.GetError())
			continue
		}
		node, err := wire.DecodeNode(w.GetNode())
		if err != nil {
			return nil, fmt.Errorf("expression %q for %s: %w", c.source, stream, err)
		}
		if f.eval, f.err = build(node, stream.Schema); f.err != nil {
			return nil, fmt.Errorf("expression %q for %s: %w", c.source, stream, f.err)
		}
	}
	return c, nil
}

package expr

import (
	"encoding/hex"
	"strconv"

	"github.com/probehost/probehost/sdk/record"
)

// Template renders a text from one record. Any number of goroutines may use it.
type Template struct {
	render appender
}

// appender appends text that it makes from a record.
type appender func(dst, rec []byte, clock *record.Clock) []byte

// NewTemplate checks a tree of type [String] against a schema that is valid, and compiles it. The tree and the schema must
// not change afterwards.
func NewTemplate(n *Node, s *record.Schema) (*Template, error) {
	if err := checkRoot(n, s, place{template: true}, String); err != nil {
		return nil, err
	}
	c := compiler{s}
	return &Template{c.shown(n)}, nil
}

// Append appends the text to dst, which is all that it may allocate for. Without a clock, times show as numbers.
func (t *Template) Append(dst, rec []byte, clock *record.Clock) []byte {
	return t.render(dst, rec, clock)
}

// shown compiles what a node of any type looks like.
func (c compiler) shown(n *Node) appender {
	switch n.Op {
	case FieldRef:
		return c.field(n).AppendText
	case Const:
		text := constText(n)
		return func(dst, _ []byte, _ *record.Clock) []byte { return append(dst, text...) }
	case Text:
		return c.shown(n.Args[0])
	case Cond:
		return c.choice(n, c.shown)
	case Concat:
		parts := make([]appender, len(n.Args))
		for i, arg := range n.Args {
			parts[i] = c.shown(arg)
		}
		return func(dst, rec []byte, clock *record.Clock) []byte {
			for _, part := range parts {
				dst = part(dst, rec, clock)
			}
			return dst
		}
	}
	switch n.Type {
	case Bool:
		v := c.condition(n)
		return func(dst, rec []byte, _ *record.Clock) []byte { return strconv.AppendBool(dst, v(rec)) }
	case Int:
		v := c.quantity(n)
		return func(dst, rec []byte, _ *record.Clock) []byte { return strconv.AppendInt(dst, int64(v(rec)), 10) }
	}
	v := c.quantity(n)
	return func(dst, rec []byte, _ *record.Clock) []byte { return strconv.AppendUint(dst, v(rec), 10) }
}

// choice compiles a Cond whose branches compile with branch.
func (c compiler) choice(n *Node, branch func(*Node) appender) appender {
	test, a, b := c.condition(n.Args[0]), branch(n.Args[1]), branch(n.Args[2])
	return func(dst, rec []byte, clock *record.Clock) []byte {
		if test(rec) {
			return a(dst, rec, clock)
		}
		return b(dst, rec, clock)
	}
}

func constText(n *Node) string {
	switch n.Type {
	case Bool:
		return strconv.FormatBool(n.Bool)
	case Int:
		return strconv.FormatInt(n.Int, 10)
	case Uint:
		return strconv.FormatUint(n.Uint, 10)
	case Bytes:
		return hex.EncodeToString([]byte(n.Str))
	}
	return n.Str
}

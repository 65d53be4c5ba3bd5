package expr

import (
	"fmt"

	"github.com/probehost/probehost/sdk/record"
)

// Predicate is a condition over one record, ready to evaluate. Any number of goroutines may use it.
type Predicate struct {
	match condition
}

// NewPredicate checks a tree of type [Bool] against a schema that is valid, and compiles it. The tree and the schema must
// not change afterwards.
func NewPredicate(n *Node, s *record.Schema) (*Predicate, error) {
	if err := checkRoot(n, s, place{}, Bool); err != nil {
		return nil, err
	}
	c := compiler{s}
	return &Predicate{c.condition(n)}, nil
}

// Match evaluates the condition. It allocates nothing.
func (p *Predicate) Match(rec []byte) bool { return p.match(rec) }

func checkRoot(n *Node, s *record.Schema, at place, want Type) error {
	c := checker{schema: s}
	if err := c.check(n, at); err != nil {
		return fmt.Errorf("invalid event expression: %w", err)
	}
	if n.Type != want {
		return fmt.Errorf("invalid event expression: it has type %s, not %s", n.Type, want)
	}
	return nil
}

// A tree compiles to closures, one type for each kind of result. Where the arguments of an operation are a field and a
// constant, as they mostly are, one closure does both the reading and the operation.
type (
	condition func(rec []byte) bool
	quantity  func(rec []byte) uint64 // bits of an int64 or uint64
	view      func(rec []byte) []byte // valid as long as the record
)

// compiler turns checked trees into closures.
type compiler struct {
	schema *record.Schema
}

func (c compiler) field(n *Node) *record.Field { return &c.schema.Fields[n.Field] }

// condition compiles a node of type Bool.
func (c compiler) condition(n *Node) condition {
	switch n.Op {
	case Const:
		return always(n.Bool)
	case FieldRef:
		return inRange(c.field(n), bounds{0, 0, false})
	case Not:
		a := c.condition(n.Args[0])
		return func(rec []byte) bool { return !a(rec) }
	case And:
		return c.and(n.Args)
	case Or:
		return c.or(n.Args)
	case Cond:
		a, b, d := c.condition(n.Args[0]), c.condition(n.Args[1]), c.condition(n.Args[2])
		return func(rec []byte) bool {
			if a(rec) {
				return b(rec)
			}
			return d(rec)
		}
	case StartsWith, EndsWith, Contains:
		return c.search(n)
	}
	return c.comparison(n)
}

func (c compiler) and(args []*Node) condition {
	terms := c.conditions(args)
	switch len(terms) {
	case 2:
		a, b := terms[0], terms[1]
		return func(rec []byte) bool { return a(rec) && b(rec) }
	case 3:
		a, b, d := terms[0], terms[1], terms[2]
		return func(rec []byte) bool { return a(rec) && b(rec) && d(rec) }
	}
	return func(rec []byte) bool {
		for _, term := range terms {
			if !term(rec) {
				return false
			}
		}
		return true
	}
}

func (c compiler) or(args []*Node) condition {
	terms := c.conditions(args)
	switch len(terms) {
	case 2:
		a, b := terms[0], terms[1]
		return func(rec []byte) bool { return a(rec) || b(rec) }
	case 3:
		a, b, d := terms[0], terms[1], terms[2]
		return func(rec []byte) bool { return a(rec) || b(rec) || d(rec) }
	}
	return func(rec []byte) bool {
		for _, term := range terms {
			if term(rec) {
				return true
			}
		}
		return false
	}
}

func (c compiler) conditions(args []*Node) []condition {
	terms := make([]condition, len(args))
	for i, arg := range args {
		terms[i] = c.condition(arg)
	}
	return terms
}

func always(v bool) condition { return func([]byte) bool { return v } }

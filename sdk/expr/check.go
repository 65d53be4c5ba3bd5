package expr

import (
	"fmt"

	"github.com/probehost/probehost/sdk/record"
)

// Bounds on a tree.
const (
	MaxDepth = 100
	MaxNodes = 10000
)

// TypeOf is the type of a reference to the field, [InvalidType] for an array.
func TypeOf(f *record.Field) Type {
	switch f.Kind {
	case record.Bool:
		return Bool
	case record.Int:
		return Int
	case record.Enum:
		if f.Signed {
			return Int
		}
		return Uint
	case record.Uint:
		return Uint
	case record.Text:
		return String
	case record.Bytes:
		return Bytes
	}
	return InvalidType
}

// place is where in a tree a node stands; see the package comment.
type place struct {
	depth    int
	template bool // a template position
	shown    bool // below Text
}

type checker struct {
	schema *record.Schema
	nodes  int
}

// check proves that the tree can be compiled: the compiler relies on all that is checked here.
func (c *checker) check(n *Node, at place) error {
	c.nodes++
	switch {
	case n == nil:
		return fmt.Errorf("expression has an empty node")
	case at.depth > MaxDepth:
		return fmt.Errorf("expression is nested deeper than %d", MaxDepth)
	case c.nodes > MaxNodes:
		return fmt.Errorf("expression has more than %d nodes", MaxNodes)
	}
	if err := arity(n); err != nil {
		return err
	}
	for i, arg := range n.Args {
		if err := c.check(arg, at.below(n.Op, i)); err != nil {
			return err
		}
	}
	want, err := c.typeOf(n, at)
	if err != nil {
		return err
	}
	if n.Type != want {
		return fmt.Errorf("%s has type %s, not %s", n.Op, want, n.Type)
	}
	return nil
}

// below is the place of argument i of an op at this place.
func (at place) below(op Op, i int) place {
	next := place{depth: at.depth + 1}
	switch {
	case op == Cond && i > 0:
		next.template, next.shown = at.template, at.shown
	case op == Text:
		next.template, next.shown = at.template, true
	case op == Concat:
		next.template = at.template
	}
	return next
}

func arity(n *Node) error {
	least, most := 2, 2
	switch n.Op {
	case Const, FieldRef:
		least, most = 0, 0
	case Not, Neg, Text:
		least, most = 1, 1
	case And, Or:
		most = MaxNodes
	case Cond:
		least, most = 3, 3
	case Concat:
		least, most = 0, MaxNodes
	}
	if got := len(n.Args); got < least || got > most {
		return fmt.Errorf("%s has %d arguments", n.Op, got)
	}
	return nil
}

// typeOf is the type that a node has by its op and the types of its arguments, which are checked already.
func (c *checker) typeOf(n *Node, at place) (Type, error) {
	switch n.Op {
	case Const:
		if n.Type == InvalidType || n.Type > Bytes {
			return 0, fmt.Errorf("constant of type %s", n.Type)
		}
		return n.Type, nil
	case FieldRef:
		return c.field(n, at)
	case Not, And, Or:
		if !all(n.Args, Bool) {
			return 0, misfit(n)
		}
		return Bool, nil
	case Neg:
		if !number(n.Args[0]) {
			return 0, misfit(n)
		}
		return Int, nil
	case Cond:
		if n.Args[0].Type != Bool || n.Args[1].Type != n.Args[2].Type || n.Args[1].Type == InvalidType && !at.shown {
			return 0, misfit(n)
		}
		return n.Args[1].Type, nil
	case Eq, Ne:
		a, b := n.Args[0], n.Args[1]
		if (a.Type != b.Type || a.Type == InvalidType) && !(number(a) && number(b)) {
			return 0, misfit(n)
		}
		return Bool, nil
	case Lt, Le, Gt, Ge:
		if !number(n.Args[0]) || !number(n.Args[1]) {
			return 0, misfit(n)
		}
		return Bool, nil
	case Add, Sub, Mul, Div, Mod:
		if !number(n.Args[0]) || !number(n.Args[1]) {
			return 0, misfit(n)
		}
		if n.Op != Sub && all(n.Args, Uint) {
			return Uint, nil
		}
		return Int, nil
	case StartsWith, EndsWith, Contains:
		if !all(n.Args, String) {
			return 0, misfit(n)
		}
		return Bool, nil
	case Text:
		return String, nil
	case Concat:
		if !at.template {
			return 0, fmt.Errorf("concat outside of a template")
		}
		if !all(n.Args, String) {
			return 0, misfit(n)
		}
		return String, nil
	}
	return 0, fmt.Errorf("unknown operation %s", n.Op)
}

func (c *checker) field(n *Node, at place) (Type, error) {
	if n.Field < 0 || n.Field >= len(c.schema.Fields) {
		return 0, fmt.Errorf("field %d of a schema with %d fields", n.Field, len(c.schema.Fields))
	}
	f := &c.schema.Fields[n.Field]
	if at.shown && !at.template && (f.Format == record.Time || f.Format == record.BootTime) {
		return 0, fmt.Errorf("the display of the time %s outside of a template", f.Name)
	}
	t := TypeOf(f)
	if t == InvalidType && !at.shown {
		return 0, fmt.Errorf("field %s is of kind %s, which has no value in expressions", f.Name, f.Kind)
	}
	return t, nil
}

func all(nodes []*Node, t Type) bool {
	for _, n := range nodes {
		if n.Type != t {
			return false
		}
	}
	return true
}

func number(n *Node) bool { return n.Type == Int || n.Type == Uint }

func misfit(n *Node) error {
	list := make([]string, len(n.Args)) // a []Type would print as text, being bytes
	for i, a := range n.Args {
		list[i] = a.Type.String()
	}
	return fmt.Errorf("%s does not take %s", n.Op, list)
}

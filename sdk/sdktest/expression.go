package sdktest

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/probehost/probehost/sdk"
	"github.com/probehost/probehost/sdk/expr"
	"github.com/probehost/probehost/sdk/wire"
)

// Expression is an event expression as the host would have compiled it: the value in [Options.Config] of an attribute that is an
// [sdk.Predicate] or an [sdk.Template].
type Expression struct {
	source string
	build  func(s *sdk.Schema) (*expr.Node, error)
}

// Tree is the general form: build makes the tree for a stream's schema, or says why the expression does not fit that stream.
func Tree(source string, build func(s *sdk.Schema) (*expr.Node, error)) Expression {
	return Expression{source: source, build: build}
}

var comparisons = map[string]expr.Op{
	"==": expr.Eq, "!=": expr.Ne, "<": expr.Lt, "<=": expr.Le, ">": expr.Gt, ">=": expr.Ge,
	"startswith": expr.StartsWith, "endswith": expr.EndsWith, "contains": expr.Contains,
}

// Compare is the condition that a field stands in this relation to a value: one of == != < <= > >= for numbers, == != for bools, and
// == != startswith endswith contains for text. The value is a number, a bool or a string; a string may be the name of a number,
// as in [Record]. It panics if the operator is unknown.
func Compare(field, operator string, value any) Expression {
	op, ok := comparisons[operator]
	if !ok {
		panic(fmt.Sprintf("sdktest.Compare: unknown operator %q", operator))
	}
	return Tree(fmt.Sprintf("event.%s %s %#v", field, operator, value), func(s *sdk.Schema) (*expr.Node, error) {
		ref, f, err := reference(s, field)
		if err != nil {
			return nil, err
		}
		c, err := constant(f, ref.Type, value)
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", field, err)
		}
		return &expr.Node{Op: op, Type: expr.Bool, Args: []*expr.Node{ref, c}}, nil
	})
}

// All is the condition that all of the conditions hold.
func All(conditions ...Expression) Expression { return combine(expr.And, " && ", conditions) }

// Any is the condition that one of the conditions holds.
func Any(conditions ...Expression) Expression { return combine(expr.Or, " || ", conditions) }

// Not is the condition that another does not hold.
func Not(condition Expression) Expression {
	return Tree("!("+condition.source+")", func(s *sdk.Schema) (*expr.Node, error) {
		n, err := condition.build(s)
		return &expr.Node{Op: expr.Not, Type: expr.Bool, Args: []*expr.Node{n}}, err
	})
}

func combine(op expr.Op, sign string, conditions []Expression) Expression {
	if len(conditions) == 1 {
		return conditions[0]
	}
	var sources []string
	for _, c := range conditions {
		sources = append(sources, c.source)
	}
	return Tree(strings.Join(sources, sign), func(s *sdk.Schema) (*expr.Node, error) {
		n := &expr.Node{Op: op, Type: expr.Bool}
		for _, c := range conditions {
			arg, err := c.build(s)
			if err != nil {
				return nil, err
			}
			n.Args = append(n.Args, arg)
		}
		return n, nil
	})
}

// Render is a template: text in which ${event.NAME} stands for a field as it is shown. It is not the host's parser: there are no
// other expressions in it.
func Render(text string) Expression {
	return Tree(text, func(s *sdk.Schema) (*expr.Node, error) {
		n := &expr.Node{Op: expr.Concat, Type: expr.String}
		for rest := text; rest != ""; {
			before, after, found := strings.Cut(rest, "${event.")
			if before != "" {
				n.Args = append(n.Args, &expr.Node{Op: expr.Const, Type: expr.String, Str: before})
			}
			if !found {
				break
			}
			name, tail, closed := strings.Cut(after, "}")
			if !closed {
				return nil, fmt.Errorf("template %q: a } is missing", text)
			}
			ref, _, err := reference(s, name)
			if err != nil {
				return nil, err
			}
			n.Args = append(n.Args, &expr.Node{Op: expr.Text, Type: expr.String, Args: []*expr.Node{ref}})
			rest = tail
		}
		return n, nil
	})
}

func reference(s *sdk.Schema, name string) (*expr.Node, *sdk.Field, error) {
	for i := range s.Fields {
		if f := &s.Fields[i]; f.Name == name {
			return &expr.Node{Op: expr.FieldRef, Type: expr.TypeOf(f), Field: i}, f, nil
		}
	}
	return nil, nil, fmt.Errorf("there is no field %q", name)
}

// constant returns the value as a constant that can be compared with a field of that type.
func constant(f *sdk.Field, t expr.Type, value any) (*expr.Node, error) {
	n := &expr.Node{Op: expr.Const, Type: t}
	v := reflect.ValueOf(value)
	switch t {
	case expr.Bool:
		if v.Kind() != reflect.Bool {
			return nil, fmt.Errorf("compared with %T, want a bool", value)
		}
		n.Bool = v.Bool()
	case expr.String:
		if v.Kind() != reflect.String {
			return nil, fmt.Errorf("compared with %T, want a string", value)
		}
		n.Str = v.String()
	case expr.Bytes:
		buf := make([]byte, f.Size)
		if err := putBytes(buf, f, value); err != nil {
			return nil, err
		}
		n.Str = string(buf)
	case expr.Int, expr.Uint:
		if v.CanInt() {
			n.Type, n.Int = expr.Int, v.Int()
			break
		}
		bits, err := number(f, value)
		if err != nil {
			return nil, err
		}
		n.Int, n.Uint = int64(bits), bits
	default:
		return nil, fmt.Errorf("fields of kind %s cannot be compared", f.Kind)
	}
	return n, nil
}

// encode compiles the expression for each stream.
func (e Expression) encode(streams []*Stream) *wire.Expression {
	w := &wire.Expression{Source: e.source}
	for i, s := range streams {
		c := &wire.Compiled{Stream: uint32(i)}
		n, err := e.build(s.Schema)
		var message *wire.Node
		if err == nil {
			message, err = wire.EncodeNode(n)
		}
		if err != nil {
			c.Result = &wire.Compiled_Error{Error: err.Error()}
		} else {
			c.Result = &wire.Compiled_Node{Node: message}
		}
		w.Compiled = append(w.Compiled, c)
	}
	return w
}
